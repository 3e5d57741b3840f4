import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { CapabilityStatement, Observation, Resource } from "@medplum/fhirtypes";
import { validate } from "@openward/fhir/validate";
import { cgm } from "../packages/fhir/definitions/guides/cgm.ts";
import table from "../server/record/resources/observation-kinds.json" with { type: "json" };
import { type Filled, fill } from "./fhir-walk/fill.ts";
import { createWalk, type Walk } from "./fhir-walk/walk.ts";
import { type RunningWard, removeDataDir, startWard } from "./support/ward.ts";

/** Everything that the demonstration ward gives out, to a program of the house and to who looks into its log. */
let ward: RunningWard;
let filled: Filled;
const walks: Walk[] = [];

before(async () => {
  ward = await startWard({ command: "demo" });
  filled = await fill(ward);
});
after(async () => {
  await ward?.stop();
  if (ward) removeDataDir(ward.dataDir);
});

const heldIn = (kind: string) => walks.reduce((sum, { held }) => sum + (held.get(kind) ?? 0), 0);

test("everything that is given out keeps R4, what it declares, and the required bindings", {
  timeout: 900_000,
}, async () => {
  for (const [role, only] of [
    ["integration", undefined],
    ["administrator", ["AuditEvent", "Practitioner"]],
  ] as const) {
    const { token } = await ward.json<{ token: string }>("token", "issue", "--role", role);
    const walk = createWalk(`${ward.url}/fhir`, token ?? "");
    walks.push(walk);
    await walk.run(filled, only);
    await refusals(walk);
    assert.deepEqual(walk.faults.slice(0, 20), []);
  }
  const kinds = [...new Set(walks.flatMap(({ held }) => [...held.keys()]))].sort();
  for (const kind of kinds) console.log(`held ${String(heldIn(kind)).padStart(7)} ${kind}`);
  const asked = walks.reduce((sum, walk) => sum + walk.asked.size, 0);
  console.log(`${filled.deviceTypes} types of devices with ${filled.signals} signals; ${asked} questions`);

  for (const type of [
    "AuditEvent",
    "CapabilityStatement",
    "CodeSystem",
    "ConceptMap",
    "Consent",
    "Device",
    "DeviceMetric",
    "DeviceUseStatement",
    "Observation",
    "OperationOutcome",
    "Parameters",
    "Patient",
    "Practitioner",
    "Provenance",
    "RelatedPerson",
    "TerminologyCapabilities",
    "ValueSet",
  ])
    assert.ok(heldIn(type) > 0, `nothing of ${type} was met`);
  for (const code of ["N", "H", "HH"]) assert.ok(heldIn(`Observation judged ${code}`) > 0, `nothing is judged ${code}`);
  for (const { url } of Object.values(table.profiles))
    assert.ok(heldIn(`Observation ${url}`) > 0, `nothing declares ${url}`);
  for (const name of Object.keys(cgm.profiles).filter((url) => url.includes("/cgm-s")))
    assert.ok(heldIn(`Observation ${name}`) > 0, `nothing declares ${name}`);
  for (const name of [
    "Observation PhdNumericObservation",
    "Observation PhdCompoundNumericObservation",
    "Device PhgDevice",
  ]) {
    const [type, profile] = name.split(" ");
    assert.ok(
      heldIn(`${type} http://hl7.org/fhir/uv/phd/StructureDefinition/${profile}`) > 0,
      `nothing declares ${name}`,
    );
  }
});

test("what anything declares is among what metadata says is supported", async () => {
  const statement = (await (await fetch(`${ward.url}/fhir/metadata`)).json()) as CapabilityStatement;
  const known = new Map(
    statement.rest?.[0]?.resource?.map(({ type, supportedProfile = [] }) => [type, supportedProfile]),
  );
  const declared = walks.flatMap(({ held }) => [...held.keys()].map((kind) => kind.split(" ")));
  const own = declared.filter(
    ([type = "", url]) => known.has(type as Resource["resourceType"]) && url?.startsWith("http"),
  );
  assert.ok(own.length > 20, `${own.length}`);
  const untold = own.filter(([type, url = ""]) => !known.get(type as Resource["resourceType"])?.includes(url));
  assert.deepEqual(untold, []);
});

/** Each way to be refused is an OperationOutcome. */
async function refusals({ ask }: Walk): Promise<void> {
  const patch = { "content-type": "application/json-patch+json" };
  for (const [status, path, more] of [
    [404, "Patient/nobody", {}],
    [404, "Banana/1", {}],
    [400, "Observation?date=yesterday", {}],
    [400, "Condition?colour=red", { headers: { prefer: "handling=strict" } }],
    [400, "Patient?patient.name=x", {}],
    [400, "", { method: "POST", body: "{" }],
    [400, "", { method: "POST", body: { resourceType: "Bundle", type: "batch" } }],
    [404, "Practitioner/1", { method: "DELETE" }],
    [406, "Patient?_format=xml", {}],
    [415, "Condition", { method: "POST", body: "x", headers: { "content-type": "text/plain" } }],
    [401, "Patient", { headers: { authorization: "Bearer nobody" } }],
    [404, "ValueSet/$expand?url=urn:nothing", {}],
    [404, "Condition/nothing", { method: "PATCH", body: [], headers: patch }],
  ] as const) {
    const { status: answered, resource } = await ask(path, more);
    assert.equal(resource?.resourceType, "OperationOutcome", `${path}: ${answered}`);
    // Who may not write at all is told that first.
    assert.ok(answered === status || answered === 403, `${path}: ${answered} in place of ${status}`);
  }
}

