import type { TestDatabase } from "../../server/store/database/testing/database.ts";
import { readingsInJournal, until } from "../../server/store/journal/testing/open-journal.ts";
import { Faults } from "./faults.ts";
import { sendOverHttp, sendOverMqtt } from "./senders.ts";
import { openAckServer, type Parts, TOKEN } from "./server.ts";
import { Supply } from "./supply.ts";
import { Witness } from "./witness.ts";

export interface AckResult {
  readonly seed: number;
  readonly overMqtt: number;
  readonly overHttp: number;
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

/**
 * Messages over both doors while commits and flushes are late, fail and lose their answers at random. With a plant it ends
 * at the first acknowledgement that is early.
 */
export async function ackCampaign(
  database: TestDatabase,
  options: { messages: number; seed: number; plant?: (parts: Parts) => Partial<Parts> },
): Promise<AckResult> {
  const { messages, seed, plant } = options;
  const faults = new Faults(seed);
  const witness = new Witness();
  const deviceIds = Array.from({ length: MQTT_DEVICES + HTTP_DEVICES }, (_, n) => `device-${n}`);
  const server = await openAckServer(database, deviceIds, { faults, witness, ...(plant ? { plant } : {}) });
  const began = performance.now();
  const base = Date.now() - 3_600_000;
  const counted = { mqtt: 0, http: 0 };
  const acked = new Set<string>();
  const sending = deviceIds.map((deviceId, device) => {
    const isMqtt = device < MQTT_DEVICES;
    return {
      isMqtt,
      deviceId,
      token: TOKEN,
      port: isMqtt ? server.mqttPort : server.httpPort,
      supply: new Supply(Math.ceil(messages / deviceIds.length)),
      bodyOf: (n: number) => Buffer.from(`{"at":${base + n},"values":{"heart-rate":${40 + (n % 160)}}}`),
      goesOn: () => !plant || witness.early.length === 0,
      onAck(n: number) {
        counted[isMqtt ? "mqtt" : "http"]++;
        acked.add(`${device} ${base + n}`);
        witness.acknowledged(deviceId, base + n);
      },
    };
  });
  let lost = 0;
  try {
    await Promise.all(sending.map((each) => (each.isMqtt ? sendOverMqtt(each) : sendOverHttp(each))));
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
    early: witness.early,
    lost,
    seconds: Math.round((performance.now() - began) / 100) / 10,
    faults: faults.counts,
    durable: witness.counts,
  };
}
