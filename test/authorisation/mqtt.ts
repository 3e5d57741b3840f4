import { feedTopicPolicies, topicPolicies } from "@openward/api";
import mqtt, { type MqttClient } from "mqtt";
import type { Known } from "./marks.ts";
import type { Finding } from "./matrix.ts";
import { bearer } from "./patients.ts";
import type { World } from "./world.ts";

const VALUE = 77.7177;

/** Each topic by the device, by the gateway in whose charge it is, by others; and whoever is no device does not get in. */
export async function runMqtt(world: World): Promise<{ findings: Finding[]; asked: number }> {
  const { own, other, foreign } = world.known;
  const findings: Finding[] = [];
  let asked = 0;
  const device = world.subjects.find(({ kind }) => kind === "device");
  const gateway = world.subjects.find(({ kind }) => kind === "gateway");
  const url = `mqtt://127.0.0.1:${world.server.mqttPort}`;
  const note = (name: string, isRight: boolean, what: string) => {
    asked++;
    if (!isRight) findings.push({ cell: name, what });
  };
  for (const subject of [device, gateway]) {
    const [username = "", password = ""] = Buffer.from((subject?.headers.authorization ?? "").slice(6), "base64")
      .toString()
      .split(":");
    for (const target of [own, other, foreign]) {
      for (const [topic, { direction }] of Object.entries(topicPolicies)) {
        const name = `${topic} of "${target.key}" as ${subject?.name}`;
        // Who breaks the rules is cut off: each topic has a connection of its own.
        const client = await mqtt.connectAsync(url, {
          username,
          password,
          protocolVersion: 5,
          reconnectPeriod: 0,
          clientId: `m${asked}`,
        });
        try {
          const place = topic.replace("{device}", target.deviceId).replace("{codec}", "gatt/2a35");
          const done = direction === "up" ? await publishes(client, place) : await subscribes(client, place);
          note(name, done === (target === own), done ? "was taken" : "was refused");
        } finally {
          await client.endAsync(true);
        }
      }
    }
  }
  // A device is told of nobody: not of who wears it either.
  for (const topic of Object.keys(feedTopicPolicies)) {
    const [username = "", password = ""] = Buffer.from((device?.headers.authorization ?? "").slice(6), "base64")
      .toString()
      .split(":");
    const client = await mqtt.connectAsync(url, {
      username,
      password,
      protocolVersion: 5,
      reconnectPeriod: 0,
      clientId: `f${asked}`,
    });
    const place = topic
      .replace("{patient}", own.id)
      .replace("{device}", own.deviceId)
      .replaceAll(/\{\w+\}/g, "+");
    note(`${topic} as a device`, !(await subscribes(client, place)), "was let in");
    await client.endAsync(true);
  }
  for (const { name, headers } of world.subjects.filter(({ kind }) => kind !== "device" && kind !== "gateway")) {
    const secret = headers.cookie?.split("=")[1] ?? headers.authorization?.slice(7) ?? "";
    const got = await mqtt
      .connectAsync(
        url,
        { username: own.deviceId, password: secret, protocolVersion: 5, reconnectPeriod: 0, clientId: `n${asked}` },
        false,
      )
      .then(
        (client) => client.endAsync(true).then(() => true),
        () => false,
      );
    note(`MQTT as ${name}`, !got, "was let in");
    if (asked > 36 + 8) break;
  }
  for (const known of [other]) findings.push(...(await strayed(world, known)));
  return { findings, asked };
}

function bodyOf(topic: string): string {
  if (topic.endsWith("/waveform"))
    return JSON.stringify({
      signal: "ecg-lead-ii",
      start: Date.now() - 1000,
      rate: 250,
      unit: "mV",
      scale: 0.005,
      origin: 0,
      samples: [1],
    });
  if (topic.endsWith("/event")) return JSON.stringify({ event: "sos-button", id: "matrix", at: Date.now() });
  if (topic.endsWith("/status")) return JSON.stringify({ state: "online" });
  return JSON.stringify({ at: Date.now(), values: { "heart-rate": VALUE } });
}

/** Taken: also where it goes to quarantine. */
async function publishes(client: MqttClient, topic: string): Promise<boolean> {
  const closed = new Promise<false>((resolve) => client.once("close", () => resolve(false)));
  const sent = client.publishAsync(topic, bodyOf(topic), { qos: 1 }).then(
    () => true,
    (error: { code?: number }) => error.code === 0x99,
  );
  return Promise.race([sent, closed]);
}

async function subscribes(client: MqttClient, topic: string): Promise<boolean> {
  const closed = new Promise<false>((resolve) => client.once("close", () => resolve(false)));
  const granted = client.subscribeAsync(topic, { qos: 1 }).then(
    (all) => all.every(({ qos }) => qos < 0x80),
    () => false,
  );
  return Promise.race([granted, closed]);
}

/** What a device sent for another must not stand in that one's record. */
async function strayed(world: World, known: Known): Promise<Finding[]> {
  const query = `from=${Date.now() - 3_600_000}&to=${Date.now() + 60_000}&stream=${known.streamId}`;
  const { bytes } = await world.server.ask({
    method: "GET",
    path: `/api/streams/readings?${query}`,
    headers: bearer(world.home.token),
  });
  return bytes.includes(String(VALUE))
    ? [{ cell: `readings of "${known.key}"`, what: "has a reading of another device" }]
    : [];
}