type Fields = Record<string, unknown>;
type Fault = (resource: Fields) => void;

/** Of each type a code that is none, and an element without which it says nothing. */
const FAULTS: Readonly<Record<string, { readonly code?: Fault; readonly missing?: Fault }>> = {
  AuditEvent: { code: (one) => Object.assign(one, { action: "banana" }), missing: without("source") },
  Bundle: { code: (one) => Object.assign(one, { type: "banana" }), missing: without("type") },
  CapabilityStatement: { code: (one) => Object.assign(one, { kind: "banana" }), missing: without("fhirVersion") },
  CodeSystem: { code: (one) => Object.assign(one, { content: "banana" }), missing: without("status") },
  ConceptMap: { code: (one) => Object.assign(one, { status: "banana" }), missing: without("status") },
  Condition: {
    code: (one) => Object.assign(one, { clinicalStatus: { coding: [{ system: "urn:x", code: "banana" }] } }),
    missing: without("subject"),
  },
  Consent: { code: (one) => Object.assign(one, { status: "banana" }), missing: without("scope") },
  Device: { code: (one) => Object.assign(one, { status: "banana" }) },
  DeviceMetric: { code: (one) => Object.assign(one, { category: "banana" }), missing: without("type") },
  DeviceUseStatement: { code: (one) => Object.assign(one, { status: "banana" }), missing: without("device") },
  Encounter: { code: (one) => Object.assign(one, { status: "banana" }), missing: without("class") },
  Observation: { code: (one) => Object.assign(one, { status: "banana" }), missing: without("code") },
  OperationOutcome: {
    code: (one) => Object.assign((one.issue as Fields[])[0] ?? {}, { code: "banana" }),
    missing: without("issue"),
  },
  Organization: { missing: without("name") },
  Parameters: {},
  Patient: { code: (one) => Object.assign(one, { gender: "banana" }) },
  Practitioner: { code: (one) => Object.assign(one, { gender: "banana" }) },
  Provenance: {
    code: (one) => Object.assign((one.entity as Fields[] | undefined)?.[0] ?? one, { role: "banana" }),
    missing: without("recorded"),
  },
  RelatedPerson: { code: (one) => Object.assign(one, { gender: "banana" }), missing: without("patient") },
  TerminologyCapabilities: { code: (one) => Object.assign(one, { kind: "banana" }), missing: without("date") },
  ValueSet: { code: (one) => Object.assign(one, { status: "banana" }), missing: without("status") },
};

function without(name: string): Fault {
  return (one) => {
    delete one[name];
  };
}

const pressureIn = ({ component }: Fields): Fields =>
  (component as { valueQuantity?: Fields }[]).find(({ valueQuantity }) => valueQuantity)?.valueQuantity ?? {};
const errorsOf = (resource: unknown) => validate(resource).filter(({ severity }) => severity === "error");
const changed = (resource: Resource, fault: Fault): Fields => {
  const copy = JSON.parse(JSON.stringify(resource)) as Fields;
  fault(copy);
  return copy;
};

test("a wrong code and a missing element planted in each type that was met are caught", () => {
  let planted = 0;
  for (const [kind, resource] of walks.flatMap(({ samples }) => [...samples])) {
    const { resourceType } = resource;
    const faults = FAULTS[resourceType];
    assert.ok(faults, `no fault is planted in ${resourceType}`);
    for (const [name, fault] of Object.entries(faults)) {
      planted++;
      assert.ok(errorsOf(changed(resource, fault)).length > 0, `${name} in ${kind}`);
    }
  }
  console.log(`planted ${planted} codes and missing elements`);
});

test("a wrong code, a wrong unit and a missing element planted in each vital-signs profile are caught", () => {
  const samples = new Map(walks.flatMap(({ samples: some }) => [...some]));
  for (const [name, { url, ...profile }] of Object.entries(table.profiles)) {
    const observation = samples.get(`Observation ${url}`) as Observation;
    const faults: Record<string, Fault> = {
      category: without("category"),
      subject: without("subject"),
      time: without("effectiveDateTime"),
      ...("loinc" in profile
        ? { code: (one) => Object.assign(one, { code: { coding: [{ system: "http://loinc.org", code: "0000-0" }] } }) }
        : {}),
      ...("units" in profile && observation.valueQuantity
        ? { unit: (one) => Object.assign(one, { valueQuantity: { ...(one.valueQuantity as Fields), code: "mmol/L" } }) }
        : {}),
      ...(name === "bp" ? { unit: (one) => Object.assign(pressureIn(one), { code: "mmol/L" }) } : {}),
    };
    assert.equal(errorsOf(observation).length, 0, name);
    for (const [what, fault] of Object.entries(faults))
      assert.ok(errorsOf(changed(observation, fault)).length > 0, `${what} in ${name}`);
  }
});
