import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { gunzipSync } from "node:zlib";
import type { Observation, Resource } from "@medplum/fhirtypes";
import { type Api, addBeds, apiOf, type RunningWard, removeDataDir, startWard } from "./support/ward.ts";

interface Manifest {
  readonly transactionTime: string;
  readonly request: string;
  readonly requiresAccessToken: boolean;
  readonly output: readonly { readonly type: string; readonly url: string; readonly count: number }[];
}

const READINGS = 30_000;
const BASE = Math.floor(Date.now() / 60_000) * 60_000 - READINGS * 1_000 - 3_600_000;

let ward: RunningWard;
let admin: Api;
let beds: { patientId: string; deviceId: string; token: string }[];
let token: string;

before(async () => {
  ward = await startWard();
  admin = await apiOf(ward);
  beds = (await addBeds(ward, 2)) as typeof beds;
  token = (await ward.json<{ token: string }>("token", "issue", "--role", "integration")).token;
  for (const [n, bed] of beds.entries()) {
    const count = n === 0 ? READINGS : 50;
    for (let first = 0; first < count; first += 5_000) {
      const body = Array.from({ length: Math.min(5_000, count - first) }, (_, i) => ({
        at: BASE + (first + i) * 1_000,
        values: {
          "heart-rate": 60 + ((first + i) % 40),
          ...(i % 1_000 === 0 ? { "nibp-systolic": 120, "nibp-diastolic": 80 } : {}),
        },
      }));
      const answer = await fetch(`${ward.url}/ingest/devices/${bed.deviceId}/readings`, {
        method: "POST",
        headers: { "content-type": "application/json", authorization: `Basic ${btoa(`${bed.deviceId}:${bed.token}`)}` },
        body: JSON.stringify(body),
      });
      assert.equal(answer.status, 200, await answer.text());
    }
  }
});
after(async () => {
  await ward.stop();
  removeDataDir(ward.dataDir);
});

