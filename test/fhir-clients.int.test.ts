import assert from "node:assert/strict";
import { type IncomingHttpHeaders, request } from "node:http";
import { after, before, test } from "node:test";
import { brotliDecompressSync, gunzipSync } from "node:zlib";
import type {
  Bundle,
  BundleEntry,
  CapabilityStatement,
  Condition,
  Observation,
  OperationOutcome,
  Parameters,
  Resource,
} from "@medplum/fhirtypes";
import { kit, matches, smart, typeOf } from "./fhir-clients/drivers.ts";
import { addBeds, type RunningWard, removeDataDir, startWard } from "./support/ward.ts";

/** Two clients of other makers go through every interaction of R4, as an integration would. */
let ward: RunningWard;
let base: string;
let token: string;
let patientId: string;
/** Interaction by code of R4, and the clients that drove it. */
const driven = new Map<string, Set<string>>();

const T0 = Date.UTC(2026, 0, 5, 8);
const READINGS = 7;

before(async () => {
  ward = await startWard();
  base = `${ward.url}/fhir`;
  const [bed] = await addBeds(ward, 1);
  assert.ok(bed);
  patientId = bed.patientId;
  token = (await ward.json("token", "issue", "--role", "integration")).token ?? "";
  const { status } = await fetch(`${ward.url}/ingest/devices/${bed.deviceId}/readings`, {
    method: "POST",
    headers: {
      authorization: `Basic ${Buffer.from(`${bed.deviceId}:${bed.token}`).toString("base64")}`,
      "content-type": "application/json",
    },
    body: JSON.stringify(
      Array.from({ length: READINGS }, (_, i) => ({
        at: Date.now() - 60_000 * (i + 1),
        values: { "heart-rate": 70 + i },
      })),
    ),
  });
  assert.equal(status, 200);
});
after(async () => {
  await ward?.stop();
  if (ward) removeDataDir(ward.dataDir);
});

const condition = (text: string, more: Partial<Condition> = {}): Condition => ({
  resourceType: "Condition",
  code: { text },
  subject: { reference: `Patient/${patientId}` },
  ...more,
});
const heartRate = (value: number, at: number): Observation => ({
  resourceType: "Observation",
  status: "final",
  code: { coding: [{ system: "http://loinc.org", code: "8867-4" }] },
  subject: { reference: `Patient/${patientId}` },
  effectiveDateTime: new Date(at).toISOString(),
  valueQuantity: { value, system: "http://unitsofmeasure.org", code: "/min", unit: "/min" },
});
const post = (resource: Resource, more: Partial<BundleEntry> = {}): BundleEntry => ({
  resource,
  request: { method: "POST", url: resource.resourceType },
  ...more,
});

