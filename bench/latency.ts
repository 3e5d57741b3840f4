import { setTimeout as wait } from "node:timers/promises";
import type { LiveMessage } from "@openward/api";
import WebSocket from "ws";
import { addBeds, apiOf, removeDataDir, startWard } from "../test/support/ward.ts";
import { createPublisher, type Publisher } from "./load/publisher.ts";
import { percentile, type Row, round } from "./support.ts";

const BEDS = 50;
const RATE = 2_000;
const ALARMS = 200;

/** Publish to a numeric's frame, and publish to an alarm, at one WebSocket client, while 2,000 messages a second come in. */
export async function latency(): Promise<Row[]> {
  const ward = await startWard();
  const beds = await addBeds(ward, BEDS + 1);
  const api = await apiOf(ward);
  const subject = beds[BEDS];
  const wardId = (await api<{ id: string }[]>("GET", "/api/wards"))[0]?.id;
  if (!subject || !wardId) throw new Error("no ward");
  // A limit without delay, so that the time is the system's and not the limit's.
  await api("PUT", `/api/patients/${subject.patientId}/limits`, {
    limits: [
      {
        signal: "heart-rate",
        low: 50,
        high: 120,
        criticalLow: null,
        criticalHigh: null,
        priority: "high",
        delayMs: 0,
        hysteresis: 0,
        latching: false,
        enabled: true,
      },
    ],
  });
  const { token } = await ward.json<{ token: string }>("token", "issue", "--role", "nurse");
  const screen = new WebSocket(`${ward.url.replace("http", "ws")}/live`, {
    headers: { authorization: `Bearer ${token}` },
  });
  await new Promise((resolve, reject) => screen.once("open", resolve).once("error", reject));

  const sentAt = new Map<number, number>();
  const frames: number[] = [];
  const alarms: number[] = [];
  let alarmSentAt = 0;
  screen.on("message", (data) => {
    const now = performance.now();
    const message = JSON.parse(String(data)) as LiveMessage;
    if (message.type === "numerics") {
      for (const item of message.items) {
        if (item.patientId !== subject.patientId || item.signal !== "spo2") continue;
        const sent = sentAt.get(item.at);
        if (sent !== undefined) frames.push(now - sent);
      }
    }
    if (
      message.type === "alarm" &&
      message.alarm.patientId === subject.patientId &&
      message.alarm.state === "raised" &&
      alarmSentAt > 0
    ) {
      alarms.push(now - alarmSentAt);
      alarmSentAt = 0;
    }
  });
  screen.send(JSON.stringify({ type: "watch", wardId, waveforms: "one" }));

  const open = (bed: { deviceId: string; token: string }) =>
    new Promise<Publisher<number>>((resolve, reject) => {
      const publisher: Publisher<number> = createPublisher<number>({
        port: ward.mqttPort,
        deviceId: bed.deviceId,
        token: bed.token,
        topic: `devices/${bed.deviceId}/readings`,
        window: 1000,
        onConnected: () => resolve(publisher),
        onAck: () => {},
        onClosed: (error) => error && reject(error),
      });
    });
  const background = await Promise.all(beds.slice(0, BEDS).map(open));
  const probe = await open(subject);
  let turn = 0;
  const load = setInterval(() => {
    for (let i = 0; i < RATE / 100; i++) {
      const publisher = background[turn++ % BEDS];
      publisher?.publish(
        Buffer.from(`{"at":${Date.now()},"values":{"heart-rate":72,"spo2":97,"respiratory-rate":14}}`),
        0,
      );
      publisher?.flush();
    }
  }, 10);
  await wait(2_000);

  for (let i = 0; i < ALARMS; i++) {
    const at = Date.now();
    sentAt.set(at, performance.now());
    probe.publish(Buffer.from(`{"at":${at},"values":{"spo2":97,"heart-rate":80}}`), 0);
    probe.flush();
    await wait(60);
    alarmSentAt = performance.now();
    probe.publish(Buffer.from(`{"at":${Date.now()},"values":{"heart-rate":150}}`), 0);
    probe.flush();
    await wait(140);
  }
  clearInterval(load);
  screen.close();
  for (const publisher of [...background, probe]) publisher.destroy();
  await ward.stop();
  removeDataDir(ward.dataDir);
  return [
    {
      what: `publish to screen frame, at ${RATE} messages/s`,
      n: frames.length,
      "p50 ms": round(percentile(frames, 0.5)),
      "p99 ms": round(percentile(frames, 0.99)),
    },
    {
      what: `publish to alarm on screen, at ${RATE} messages/s`,
      n: alarms.length,
      "p50 ms": round(percentile(alarms, 0.5)),
      "p99 ms": round(percentile(alarms, 0.99)),
    },
  ];
}
