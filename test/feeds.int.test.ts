import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import type { AccessEntry, FeedBody, FeedPingBody, FeedsBody, FeedWithSecretBody } from "@openward/api";
import { Webhook } from "standardwebhooks";
import { beside as besideOf, type Call } from "./feeds/beside.ts";
import { startReceiver, type Told } from "./feeds/receiver.ts";
import { type Api, addBeds, apiOf, type RunningWard, removeDataDir, startWard } from "./support/ward.ts";

const MINUTE = 60_000;
const OPTIONS = { env: { OPENWARD_FEED_NETWORKS: "127.0.0.1" } };
let ward: RunningWard;
let admin: Api;
let beds: readonly { patientId: string; deviceId: string; token: string }[];
let now = 0;

before(async () => {
  ward = await startWard(OPTIONS);
  admin = await apiOf(ward);
  beds = await addBeds(ward, 3);
  now = Math.floor(Date.now() / 1_000) * 1_000;
});
after(async () => {
  await ward.stop();
  removeDataDir(ward.dataDir);
});

const beside = (patientId: string, role: "patient" | "family", relation: string) =>
  besideOf(() => ward, admin, patientId, role, relation);

async function send(bed: number, body: unknown, kind = "readings"): Promise<void> {
  const { deviceId, token } = beds[bed] as (typeof beds)[number];
  const answered = await fetch(`${ward.url}/ingest/devices/${deviceId}/${kind}`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      authorization: `Basic ${Buffer.from(`${deviceId}:${token}`).toString("base64")}`,
    },
    body: JSON.stringify(body),
  });
  assert.equal(answered.status, 200, await answered.text());
}

const pathOf = (patientId: string, more = "") => `/api/me/patients/${patientId}/feeds${more}`;
async function made(call: Call, patientId: string, wish: object): Promise<FeedWithSecretBody> {
  const { status, body } = await call<FeedWithSecretBody>("POST", pathOf(patientId), wish);
  assert.equal(status, 201, JSON.stringify(body));
  return body;
}
const readingsOf = (one: Told | undefined) =>
  (one?.readings ?? []) as { at: string; value: number; quality?: string[] }[];
const valuesOf = (events: readonly Told[], signal: string): number[] =>
  events
    .filter((one) => one.type === "readings" && one.signal === signal)
    .flatMap((one) => readingsOf(one).map(({ value }) => value));

test("a webhook is signed as Standard Webhooks says, has its patient's readings with their units, and nobody else's", async () => {
  const [bed] = beds;
  const patientId = bed?.patientId ?? "";
  const { call } = await beside(patientId, "patient", "self");
  const receiver = await startReceiver();
  const wish = {
    way: "webhook",
    name: "My script",
    url: receiver.url,
    kinds: ["readings"],
    signals: ["heart-rate", "body-temperature"],
  };
  const { feed, secret } = await made(call, patientId, wish);
  assert.match(secret ?? "", /^whsec_/);

  await send(0, {
    at: now,
    values: { "heart-rate": 71, spo2: 97, "body-temperature": { value: 98.6, unit: "[degF]" } },
  });
  await send(1, { at: now, values: { "heart-rate": 199 } });
  await send(0, { at: now - 40 * MINUTE, values: { "heart-rate": 66 } });
  const events = await receiver.until("three readings", (all) => valuesOf(all, "heart-rate").length === 2);
  assert.deepEqual(valuesOf(events, "heart-rate"), [71, 66]);
  assert.deepEqual([...new Set(events.map((one) => one.patient))], [patientId]);
  assert.deepEqual([...new Set(events.map((one) => one.signal))].sort(), ["body-temperature", "heart-rate"]);
  const temperature = events.find((one) => one.signal === "body-temperature");
  assert.equal(temperature?.unit, "[degF]");
  assert.deepEqual(readingsOf(temperature)[0], {
    at: new Date(now).toISOString(),
    value: 98.6,
  });
  // What came late says so.
  assert.deepEqual(
    events.filter((one) => one.signal === "heart-rate").map((one) => one.isLate),
    [false, true],
  );
  const verifier = new Webhook(secret ?? "");
  for (const { body, headers } of receiver.received) verifier.verify(body, headers as Record<string, string>);
  const [first] = receiver.received;
  assert.throws(() => verifier.verify(`${first?.body} `, first?.headers as Record<string, string>));

  const rotated = await call<FeedWithSecretBody>("POST", pathOf(patientId, `/${feed.id}/secret`), {});
  const before = receiver.received.length;
  await send(0, { at: now + 1_000, values: { "heart-rate": 72 } });
  await receiver.until("a reading under both secrets", (all) => valuesOf(all, "heart-rate").includes(72));
  const last = receiver.received.slice(before).at(-1);
  for (const known of [secret, rotated.body.secret])
    new Webhook(known ?? "").verify(last?.body ?? "", last?.headers as Record<string, string>);

  const pinged = await call<FeedPingBody>("POST", pathOf(patientId, `/${feed.id}/ping`));
  assert.deepEqual(pinged.body, { ok: true, status: 204, error: null });
  const looks = await admin<AccessEntry[]>("GET", `/api/patients/${patientId}/access-history`);
  assert.ok(
    looks.some((entry) => JSON.stringify(entry).includes("My script")),
    "the record of who was sent what",
  );
  const ended = await call<FeedsBody>("POST", pathOf(patientId, `/${feed.id}/end`));
  assert.deepEqual(ended.body.feeds, []);
  await receiver.close();
});

