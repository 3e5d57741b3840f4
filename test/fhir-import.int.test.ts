import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import type { AuditEvent, Bundle, Resource } from "@medplum/fhirtypes";
import { type AskFhir, askFhir } from "./support/fhir.ts";
import { type FileServer, startFileServer } from "./support/file-server.ts";
import {
  asPath,
  begin,
  carriedOver,
  comparable,
  conditionOf,
  countsOf,
  errorsOf,
  exportedBy,
  importedOf,
  linesOf,
  outcomeOf,
  PATIENTS,
  SOURCE,
  SYNTHEA,
  syntheaByType,
  weightOf,
} from "./support/imports.ts";
import { addBeds, apiOf, type RunningWard, removeDataDir, startWard } from "./support/ward.ts";

const ENV = { OPENWARD_IMPORT_NETWORKS: "127.0.0.1" };

let ward: RunningWard;
let files: FileServer;
let token: string;
let ask: AskFhir;

before(async () => {
  files = await startFileServer();
  ward = await startWard({ env: ENV });
  token = (await ward.json<{ token: string }>("token", "issue", "--role", "integration")).token;
  ask = askFhir(ward, token);
});
after(async () => {
  await ward?.stop();
  await files?.close();
  if (ward) removeDataDir(ward.dataDir);
});

test("files in any order: names hold between them, and the same once more makes nothing twice", async () => {
  const put = (name: string, all: readonly object[]) => files.put(name, linesOf(all));
  const report = {
    resourceType: "DiagnosticReport",
    id: "r1",
    status: "final",
    code: { text: "weights" },
    subject: { reference: "Patient/p1" },
    result: [{ reference: "Observation/w1" }, { reference: "Observation/w2/_history/4" }],
    resultsInterpreter: [{ reference: "Practitioner/unknown-here" }],
  };
  const panel = {
    ...weightOf("w0", 80, { valueQuantity: undefined, code: { text: "all weights" } }),
    hasMember: [{ reference: "Observation/w1" }, { reference: "Observation/w2" }],
  };
  const input = [
    { type: "DiagnosticReport", url: put("reports", [report]) },
    { type: "Condition", url: put("conditions", [conditionOf("c1", "p1"), conditionOf("c2", "p2")]) },
    { type: "Observation", url: put("observations", [panel, weightOf("w1", 71.5), weightOf("w2", 72)]) },
    {
      type: "Patient",
      url: files.put("patients", gzipSync(linesOf(PATIENTS)), { "content-type": "application/gzip" }),
    },
  ];
  const first = await outcomeOf(ask, await begin(ask, input));
  assert.deepEqual(await errorsOf(ask, first), []);
  assert.deepEqual(countsOf(first), ["1,0,0", "2,0,0", "3,0,0", "2,0,0"]);
  assert.deepEqual(
    first.output.map(({ inputUrl }) => inputUrl),
    input.map(({ url }) => url),
  );
  const patients = await importedOf(ask, "Patient");
  const id = patients.get("Patient/p1")?.id;
  assert.deepEqual(patients.get("Patient/p1")?.meta?.source, SOURCE);
  const observations = await importedOf(ask, "Observation");
  const made = (await importedOf(ask, "DiagnosticReport")).get("DiagnosticReport/r1") as unknown as typeof report;
  assert.equal(made.subject.reference, `Patient/${id}`);
  assert.deepEqual(
    made.result.map(({ reference }) => reference),
    ["w1", "w2"].map((one) => `Observation/${observations.get(`Observation/${one}`)?.id}`),
  );
  assert.equal(made.resultsInterpreter[0]?.reference, "Practitioner/unknown-here");
  const members = observations.get("Observation/w0") as unknown as typeof panel;
  assert.deepEqual(
    members.hasMember.map(({ reference }) => reference),
    made.result.map(({ reference }) => reference),
  );
  // A weight is a reading of this house.
  const stats = await ask("GET", `Observation/$stats?subject=Patient/${id}&code=29463-7&statistic=count`);
  assert.match(stats.text, /"value":2\b/);

  const again = await outcomeOf(ask, await begin(ask, input));
  assert.deepEqual(countsOf(again), ["0,0,1", "0,0,2", "0,0,3", "0,0,2"]);
  assert.equal((await importedOf(ask, "Patient")).get("Patient/p1")?.meta?.versionId, "1");

  const changed = [conditionOf("c1", "p1", { code: { text: "asthma, mild" } }), conditionOf("c2", "p2")];
  const third = await outcomeOf(ask, await begin(ask, [{ type: "Condition", url: put("conditions", changed) }]));
  assert.deepEqual(countsOf(third), ["0,1,1"]);
  const condition = (await importedOf(ask, "Condition")).get("Condition/c1");
  assert.equal(condition?.meta?.versionId, "2");
  // From somewhere else the same ids are others.
  const other = await outcomeOf(
    ask,
    await begin(ask, [{ type: "Patient", url: put("others", PATIENTS) }], { source: "https://elsewhere.example/fhir" }),
  );
  assert.deepEqual(countsOf(other), ["2,0,0"]);
});

