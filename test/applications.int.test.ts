import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { subscriptionTo } from "./subscriptions/client.ts";
import { startHook } from "./subscriptions/receiver.ts";
import { addApplication, addBackend, allow, revoke } from "./support/applications.ts";
import { type AskFhir, askFhir } from "./support/fhir.ts";
import { signInAs } from "./support/people.ts";
import { type Api, addBeds, apiOf, type RunningWard, removeDataDir, startWard } from "./support/ward.ts";

/** Applications of other makers, from the first page of their authorisation to the end of it. */
let ward: RunningWard;
let admin: Api;
let house: AskFhir;
let beds: readonly { patientId: string; deviceId: string; token: string }[];
let own: { id: string; cookie: string };
let nurse: { id: string; cookie: string };

before(async () => {
  ward = await startWard({ env: { OPENWARD_FEED_NETWORKS: "127.0.0.1" } });
  admin = await apiOf(ward);
  house = askFhir(ward, (await ward.json<{ token: string }>("token", "issue", "--role", "integration")).token);
  beds = await addBeds(ward, 2);
  own = await signInAs(ward, admin, "Herself", "patient");
  await admin("POST", `/api/patients/${beds[0]?.patientId}/relations`, {
    ...{ personId: own.id, relation: "self", reason: "identity card seen" },
  });
  nurse = await signInAs(ward, admin, "Nina Berg", "nurse");
});
after(async () => {
  await ward?.stop();
  if (ward) removeDataDir(ward.dataDir);
});

