import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import type { FeedsBody, FeedWithSecretBody } from "@openward/api";
import mqtt from "mqtt";
import { beside, type Call } from "./feeds/beside.ts";
import { DISCOVERY_TOPIC, deviceDiscovery } from "./feeds/home-assistant.ts";
import { startMosquitto, subscribe } from "./feeds/mosquitto.ts";
import { type Api, addBeds, apiOf, type RunningWard, removeDataDir, startWard } from "./support/ward.ts";

let ward: RunningWard;
let admin: Api;
let beds: readonly { patientId: string; deviceId: string; token: string }[];
let now = 0;
const calls: Call[] = [];

before(async () => {
  ward = await startWard({ env: { OPENWARD_FEED_NETWORKS: "127.0.0.1" } });
  admin = await apiOf(ward);
  beds = await addBeds(ward, 2);
  for (const { patientId } of beds) calls.push((await beside(() => ward, admin, patientId, "patient", "self")).call);
  now = Math.floor(Date.now() / 1_000) * 1_000;
});
after(async () => {
  await ward.stop();
  removeDataDir(ward.dataDir);
});

async function send(bed: number, body: unknown): Promise<void> {
  const { deviceId, token } = beds[bed] as (typeof beds)[number];
  const authorization = `Basic ${Buffer.from(`${deviceId}:${token}`).toString("base64")}`;
  const headers = { "content-type": "application/json", authorization };
  const url = `${ward.url}/ingest/devices/${deviceId}/readings`;
  const answered = await fetch(url, { method: "POST", headers, body: JSON.stringify(body) });
  assert.equal(answered.status, 200, await answered.text());
}

async function made(bed: number, wish: object): Promise<FeedWithSecretBody> {
  const path = `/api/me/patients/${beds[bed]?.patientId}/feeds`;
  const { status, body } = await (calls[bed] as Call)<FeedWithSecretBody>("POST", path, wish);
  assert.equal(status, 201, JSON.stringify(body));
  return body;
}
const act = (bed: number, feedId: string, what: string) =>
  (calls[bed] as Call)("POST", `/api/me/patients/${beds[bed]?.patientId}/feeds/${feedId}/${what}`);

const valuesIn = (messages: readonly { payload: string }[]): number[] =>
  messages
    .filter(({ payload }) => payload.includes('"type":"readings"'))
    .flatMap(({ payload }) => JSON.parse(payload).readings.map(({ value }: { value: number }) => value));

test("mosquitto_sub reads a feed, goes on where it acknowledged, and reads it again from a cursor", async () => {
  const { feed, secret } = await made(0, { way: "mqtt", name: "Lamp", signals: ["heart-rate"] });
  const root = `openward/v1/feed/${feed.id}`;
  const as = { port: ward.mqttPort, username: `feed:${feed.id}`, password: secret ?? "" };
  const first = subscribe({ ...as, topics: [`${root}/#`] });
  await first.until("that the feed is there", (all) => all.some(({ topic }) => topic === `${root}/status`));
  for (const value of [61, 62, 63])
    await send(0, { at: now + value * 1_000, values: { "heart-rate": value, spo2: 97 } });
  await send(1, { at: now, values: { "heart-rate": 199 } });
  const messages = await first.until("three readings", (all) => valuesIn(all).length === 3);
  assert.deepEqual(valuesIn(messages), [61, 62, 63]);
  const [{ patientId, deviceId } = { patientId: "", deviceId: "" }] = beds;
  const of = messages.filter(({ payload }) => payload.startsWith("{"));
  assert.deepEqual(
    [...new Set(of.map(({ topic }) => topic))],
    [`${root}/${patientId}/readings/${deviceId}/heart-rate`],
  );
  const { cursor } = JSON.parse(of[0]?.payload ?? "{}") as { cursor: string };

  await wait(1_500);
  await first.stop("SIGKILL");
  for (const value of [64, 65]) await send(0, { at: now + value * 1_000, values: { "heart-rate": value } });
  const second = subscribe({ ...as, topics: [`${root}/+/readings/#`] });
  const later = await second.until("what came meanwhile", (all) => valuesIn(all).includes(65));
  assert.deepEqual(valuesIn(later), [64, 65], "nothing twice that was acknowledged, nothing missed");

  // Another client takes the place of the first, and asks for everything since the first reading.
  const client = await mqtt.connectAsync(`mqtt://127.0.0.1:${ward.mqttPort}`, {
    username: as.username,
    password: as.password,
    protocolVersion: 5,
    reconnectPeriod: 0,
  });
  await second.gone;
  const again: { payload: string }[] = [];
  client.on("message", (_topic, payload) => again.push({ payload: payload.toString() }));
  // What comes before it has said what it wants is not passed over.
  await send(0, { at: now + 66_000, values: { "heart-rate": 66 } });
  await wait(700);
  // A feed's secret opens the feed and nothing else.
  await assert.rejects(client.subscribeAsync("devices/bed-0/commands", { qos: 1 }), /Not authorized/);
  await client.subscribeAsync(`${root}/#`, { qos: 1 });
  for (const end = performance.now() + 120_000; !valuesIn(again).includes(66); await wait(20))
    assert.ok(performance.now() < end, "what came between connecting and subscribing");
  assert.deepEqual(valuesIn(again), [66]);
  again.length = 0;
  await client.publishAsync(`${root}/replay`, JSON.stringify({ from: cursor }), { qos: 1 });
  for (const end = performance.now() + 120_000; !valuesIn(again).includes(66); await wait(20))
    assert.ok(performance.now() < end, "everything since the cursor once more");
  assert.deepEqual([...new Set(valuesIn(again))], [62, 63, 64, 65, 66]);
  await assert.rejects(client.publishAsync(`${root}/replay`, '{"from":"zzzzzzzzz.0"}', { qos: 1 }));
  await assert.rejects(client.publishAsync("devices/bed-0/readings", '{"values":{"heart-rate":1}}', { qos: 1 }));

  const closed = new Promise<void>((resolve) => client.once("close", () => resolve()));
  await act(0, feed.id, "end");
  await closed;
  const refused = subscribe({ ...as, topics: [`${root}/#`] });
  await refused.gone;
  assert.match(refused.errors(), /not authorised|bad user name|refused/i);
});