test("each line that is wrong is told by its number and its place, and keeps no other from being written", async () => {
  const text = [
    JSON.stringify(conditionOf("e1", "p1")),
    "",
    '{"resourceType":"Condition","id":"e2",',
    JSON.stringify({ ...conditionOf("e3", "p1"), clinicalStatus: "banana" }),
    JSON.stringify(conditionOf("e4", "nobody")),
    JSON.stringify({ ...conditionOf("", "p1"), id: undefined }),
    JSON.stringify(PATIENTS[0]),
    JSON.stringify(conditionOf("e5", "p2")),
  ].join("\r\n");
  const missing = files.serve("missing", (_, response) => response.writeHead(403).end());
  const page = files.put("page", "<html>", { "content-type": "text/html" });
  const broken = files.put("broken", Buffer.concat([gzipSync("x").subarray(0, 12), Buffer.alloc(40, 7)]));
  const outcome = await outcomeOf(
    ask,
    await begin(ask, [
      { type: "Condition", url: files.put("mixed", text) },
      { type: "Condition", url: missing },
      { type: "Condition", url: page },
      { type: "Condition", url: broken },
    ]),
  );
  assert.deepEqual(countsOf(outcome), ["2,0,0", "0,0,0", "0,0,0", "0,0,0"]);
  const errors = await errorsOf(ask, outcome);
  const told = errors.map(({ issue: [one] }) => [
    one?.diagnostics,
    one?.details?.coding?.[0]?.code,
    one?.expression?.[0],
  ]);
  assert.deepEqual(told.slice(0, 5), [
    ["input[0], line 3", "MALFORMED_JSON", undefined],
    ["input[0], line 4", "FIELD_INVALID", "Condition.clinicalStatus"],
    ["input[0], line 5", "FIELD_INVALID", "Condition"],
    ["input[0], line 6", "FIELD_INVALID", "Condition.id"],
    ["input[0], line 7", "FIELD_INVALID", "resourceType"],
  ]);
  assert.deepEqual(
    errors.slice(5).map(({ issue: [one] }) => [one?.details?.coding?.[0]?.code, one?.expression?.[0]]),
    [
      ["FIELD_INVALID", "input[1].url"],
      ["CONTENT_TYPE_UNKNOWN", "input[2].url"],
      ["FILE_CORRUPT", "input[3].url"],
    ],
  );
  assert.doesNotMatch(JSON.stringify(errors), /banana|Berg|asthma|secret-of/);
});