test("what a receiver did not take is sent again, over a kill of the server: nothing is missed, all in order", async () => {
  const patientId = beds[1]?.patientId ?? "";
  const { call } = await beside(patientId, "patient", "self");
  const receiver = await startReceiver();
  receiver.answerWith(() => 503);
  const { feed } = await made(call, patientId, {
    way: "webhook",
    name: "Away",
    url: receiver.url,
    signals: ["heart-rate"],
  });
  const expected: number[] = [];
  for (let i = 0; i < 20; i++) {
    expected.push(60 + i);
    await send(1, { at: now + i * 1_000, values: { "heart-rate": 60 + i } });
  }
  while (receiver.received.length === 0) await wait(20);
  const { dataDir } = ward;
  await ward.stop("SIGKILL");
  ward = await startWard({ ...OPTIONS, dataDir });
  admin = await apiOf(ward);
  for (let i = 20; i < 25; i++) {
    expected.push(60 + i);
    await send(1, { at: now + i * 1_000, values: { "heart-rate": 60 + i } });
  }
  receiver.answerWith(() => 200);
  const events = await receiver.until("all 25", (all) => new Set(valuesOf(all, "heart-rate")).size === 25);
  assert.deepEqual([...new Set(valuesOf(events, "heart-rate"))], expected);
  // The same thing has the same id however often it was sent.
  const sent = receiver.received.flatMap(({ body }) => JSON.parse(body).data.events as Told[]);
  assert.equal(new Set(sent.map(({ id }) => id)).size, new Set(sent.map((one) => JSON.stringify(one.readings))).size);

  const status = await call<FeedsBody>("GET", pathOf(patientId));
  const [state] = status.body.feeds;
  assert.equal(state?.id, feed.id);

  receiver.answerWith(() => 410);
  await send(1, { at: now + 60_000, values: { "heart-rate": 90 } });
  await untilFeeds(call, patientId, "410 Gone ends it", (feeds) => feeds.length === 0);
  await receiver.close();
});

async function untilFeeds(
  call: Call,
  patientId: string,
  what: string,
  isThere: (feeds: FeedBody[]) => boolean,
): Promise<FeedBody[]> {
  for (const end = performance.now() + 120_000; ; await wait(50)) {
    const { body } = await call<FeedsBody>("GET", pathOf(patientId));
    if (isThere(body.feeds)) return body.feeds;
    if (performance.now() > end) throw new Error(`waited for: ${what}; there is ${JSON.stringify(body)}`);
  }
}

test("alarms, devices that come and go, and amendments are told, and a reading that was given to another is not told again", async () => {
  const [mine, other] = [beds[2], beds[0]];
  const patientId = mine?.patientId ?? "";
  const { call } = await beside(patientId, "patient", "self");
  const receiver = await startReceiver();
  const kinds = ["readings", "alarms", "devices", "events"];
  const { feed } = await made(call, patientId, { way: "webhook", name: "All", url: receiver.url, kinds });
  const values = [80, 81, 82];
  for (const [i, value] of values.entries())
    await send(2, { at: now + i * MINUTE - 10 * MINUTE, values: { "heart-rate": value } });
  await send(2, { event: "sos-button", id: "1", at: now }, "event");
  await receiver.until("a call for help, and its alarm", (all) =>
    ["alarm", "event"].every((type) =>
      all.some((one) => one.type === type && (type === "event" || one.state === "raised")),
    ),
  );
  const streams = await admin<{ id: string; signal: string }[]>("GET", `/api/patients/${patientId}/streams`);
  const streamId = streams.find(({ signal }) => signal === "heart-rate")?.id;
  const at = now - 9 * MINUTE;
  await admin("POST", `/api/patients/${patientId}/amendments`, {
    kind: "corrected",
    streamId,
    at,
    ordinal: 0,
    value: 84,
    unit: "/min",
    reason: "misread",
    seen: null,
  });
  const corrected = await receiver.until("the correction", (all) => all.some((one) => one.type === "amended"));
  const said = corrected.find((one) => one.type === "amended");
  assert.deepEqual([said?.change, said?.from], ["corrected", new Date(at).toISOString()]);
  const again = corrected.find((one) => one.because === said?.amendment);
  assert.deepEqual(readingsOf(again)[0], {
    at: new Date(at).toISOString(),
    value: 84,
    quality: ["corrected"],
  });

  await admin("POST", `/api/patients/${patientId}/amendments`, {
    kind: "re-attributed",
    deviceId: mine?.deviceId,
    toPatientId: other?.patientId,
    from: now - 11 * MINUTE,
    to: now - 7 * MINUTE,
    reason: "worn by another",
    seen: said?.amendment,
  });
  const moved = await receiver.until("that it was given away", (all) =>
    all.some((one) => one.change === "given-to-another"),
  );
  assert.ok(!JSON.stringify(moved).includes(other?.patientId ?? "none"), "to whom is not told");
  await admin("POST", `/api/devices/${mine?.deviceId}/release`);
  await receiver.until("that the device is off", (all) =>
    all.some((one) => one.type === "device" && one.state === "off"),
  );

  const before = receiver.received.length;
  const answered = await call("POST", pathOf(patientId, `/${feed.id}/replay`), { from: now - 24 * 60 * MINUTE });
  assert.equal(answered.status, 200);
  await receiver.until("the alarm once more", () =>
    receiver.received.slice(before).some(({ body }) => body.includes('"type":"alarm"')),
  );
  const replayed = receiver.received.slice(before).flatMap(({ body }) => JSON.parse(body).data.events as Told[]);
  assert.deepEqual(valuesOf(replayed, "heart-rate"), [], "what is another's is not told again");
  await receiver.close();
});

