import type { TestDatabase } from "../../server/store/database/testing/database.ts";
import { readingsInJournal, until } from "../../server/store/journal/testing/open-journal.ts";
import { Faults } from "./faults.ts";
import { sendOverHttp, sendOverMllp, sendOverMqtt } from "./senders.ts";
import { openAckServer, type Parts, TOKEN } from "./server.ts";
import { Supply } from "./supply.ts";
import { Witness } from "./witness.ts";

export interface AckResult {
  readonly seed: number;
  readonly overMqtt: number;
  readonly overHttp: number;
  readonly overMllp: number;
  /** Acknowledgements that arrived before their message was durable. */
  readonly early: readonly string[];
  /** Acknowledged, and not in the journal when all was over. */
  readonly lost: number;
  readonly seconds: number;
  readonly faults: Faults["counts"];
  readonly durable: Witness["counts"];
}

const MQTT_DEVICES = 6;
const HTTP_DEVICES = 2;
const MLLP_DEVICES = 2;
const DOORS = [
  ...Array(MQTT_DEVICES).fill("mqtt"),
  ...Array(HTTP_DEVICES).fill("http"),
  ...Array(MLLP_DEVICES).fill("mllp"),
];

/** The ways in; a campaign can be about one of them. */
export type Door = keyof typeof SENDERS;
const SENDERS = { mqtt: sendOverMqtt, http: sendOverHttp, mllp: sendOverMllp };

const readingOf = (at: number, rate: number) => Buffer.from(`{"at":${at},"values":{"heart-rate":${rate}}}`);

/** The same reading as a report of HL7. */
function observationOf(n: number, at: number): Buffer {
  const time = `${new Date(at).toISOString().replaceAll(/[-:TZ]/g, "")}+0000`;
  return Buffer.from(
    `MSH|^~\\&|MON||||${time}||ORU^R01|${n}|P|2.6\rOBR|1||F${n}|X|||${time}\rOBX|1|NM|147842^MDC_ECG_HEART_RATE^MDC|1.1.1.1|${40 + (n % 160)}|/min^^UCUM|||||R\r`,
  );
}

/**
 * Messages over all doors while commits and flushes are late, fail and lose their answers at random. With a plant it ends
 * at the first acknowledgement that is early.
 */
export async function ackCampaign(
  database: TestDatabase,
  options: { messages: number; seed: number; door?: Door; plant?: (parts: Parts) => Partial<Parts> },
): Promise<AckResult> {
  const { messages, seed, plant, door: only } = options;
  const faults = new Faults(seed);
  const witness = new Witness();
  const deviceIds = DOORS.map((_, n) => `device-${n}`);
  const monitors = deviceIds.slice(-MLLP_DEVICES);
  const server = await openAckServer(database, deviceIds, monitors, { faults, witness, ...(plant ? { plant } : {}) });
  const began = performance.now();
  const base = Date.now() - 3_600_000;
  const counted = { mqtt: 0, http: 0, mllp: 0 };
  const acked = new Set<string>();
  const senders = DOORS.filter((door) => only === undefined || door === only).length;
  const sending = deviceIds.flatMap((deviceId, device) => {
    const door = DOORS[device] as Door;
    if (only !== undefined && door !== only) return [];
    const ports = { mqtt: server.mqttPort, http: server.httpPort, mllp: server.mllpPorts.get(deviceId) ?? 0 };
    return {
      door,
      deviceId,
      token: TOKEN,
      port: ports[door],
      supply: new Supply(Math.ceil(messages / senders)),
      bodyOf: (n: number) => (door === "mllp" ? observationOf(n, base + n) : readingOf(base + n, 40 + (n % 160))),
      goesOn: () => !plant || witness.early.length === 0,
      onAck(n: number) {
        counted[door]++;
        acked.add(`${device} ${base + n}`);
        witness.acknowledged(deviceId, base + n);
      },
    };
  });
  let lost = 0;
  try {
    await Promise.all(sending.map((each) => SENDERS[each.door](each)));
    faults.isOver = true;
    if (!plant) {
      await until(() => server.journal.state === "ok", "the spool is chained into the journal");
      const stored = new Map<string, number>();
      for (const line of await readingsInJournal(database)) stored.set(line, 0);
      const times = Map.groupBy([...stored.keys()], (line) => line.split(" ")[1]);
      const wanted = Map.groupBy(acked, (key) => key.split(" ")[1]);
      for (const [time, keys] of wanted) lost += Math.max(0, keys.length - (times.get(time)?.length ?? 0));
    }
  } finally {
    faults.isOver = true;
    await server.close();
  }
  return {
    seed,
    overMqtt: counted.mqtt,
    overHttp: counted.http,
    overMllp: counted.mllp,
    early: witness.early,
    lost,
    seconds: Math.round((performance.now() - began) / 100) / 10,
    faults: faults.counts,
    durable: witness.counts,
  };
}
