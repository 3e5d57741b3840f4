import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { gunzipSync } from "node:zlib";
import { printFhir } from "@openward/fhir/json";
import { parseXml, resourceOf } from "../packages/fhir/testing/xml.ts";
import writtenTypes from "../server/record/written/types.json" with { type: "json" };
import { type AskFhir, askFhir } from "./support/fhir.ts";
import { tryExample } from "./support/fhir-example.ts";
import { addBeds, type RunningWard, removeDataDir, root, startWard } from "./support/ward.ts";

const data = join(root, "../shared/data/fhir");
const guides = join(root, "../shared/data/devices-fhir");
const EVERY = Number(process.env.FHIR_EXAMPLES_EVERY ?? 5);

let ward: RunningWard;
let ask: AskFhir;
let patients: string[];

before(async () => {
  ward = await startWard();
  patients = (await addBeds(ward, 2)).map(({ patientId }) => patientId);
  const { token } = await ward.json<{ token: string }>("token", "issue", "--role", "integration");
  ask = askFhir(ward, token);
});
after(async () => {
  await ward.stop();
  removeDataDir(ward.dataDir);
});

/** They break R4's own rules (packages/fhir/validate/examples.test.ts says which): an empty narrative, or none where one must be. */
const BROKEN = new Set([
  "ActivityDefinition/heart-valve-replacement",
  "EventDefinition/example",
  "Questionnaire/zika-virus-exposure-assessment",
  "DiagnosticReport/cbc",
  "Observation/clinical-gender",
  "Observation/example-genetics-brcapat",
  // They refer to what R4 does not let them refer to.
  "DeviceMetric/example",
  "DeviceUseStatement/example",
]);

test("every official example is written, read back as it was, found, patched, deleted and found in history", {
  skip: existsSync(data) ? false : "../shared/data/fhir is not there",
}, async () => {
  const faults: string[] = [];
  let written = 0;
  let i = 0;
  let asked = 0;
  for (const { resource, text } of examples()) {
    if (!isWritten(resource.resourceType) || i++ % EVERY !== 0) continue;
    const sent = text.replaceAll(/"Patient\/[A-Za-z0-9.-]+(\/_history\/\d+)?"/g, `"Patient/${patients[0]}"`);
    const name = `${resource.resourceType}/${resource.id}`;
    const { status, faults: found, questions } = await tryExample(ask, sent);
    if (BROKEN.has(name)) {
      if (status !== 400) faults.push(`${name}: ${status} in place of a refusal`);
      continue;
    }
    if (status === 201) written++;
    asked += questions;
    faults.push(...found.map((fault) => `${name}: ${fault}`));
  }
  console.log(
    `official examples: ${written} written, read back, patched, deleted, in history; found by ${asked} searches`,
  );
  assert.deepEqual(faults, []);
});

test("every example of the device guides is written, read back as it was, found, patched, deleted and found in history", {
  skip: existsSync(guides) ? false : "../shared/data/devices-fhir is not there",
}, async () => {
  const sections = readFileSync(join(root, "docs/fhir/devices.md"), "utf8").split("\n## ");
  const table = sections.find((part) => part.startsWith("The guides' examples, written here"));
  const reasons = [...(table ?? "").matchAll(/^\| `([^`]+)` \| `([^`]+)` \| (.+) \|$/gm)];
  const listed = reasons.map(([, file, fault]) => `${file}: ${fault}`);
  const faults: string[] = [];
  let written = 0;
  let asked = 0;
  for (const { file, text } of guideExamples()) {
    const sent = text.replaceAll(/"Patient\/[A-Za-z0-9.-]+"/g, `"Patient/${patients[1]}"`);
    const { status, faults: found, questions } = await tryExample(ask, sent);
    if (status === 201) written++;
    asked += questions;
    faults.push(...found.map((fault) => `${file}: ${fault}`));
  }
  console.log(
    `examples of the device guides: ${written} written, read back, patched, deleted; found by ${asked} searches`,
  );
  assert.deepEqual(faults.sort(), listed.sort());
});

/** Observations are beside what the house measures: their own test is fhir-observations.int.test.ts. */
const isWritten = (type: string): boolean => writtenTypes.includes(type) || type === "Observation";

const condition = (more: object, patient = patients[0]) => ({
  resourceType: "Condition",
  code: { coding: [{ system: "http://snomed.info/sct", code: "38341003", display: "Hypertension" }] },
  subject: { reference: `Patient/${patient}` },
  ...more,
});

