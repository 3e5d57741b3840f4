import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { gunzipSync } from "node:zlib";
import { sections } from "./fhir-search/cases.ts";
import { pagesOfSeveralTypes, pagesWhileOthersWrite } from "./fhir-search/pages.ts";
import { runCase, writeCases } from "./fhir-search/run.ts";
import { type AskFhir, askFhir } from "./support/fhir.ts";
import { addBeds, type RunningWard, removeDataDir, root, startWard } from "./support/ward.ts";

/** What the house makes and others write, over a real server: patients first. */
let ward: RunningWard;
let ask: AskFhir;
let nurse: string;
let bed: { readonly patientId: string };
let organisationId: string;

before(async () => {
  ward = await startWard();
  const [one] = await addBeds(ward, 1);
  assert.ok(one);
  bed = one;
  const { token } = await ward.json<{ token: string }>("token", "issue", "--role", "integration");
  ask = askFhir(ward, token);
  nurse = (await ward.json<{ token: string }>("token", "issue", "--role", "nurse")).token;
  const { json } = await ask("GET", `Patient/${bed.patientId}`);
  organisationId = json.identifier[0].system.replace("urn:openward:mrn:", "");
});
after(async () => {
  await ward.stop();
  removeDataDir(ward.dataDir);
});

async function portal(method: string, path: string, body?: unknown) {
  const response = await fetch(`${ward.url}/api/${path}`, {
    method,
    headers: { authorization: `Bearer ${nurse}`, "content-type": "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  // biome-ignore lint/suspicious/noExplicitAny: answers of every shape
  return { status: response.status, json: (await response.json().catch(() => undefined)) as any };
}

// biome-ignore lint/suspicious/noExplicitAny: answers of every shape
const idsOf = (bundle: any): string[] => (bundle.entry ?? []).map((one: any) => one.resource.id);

const person = (more: object = {}) => ({
  resourceType: "Patient",
  extension: [{ url: "urn:x:weight", valueDecimal: 2.5 }],
  identifier: [
    {
      type: { coding: [{ system: "http://terminology.hl7.org/CodeSystem/v2-0203", code: "MR" }] },
      system: "urn:oid:1.2.3",
      value: "W-1",
    },
  ],
  active: true,
  name: [
    { use: "maiden", family: "Berg" },
    { use: "official", family: "Lund", given: ["Eva", "Marie"], prefix: ["Dr"] },
  ],
  telecom: [{ system: "phone", value: "+47 22" }],
  gender: "female",
  birthDate: "1961-04-02",
  address: [{ city: "Tromsø" }],
  ...more,
});

test("a patient who is written is one with the patient of the registry, to the digit and in every version", async () => {
  const sent = JSON.stringify(person()).replace("2.5", "2.50");
  const made = await ask("POST", "Patient", sent, { "if-none-exist": "identifier=urn:oid:1.2.3|W-1" });
  assert.equal(made.status, 201, made.text);
  const { id } = made.json;
  assert.match(made.text, /2\.50/);
  const shown = await portal("GET", `patients/${id}`);
  assert.deepEqual(
    [shown.json.name, shown.json.birthDate, shown.json.sex, shown.json.mrn],
    ["Lund, Eva Marie", "1961-04-02", "female", "W-1"],
    JSON.stringify(shown),
  );
  const again = await ask("POST", "Patient", sent, { "if-none-exist": "identifier=urn:oid:1.2.3|W-1" });
  assert.deepEqual([again.status, again.json.id], [200, id]);

  // What the house changes is a new version of what was written, and the rest stays.
  const changed = await portal("PATCH", `patients/${id}`, {
    name: "Lund, Eva",
    birthDate: "1961-04-03",
    mrn: "HOUSE-7",
  });
  assert.equal(changed.status, 200, JSON.stringify(changed.json));
  const read = await ask("GET", `Patient/${id}`);
  assert.equal(read.headers.get("etag"), 'W/"2"');
  assert.match(read.text, /2\.50/);
  assert.deepEqual(
    [read.json.birthDate, read.json.address[0].city, read.json.telecom[0].value],
    ["1961-04-03", "Tromsø", "+47 22"],
  );
  assert.deepEqual(read.json.name[0], { use: "maiden", family: "Berg" });
  assert.deepEqual(
    [read.json.name[1].given, read.json.name[1].prefix, read.json.name[1].use],
    [["Eva"], ["Dr"], "official"],
  );
  assert.equal(read.json.identifier[0].value, "W-1");
  assert.equal(read.json.identifier[1].value, "HOUSE-7");
  assert.equal((await ask("GET", `Patient/${id}/_history/1`)).json.birthDate, "1961-04-02");

  // And the other way round.
  const patch = '[{"op":"replace","path":"/name/1/given","value":["Eva","Anna"]}]';
  const patched = await ask("PATCH", `Patient/${id}`, patch, { "content-type": "application/json-patch+json" });
  assert.deepEqual([patched.status, patched.json.meta.versionId], [200, "3"], patched.text);
  assert.equal((await portal("GET", `patients/${id}`)).json.name, "Lund, Eva Anna");

  // Found by what stands in it, as the house's own, on one page.
  for (const query of [
    "family=lund",
    "address-city=TROMS",
    "phone=%2B47%2022",
    "identifier=W-1",
    `identifier=urn:openward:mrn:${organisationId}|HOUSE-7`,
    "birthdate=1961-04-03",
    "_content=tromsø",
    "gender=female&active=true&name:contains=und",
  ])
    assert.deepEqual(idsOf((await ask("GET", `Patient?${query}`)).json), [id], query);
  const both = idsOf((await ask("GET", `Patient?_id=${id},${bed.patientId}&_sort=-birthdate`)).json);
  assert.deepEqual(both.sort(), [id, bed.patientId].sort());
  const first = (await ask("GET", "Patient?_count=1&_total=accurate")).json;
  const next = first.link.find((one: { relation: string }) => one.relation === "next").url.split("/fhir/")[1];
  assert.notEqual(idsOf((await ask("GET", next)).json)[0], idsOf(first)[0]);
  assert.equal(first.total, 2);

  const before = await ask("GET", `Patient/${id}`);
  assert.equal((await ask("PUT", `Patient/${id}`, before.json, { "if-match": 'W/"1"' })).status, 412);
  const gone = await ask("DELETE", `Patient/${id}`);
  assert.equal(gone.status, 200, gone.text);
  assert.equal((await ask("GET", `Patient/${id}`)).status, 410);
  assert.equal((await portal("GET", `patients/${id}`)).status, 404);
  assert.deepEqual(idsOf((await ask("GET", `Patient?_id=${id}`)).json), []);
  const history = (await ask("GET", `Patient/${id}/_history`)).json.entry;
  assert.deepEqual(
    history.map((one: { request: { method: string } }) => one.request.method),
    ["DELETE", "PATCH", "PUT", "POST"],
  );
  const back = await ask("PUT", `Patient/${id}`, { ...before.json, birthDate: "1961-04-04" });
  assert.deepEqual([back.status, back.json.meta.versionId], [201, "5"], back.text);
  assert.equal((await portal("GET", `patients/${id}`)).json.birthDate, "1961-04-04");
});

test("a patient of the house is written over from the version that was read, and not deleted with what is in the chart", async () => {
  const { json, headers } = await ask("GET", `Patient/${bed.patientId}`);
  const sent = { ...json, telecom: [{ system: "email", value: "x@example.org" }] };
  assert.equal((await ask("PUT", `Patient/${bed.patientId}`, sent, { "if-match": 'W/"1"' })).status, 412);
  const done = await ask("PUT", `Patient/${bed.patientId}`, sent, { "if-match": String(headers.get("etag")) });
  assert.deepEqual([done.status, done.json.meta.versionId], [200, "2"], done.text);
  assert.equal((await ask("GET", `Patient/${bed.patientId}/_history/1`)).json.telecom, undefined);
  const refused = await ask("DELETE", `Patient/${bed.patientId}`);
  assert.deepEqual([refused.status, refused.json.issue[0].code], [409, "conflict"], refused.text);
  assert.equal((await portal("GET", `patients/${bed.patientId}`)).status, 200);
});

test("what would be a wrong identity is refused, and a number that somebody has is not taken twice", async () => {
  const future = await ask("POST", "Patient", person({ birthDate: "2199-01-01" }));
  assert.deepEqual([future.status, future.json.issue[0].expression[0]], [400, "Patient.birthDate"], future.text);
  const { json: mine } = await ask("GET", `Patient/${bed.patientId}`);
  const ours = person({ identifier: [mine.identifier[0]] });
  assert.equal((await ask("POST", "Patient", ours)).status, 409);
  const theirs = await ask(
    "POST",
    "Patient",
    person({ identifier: [{ ...person().identifier[0], value: mine.identifier[0].value }] }),
  );
  assert.equal(theirs.status, 201, theirs.text);
  assert.match((await portal("GET", `patients/${theirs.json.id}`)).json.mrn, /^F-[0-9A-F]{12}$/);
  assert.equal((await ask("DELETE", `Patient/${theirs.json.id}`)).status, 200);
});

test("a Device that is written cannot send, a Consent rules nothing, an AuditEvent is no part of the log, and each is told apart", async () => {
  const house = idsOf((await ask("GET", "Device?_count=1000")).json);
  const device = await ask("POST", "Device", { resourceType: "Device", status: "active", manufacturer: "Zeta" });
  assert.equal(device.status, 201, device.text);
  assert.deepEqual(idsOf((await ask("GET", "Device?manufacturer=zeta")).json), [device.json.id]);
  const all = idsOf((await ask("GET", "Device?_count=1000")).json);
  assert.deepEqual(all, [...house, device.json.id].sort());
  assert.equal((await portal("GET", `devices/${device.json.id}`)).status, 404);
  const made = await ask("PUT", `Device/${house[0]}`, { resourceType: "Device", id: house[0] });
  assert.deepEqual([made.status, made.json.issue[0].code], [405, "not-supported"], made.text);

  const consent = {
    resourceType: "Consent",
    status: "active",
    scope: { coding: [{ system: "http://terminology.hl7.org/CodeSystem/consentscope", code: "patient-privacy" }] },
    category: [{ coding: [{ system: "http://loinc.org", code: "59284-0" }] }],
    patient: { reference: `Patient/${bed.patientId}` },
    policyRule: { coding: [{ system: "http://terminology.hl7.org/CodeSystem/v3-ActCode", code: "OPTOUT" }] },
    provision: { type: "deny" },
  };
  const kept = await ask("POST", "Consent", consent);
  assert.equal(kept.status, 201, kept.text);
  assert.equal(kept.json.meta.tag[0].system, "urn:openward:kept");
  assert.equal((await ask("GET", `Patient/${bed.patientId}`)).status, 200, "it denies nothing");
  const rewritten = await ask("PUT", `Consent/${kept.json.id}`, kept.json);
  assert.equal(rewritten.json.meta.versionId, "1", "the tag is ours and no change");

  const event = {
    resourceType: "AuditEvent",
    type: { system: "http://terminology.hl7.org/CodeSystem/audit-event-type", code: "rest" },
    recorded: "2026-01-01T00:00:00Z",
    agent: [{ requestor: true, who: { display: "Elsewhere" } }],
    source: { observer: { display: "Elsewhere" } },
  };
  const logged = await ask("POST", "AuditEvent", event);
  assert.equal(logged.status, 201, logged.text);
  const log = await ask("GET", "AuditEvent?date=2026-01-01");
  assert.deepEqual(idsOf(log.json), [logged.json.id]);
  assert.equal(log.json.entry[0].resource.meta.tag[0].system, "urn:openward:kept");
});

const data = join(root, "../shared/data/fhir/synthea");

test("bundles of Synthea are loaded as transactions, patients, practitioners and readings with them", {
  skip: existsSync(data) ? false : "../shared/data/fhir/synthea is not there",
}, async (t) => {
  // The smallest; SYNTHEA=9 loads all that are there.
  const files = readdirSync(data).filter((name) => name.endsWith(".gz"));
  files.sort((a, b) => statSync(join(data, a)).size - statSync(join(data, b)).size);
  for (const file of files.slice(0, Number(process.env.SYNTHEA ?? 2))) {
    const bundle = JSON.parse(gunzipSync(readFileSync(join(data, file))).toString("utf8"));
    const began = performance.now();
    const done = await ask("POST", "", bundle);
    const ms = Math.round(performance.now() - began);
    assert.equal(done.status, 200, `${file}: ${done.text.slice(0, 2000)}`);
    t.diagnostic(`${file.slice(0, 12)}: ${bundle.entry.length} entries in ${ms} ms`);
    const [patient] = done.json.entry as [{ response: { location: string } }];
    const id = patient.response.location.split("/")[1];
    const sent = bundle.entry[0].resource;
    const shown = (await portal("GET", `patients/${id}`)).json;
    assert.equal(shown.birthDate, sent.birthDate);
    assert.equal(shown.name.startsWith(sent.name[0].family), true, shown.name);
    for (const type of ["Encounter", "Condition", "Observation", "Immunization"]) {
      const wanted = bundle.entry.filter(
        (one: { resource: { resourceType: string } }) => one.resource.resourceType === type,
      );
      const found = (await ask("GET", `${type}?patient=${id}&_count=1000`)).json;
      assert.equal(idsOf(found).length, wanted.length, `${file}: ${type}`);
    }
    const visit = (await ask("GET", `Encounter?patient=${id}&_count=1&_include=Encounter:practitioner`)).json;
    assert.match(visit.entry[0].resource.subject.reference, new RegExp(`^Patient/${id}$`));
  }
});

test("a transaction refers to what is there by searches, and to nobody who is not there", async () => {
  const identifier = [{ system: "urn:x:npi", value: "99" }];
  const doctor = await ask("POST", "Practitioner", {
    resourceType: "Practitioner",
    identifier,
    name: [{ family: "Moe" }],
  });
  assert.equal(doctor.status, 201, doctor.text);
  const bundle = (npi: string) => ({
    resourceType: "Bundle",
    type: "transaction",
    entry: [
      {
        fullUrl: "urn:uuid:51111111-1111-4111-8111-111111111111",
        resource: person({ identifier: [{ system: "urn:x:p", value: npi }] }),
        request: { method: "POST", url: "Patient" },
      },
      {
        resource: {
          resourceType: "Condition",
          subject: { reference: "urn:uuid:51111111-1111-4111-8111-111111111111" },
          asserter: { reference: `Practitioner?identifier=urn:x:npi|${npi}` },
        },
        request: { method: "POST", url: "Condition" },
      },
    ],
  });
  const before = (await ask("GET", "Patient?_summary=count")).json.total;
  assert.equal((await ask("POST", "", bundle("98"))).status, 400);
  assert.equal((await ask("GET", "Patient?_summary=count")).json.total, before, "all or nothing");
  const done = await ask("POST", "", bundle("99"));
  assert.equal(done.status, 200, done.text);
  const condition = done.json.entry[1].resource;
  assert.equal(condition.asserter.reference, `Practitioner/${doctor.json.id}`);
  assert.deepEqual(
    idsOf((await ask("GET", "Condition?subject:Patient.family=lund&asserter:Practitioner.family=moe")).json),
    [condition.id],
  );
});

test("codes are asked by value sets and by what they are kinds of; what is on a list by the list", async () => {
  const system = "urn:x:colours";
  const concept = [{ code: "red", concept: [{ code: "crimson" }] }, { code: "blue" }];
  const codes = { resourceType: "CodeSystem", url: system, status: "active", content: "complete", concept };
  assert.equal((await ask("POST", "CodeSystem", codes)).status, 201);
  const include = [{ system, concept: [{ code: "blue" }, { code: "crimson" }] }];
  const set = { resourceType: "ValueSet", url: "urn:x:some", status: "active", compose: { include } };
  assert.equal((await ask("POST", "ValueSet", set)).status, 201);
  const ids: Record<string, string> = {};
  for (const code of ["red", "crimson", "blue"]) {
    const made = await ask("POST", "Basic", { resourceType: "Basic", code: { coding: [{ system, code }] } });
    ids[code] = made.json.id;
  }
  const list = await ask("POST", "List", {
    resourceType: "List",
    status: "current",
    mode: "working",
    entry: [{ item: { reference: `Basic/${ids.blue}` } }],
  });
  const found = async (query: string) => {
    const { json, text } = await ask("GET", `Basic?_sort=_lastUpdated&${query}`, undefined, {
      prefer: "handling=strict",
    });
    assert.equal(json.resourceType, "Bundle", text);
    return idsOf(json).map((id) => Object.keys(ids).find((code) => ids[code] === id));
  };
  assert.deepEqual(await found("code:in=urn:x:some"), ["crimson", "blue"]);
  assert.deepEqual(await found("code:not-in=urn:x:some"), ["red"]);
  assert.deepEqual(await found(`code:below=${system}|red`), ["red", "crimson"]);
  assert.deepEqual(await found(`code:above=${system}|crimson`), ["red", "crimson"]);
  assert.deepEqual(await found(`_list=${list.json.id}`), ["blue"]);
  assert.equal((await ask("GET", "Basic?code:in=urn:x:none")).status, 400, "a set that is not here is no empty set");
  assert.equal((await ask("GET", "Patient?gender:in=http://hl7.org/fhir/ValueSet/administrative-gender")).status, 200);
  assert.deepEqual(await found(`_filter=code eq ${system}|red`), ["red"]);
});

test("what R4's page of searches says by example is found, and nothing beside it", { timeout: 120_000 }, async () => {
  const written = await writeCases(ask);
  let asked = 0;
  const all: string[] = [];
  for (const [section, cases] of Object.entries(sections)) {
    const faults: string[] = [];
    for (const one of cases) {
      asked++;
      const fault = await runCase(ask, `${ward.url}/fhir`, written, one);
      if (fault !== undefined) faults.push(fault);
    }
    console.log(`${section}: ${cases.length - faults.length} of ${cases.length}`);
    all.push(...faults.map((fault) => `${section}: ${fault}`));
  }
  console.log(`${asked} searches`);
  assert.deepEqual(all, []);
});

test("pages of several types, in any order, hold each resource once and in its place", { timeout: 60_000 }, () =>
  pagesOfSeveralTypes(ask, bed.patientId),
);

test("pages hold everything once while others write, whatever they are sorted by", { timeout: 60_000 }, () =>
  pagesWhileOthersWrite(ask),
);