test("what is asked wrongly, or by whom it is not for, is refused before anything is fetched", async () => {
  const good = { inputFormat: "application/fhir+ndjson", inputSource: SOURCE };
  const one = { type: "Patient", url: files.put("never", linesOf(PATIENTS)) };
  const respond = { prefer: "respond-async", "content-type": "application/json" };
  for (const [expected, manifest] of [
    ["inputSource", { ...good, inputSource: `${ward.url}/fhir`, input: [one] }],
    ["inputSource", { ...good, inputSource: "nowhere", input: [one] }],
    ["inputFormat", { ...good, inputFormat: "text/csv", input: [one] }],
    ["storageDetail.type", { ...good, storageDetail: { type: "aws-s3" }, input: [one] }],
    ["input", { ...good, input: [] }],
    ["mode", { ...good, mode: "batch", input: [one] }],
    ["input.type", { ...good, input: [{ ...one, type: "Banana" }] }],
    ["input[0].url", { ...good, input: [{ ...one, url: "http://10.0.0.1/x" }] }],
    ["input[0].url", { ...good, input: [{ ...one, url: "https://169.254.169.254/latest" }] }],
    ["input[0].url", { ...good, input: [{ ...one, url: "file:///etc/passwd" }] }],
  ] as const) {
    const { status, json } = await ask("POST", "$import", manifest, respond);
    assert.deepEqual([status, json.issue[0].expression], [400, [expected]]);
  }
  assert.equal((await ask("POST", "$import", { ...good, input: [one] })).status, 400, "without respond-async");
  assert.equal((await ask("GET", "$import")).status, 405);
  const nurse = (await ward.json<{ token: string }>("token", "issue", "--role", "nurse")).token;
  assert.equal((await askFhir(ward, nurse)("POST", "$import", { ...good, input: [one] }, respond)).status, 403);
  assert.equal(files.asked.get("never"), undefined);
});

test("as Parameters, it is the same; the outcome is for who asked, and what is cancelled stops", async () => {
  const url = files.put("parameters", linesOf([{ ...PATIENTS[0], id: "p3" }]));
  const parameter = [
    { name: "inputFormat", valueString: "application/fhir+ndjson" },
    { name: "inputSource", valueUri: SOURCE },
    { name: "storageDetail", part: [{ name: "type", valueCode: "https" }] },
    {
      name: "input",
      part: [
        { name: "type", valueCode: "Patient" },
        { name: "url", valueUrl: url },
      ],
    },
  ];
  const begun = await ask("POST", "$import", { resourceType: "Parameters", parameter }, { prefer: "respond-async" });
  assert.equal(begun.status, 202, begun.text);
  const job = asPath(begun.headers.get("content-location") ?? "");
  assert.deepEqual(countsOf(await outcomeOf(ask, job)), ["1,0,0"]);
  const other = (await ward.json<{ token: string }>("token", "issue", "--role", "integration")).token;
  assert.equal((await askFhir(ward, other)("GET", job)).status, 404);
  assert.equal((await ask("DELETE", job)).status, 202);
  assert.equal((await ask("GET", job)).status, 404);

  let isGoing = false;
  const slow = files.serve("slow", (request, response) => {
    response.writeHead(200, { "content-type": "application/fhir+ndjson" });
    const again = setInterval(() => response.write(linesOf([{ ...PATIENTS[0], id: `slow-${isGoing}` }])), 20);
    isGoing = true;
    request.on("close", () => clearInterval(again));
  });
  const stopped = await begin(ask, [{ type: "Patient", url: slow }]);
  while (!isGoing) await wait(20);
  assert.equal((await ask("DELETE", stopped)).status, 202);
  assert.equal((await ask("GET", stopped)).status, 404);
});

