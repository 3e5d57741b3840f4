import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { setTimeout as wait } from "node:timers/promises";
import { encode } from "cbor-x";
import { addBeds, removeDataDir, startWard } from "../test/support/ward.ts";
import { httpLoad } from "./load/http.ts";
import { mqttLoad } from "./load/mqtt.ts";
import { percentile, type Row, round, thousands } from "./support.ts";

const CONNECTIONS = 100;
const WINDOW = 10;
const SECONDS = 10;
const PACED = 30_000;

/** A reading of five signals, 120 bytes; every message its own millisecond, all in the past. */
const message = (base: number) => (connection: number, sequence: number) =>
  Buffer.from(
    `{"at":${base + sequence},"values":{"heart-rate":${60 + (sequence % 40)},"spo2":${90 + (sequence % 10)},"respiratory-rate":${10 + (connection % 9)},"etco2":38,"art-mean":${70 + (sequence % 25)}}}`.padEnd(
      120,
    ),
  );
const READINGS_PER_MESSAGE = 5;
const MOSQUITTO = "/usr/sbin/mosquitto";

export async function throughput(): Promise<Row[]> {
  const rows: Row[] = [];
  const ward = await startWard();
  const beds = await addBeds(ward, CONNECTIONS);
  const base = Date.now() - 20 * 86_400_000;
  console.error(`  a message has ${message(base)(1, 1).length} bytes`);

  const mqtt = await mqttLoad({
    port: ward.mqttPort,
    credentials: beds,
    connections: CONNECTIONS,
    window: WINDOW,
    seconds: SECONDS,
    warmUpSeconds: 3,
    payload: message(base),
  });
  rows.push(mqttRow("Openward, MQTT QoS 1, acknowledged after fsync, windows always full", mqtt, READINGS_PER_MESSAGE));
  const paced = await mqttLoad({
    port: ward.mqttPort,
    credentials: beds,
    connections: CONNECTIONS,
    window: WINDOW,
    seconds: SECONDS,
    warmUpSeconds: 2,
    rate: PACED,
    payload: message(base + 86_400_000),
  });
  rows.push(mqttRow(`the same, paced at ${thousands(PACED)} messages/s`, paced, READINGS_PER_MESSAGE));

  for (const { name, contentType, body, readings } of httpBodies(base + 5 * 86_400_000)) {
    const result = await httpLoad({
      port: ward.httpPort,
      credentials: beds,
      connections: 8,
      seconds: SECONDS,
      warmUpSeconds: 2,
      contentType,
      body,
    });
    rows.push({
      what: `Openward, HTTP, ${name} of ${thousands(readings)} readings, acknowledged after fsync`,
      "messages/s": thousands(result.readingsPerSecond / readings),
      "readings/s": thousands(result.readingsPerSecond),
      "p50 ms": round(percentile(result.latencies, 0.5)),
      "p99 ms": round(percentile(result.latencies, 0.99)),
    });
  }
  await ward.stop();
  removeDataDir(ward.dataDir);
  const peer = await mosquitto(base);
  if (peer) rows.push(peer);
  return rows;
}

function mqttRow(what: string, result: Awaited<ReturnType<typeof mqttLoad>>, readings: number): Row {
  return {
    what,
    "messages/s": thousands(result.messagesPerSecond),
    "readings/s": readings > 0 ? thousands(result.messagesPerSecond * readings) : "",
    "p50 ms": round(percentile(result.latencies, 0.5)),
    "p99 ms": round(percentile(result.latencies, 0.99)),
  };
}

function httpBodies(base: number) {
  const SIGNALS = ["heart-rate", "spo2", "respiratory-rate", "etco2", "art-mean"];
  const ITEMS = 200;
  const COLUMN = 1000;
  return [
    {
      name: "JSON batches",
      contentType: "application/json",
      readings: ITEMS * SIGNALS.length,
      body: (connection: number, sequence: number) => {
        const items = Array.from({ length: ITEMS }, (_, i) => {
          const n = sequence * ITEMS + i;
          return `{"at":${base + n * 10 + connection},"values":{"heart-rate":${60 + (n % 40)},"spo2":${90 + (n % 10)},"respiratory-rate":${10 + (n % 9)},"etco2":38,"art-mean":${70 + (n % 25)}}}`;
        });
        return Buffer.from(`[${items.join(",")}]`);
      },
    },
    {
      name: "CBOR columns",
      contentType: "application/cbor",
      readings: COLUMN * SIGNALS.length,
      body: (connection: number, sequence: number) => {
        const start = base + 86_400_000 + sequence * COLUMN * 10 + connection;
        const column = (spread: number, from: number) =>
          Uint16Array.from({ length: COLUMN }, (_, i) => from + ((sequence + i) % spread));
        return encode({
          t: Float64Array.from({ length: COLUMN }, (_, i) => start + i * 10),
          signals: {
            "heart-rate": column(40, 60),
            spo2: column(10, 90),
            "respiratory-rate": column(9, 10),
            etco2: column(5, 36),
            "art-mean": column(25, 70),
          },
        });
      },
    },
  ];
}

/** The peer: a broker that acknowledges from memory, under the same generator. */
async function mosquitto(base: number): Promise<Row | undefined> {
  if (!existsSync(MOSQUITTO)) return undefined;
  const port = 20_000 + Math.floor(Math.random() * 20_000);
  const child = spawn(MOSQUITTO, ["-p", String(port)], { stdio: "ignore" });
  await wait(500);
  try {
    const result = await mqttLoad({
      port,
      credentials: Array.from({ length: CONNECTIONS }, (_, i) => ({ deviceId: `bed-${i}`, token: "x" })),
      connections: CONNECTIONS,
      window: WINDOW,
      seconds: SECONDS / 2,
      warmUpSeconds: 1,
      payload: message(base),
    });
    return mqttRow("Mosquitto (peer), MQTT QoS 1, acknowledged from memory, nothing stored", result, 0);
  } finally {
    child.kill();
  }
}