test("who may not see the patient any more is told nothing more, within a second", async () => {
  const patientId = beds[0]?.patientId ?? "";
  const { call } = await beside(patientId, "family", "guardian");
  const receiver = await startReceiver();
  await made(call, patientId, { way: "webhook", name: "Guardian", url: receiver.url, signals: ["heart-rate"] });
  await send(0, { at: now + 2 * MINUTE, values: { "heart-rate": 75 } });
  await receiver.until("the first", (all) => valuesOf(all, "heart-rate").includes(75));
  const { relations } = await admin<{ relations: { id: string; relation: string; to: number | null }[] }>(
    "GET",
    `/api/patients/${patientId}/relations`,
  );
  const relation = relations.find((one) => one.relation === "guardian" && one.to === null);
  await admin("POST", `/api/patients/${patientId}/relations/${relation?.id}/end`);
  const ended = await receiver.until("that access ended", (all) =>
    all.some((one) => one.type === "access" && one.state === "ended"),
  );
  assert.equal(ended.filter((one) => one.type === "access").length, 1);
  await send(0, { at: now + 3 * MINUTE, values: { "heart-rate": 76 } });
  await wait(1_500);
  assert.ok(!valuesOf(receiver.events(), "heart-rate").includes(76), "told after access had ended");
  assert.equal((await call("GET", pathOf(patientId))).status, 404);
  await receiver.close();
});

test("an application is told of whom it sees what its scopes reach, though another receiver hangs, and nothing once it is ended", async () => {
  const application = await admin<{ application: { id: string } }>("POST", "/api/applications", {
    name: "Registry",
    kind: "backend",
    scope: "system/Observation.rs?code=http://loinc.org|59408-5",
    jwksUri: "https://registry.example/keys",
  });
  const applicationId = application.application.id;
  const [hangs, receiver] = [await startReceiver(), await startReceiver()];
  hangs.answerWith(() => 0);
  const wish = { way: "webhook", kinds: ["readings"], applicationId };
  await admin("POST", "/api/feeds", { ...wish, name: "Hangs", url: hangs.url });
  await admin("POST", "/api/feeds", { ...wish, name: "Registry", url: receiver.url });
  for (const [bed, value] of [
    [0, 91],
    [1, 92],
  ] as const)
    await send(bed, { at: now + 5 * MINUTE, values: { spo2: value, "heart-rate": 70 } });
  const events = await receiver.until("both", (all) => valuesOf(all, "spo2").length === 2);
  assert.deepEqual(valuesOf(events, "heart-rate"), []);
  assert.equal(new Set(events.map(({ patient }) => patient)).size, 2);
  await admin("POST", `/api/applications/${applicationId}/disable`);
  const before = receiver.received.length;
  await send(0, { at: now + 6 * MINUTE, values: { spo2: 93 } });
  await wait(1_500);
  assert.ok(receiver.received.slice(before).every(({ body }) => !body.includes('"value":93')));
  await Promise.all([hangs.close(), receiver.close()]);
});

test("an address inside, one of this machine, and plain http are refused", async () => {
  const patientId = beds[2]?.patientId ?? "";
  const { call } = await beside(patientId, "family", "guardian");
  for (const url of [
    "http://198.51.100.7/x",
    "https://10.0.0.5/x",
    "https://169.254.169.254/latest/meta-data",
    "https://[::ffff:10.0.0.5]/x",
    "https://localhost/x",
    "https://user:secret@receiver.example/x",
    "ftp://receiver.example/x",
  ]) {
    const { status, body } = await call<{ code: string }>("POST", pathOf(patientId), {
      way: "webhook",
      name: "x",
      url,
    });
    assert.deepEqual([status, body.code], [422, "FIELD_INVALID"], url);
  }
});