for (const make of [kit, smart]) {
  test(`${make.name === "kit" ? "fhir-kit-client" : "fhirclient"} drives every interaction`, {
    timeout: 120_000,
  }, async () => {
    const client = make({ base, token });
    const drives = (code: string) => driven.set(code, (driven.get(code) ?? new Set()).add(client.name));
    const refuses = async (status: number, asked: () => Promise<unknown>) => {
      const error = await asked().then(
        () => assert.fail(`not refused with ${status}`),
        (caught: unknown) => caught,
      );
      assert.equal(client.statusOf(error), status, String(error));
    };
    const system = `urn:example:${client.name}`;

    const statement = await client.capabilities();
    assert.equal(statement.fhirVersion, "4.0.1");
    drives("capabilities");
    assert.ok((await client.authorizeUrl()).startsWith(`${ward.url}/oauth/`), "SMART discovery leads to our door");
    drives("smart-configuration");

    // What the house knows.
    const patient = await client.read("Patient", patientId);
    assert.equal(patient.id, patientId);
    drives("read");
    await refuses(404, () => client.read("Patient", "nobody"));
    const hearts = await client.everyPage("Observation", {
      patient: patientId,
      code: "8867-4",
      _count: "3",
      device: "bed-0",
    });
    assert.deepEqual(
      (hearts.resources as Observation[]).map(({ valueQuantity }) => valueQuantity?.value),
      Array.from({ length: READINGS }, (_, i) => 70 + i),
      "newest first, each once",
    );
    assert.equal(hearts.pages, 3);
    drives("search-type");
    const [newest] = hearts.resources as [Observation];
    assert.deepEqual(await client.read("Observation", newest.id ?? ""), newest);
    assert.deepEqual(await client.vread("Observation", newest.id ?? "", newest.meta?.versionId ?? ""), newest);
    const byPost = await client.searchByPost("Observation", { patient: patientId, code: "8867-4", device: "bed-0" });
    assert.deepEqual(matches(byPost), hearts.resources);
    drives("search-post");
    const ofAll = await client.search("", { _type: "Patient,Device", _id: `${patientId},bed-0` });
    assert.deepEqual(
      matches(ofAll)
        .map(({ resourceType }) => resourceType)
        .sort(),
      ["Device", "Patient"],
    );
    drives("search-system");

    // What others write: made, changed, searched, taken away.
    const created = (await client.create(
      condition("hypertension", { identifier: [{ system, value: "1" }] }),
    )) as Condition;
    const id = created.id ?? "";
    assert.equal(created.meta?.versionId, "1");
    drives("create");
    const again = await client.create(condition("another"), { "if-none-exist": `identifier=${system}|1` });
    assert.equal(again.id, id);
    drives("conditional-create");
    const updated = (await client.update({ ...created, recordedDate: "2026-01-02" })) as Condition;
    assert.deepEqual([updated.meta?.versionId, updated.recordedDate], ["2", "2026-01-02"]);
    drives("update");
    await refuses(412, () => client.update(created, { "if-match": 'W/"1"' }));
    const { id: _id, meta: _meta, ...bare } = updated;
    const where = await client.updateWhere(
      "Condition",
      { identifier: `${system}|1` },
      { ...bare, recordedDate: "2026-01-03" },
    );
    assert.deepEqual([where.id, where.meta?.versionId], [id, "3"]);
    drives("conditional-update");
    const patched = (await client.patch("Condition", id, [
      { op: "replace", path: "/recordedDate", value: "2026-01-04" },
    ])) as Condition;
    assert.equal(patched.recordedDate, "2026-01-04");
    drives("patch");
    assert.equal(((await client.vread("Condition", id, "2")) as Condition).recordedDate, "2026-01-02");
    drives("vread");
    const found = await client.search("Condition", { identifier: `${system}|1`, _include: "Condition:subject" });
    assert.deepEqual(matches(found).map(typeOf).sort(), ["Condition", "Patient"]);
    await refuses(400, () => client.search("Condition", { "recorded-date": "yesterday" }));

    // Several at once.
    const transaction = await client.bundle({
      resourceType: "Bundle",
      type: "transaction",
      entry: [
        post(
          {
            resourceType: "Encounter",
            status: "finished",
            class: { code: "AMB" },
            subject: { reference: `Patient/${patientId}` },
          },
          { fullUrl: "urn:uuid:00000000-0000-4000-8000-00000000e001" },
        ),
        post(
          condition("cough", {
            identifier: [{ system, value: "2" }],
            encounter: { reference: "urn:uuid:00000000-0000-4000-8000-00000000e001" },
          }),
        ),
      ],
    });
    assert.deepEqual(
      transaction.entry?.map(({ response }) => response?.status.slice(0, 3)),
      ["201", "201"],
    );
    const chained = await client.search("Condition", {
      identifier: `${system}|2`,
      "encounter.status": "finished",
      _include: "Condition:encounter",
    });
    assert.deepEqual(matches(chained).map(typeOf), ["Condition", "Encounter"]);
    drives("transaction");
    await refuses(400, () =>
      client.bundle({
        resourceType: "Bundle",
        type: "transaction",
        entry: [post({ resourceType: "Condition" } as never)],
      }),
    );
    const batch = await client.bundle({
      resourceType: "Bundle",
      type: "batch",
      entry: [
        { request: { method: "GET", url: `Condition/${id}` } },
        { request: { method: "GET", url: "Condition/nothing" } },
        post(condition("fever", { identifier: [{ system, value: "3" }] })),
      ],
    });
    assert.deepEqual(
      batch.entry?.map(({ response }) => response?.status.slice(0, 3)),
      ["200", "404", "201"],
    );
    drives("batch");

    // What a device would have measured.
    const written = (await client.create(heartRate(61, T0))) as Observation;
    assert.equal(written.valueQuantity?.value, 61);
    const many = await client.bundle({
      resourceType: "Bundle",
      type: "transaction",
      entry: [1, 2, 3].map((i) => post(heartRate(60 + i, T0 + i * 60_000))),
    });
    assert.equal(many.entry?.length, 3);
    const day = await client.search("Observation", {
      patient: patientId,
      date: "2026-01-05",
      _sort: "date",
      code: "8867-4",
    });
    const measured = (matches(day) as Observation[]).map(({ valueQuantity }) => valueQuantity?.value);
    assert.deepEqual(measured, [61, 61, 62, 63]);

    // Operations.
    const outcome = (await client.operation("Condition/$validate", "POST", condition("x"))) as OperationOutcome;
    assert.deepEqual(
      outcome.issue.map(({ severity }) => severity),
      ["information"],
    );
    const looked = (await client.operation("CodeSystem/$lookup", "GET", {
      system: "http://loinc.org",
      code: "8867-4",
    })) as Parameters;
    assert.equal(looked.parameter?.find(({ name }) => name === "display")?.valueString, "Heart rate");
    drives("operation");

    // Taken away, and still in the history.
    await client.delete("Condition", id);
    await refuses(410, () => client.read("Condition", id));
    drives("delete");
    await client.deleteWhere(`Condition?identifier=${system}|2`);
    assert.deepEqual(matches(await client.search("Condition", { identifier: `${system}|2` })), []);
    drives("conditional-delete");
    const methods = ({ entry }: Bundle) => entry?.map(({ request }) => request?.method);
    assert.deepEqual(methods(await client.history(`Condition/${id}`)), ["DELETE", "PATCH", "PUT", "PUT", "POST"]);
    drives("history-instance");
    assert.deepEqual(methods(await client.history("Condition"))?.slice(0, 2), ["DELETE", "DELETE"]);
    drives("history-type");
    assert.ok(methods(await client.history(""))?.includes("POST"));
    drives("history-system");
  });
}

