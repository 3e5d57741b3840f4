import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import type { AlarmBody, LiveMessage } from "@openward/api";
import mqtt from "mqtt";
import WebSocket from "ws";
import { signal } from "./powerloss/processes.ts";
import { databaseProcesses } from "./support/database-processes.ts";
import { addBeds, apiOf, removeDataDir, startWard } from "./support/ward.ts";

test("with the database frozen, readings are acknowledged from the spool, the alarm rings, and nothing is lost or doubled", async (t) => {
  const ward = await startWard();
  t.after(async () => {
    await ward.stop();
    removeDataDir(ward.dataDir);
  });
  const [bed] = await addBeds(ward, 1);
  assert.ok(bed);
  const api = await apiOf(ward);
  const { token } = await ward.json<{ token: string }>("token", "issue", "--role", "nurse");
  const screen = new WebSocket(`${ward.url.replace("http", "ws")}/live`, {
    headers: { authorization: `Bearer ${token}` },
  });
  const messages: LiveMessage[] = [];
  screen.on("message", (data) => void messages.push(JSON.parse(String(data)) as LiveMessage));
  await new Promise((resolve) => screen.once("open", resolve));
  screen.send(JSON.stringify({ type: "watch", patients: [bed.patientId] }));
  const client = await mqtt.connectAsync(`mqtt://127.0.0.1:${ward.mqttPort}`, {
    username: bed.deviceId,
    password: bed.token,
    clientId: "monitor",
  });
  t.after(() => {
    client.end(true);
    screen.close();
  });
  const publish = (at: number, spo2: number) =>
    client.publishAsync(`devices/${bed.deviceId}/readings`, JSON.stringify({ at, values: { spo2 } }), { qos: 1 });
  const start = Date.now() - 40_000;
  await publish(start, 97);

  // The first of them first: it makes no others then.
  signal(databaseProcesses(ward.dataDir).slice(0, 1), "SIGSTOP");
  const frozen = databaseProcesses(ward.dataDir);
  assert.ok(frozen.length > 1, "the database runs in processes of its own");
  signal(frozen, "SIGSTOP");
  let raised: AlarmBody | undefined;
  try {
    // 20 seconds below the limit, in device time; each is acknowledged, so each is durable.
    for (let i = 1; i <= 20; i++) await publish(start + i * 1000, 70);
    for (const end = performance.now() + 120_000; !raised && performance.now() < end; ) {
      await wait(100);
      raised = messages
        .flatMap((m) => (m.type === "alarm" ? [m.alarm] : []))
        .find((alarm) => alarm.signal === "spo2" && alarm.state === "raised");
    }
    assert.ok(raised, "the alarm is on the screen while the database is frozen");
    const isTold = () => messages.some((m) => m.type === "heartbeat" && m.storage === "spooling");
    for (const end = performance.now() + 120_000; !isTold() && performance.now() < end; ) await wait(100);
    assert.ok(isTold(), "the screen says that the database does not answer");
  } finally {
    signal(frozen, "SIGCONT");
  }
  const storage = async () =>
    (await api<{ storage: string }>("GET", "/api/system").catch(() => ({ storage: "not answered" }))).storage;
  for (const end = performance.now() + 120_000; (await storage()) !== "ok"; await wait(100))
    assert.ok(performance.now() < end, "the ward is not well again two minutes after the database answers");
  const span = `from=${start - 1000}&to=${Date.now()}`;
  const alarms = await api<AlarmBody[]>("GET", `/api/patients/${bed.patientId}/alarms?${span}`);
  assert.equal(alarms.filter((alarm) => alarm.id === raised?.id).length, 1, "the alarm is in the database, once");

  await ward.stop("SIGKILL");
  const again = await startWard({ dataDir: ward.dataDir });
  t.after(() => again.stop());
  const apiAgain = await apiOf(again);
  const trends = await apiAgain<{ signal: string; count: number[] }[]>(
    "GET",
    `/api/patients/${bed.patientId}/trend?${span}&buckets=1`,
  );
  assert.equal(trends.find((trend) => trend.signal === "spo2")?.count[0], 21, "every acknowledged reading, once");
});