test("a resource is updated, kept apart from stale writers, deleted, and read in every version", async () => {
  const sent = condition({
    recordedDate: "2026-01-02",
    onsetAge: { value: 2.5, system: "http://unitsofmeasure.org", code: "a" },
  });
  const created = await ask("POST", "Condition", sent, { "if-none-exist": "identifier=urn:x|1" });
  assert.equal(created.status, 201, created.text);
  const { id } = created.json;
  assert.equal(created.headers.get("etag"), 'W/"1"');
  assert.match(created.headers.get("location") ?? "", new RegExp(`/fhir/Condition/${id}/_history/1$`));

  const changed = { ...created.json, recordedDate: "2026-01-03", identifier: [{ system: "urn:x", value: "1" }] };
  assert.equal((await ask("PUT", `Condition/${id}`, changed, { "if-match": 'W/"2"' })).status, 412);
  const updated = await ask("PUT", `Condition/${id}`, changed, { "if-match": 'W/"1"', prefer: "return=minimal" });
  assert.deepEqual([updated.status, updated.text, updated.headers.get("etag")], [200, "", 'W/"2"']);
  assert.equal(
    (await ask("PUT", `Condition/${id}`, changed)).headers.get("etag"),
    'W/"2"',
    "the same again is no new version",
  );
  assert.equal((await ask("PUT", "Condition/an-id-of-mine", { ...changed, id: "an-id-of-mine" })).status, 404);

  const same = await ask("POST", "Condition", sent, { "if-none-exist": "identifier=urn:x|1" });
  assert.deepEqual([same.status, same.json.id], [200, id]);
  const found = await ask("PUT", "Condition?identifier=urn:x|1", { ...condition({}), identifier: changed.identifier });
  assert.deepEqual([found.status, found.json.meta.versionId], [200, "3"]);

  const patch = { "content-type": "application/json-patch+json" };
  const patched = await ask(
    "PATCH",
    `Condition/${id}`,
    '[{"op":"add","path":"/onsetAge","value":{"value":3.50,"system":"http://unitsofmeasure.org","code":"a"}}]',
    patch,
  );
  assert.match(patched.text, /"value":3\.50/, patched.text);
  assert.equal((await ask("PATCH", `Condition/${id}`, [{ op: "test", path: "/id", value: "x" }], patch)).status, 422);
  const part = (name: string, value: object) => ({ name, ...value });
  const byPath = await ask("PATCH", "Condition?identifier=urn:x|1", {
    resourceType: "Parameters",
    parameter: [
      {
        name: "operation",
        part: [
          part("type", { valueCode: "add" }),
          part("path", { valueString: "Condition" }),
          part("name", { valueString: "recordedDate" }),
          part("value", { valueDateTime: "2026-01-04" }),
        ],
      },
    ],
  });
  assert.deepEqual(
    [byPath.status, byPath.json.recordedDate, byPath.json.meta?.versionId],
    [200, "2026-01-04", "5"],
    byPath.text,
  );
  const some = await ask("GET", `Condition/${id}?_elements=recordedDate`);
  assert.deepEqual(
    [some.json.recordedDate, some.json.code, some.json.meta.tag[0].code],
    ["2026-01-04", undefined, "SUBSETTED"],
  );
  assert.equal((await ask("PUT", `Condition/${id}`, some.json)).status, 400, "a part is not written over the whole");

  assert.equal((await ask("GET", `Condition/${id}/_history/1`)).json.recordedDate, "2026-01-02");
  assert.equal((await ask("DELETE", `Condition/${id}`)).status, 200);
  assert.equal((await ask("GET", `Condition/${id}`)).status, 410);
  assert.equal((await ask("GET", `Condition?_id=${id}`)).json.entry, undefined);
  const history = await ask("GET", `Condition/${id}/_history?_count=3`);
  assert.deepEqual(
    history.json.entry.map((one: { request: { method: string } }) => one.request.method),
    ["DELETE", "PATCH", "PATCH"],
  );
  const next = history.json.link.find((one: { relation: string }) => one.relation === "next").url.split("/fhir/")[1];
  assert.deepEqual(
    (await ask("GET", next)).json.entry.map((one: { request: { method: string } }) => one.request.method),
    ["PUT", "PUT", "POST"],
  );
  const back = await ask("PUT", `Condition/${id}`, changed);
  assert.deepEqual([back.status, back.json.meta.versionId], [201, "7"]);
});