let at = Math.floor(Date.now() / 1_000) * 1_000 - 3_600_000;
async function send(bed: number, value: number): Promise<void> {
  const { deviceId, token } = beds[bed] as (typeof beds)[number];
  at += 1_000;
  const answer = await fetch(`${ward.url}/ingest/devices/${deviceId}/readings`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Basic ${btoa(`${deviceId}:${token}`)}` },
    body: JSON.stringify({ at, values: { "heart-rate": value } }),
  });
  assert.equal(answer.status, 200, await answer.text());
}

const patientOf = (bed: number) => beds[bed]?.patientId ?? "";

/** Nothing more comes: what would have come is behind something that another is told. */
async function untilRefused(ask: AskFhir): Promise<void> {
  for (const end = performance.now() + 30_000; (await ask("GET", "Subscription")).status !== 401; await wait(20))
    assert.ok(performance.now() < end, "waited 30 s for the token to end");
}

async function witness() {
  const hook = await startHook();
  const made = await house("POST", "Subscription", subscriptionTo("readings", { endpoint: hook.url }));
  assert.equal(made.status, 201, made.text);
  await hook.until("the witness's handshake", () => hook.types().includes("handshake"));
  return { hook, id: made.json.id as string };
}

test("a patient's app is told of the patient and of nobody else, and of nothing once its token is revoked", async () => {
  const scope = "launch/patient offline_access patient/Observation.rs patient/Subscription.cruds";
  const client = await addApplication(ward, "Heart diary", scope);
  const tokens = await allow(ward, client, { session: own.cookie, scope, patient: patientOf(0) });
  assert.equal(tokens.patient, patientOf(0));
  const ask = askFhir(ward, tokens.access_token);
  const hook = await startHook();
  const other = await witness();
  const wish = subscriptionTo("readings", { endpoint: hook.url, content: "full-resource" });
  const made = await ask("POST", "Subscription", wish);
  assert.equal(made.status, 201, made.text);
  await hook.until("the handshake", () => hook.types().includes("handshake"));
  await send(1, 60);
  await send(0, 71);
  await hook.until("the reading", () => hook.events().length === 1);
  const resources = hook.received.flatMap(({ notified }) => (notified.bundle.entry ?? []).slice(1));
  assert.deepEqual(
    resources.map(({ resource }) => (resource as { subject?: { reference?: string } }).subject?.reference),
    [`Patient/${patientOf(0)}`],
  );
  assert.equal((await revoke(ward, client, tokens.refresh_token ?? "")).status, 200);
  await untilRefused(ask);
  const before = hook.received.length;
  const seen = other.hook.events().length;
  await send(0, 72);
  await send(0, 73);
  await other.hook.until("the witness to be told", () => other.hook.events().length >= seen + 2);
  await wait(1_500);
  assert.equal(hook.received.length, before, "nothing after its end");
  await house("DELETE", `Subscription/${other.id}`);
  await hook.close();
  await other.hook.close();
});

test("a backend service with keys of its own is told of everybody, and of nothing once it is disabled", async () => {
  const keys = (jwks: string) => {
    const path = join(ward.dataDir, "backend-keys.json");
    writeFileSync(path, jwks);
    return path;
  };
  const scope = "system/Observation.rs system/Subscription.cruds";
  const program = await addBackend(ward, "Registry", scope, keys);
  const ask = askFhir(ward, await program.token());
  const hook = await startHook();
  const other = await witness();
  const made = await ask("POST", "Subscription", subscriptionTo("readings", { endpoint: hook.url }));
  assert.equal(made.status, 201, made.text);
  // Its next token is the same program's.
  const next = askFhir(ward, await program.token());
  assert.equal((await next("GET", `Subscription/${made.json.id}`)).status, 200);
  await hook.until("the handshake", () => hook.types().includes("handshake"));
  await send(0, 61);
  await send(1, 62);
  await hook.until("both readings", () => hook.events().length === 2);
  const disabled = await ward.cli("client", "disable", program.id);
  assert.equal(disabled.code, 0, disabled.stderr);
  await untilRefused(next);
  const before = hook.received.length;
  const seen = other.hook.events().length;
  await send(1, 63);
  await other.hook.until("the witness to be told", () => other.hook.events().length > seen);
  await wait(1_500);
  assert.equal(hook.received.length, before, "nothing after its end");
  await house("DELETE", `Subscription/${other.id}`);
  await hook.close();
  await other.hook.close();
});

test("each principal has twenty subscriptions at most, whoever else has how many; one that goes makes room", async () => {
  const issue = async () =>
    askFhir(ward, (await ward.json<{ token: string }>("token", "issue", "--role", "integration")).token);
  const [full, other] = [await issue(), await issue()];
  const wish = subscriptionTo("readings", { type: "websocket" });
  const ids: string[] = [];
  for (let i = 0; i < 20; i++) {
    const { status, json, text } = await full("POST", "Subscription", wish);
    assert.equal(status, 201, text);
    ids.push(json.id);
  }
  const more = await full("POST", "Subscription", wish);
  assert.equal(more.status, 409);
  assert.match(more.text, /at most 20 of one owner/);
  assert.equal((await full("GET", "Subscription")).json.total, 20);
  assert.equal((await other("POST", "Subscription", wish)).status, 201);
  assert.equal((await full("DELETE", `Subscription/${ids[0]}`)).status, 200);
  assert.equal((await full("POST", "Subscription", wish)).status, 201);
});

const person = (family: string) => ({ resourceType: "Patient", name: [{ family }], birthDate: "1971-05-06" });

test("Patient.c makes, Patient.u changes, Patient.d takes away, and none of them does another's", async () => {
  const as = async (scope: string) => {
    const client = await addApplication(ward, `Front desk ${scope}`, scope);
    return askFhir(ward, (await allow(ward, client, { session: nurse.cookie, scope })).access_token);
  };
  const [makes, changes, takes] = [await as("user/Patient.c"), await as("user/Patient.u"), await as("user/Patient.d")];
  const made = await makes("POST", "Patient", person("Made"));
  assert.equal(made.status, 201, made.text);
  for (const ask of [changes, takes]) assert.equal((await ask("POST", "Patient", person("Other"))).status, 403);
  const seen = patientOf(1);
  const { json: stands } = await house("GET", `Patient/${seen}`);
  const update = { ...stands, telecom: [{ system: "phone", value: "+47 99" }] };
  for (const ask of [makes, takes]) assert.equal((await ask("PUT", `Patient/${seen}`, update)).status, 403);
  const updated = await changes("PUT", `Patient/${seen}`, update);
  assert.equal(updated.status, 200, updated.text);
  assert.equal((await house("GET", `Patient/${seen}`)).json.telecom[0].value, "+47 99");
  for (const ask of [makes, changes]) assert.equal((await ask("DELETE", `Patient/${seen}`)).status, 403);
  // Whoever has a chart stays, and whoever is not seen is as if there were nobody.
  assert.equal((await takes("DELETE", `Patient/${seen}`)).status, 409);
  assert.equal((await takes("DELETE", `Patient/${made.json.id}`)).status, 404);
  for (const ask of [makes, changes, takes]) assert.equal((await ask("GET", `Patient/${seen}`)).status, 403);
  const mine = await addApplication(ward, "Address book", "launch/patient patient/Patient.cud");
  const scope = "launch/patient patient/Patient.cud";
  const self = askFhir(
    ward,
    (await allow(ward, mine, { session: own.cookie, scope, patient: patientOf(0) })).access_token,
  );
  assert.equal((await self("POST", "Patient", person("Another"))).status, 403);
  assert.equal((await self("DELETE", `Patient/${patientOf(0)}`)).status, 403);
});

test("a nurse's app makes a patient and writes of them in one transaction; others whom the nurse does not see it cannot name", async () => {
  const scope = "user/Patient.cr user/Condition.crs user/Observation.crs user/Encounter.c";
  const client = await addApplication(ward, "Admissions", scope);
  const ask = askFhir(ward, (await allow(ward, client, { session: nurse.cookie, scope })).access_token);
  const who = "urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0";
  const subject = { reference: who };
  const transaction = (entry: readonly { resource: { resourceType: string }; fullUrl?: string }[]) => ({
    resourceType: "Bundle",
    type: "transaction",
    entry: entry.map((one) => ({ ...one, request: { method: "POST", url: one.resource.resourceType } })),
  });
  const patient = { fullUrl: who, resource: person("Newcomer") };
  const condition = { resource: { resourceType: "Condition", code: { text: "angina" }, subject } };
  const weight = {
    resourceType: "Observation",
    ...{ status: "final", effectiveDateTime: "2026-11-20T08:00:00Z", subject },
    code: { coding: [{ system: "http://loinc.org", code: "29463-7" }] },
    valueQuantity: { value: 70, system: "http://unitsofmeasure.org", code: "kg" },
  };
  const done = await ask("POST", "", transaction([condition, { resource: weight }, patient]));
  assert.equal(done.status, 200, done.text);
  const [first, second, third] = done.json.entry as { response: { status: string; location: string } }[];
  assert.deepEqual(
    [first, second, third].map((one) => one?.response.status),
    ["201", "201", "201"],
  );
  const id = third?.response.location.split("/")[1] ?? "";
  const placeOf = (one: typeof first) => one?.response.location.split("/").slice(0, 2).join("/") ?? "";
  assert.equal((await house("GET", placeOf(first))).json.subject.reference, `Patient/${id}`);
  assert.equal((await house("GET", placeOf(second))).json.valueQuantity.value, 70);
  const stats = await house("GET", `Observation/$stats?subject=Patient/${id}&code=29463-7&statistic=count`);
  assert.match(stats.text, /"value":1\b/, "it is a reading");
  // Seen from when they are admitted where the nurse works, and not before.
  assert.equal((await ask("GET", `Patient/${id}`)).status, 404);
  assert.equal((await ask("GET", placeOf(first))).status, 404);
  const wards = await admin<{ id: string }[]>("GET", "/api/wards");
  await admin("POST", `/api/patients/${id}/admit`, { wardId: wards[0]?.id, bed: "9" });
  for (const end = performance.now() + 30_000; (await ask("GET", placeOf(first))).status !== 200; await wait(20))
    assert.ok(performance.now() < end, "waited 30 s for the nurse to see them");

  // Somebody of this house whom the nurse does not see.
  const hidden = (await house("POST", "Patient", person("Elsewhere"))).json.id;
  const contact = { ...condition.resource, recorder: { reference: `Patient/${hidden}` } };
  const refused = await ask(
    "POST",
    "",
    transaction([{ ...patient, resource: person("Second") }, { resource: contact }]),
  );
  assert.equal(refused.status, 400, refused.text);
  assert.equal((await house("GET", "Patient?family=Second")).json.total, 0, "all or nothing");
  // What an application is opened for one patient for is about that one.
  const bound = await addApplication(ward, "Bound", "launch/patient user/Patient.c patient/Condition.c");
  const opened = { session: nurse.cookie, scope: "launch/patient user/Patient.c patient/Condition.c" };
  const narrow = askFhir(ward, (await allow(ward, bound, { ...opened, patient: patientOf(0) })).access_token);
  assert.equal((await narrow("POST", "", transaction([condition, patient]))).status, 400);
});

test("a kind of data that is kept back meanwhile is in no file of an export that was made before, and all else is", async () => {
  const { deviceId, token } = beds[0] as (typeof beds)[number];
  at += 1_000;
  const answer = await fetch(`${ward.url}/ingest/devices/${deviceId}/readings`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Basic ${btoa(`${deviceId}:${token}`)}` },
    body: JSON.stringify({ at, values: { spo2: 96, "heart-rate": 66 } }),
  });
  assert.equal(answer.status, 200);
  const begun = await house("GET", `Patient/$export?_type=Observation&patient=${patientOf(0)}`);
  const job = begun.headers.get("content-location") ?? "";
  let file = "";
  for (const end = performance.now() + 60_000; file === ""; await wait(20)) {
    const { status, json } = await house("GET", job);
    if (status === 200) file = json.output[0].url;
    assert.ok(performance.now() < end, "waited a minute for the export");
  }
  const codesIn = (text: string) => ["59408-5", "8867-4"].filter((code) => text.includes(`"${code}"`));
  const before = await house("GET", file);
  assert.deepEqual(codesIn(before.text), ["59408-5", "8867-4"]);
  const says = { decision: "deny", categories: ["breathing"], purpose: null, actors: [{ kind: "everybody" }] };
  const said = await fetch(`${ward.url}/api/me/patients/${patientOf(0)}/consents`, {
    method: "POST",
    headers: { "content-type": "application/json", cookie: own.cookie, origin: ward.url },
    body: JSON.stringify({ ...says, confirm: true }),
  });
  assert.equal(said.status, 201, await said.clone().text());
  let later = await house("GET", file);
  for (const end = performance.now() + 30_000; codesIn(later.text).length > 1; later = await house("GET", file))
    assert.ok(performance.now() < end, "waited 30 s for the consent to hold");
  assert.deepEqual(codesIn(later.text), ["8867-4"]);
  assert.notEqual(later.headers.get("etag"), before.headers.get("etag"));
  // Whoever goes on where they were has other bytes before it: everything comes anew.
  const range = { range: "bytes=10-", "if-range": before.headers.get("etag") ?? "" };
  assert.equal((await house("GET", file, undefined, range)).status, 200);
  const { id } = (await said.json()) as { id: string };
  const back = await fetch(`${ward.url}/api/me/patients/${patientOf(0)}/consents/${id}/withdraw`, {
    method: "POST",
    headers: { "content-type": "application/json", cookie: own.cookie, origin: ward.url },
    body: JSON.stringify({}),
  });
  assert.ok(back.ok, await back.text());
  for (const end = performance.now() + 30_000; codesIn((await house("GET", file)).text).length < 2; await wait(20))
    assert.ok(performance.now() < end, "waited 30 s for the consent to be withdrawn");
});