const ask = (
  path: string,
  {
    method = "GET",
    headers = {},
    as = token,
    body,
  }: { method?: string; headers?: Record<string, string>; as?: string; body?: unknown } = {},
) =>
  fetch(path.startsWith("http") ? path : `${ward.url}/fhir/${path}`, {
    method,
    headers: {
      authorization: `Bearer ${as}`,
      ...(body === undefined ? {} : { "content-type": "application/fhir+json" }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });

/** @returns where it is asked for */
async function begin(path: string): Promise<string> {
  const answer = await ask(path, { headers: { prefer: "respond-async" } });
  assert.equal(answer.status, 202, await answer.text());
  return new URL(answer.headers.get("content-location") ?? "").pathname.replace("/fhir/", "");
}

async function until<T>(what: string, find: () => Promise<T | undefined>): Promise<T> {
  for (const end = performance.now() + 120_000; performance.now() < end; await wait(20)) {
    const found = await find();
    if (found) return found;
  }
  throw new Error(`waited two minutes for ${what}`);
}

async function manifestOf(job: string): Promise<Manifest> {
  const end = performance.now() + 120_000;
  for (;;) {
    const answer = await ask(job);
    if (answer.status === 200) return (await answer.json()) as Manifest;
    assert.equal(answer.status, 202, await answer.text());
    assert.ok(answer.headers.get("retry-after"));
    assert.match(answer.headers.get("x-progress") ?? "", /resources$/);
    assert.ok(performance.now() < end, "the export ends");
    await wait(50);
  }
}

const pathOf = (url: string) => new URL(url).pathname.replace("/fhir/", "");
async function linesOf({ output }: Manifest): Promise<string[]> {
  const all: string[] = [];
  for (const { url, count } of output) {
    const answer = await ask(pathOf(url));
    assert.equal(answer.status, 200);
    assert.match(answer.headers.get("content-type") ?? "", /^application\/fhir\+ndjson/);
    const lines = (await answer.text()).split("\n");
    assert.equal(lines.pop(), "");
    assert.equal(lines.length, count);
    all.push(...lines);
  }
  return all;
}

test("a patient's export is what is read of them, one resource a line, panels among them", async () => {
  const job = await begin(`Patient/$export?patient=${beds[1]?.patientId}`);
  const manifest = await manifestOf(job);
  assert.equal(manifest.requiresAccessToken, true);
  assert.match(manifest.request, /\/fhir\/Patient\/\$export\?patient=/);
  const lines = await linesOf(manifest);
  const resources = lines.map((line) => JSON.parse(line) as Resource);
  const observations = resources.filter((one): one is Observation => one.resourceType === "Observation");
  assert.equal(observations.length, 51);
  assert.equal(observations.filter(({ component }) => component).length, 1);
  assert.ok(resources.some(({ resourceType }) => resourceType === "Patient"));
  // What one line says is what a read says.
  for (const one of [resources[0], observations[0], observations[25], observations.at(-1)]) {
    const read = await ask(`${one?.resourceType}/${one?.id}`);
    assert.deepEqual(await read.json(), one);
  }
  assert.doesNotMatch(lines.join("\n"), new RegExp(beds[0]?.patientId ?? "-"));
});

test("types, filters and what came since narrow it; what is not known is refused", async () => {
  const since = new Date(Date.now() + 3_600_000).toISOString();
  const typed = await manifestOf(await begin("$export?_type=Observation&_typeFilter=Observation%3Fcode%3D85354-9"));
  assert.deepEqual(
    typed.output.map(({ type, count }) => [type, count]),
    [["Observation", 31]],
  );
  const later = await manifestOf(await begin(`$export?_type=Observation&_since=${since}`));
  assert.deepEqual(later.output, []);
  assert.equal((await ask("$export?colour=red")).status, 400);
  assert.equal((await ask("$export?_outputFormat=text/csv")).status, 400);
  assert.equal((await ask("$export?_type=AuditEvent")).status, 400);
});

test("several filters of a type are any of them, of what is measured and of what others wrote", async () => {
  for (const code of ["red", "green", "blue"]) {
    const body = { resourceType: "Basic", code: { coding: [{ system: "urn:colour", code }] } };
    assert.equal((await ask("Basic", { method: "POST", body })).status, 201);
  }
  const filters = [
    "Basic?code=red",
    "Basic?code=urn:colour|blue",
    "Observation?code=85354-9",
    "Observation?code=8867-4",
  ];
  const asked = filters.map((one) => `_typeFilter=${encodeURIComponent(one)}`).join("&");
  const patient = `patient=${beds[1]?.patientId}`;
  const ofBasic = asked.split("&").slice(0, 2).join("&");
  const written = await linesOf(await manifestOf(await begin(`$export?_type=Basic&${ofBasic}`)));
  const codes = written.map(
    (line) => (JSON.parse(line) as { code: { coding: { code: string }[] } }).code.coding[0]?.code,
  );
  assert.deepEqual(codes.sort(), ["blue", "red"]);
  const both = await manifestOf(await begin(`Patient/$export?_type=Basic,Observation&${patient}&${asked}`));
  assert.deepEqual(
    both.output.map(({ type, count }) => [type, count]),
    [["Observation", 51]],
  );
  const one = await manifestOf(await begin(`Patient/$export?_type=Observation&${patient}&${asked.split("&")[2]}`));
  assert.deepEqual(
    one.output.map(({ count }) => count),
    [1],
  );
});

test("what was deleted since is told as what deletes it, and what is there again is not", async () => {
  const basic = { resourceType: "Basic", code: { text: "x" } };
  const made = async () => {
    const answer = await ask("Basic", { method: "POST", body: basic });
    return ((await answer.json()) as { id: string }).id;
  };
  const [gone, back, early] = [await made(), await made(), await made()];
  await ask(`Basic/${early}`, { method: "DELETE" });
  await wait(5);
  const since = new Date().toISOString();
  for (const id of [gone, back]) assert.equal((await ask(`Basic/${id}`, { method: "DELETE" })).status, 200);
  assert.equal((await ask(`Basic/${back}`, { method: "PUT", body: { ...basic, id: back } })).status, 201);
  const { deleted, output } = (await manifestOf(await begin(`$export?_type=Basic&_since=${since}`))) as Manifest & {
    deleted: Manifest["output"];
  };
  assert.deepEqual(
    [output, deleted].map((all) => all.map(({ type, count }) => [type, count])),
    [[["Basic", 1]], [["Bundle", 1]]],
  );
  const bundle = JSON.parse(await (await ask(pathOf(deleted[0]?.url ?? ""))).text());
  assert.deepEqual(bundle, {
    resourceType: "Bundle",
    type: "transaction",
    entry: [{ request: { method: "DELETE", url: `Basic/${gone}` } }],
  });
  const whole = (await manifestOf(await begin("$export?_type=Basic"))) as Manifest & { deleted: unknown[] };
  assert.deepEqual(whole.deleted, [], "who asks for everything has nothing to delete");
  assert.equal(
    (await ask("$export?_type=Basic&colour=red", { headers: { prefer: "respond-async, handling=lenient" } })).status,
    202,
  );
  assert.equal(
    (await ask("$export?_type=Basic&colour=red", { headers: { prefer: "respond-async, handling=strict" } })).status,
    400,
  );
});

test("a group is exported by its members, and only its members", async () => {
  const group = {
    resourceType: "Group",
    type: "person",
    actual: true,
    member: [{ entity: { reference: `Patient/${beds[1]?.patientId}` } }],
  };
  const made = await ask("Group", { method: "POST", body: group });
  assert.equal(made.status, 201, await made.clone().text());
  const { id } = (await made.json()) as { id: string };
  const manifest = await manifestOf(await begin(`Group/${id}/$export?_type=Patient,Observation,Group`));
  assert.deepEqual(
    manifest.output.map(({ type, count }) => [type, count]),
    [
      ["Patient", 1],
      ["Observation", 51],
      ["Group", 1],
    ],
  );
});

test("files are fetched packed, from the middle on, and by nobody else", async () => {
  const manifest = await manifestOf(await begin("Patient/$export?_type=Observation"));
  const file = pathOf(manifest.output[0]?.url ?? "");
  const whole = Buffer.from(await (await ask(file, { headers: { "accept-encoding": "identity" } })).arrayBuffer());
  const { Agent, request } = await import("node:http");
  const packed = await new Promise<Buffer>((resolve, reject) => {
    const headers = { authorization: `Bearer ${token}`, "accept-encoding": "gzip" };
    request(`${ward.url}/fhir/${file}`, { headers, agent: new Agent() }, async (answer) => {
      assert.equal(answer.headers["content-encoding"], "gzip");
      const parts: Buffer[] = [];
      for await (const part of answer) parts.push(part as Buffer);
      resolve(Buffer.concat(parts));
    })
      .on("error", reject)
      .end();
  });
  assert.ok(packed.length < whole.length / 5);
  assert.ok(gunzipSync(packed).equals(whole));
  for (const [range, from, to] of [
    ["bytes=1000000-1000999", 1_000_000, 1_001_000],
    [`bytes=${whole.length - 10}-`, whole.length - 10, whole.length],
    ["bytes=-77", whole.length - 77, whole.length],
  ] as const) {
    const part = await ask(file, { headers: { range } });
    assert.equal(part.status, 206);
    assert.equal(part.headers.get("content-range"), `bytes ${from}-${to - 1}/${whole.length}`);
    assert.ok(Buffer.from(await part.arrayBuffer()).equals(whole.subarray(from, to)));
  }
  assert.equal((await ask(file, { headers: { range: `bytes=${whole.length}-` } })).status, 416);
  const other = (await ward.json<{ token: string }>("token", "issue", "--role", "integration")).token;
  assert.equal((await ask(file, { as: other })).status, 404);
  assert.equal((await ask(file, { as: "nobody" })).status, 401);
});

test("killed in the midst of it, an export goes on where it was and says the same", async () => {
  const expected = await linesOf(await manifestOf(await begin("Patient/$export?_type=Observation,Patient")));
  const job = await begin("Patient/$export?_type=Observation,Patient");
  for (;;) {
    const answer = await ask(job);
    if (answer.status === 200 || / [1-9]\d* resources/.test(answer.headers.get("x-progress") ?? "")) break;
  }
  const { dataDir, httpPort } = ward;
  await ward.stop("SIGKILL");
  ward = await startWard({ dataDir, httpPort });
  admin = await apiOf(ward);
  assert.deepEqual(await linesOf(await manifestOf(job)), expected);
});

test("when a grant ends, files that were made under it tell nothing more of the patient", async () => {
  const { person, link } = await admin<{ person: { id: string }; link: string }>("POST", "/api/people", {
    display: "Nina Berg",
    role: "nurse",
  });
  const signedIn = await fetch(`${ward.url}/api/session`, {
    method: "POST",
    headers: { "content-type": "application/json", origin: ward.url },
    body: JSON.stringify({ token: link.slice(link.indexOf("#token=") + 7) }),
  });
  const cookie = (signedIn.headers.get("set-cookie") ?? "").split(";")[0] ?? "";
  const asNurse = (path: string) => fetch(`${ward.url}/fhir/${path}`, { headers: { cookie } });
  const begun = await asNurse("Patient/$export?_type=Patient,Observation");
  assert.equal(begun.status, 202, await begun.clone().text());
  const job = pathOf(begun.headers.get("content-location") ?? "");
  const manifest = await until("the export", async () => {
    const answer = await asNurse(job);
    return answer.status === 200 ? ((await answer.json()) as Manifest) : undefined;
  });
  assert.deepEqual(
    manifest.output.map(({ type }) => type),
    ["Patient", "Observation"],
  );
  const file = pathOf(manifest.output[1]?.url ?? "");
  assert.match(await (await asNurse(file)).text(), new RegExp(beds[0]?.patientId ?? "-"));
  const [grant] = await admin<{ id: string }[]>("GET", `/api/grants?principal=${person.id}`);
  await admin("POST", `/api/grants/${grant?.id}/end`, { reason: "moved to another ward" });
  const gone = await until("the grant's end", async () => {
    const answer = await asNurse(file);
    return answer.status === 200 ? undefined : answer;
  });
  assert.equal(gone.status, 410);
  assert.deepEqual(((await (await asNurse(job)).json()) as Manifest).output, []);
});

test("what was cancelled is gone, also from the disk", async () => {
  const job = await begin("$export?_type=Patient");
  await manifestOf(job);
  const folder = join(ward.dataDir, job);
  assert.ok(existsSync(folder));
  const lying = readdirSync(folder).map((name) => readFileSync(join(folder, name)));
  for (const bytes of lying) assert.doesNotMatch(bytes.toString("latin1"), /resourceType|Hansen/);
  assert.equal((await ask(job, { method: "DELETE" })).status, 202);
  assert.equal((await ask(job)).status, 404);
  assert.ok(!existsSync(folder));
});

const jsonOf = async (answer: Promise<Response>) => ({ body: (await (await answer).json()) as unknown });
const post = (path: string, body: unknown) => jsonOf(ask(path, { method: "POST", body }));
const got = (path: string) => jsonOf(ask(path));

test("labels of a resource are sets: added once, taken by system and code, read of one, a version, a type and all", async () => {
  const made = await post("Basic", {
    resourceType: "Basic",
    code: { text: "x" },
    meta: { tag: [{ system: "urn:t", code: "a" }] },
  });
  const { id } = made.body as { id: string };
  const parameters = (valueMeta: object) => ({ resourceType: "Parameters", parameter: [{ name: "meta", valueMeta }] });
  const tagsOf = (body: unknown) =>
    (body as { parameter: { valueMeta: { versionId?: string; tag?: { code: string }[] } }[] }).parameter[0]?.valueMeta;
  const more = {
    tag: [
      { system: "urn:t", code: "a", display: "other" },
      { system: "urn:t", code: "b" },
    ],
  };
  const added = tagsOf((await post(`Basic/${id}/$meta-add`, parameters(more))).body);
  assert.deepEqual(
    added?.tag?.map(({ code }) => code),
    ["a", "b"],
  );
  assert.equal(added?.versionId, "2");
  assert.equal(tagsOf((await post(`Basic/${id}/$meta-add`, parameters(more))).body)?.versionId, "2", "nothing new");
  assert.deepEqual(
    tagsOf((await got(`Basic/${id}/_history/1/$meta`)).body)?.tag?.map(({ code }) => code),
    ["a"],
  );
  for (const place of ["Basic", ""]) {
    const all = tagsOf((await got(place === "" ? "$meta" : `${place}/$meta`)).body)?.tag ?? [];
    assert.ok(
      ["a", "b"].every((code) => all.some((tag) => tag.code === code)),
      place,
    );
  }
  const less = await post(`Basic/${id}/$meta-delete`, parameters({ tag: [{ system: "urn:t", code: "a" }] }));
  assert.deepEqual(
    tagsOf(less.body)?.tag?.map(({ code }) => code),
    ["b"],
  );
  assert.equal((await ask(`Basic/${id}/$meta-add`)).status, 405);
});

test("an Observation that others wrote is exported as it was written, once, and not as its reading beside it", async () => {
  const sent = {
    resourceType: "Observation",
    status: "final",
    code: { coding: [{ system: "http://loinc.org", code: "8302-2" }] },
    subject: { reference: `Patient/${beds[1]?.patientId}` },
    effectiveDateTime: "2026-11-20T08:00:00Z",
    valueQuantity: { value: 171, system: "http://unitsofmeasure.org", code: "cm" },
    note: [{ text: "measured at home" }],
  };
  const made = await ask("Observation", { method: "POST", body: sent });
  assert.equal(made.status, 201, await made.clone().text());
  const { id } = (await made.json()) as { id: string };
  const manifest = await manifestOf(await begin(`Patient/$export?_type=Observation&patient=${beds[1]?.patientId}`));
  const lines = (await linesOf(manifest)).map((line) => JSON.parse(line) as Observation);
  const heights = lines.filter(({ code }) => code.coding?.some((one) => one.code === "8302-2"));
  assert.deepEqual(heights, [await (await ask(`Observation/${id}`)).json()]);
  assert.equal(lines.length, 52);
});