test("chains, includes, order and words", async () => {
  const clinic = await ask("POST", "Organization", {
    resourceType: "Organization",
    name: "Nordås clinic",
    active: true,
  });
  const organization = { reference: `Organization/${clinic.json.id}` };
  const visits: string[] = [];
  for (const [start, text] of [
    ["2026-03-01", "cough"],
    ["2026-02-01", "headache"],
    ["2026-04-01", "cough and fever"],
  ] as const) {
    const visit = await ask("POST", "Encounter", {
      resourceType: "Encounter",
      status: "finished",
      class: { system: "http://terminology.hl7.org/CodeSystem/v3-ActCode", code: "AMB" },
      subject: { reference: `Patient/${patients[0]}` },
      serviceProvider: organization,
      period: { start },
      reasonCode: [{ text }],
    });
    visits.push(visit.json.id);
    await ask(
      "POST",
      "Condition",
      condition({ encounter: { reference: `Encounter/${visit.json.id}` }, code: { text } }),
    );
  }
  const ids = async (path: string, mode = "match") => {
    const { json, text } = await ask("GET", path, undefined, { prefer: "handling=strict" });
    assert.equal(json.resourceType, "Bundle", text);
    return (json.entry ?? [])
      .filter((one: { search: { mode: string } }) => one.search.mode === mode)
      .map((one: { resource: { id: string } }) => one.resource.id);
  };
  const [march, february, april] = visits;
  assert.deepEqual(await ids("Encounter?service-provider.name=nordas&_sort=date"), [february, march, april]);
  assert.deepEqual(await ids("Encounter?service-provider:Organization.active=true&_sort=-date"), [
    april,
    march,
    february,
  ]);
  assert.deepEqual(await ids(`Encounter?subject:Patient._id=${patients[1]}&service-provider.name=nordas`), []);
  assert.deepEqual(await ids("Encounter?_has:Condition:encounter:code:text=headache"), [february]);
  assert.deepEqual(await ids("Encounter?_content=cough&_sort=-date"), [april, march]);
  assert.deepEqual(await ids("Encounter?service-provider:missing=true&_content=cough"), []);
  assert.deepEqual(
    await ids("Encounter?date=ge2026-03&date=lt2026-04&_sort=_id"),
    [march, february],
    "one that has no end goes on",
  );
  assert.deepEqual(
    await ids(
      `Encounter?_id=${march}&_include=Encounter:service-provider&_revinclude=Condition:encounter`,
      "include",
    ).then((all: string[]) => all.length),
    2,
  );
  const pages: string[] = [];
  for (let path: string | undefined = "Encounter?service-provider.name=nordas&_sort=-date&_count=2"; path; ) {
    const { json } = await ask("GET", path);
    pages.push(...json.entry.map((one: { resource: { id: string } }) => one.resource.id));
    path = json.link.find((one: { relation: string }) => one.relation === "next")?.url.split("/fhir/")[1];
  }
  assert.deepEqual(pages, [april, march, february]);
  assert.equal((await ask("GET", "Encounter?service-provider.name=nordas&_summary=count")).json.total, 3);
  assert.equal((await ask("GET", "Encounter?nonsense=1", undefined, { prefer: "handling=strict" })).status, 400);
});

test("a transaction is written whole or not at all, and its entries refer to one another", async () => {
  const entry = (resource: object, fullUrl: string, method = "POST") => ({
    fullUrl,
    resource,
    request: { method, url: (resource as { resourceType: string }).resourceType },
  });
  const bundle = {
    resourceType: "Bundle",
    type: "transaction",
    entry: [
      entry(
        condition({ encounter: { reference: "urn:uuid:11111111-1111-4111-8111-111111111111" } }),
        "urn:uuid:22222222-2222-4222-8222-222222222222",
      ),
      entry(
        {
          resourceType: "Encounter",
          status: "finished",
          class: { code: "AMB" },
          subject: { reference: `Patient/${patients[0]}` },
        },
        "urn:uuid:11111111-1111-4111-8111-111111111111",
      ),
    ],
  };
  const done = await ask("POST", "", bundle);
  assert.equal(done.status, 200, done.text);
  const [first, second] = done.json.entry.map((one: { response: { location: string } }) =>
    one.response.location.replace(/\/_history.*/, ""),
  );
  assert.equal((await ask("GET", first)).json.encounter.reference, second);

  const before = (await ask("GET", "Condition?_summary=count")).json.total;
  const broken = {
    ...bundle,
    entry: [
      ...bundle.entry,
      entry(condition({}, "00000000-0000-4000-8000-000000000000"), "urn:uuid:33333333-3333-4333-8333-333333333333"),
    ],
  };
  const refused = await ask("POST", "", broken);
  assert.equal(refused.status, 400, refused.text);
  assert.match(refused.json.issue[0].expression[0], /^Bundle\.entry\[2\]\.resource/);
  assert.equal((await ask("GET", "Condition?_summary=count")).json.total, before);

  const batch = await ask("POST", "", { ...broken, type: "batch" });
  const statuses = batch.json?.entry?.map((one: { response: { status: string } }) => one.response.status);
  // By itself nobody is called as in the Bundle: the reference is kept as it was written.
  assert.deepEqual(statuses, ["201", "201", "400"], batch.text);
});

/** Those of the Personal Health Device and the Point-of-Care Device guide; XML as JSON. */
function* guideExamples(): Generator<{ file: string; text: string }> {
  for (const guide of ["phd", "pocd"])
    for (const name of readdirSync(join(guides, guide)).sort()) {
      const text = readFileSync(join(guides, guide, name), "utf8");
      if (name.endsWith(".json")) yield { file: `${guide}/${name}`, text };
      if (name.endsWith(".xml")) yield { file: `${guide}/${name}`, text: printFhir(resourceOf(parseXml(text))) };
    }
}

function* examples(): Generator<{ resource: { resourceType: string; id: string; language?: string }; text: string }> {
  const folder = join(data, "r4-examples");
  const files = readdirSync(folder)
    .filter((name) => /\.ndjson(\.gz)?$/.test(name))
    .map((name) => join(folder, name));
  for (const file of [...files, join(data, "us-core-examples.ndjson.gz")]) {
    const bytes = readFileSync(file);
    for (const text of (file.endsWith(".gz") ? gunzipSync(bytes) : bytes).toString("utf8").split("\n"))
      if (text.trim() !== "") yield { resource: JSON.parse(text), text };
  }
}