test("Home Assistant finds a patient's devices at its own broker, with units, and nothing of them when the feed ends", async () => {
  const broker = await startMosquitto("home", "correct horse");
  const { client } = broker;
  const retained = new Map<string, string>();
  const states: { topic: string; payload: string; retain: boolean }[] = [];
  client.on("message", (topic, payload, { retain }) => {
    if (topic.startsWith("homeassistant/")) retained.set(topic, payload.toString());
    else states.push({ topic, payload: payload.toString(), retain });
  });
  await client.subscribeAsync(["homeassistant/device/+/config", "openward/#"], { qos: 1 });
  const until = async (what: string, isThere: () => boolean) => {
    for (const end = performance.now() + 120_000; !isThere(); await wait(20))
      if (performance.now() > end)
        throw new Error(`waited for ${what}: ${JSON.stringify([...retained])} ${JSON.stringify(states)}`);
  };
  const [, bed] = beds;
  await send(1, { at: Date.now() - 1_000, values: { "heart-rate": 70, "body-temperature": 36.6 } });
  const wish = {
    way: "broker",
    name: "At home",
    url: broker.url,
    username: "home",
    password: "correct horse",
    homeAssistant: true,
  };
  const { feed } = await made(1, wish);
  const stateOf = (signal: string) => `openward/v1/feed/${feed.id}/state/${bed?.deviceId}/${signal}`;
  await until("the device", () => retained.size === 1);
  const [[topic, text] = ["", "{}"]] = retained;
  assert.match(topic, DISCOVERY_TOPIC);
  const found = deviceDiscovery.parse(JSON.parse(text));
  assert.equal(found.device.name, "Monitor 1");
  assert.ok(!text.includes(bed?.patientId ?? "none"), "it does not say whose");
  const heart = found.components["heart-rate"];
  assert.deepEqual(
    [heart?.unit_of_measurement, heart?.device_class, heart?.state_topic],
    ["bpm", undefined, stateOf("heart-rate")],
  );
  assert.ok((heart?.expire_after ?? 0) > 0, "an old value is not shown as if it were now");
  const temperature = found.components["body-temperature"];
  assert.deepEqual([temperature?.unit_of_measurement, temperature?.device_class], ["°C", "temperature"]);
  await until("that it is there", () =>
    states.some((one) => one.topic === found.availability_topic && one.payload === "online"),
  );

  const at = Date.now();
  await send(1, { at, values: { "heart-rate": 74 } });
  await send(1, { at: at - 3_600_000, values: { "heart-rate": 44 } });
  await send(1, { at: at + 1, values: { spo2: 98 } });
  const valuesOf = (signal: string) =>
    states.filter((one) => one.topic === stateOf(signal)).map(({ payload }) => JSON.parse(payload).value);
  await until("the newest value", () => valuesOf("heart-rate").includes(74));
  await until("a signal that it did not know", () =>
    Object.keys(JSON.parse(retained.get(topic) ?? "{}").components ?? {}).includes("spo2"),
  );
  await until("its value", () => valuesOf("spo2").includes(98));
  assert.ok(!valuesOf("heart-rate").includes(44), "what came late is not shown as if it were now");
  assert.deepEqual(
    [...new Set(states.filter((one) => one.topic.includes("/state/")).map(({ retain }) => retain))],
    [false],
  );

  await act(1, feed.id, "end");
  await until("that nothing is retained", () => retained.get(topic) === "");
  const fresh = await mqtt.connectAsync(broker.url, {
    username: "home",
    password: "correct horse",
    reconnectPeriod: 0,
  });
  const left: string[] = [];
  fresh.on("message", (one) => left.push(one));
  await fresh.subscribeAsync(["homeassistant/#", "openward/#"], { qos: 1 });
  await fresh.publishAsync("last", "1", { qos: 1 });
  await wait(200);
  assert.deepEqual(left, [], "nothing of the patient is left at the broker");
  await fresh.endAsync();
  await broker.stop();
});