test("killed again and again in the midst of it, an import goes on where it was, counts each line once, and fetches on", async () => {
  const all = Array.from({ length: 3_000 }, (_, i) => ({
    resourceType: "Organization",
    id: `o${i}`,
    name: `Department ${i}`,
    ...(i > 0 ? { partOf: { reference: `Organization/o${i - 1}` } } : {}),
  }));
  const text = linesOf(all);
  const half = text.indexOf("\n", text.length / 2) + 1;
  let isWhole = false;
  const url = files.serve("organizations", (_, response) => {
    response.writeHead(200, { "content-type": "application/fhir+ndjson", etag: '"1"', "content-length": text.length });
    // The line breaks in the midst of it, until the server has been killed once.
    if (isWhole) response.end(text);
    else response.write(text.slice(0, half), () => setTimeout(() => response.destroy(), 100));
  });
  const job = await begin(ask, [{ type: "Organization", url }]);
  const { dataDir, httpPort } = ward;
  const kill = async () => {
    await ward.stop("SIGKILL");
    ward = await startWard({ dataDir, httpPort, env: ENV });
    ask = askFhir(ward, token);
  };
  while ((files.asked.get("organizations") ?? 0) < 2) await wait(20);
  await kill();
  isWhole = true;
  for (let kills = 0, done = 0; kills < 2; kills++) {
    for (;;) {
      const { status, headers } = await ask("GET", job);
      const now = Number(/^writing: (\d+)/.exec(headers.get("x-progress") ?? "")?.[1] ?? 0);
      if (status === 200 || now > done) {
        done = now;
        break;
      }
    }
    await kill();
  }
  const outcome = await outcomeOf(ask, job);
  assert.deepEqual(await errorsOf(ask, outcome), []);
  assert.deepEqual(countsOf(outcome), ["3000,0,0"]);
  const found = await importedOf(ask, "Organization");
  assert.equal(found.size, 3_000);
  for (const [name, one] of found) {
    const i = Number(name.slice("Organization/o".length));
    assert.equal(one.meta?.versionId, "1");
    const parent = (one as { partOf?: { reference?: string } }).partOf?.reference;
    if (i > 0) assert.equal(parent, `Organization/${found.get(`Organization/o${i - 1}`)?.id}`);
  }
  assert.ok(!existsSync(join(dataDir, job)), "what was fetched is gone from the disk");
});

test("whose access ends, writes nothing more, and the outcome says so", async () => {
  const { id, token: own } = await ward.json<{ id: string; token: string }>("token", "issue", "--role", "integration");
  const by = askFhir(ward, own);
  let go = () => {};
  const url = files.serve("held", (_, response) => {
    response.writeHead(200, { "content-type": "application/fhir+ndjson" });
    response.write(linesOf([{ ...PATIENTS[0], id: "late" }]));
    go = () => response.end();
  });
  const job = await begin(by, [{ type: "Patient", url }]);
  while (!files.asked.has("held")) await wait(20);
  const revoked = await ward.cli("token", "revoke", id);
  assert.equal(revoked.code, 0, revoked.stderr);
  while ((await by("GET", job)).status !== 401) await wait(20);
  go();
  for (const end = performance.now() + 120_000; existsSync(join(ward.dataDir, job)) && performance.now() < end; )
    await wait(20);
  await ward.logged(/an import could not be made/);
  assert.equal((await importedOf(ask, "Patient")).has("Patient/late"), false);
});

test("the log has each resource that was made or changed; whoever is erased and comes once more is somebody new", async () => {
  const gone = { ...PATIENTS[0], id: "gone" };
  const input = [
    { type: "Patient", url: files.put("gone", linesOf([gone])) },
    { type: "Condition", url: files.put("of-gone", linesOf([conditionOf("of-gone", "gone")])) },
  ];
  await outcomeOf(ask, await begin(ask, input));
  const { id } = (await importedOf(ask, "Patient")).get("Patient/gone") ?? {};
  const condition = (await importedOf(ask, "Condition")).get("Condition/of-gone")?.id;
  const officer = (await ward.json<{ token: string }>("token", "issue", "--role", "administrator")).token;
  const log = (await askFhir(ward, officer)("GET", `AuditEvent?patient=${id}&_count=200`)).json as Bundle<AuditEvent>;
  const told = (log.entry ?? []).flatMap(({ resource }) =>
    resource?.subtype?.some(({ code }) => code === "fhir.import") ? (resource.entity ?? []) : [],
  );
  const written = told.filter(({ role }) => role?.code === "4").map(({ what }) => what?.reference);
  assert.deepEqual(written.sort(), [`Condition/${condition}`, `Patient/${id}`]);
  const admin = await apiOf(ward);
  const { mrn } = await admin<{ mrn: string }>("GET", `/api/patients/${id}`);
  await ward.json("erase", id ?? "", "--confirm", mrn, "--reason", "asked for it");
  for (const end = performance.now() + 30_000; (await ask("GET", `Patient/${id}`)).status === 200; await wait(20))
    assert.ok(performance.now() < end, "waited 30 s for the erasure");
  assert.deepEqual(countsOf(await outcomeOf(ask, await begin(ask, input))), ["1,0,0", "1,0,0"]);
  const again = (await importedOf(ask, "Patient")).get("Patient/gone")?.id;
  assert.ok(again !== undefined && again !== id);
});

