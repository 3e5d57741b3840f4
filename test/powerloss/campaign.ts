import { appendFileSync, chmodSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { seededRandom } from "@openward/runtime/manual";
import { sendOverHttp, sendOverMqtt } from "../acks/senders.ts";
import { Supply } from "../acks/supply.ts";
import { compare, payloadOf, readBack } from "../support/load.ts";
import { addBeds, fhirOf, type RunningWard, removeDataDir, startWard, temporaryDataDir } from "../support/ward.ts";
import { Image } from "./image.ts";
import { killAll, postgresOf, signal } from "./processes.ts";

/** What is taken away so that the campaign must find a loss. */
export type Sabotage = "fsync=off" | "no spool fsync";

export interface PowerLossResult {
  readonly rounds: number;
  readonly acknowledged: number;
  readonly throughSpool: number;
  readonly lost: readonly string[];
  readonly doubled: readonly string[];
  readonly phantom: readonly string[];
  /** Starts that did not come up from what the power left, and how they said so. */
  readonly ruined: readonly string[];
  readonly filesPutBack: number;
  readonly namesPutBack: number;
}

const DEVICES = 4;
const START_MS_MAX = 90_000;

/** Power is lost again and again while readings come in; each time everything acknowledged must be there. */
export async function powerLossCampaign(options: {
  readonly rounds: number;
  readonly seed: number;
  readonly library: string;
  readonly sabotage?: Sabotage;
  readonly say: (line: string) => void;
}): Promise<PowerLossResult> {
  const { rounds, seed, library, sabotage, say } = options;
  const random = seededRandom(seed);
  const place = temporaryDataDir();
  const dataDir = join(place, "data");
  const image = new Image(dataDir, join(place, "state"));
  // PostgreSQL, as a user of its own, goes through it.
  chmodSync(place, 0o755);
  mkdirSync(dataDir);
  const plain = await startWard({ dataDir });
  const beds = await addBeds(plain, DEVICES);
  await plain.stop();
  if (sabotage === "fsync=off") appendFileSync(join(dataDir, "postgres/postgresql.conf"), "\nfsync = off\n");
  const allowed: Record<string, string> = sabotage === "fsync=off" ? { OPENWARD_TEST_UNDURABLE: "yes" } : {};
  const env = {
    LD_PRELOAD: library,
    UV_USE_IO_URING: "0",
    POWERLOSS_ROOT: dataDir,
    POWERLOSS_STATE: image.state,
    ...(sabotage === "no spool fsync" ? { POWERLOSS_IGNORE: `${dataDir}/spool/` } : {}),
    ...allowed,
  };

  const base = Date.now() - 3_600_000;
  const supplies = beds.map(() => new Supply());
  const acknowledged = new Set<string>();
  const bad = { lost: new Set<string>(), doubled: new Set<string>(), phantom: new Set<string>() };
  const ruined: string[] = [];
  const counted = { throughSpool: 0, files: 0, names: 0 };
  let ward: RunningWard | undefined;

  const load = (running: RunningWard, goesOn: () => boolean) =>
    Promise.all(
      beds.map(({ deviceId, token }, device) => {
        const isMqtt = device % 2 === 0;
        const sending = {
          deviceId,
          token,
          port: isMqtt ? running.mqttPort : running.httpPort,
          supply: supplies[device] as Supply,
          bodyOf: (n: number) => payloadOf(base, n),
          onAck: (n: number) => void acknowledged.add(`${device} ${n}`),
          goesOn,
        };
        return isMqtt ? sendOverMqtt(sending) : sendOverHttp(sending);
      }),
    );

  try {
    for (let round = 1; round <= rounds; round++) {
      await image.begin();
      ward = await started(startWard({ dataDir, env }));
      let isOn = true;
      const sending = load(ward, () => isOn);
      await wait(500 + random.float() * 2_000);
      const isSpool = sabotage === "no spool fsync" || (sabotage === undefined && round % 3 === 0);
      if (isSpool) await throughSpool(dataDir, acknowledged, counted);
      await wait(random.float() * 500);
      await killAll(ward.process.pid as number, dataDir);
      isOn = false;
      await sending;
      const isTorn = sabotage === undefined && round % 2 === 0;
      const { files, names } = image.losePower(isTorn ? random : undefined);
      counted.files += files;
      counted.names += names;
      try {
        ward = await started(startWard({ dataDir, env: allowed }));
      } catch (error) {
        ruined.push(`round ${round}: ${(error as Error).message.slice(0, 300)}`);
        break;
      }
      const stored = await readBack(await fhirOf(ward), beds, base);
      const found = compare(
        [...acknowledged],
        stored,
        supplies.map(({ sent }) => sent),
      );
      for (const what of ["lost", "doubled", "phantom"] as const) for (const key of found[what]) bad[what].add(key);
      say(
        `round ${round}${isSpool ? ", spool" : ""}${isTorn ? ", torn" : ""}: ${acknowledged.size} acknowledged, ${found.lost.length} lost; ${files} files and ${names} names were not on the disk`,
      );
      await ward.stop();
      if (sabotage && bad.lost.size > 0) break;
    }
  } finally {
    if (ward) await killAll(ward.process.pid as number, dataDir);
    removeDataDir(place);
  }
  return {
    rounds,
    acknowledged: acknowledged.size,
    throughSpool: counted.throughSpool,
    lost: [...bad.lost],
    doubled: [...bad.doubled],
    phantom: [...bad.phantom],
    ruined,
    filesPutBack: counted.files,
    namesPutBack: counted.names,
  };
}

/** PostgreSQL is stopped, so that what is acknowledged from then on stands in the spool alone. */
async function throughSpool(dataDir: string, acknowledged: ReadonlySet<string>, counted: { throughSpool: number }) {
  signal(postgresOf(dataDir), "SIGSTOP");
  await wait(1_000);
  const before = acknowledged.size;
  const deadline = performance.now() + 120_000;
  while (acknowledged.size < before + 200) {
    if (performance.now() > deadline) throw new Error("waited two minutes for 200 acknowledgements without PostgreSQL");
    await wait(20);
  }
  counted.throughSpool += acknowledged.size - before;
}

function started(ward: Promise<RunningWard>): Promise<RunningWard> {
  const late = new Promise<never>((_, reject) => {
    setTimeout(() => reject(new Error(`it did not start within ${START_MS_MAX / 1_000} s`)), START_MS_MAX).unref();
  });
  return Promise.race([ward, late]);
}