test("Home Assistant discovers at our listener as well, and what it publishes there is not taken for anything else", async () => {
  const { feed, secret } = await made(1, { way: "mqtt", name: "Bridge", homeAssistant: true });
  const as = { port: ward.mqttPort, username: `feed:${feed.id}`, password: secret ?? "" };
  const reader = subscribe({ ...as, topics: ["homeassistant/+/+/config", `openward/v1/feed/${feed.id}/state/#`] });
  const messages = await reader.until("the device", (all) => all.some(({ topic }) => DISCOVERY_TOPIC.test(topic)));
  deviceDiscovery.parse(JSON.parse(messages.find(({ topic }) => DISCOVERY_TOPIC.test(topic))?.payload ?? "{}"));
  await send(1, { at: Date.now(), values: { spo2: 95 } });
  await reader.until("a value", (all) =>
    all.some(({ topic, payload }) => topic.endsWith("/spo2") && JSON.parse(payload).value === 95),
  );
  await reader.stop();
});

test("a broker is reached over TLS with an authority of its own, and a Mosquitto at home comes itself as a bridge", async () => {
  const read = await made(1, { way: "mqtt", name: "Bridge at home", signals: ["spo2"] });
  const root = `openward/v1/feed/${read.feed.id}`;
  const broker = await startMosquitto("home", "correct horse", [
    "connection openward",
    `address 127.0.0.1:${ward.mqttPort}`,
    `remote_username feed:${read.feed.id}`,
    `remote_password ${read.secret}`,
    "try_private false",
    "notifications_local_only true",
    `topic ${root}/# in 1`,
  ]);
  const got: { topic: string; payload: string }[] = [];
  broker.client.on("message", (topic, payload) => got.push({ topic, payload: payload.toString() }));
  await broker.client.subscribeAsync("openward/#", { qos: 1 });
  const wish = {
    way: "broker",
    name: "TLS",
    signals: ["spo2"],
    url: broker.secureUrl,
    username: "home",
    password: "correct horse",
  };
  const stranger = await made(1, { ...wish, name: "Not trusted" });
  const { feed } = await made(1, { ...wish, ca: broker.ca });
  const until = async (what: string, isThere: () => boolean | Promise<boolean>) => {
    for (const end = performance.now() + 120_000; !(await isThere()); await wait(50))
      if (performance.now() > end) throw new Error(`waited for ${what}: ${JSON.stringify(got)}`);
  };
  await until("both", () =>
    [root, `openward/v1/feed/${feed.id}`].every((one) => got.some(({ topic }) => topic === `${one}/status`)),
  );
  await send(1, { at: Date.now(), values: { spo2: 94 } });
  const has = (id: string) =>
    got.some(({ topic, payload }) => topic.startsWith(`openward/v1/feed/${id}/`) && payload.includes('"value":94'));
  await until("the value by both ways", () => has(read.feed.id) && has(feed.id));
  const list = () => (calls[1] as Call)<FeedsBody>("GET", `/api/me/patients/${beds[1]?.patientId}/feeds`);
  await until("that the other certificate is not trusted", async () => {
    const one = (await list()).body.feeds.find(({ id }) => id === stranger.feed.id);
    return one?.state === "failing" && one.lastError === "its certificate is not trusted";
  });
  await Promise.all([act(1, feed.id, "end"), act(1, stranger.feed.id, "end"), act(1, read.feed.id, "end")]);
  await broker.stop();
});