test("what one house exports, another imports: every resource is there and reads the same", async () => {
  const from = await startWard();
  const own = (await from.json<{ token: string }>("token", "issue", "--role", "integration")).token;
  const there = askFhir(from, own);
  const beds = await addBeds(from, 2);
  const at = Math.floor(Date.now() / 60_000) * 60_000 - 3_600_000;
  for (const { deviceId, token: secret } of beds) {
    const body = Array.from({ length: 30 }, (_, i) => ({
      at: at + i * 60_000,
      values: {
        "heart-rate": 60 + i,
        spo2: 97,
        ...(i % 10 === 0 ? { "nibp-systolic": 120, "nibp-diastolic": 80 } : {}),
      },
    }));
    const answer = await fetch(`${from.url}/ingest/devices/${deviceId}/readings`, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Basic ${btoa(`${deviceId}:${secret}`)}` },
      body: JSON.stringify(body),
    });
    assert.equal(answer.status, 200);
  }
  const patient = beds[0]?.patientId ?? "";
  const condition = await there("POST", "Condition", conditionOf("x", patient, { id: undefined }));
  const evidence = [{ reference: `Condition/${condition.json.id}` }];
  const plan = { resourceType: "CarePlan", status: "active", intent: "plan", addresses: evidence };
  assert.equal(
    (await there("POST", "CarePlan", { ...plan, subject: { reference: `Patient/${patient}` } })).status,
    201,
  );
  // As whoever carries it over does: with its token there, at addresses that need none here.
  const { manifest, texts } = await exportedBy(from, own);
  const input = manifest.output.map(({ type }, i) => ({ type, url: files.put(`exported-${i}`, texts[i] ?? "") }));
  const all = texts.flatMap((text) => text.trimEnd().split("\n")).map((line) => JSON.parse(line) as Resource);
  const sent = new Map(all.map((one) => [`${one.resourceType}/${one.id}`, one]));
  await from.stop();
  removeDataDir(from.dataDir);
  const source = `${from.url}/fhir`;
  const outcome = await outcomeOf(ask, await begin(ask, input, { source }));
  assert.deepEqual(await errorsOf(ask, outcome), []);
  assert.deepEqual(
    outcome.output.map(({ count }) => count),
    manifest.output.map(({ count }) => count),
  );
  const { here, names } = await carriedOver(ask, new Set(input.map((one) => one.type)), source);
  assert.deepEqual([...here.keys()].sort(), [...sent.keys()].sort());
  for (const [name, one] of sent)
    assert.deepEqual(comparable(here.get(name) as Resource, names), comparable(one, new Map()));
  console.log(`${sent.size} resources of ${manifest.output.length} types carried over`);
});

test("lives that Synthea made, as files for each type", {
  skip: existsSync(SYNTHEA) ? false : "../shared/data/fhir/synthea is not there",
  timeout: 300_000,
}, async () => {
  const byType = syntheaByType(3);
  const all = [...byType.values()].flat();
  const source = "urn:test:synthea";
  const input = [...byType].map(([type, some]) => ({
    type,
    url: files.put(`synthea-${type}`, gzipSync(linesOf(some))),
  }));
  const outcome = await outcomeOf(ask, await begin(ask, input, { source }));
  const errors = await errorsOf(ask, outcome);
  assert.deepEqual(errors.slice(0, 3), []);
  const written = outcome.output.reduce((sum, { count }) => sum + count, 0);
  assert.equal(written, all.length);
  const { here, names: named } = await carriedOver(ask, byType.keys(), source);
  const urns = new Map([...here.keys()].map((name) => [`urn:uuid:${name.split("/")[1]}`, name]));
  for (const one of all) {
    const found = here.get(`${one.resourceType}/${one.id}`);
    assert.ok(found, `${one.resourceType}/${one.id}`);
    assert.deepEqual(comparable(found, named), comparable(one, urns));
  }
  console.log(`${all.length} resources of ${byType.size} types of Synthea, of 3 people`);
});