test("whatever metadata says of a written type, and of the whole, was driven by both clients", async () => {
  const statement = (await (await fetch(`${base}/metadata`)).json()) as CapabilityStatement;
  const [rest] = statement.rest ?? [];
  const type = rest?.resource?.find((one) => one.type === "Condition");
  assert.ok(rest && type);
  const promised = [
    ...(type.interaction ?? []).map(({ code }) => String(code)),
    ...(rest.interaction ?? []).map(({ code }) => String(code)),
    ...(type.conditionalCreate ? ["conditional-create"] : []),
    ...(type.conditionalUpdate ? ["conditional-update"] : []),
    ...(type.conditionalDelete === "single" ? ["conditional-delete"] : []),
    "capabilities",
    "smart-configuration",
    "operation",
    "search-post",
  ];
  const missing = promised.filter((code) => driven.get(code)?.size !== 2);
  assert.deepEqual(missing, []);
  console.log(`clients of other makers: ${driven.size} interactions, each by 2 of 2`);
});

test("a GraphQL answer that names nobody is in the log of whom it was about", async () => {
  const { token: administrator } = await ward.json<{ token: string }>("token", "issue", "--role", "administrator");
  const looks = async () => {
    const url = `${base}/AuditEvent?patient=${patientId}&entity=Bundle&_count=500`;
    const answer = await fetch(url, { headers: { authorization: `Bearer ${administrator}` } });
    return ((await answer.json()) as Bundle).entry?.length ?? 0;
  };
  const before = await looks();
  const query = '{ ObservationList(code: "8867-4", _count: 2) { valueQuantity { value } } }';
  const answer = await fetch(`${base}/$graphql`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    body: JSON.stringify({ query }),
  });
  const text = await answer.text();
  assert.deepEqual(JSON.parse(text).data.ObservationList.length, 2, text);
  assert.ok(!text.includes(patientId));
  assert.equal(await looks(), before + 1);
});

test("over HTTP: compressed, pretty, by format, HEAD, and not again what is known already", async () => {
  const ask = (path: string, headers: Record<string, string> = {}, method = "GET") =>
    new Promise<{ status: number; headers: IncomingHttpHeaders; body: Buffer }>((resolve, reject) => {
      // Not fetch: it takes off what a body was packed in.
      const asked = request(`${base}/${path}`, { method, headers: { authorization: `Bearer ${token}`, ...headers } });
      asked.on("response", (answer) => {
        const parts: Buffer[] = [];
        answer.on("data", (part) => parts.push(part));
        answer.on("end", () =>
          resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: Buffer.concat(parts) }),
        );
      });
      asked.on("error", reject);
      asked.end();
    });
  const search = `Observation?patient=${patientId}&code=8867-4`;
  const plain = await ask(search);
  assert.equal(plain.headers["content-encoding"], undefined);
  for (const [encoding, unpack] of [
    ["gzip", gunzipSync],
    ["br", brotliDecompressSync],
  ] as const) {
    const packed = await ask(search, { "accept-encoding": encoding });
    assert.equal(packed.headers["content-encoding"], encoding);
    assert.ok(packed.body.length < plain.body.length / 2, `${packed.body.length} of ${plain.body.length}`);
    assert.deepEqual(JSON.parse(unpack(packed.body).toString()).entry, JSON.parse(plain.body.toString()).entry);
  }

  const pretty = await ask(`Patient/${patientId}?_pretty=true`);
  assert.match(pretty.body.toString(), /^\{\n {2}"resourceType": "Patient"/);
  for (const format of ["json", "application/fhir%2Bjson", "application/json"])
    assert.equal((await ask(`Patient/${patientId}?_format=${format}`, { accept: "text/html" })).status, 200, format);
  for (const format of ["xml", "application/fhir%2Bxml", "ttl"])
    assert.equal((await ask(`Patient/${patientId}?_format=${format}`)).status, 406, format);

  for (const path of [`Patient/${patientId}`, search, "metadata"]) {
    const [head, get] = [await ask(path, {}, "HEAD"), await ask(path)];
    assert.deepEqual([head.status, head.body.length], [get.status, 0], path);
    assert.equal(head.headers["content-type"], get.headers["content-type"], path);
    assert.equal(head.headers.etag, get.headers.etag, path);
  }
  const { etag = "" } = (await ask(`Patient/${patientId}`)).headers;
  assert.match(etag, /^W\//);
  const known = await ask(`Patient/${patientId}`, { "if-none-match": etag });
  assert.deepEqual([known.status, known.body.length, known.headers.etag], [304, 0, etag]);
  for (const others of [`W/"0", ${etag}`, etag.slice(2), "*"])
    assert.equal((await ask(`Patient/${patientId}`, { "if-none-match": others })).status, 304, others);
  assert.equal((await ask(`Patient/${patientId}`, { "if-none-match": 'W/"0"' })).status, 200);
});