test("a Consent of IHE's that a patient's own app writes is kept, says so, and rules nothing: what rules is said in the portal", async () => {
  const scope = "launch/patient patient/Consent.crs";
  const client = await addApplication(ward, "Privacy helper", scope);
  const opened = { session: own.cookie, scope, patient: patientOf(0) };
  const ask = askFhir(ward, (await allow(ward, client, opened)).access_token);
  const coding = (system: string, code: string) => [{ coding: [{ system, code }] }];
  const consent = (patient: string) => ({
    resourceType: "Consent",
    meta: { profile: ["https://profiles.ihe.net/ITI/PCF/StructureDefinition/IHE.PCF.consentBasic"] },
    status: "active",
    scope: coding("http://terminology.hl7.org/CodeSystem/consentscope", "patient-privacy")[0],
    category: coding("http://loinc.org", "59284-0"),
    patient: { reference: `Patient/${patient}` },
    dateTime: "2026-11-20T08:00:00Z",
    performer: [{ reference: `Patient/${patient}` }],
    organization: [{ display: "Home" }],
    sourceAttachment: { title: "Said in an app" },
    policy: [{ uri: "urn:x:policy" }],
    provision: { type: "deny", period: { start: "2026-11-20" } },
  });
  const made = await ask("POST", "Consent", consent(patientOf(0)));
  assert.equal(made.status, 201, made.text);
  assert.match(made.text, /"urn:openward:kept","code":"as-written"/);
  assert.equal((await ask("POST", "Consent", consent(patientOf(1)))).status, 400, "of another patient");
  // It denies everything to everybody, and everybody sees as before.
  assert.equal((await house("GET", `Patient/${patientOf(0)}`)).status, 200);
  assert.ok((await house("GET", `Observation?patient=${patientOf(0)}&_count=1`)).json.entry.length > 0);
  const { consents } = await admin<{ consents: { id: string; status: string }[] }>(
    "GET",
    `/api/patients/${patientOf(0)}/consents`,
  );
  assert.ok(consents.every(({ id }) => id !== made.json.id));
  assert.equal((await ask("GET", `Consent/${made.json.id}`)).status, 200);
});
