import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import type { AlarmBody, LiveMessage } from "@openward/api";
import WebSocket from "ws";
import { breachLimit } from "./support/screen.ts";
import { addBeds, type RunningWard, removeDataDir, startWard } from "./support/ward.ts";

type Bed = Awaited<ReturnType<typeof addBeds>>[number];

function send({ url }: RunningWard, { deviceId, token }: Bed, body: unknown, key?: string): Promise<Response> {
  return fetch(`${url}/ingest/devices/${deviceId}/readings`, {
    method: "POST",
    headers: {
      authorization: `Basic ${Buffer.from(`${deviceId}:${token}`).toString("base64")}`,
      "content-type": "application/json",
      ...(key === undefined ? {} : { "idempotency-key": key }),
    },
    body: JSON.stringify(body),
  });
}

function ask({ url }: RunningWard, path: string, bearer: string): Promise<Response> {
  return fetch(`${url}${path}`, { headers: { authorization: `Bearer ${bearer}` } });
}

async function tokenOf(ward: RunningWard, role: string): Promise<string> {
  return (await ward.json<{ token: string }>("token", "issue", "--role", role)).token;
}

async function watchWall(t: TestContext, ward: RunningWard, bed: Bed, token: string) {
  const socket = new WebSocket(`${ward.url.replace("http", "ws")}/live`, {
    headers: { authorization: `Bearer ${token}` },
  });
  t.after(() => socket.close());
  const messages: LiveMessage[] = [];
  socket.on("message", (data) => void messages.push(JSON.parse(String(data)) as LiveMessage));
  socket.on("error", () => {});
  await new Promise((resolve, reject) => {
    socket.once("open", resolve);
    socket.once("error", reject);
  });
  socket.send(JSON.stringify({ type: "watch", patients: [bed.patientId] }));
  return async <T>(what: string, found: (message: LiveMessage) => T | undefined): Promise<T> => {
    for (const end = performance.now() + 120_000; performance.now() < end; await wait(20)) {
      for (const message of messages) {
        const it = found(message);
        if (it !== undefined) return it;
      }
    }
    throw new Error(`waited two minutes for ${what} on the wall`);
  };
}

const tileOf = (message: LiveMessage) =>
  message.type === "snapshot" ? message.tiles[0] : message.type === "patient" ? (message.tile ?? undefined) : undefined;

test("after a kill devices are acknowledged, alarms ring and the wall is live before the journal is read back; nobody reads a short answer", async (t) => {
  const wards: RunningWard[] = [];
  const start = async (options: Parameters<typeof startWard>[0]) => {
    const ward = await startWard(options);
    wards.push(ward);
    return ward;
  };
  t.after(async () => {
    for (const ward of wards) await ward.stop("SIGKILL");
    removeDataDir(wards[0]?.dataDir as string);
  });
  const first = await start({});
  const [bed] = await addBeds(first, 1);
  assert.ok(bed);
  const [nurse, integration] = await Promise.all(["nurse", "integration"].map((role) => tokenOf(first, role)));
  assert.ok(nurse && integration);
  const began = Date.now() - 60_000;
  for (let i = 0; i < 10; i++) {
    const answer = await send(first, bed, { at: began + i * 1_000, values: { "heart-rate": 60 + i } });
    assert.equal(answer.status, 200);
  }
  const timeless = { values: { "body-temperature": 37.1 } };
  assert.equal((await send(first, bed, timeless, "the-same")).status, 200);
  await first.stop("SIGKILL");

  // One row of the journal, and then an hour of nothing: everything below is while it is read back.
  const { dataDir } = first;
  const second = await start({ dataDir, env: { OPENWARD_TEST_RECOVERY_PAUSE_MS: "3600000" } });
  const onWall = await watchWall(t, second, bed, nurse);
  assert.deepEqual(
    await onWall("a tile", (message) => tileOf(message)?.latest),
    [],
    "nothing that may be old is shown",
  );
  await onWall("the banner", (m) => (m.type === "heartbeat" && m.storage === "recovering") || undefined);
  const fresh = Date.now();
  assert.equal(
    (await send(second, bed, { at: fresh, values: { "heart-rate": 88 } })).status,
    200,
    "it is acknowledged",
  );
  await onWall(
    "the new reading",
    (m) => (m.type === "numerics" && m.items.some(({ value }) => value === 88)) || undefined,
  );
  assert.equal((await breachLimit(second, bed)).status, 200);
  const raised = await onWall("the alarm", (m) =>
    m.type === "alarm" && m.alarm.signal === "spo2" && m.alarm.state === "raised" ? m.alarm : undefined,
  );
  const ready = await fetch(`${second.url}/health/ready`);
  assert.equal(ready.status, 200);
  assert.equal(((await ready.json()) as { checks: { tails: string } }).checks.tails, "recovering");

  const span = `from=${began - 1_000}&to=${fresh + 60_000}`;
  const asked = await Promise.all([
    ask(second, `/api/patients/${bed.patientId}/trend?${span}&buckets=1`, nurse),
    ask(second, `/api/streams/latest?patient=${bed.patientId}`, nurse),
    ask(second, `/fhir/Observation?patient=${bed.patientId}`, integration),
    // It may be the one that was acknowledged before the kill: until that is known it is neither kept nor refused.
    send(second, bed, timeless, "the-same"),
  ]);
  const codes = ["STORE_RECOVERING", "STORE_RECOVERING", "transient", "STORE_RECOVERING"];
  for (const [i, answer] of asked.entries()) {
    const text = await answer.text();
    assert.equal(answer.status, 503, text);
    assert.ok(Number(answer.headers.get("retry-after")) > 0, "it says when to come again");
    assert.ok(text.includes(codes[i] as string), text);
  }
  await second.stop("SIGKILL");

  const third = await start({ dataDir });
  const again = await send(third, bed, timeless, "the-same");
  assert.equal(again.status, 200);
  const read = async <T>(path: string) =>
    (await (await ask(third, `/api/patients/${bed.patientId}/${path}`, nurse)).json()) as T;
  const trends = await read<{ signal: string; count: number[] }[]>(`trend?${span}&buckets=1`);
  const counts = Object.fromEntries(trends.map(({ signal, count }) => [signal, count[0]]));
  assert.deepEqual(counts, { "heart-rate": 11, "body-temperature": 1, spo2: 20 }, "each acknowledged reading, once");
  const alarms = await read<AlarmBody[]>(`alarms?${span}`);
  assert.equal(alarms.filter(({ id }) => id === raised.id).length, 1, "the alarm is in the database, once");
});
