import { setImmediate as nextTurn } from "node:timers/promises";
import type { JournalEntry } from "@openward/model";
import { seededRandom } from "@openward/runtime/manual";
import { systemRuntime } from "@openward/runtime/system";
import { createTurns } from "@openward/runtime/turns";
import { everythingOf } from "../server/record/operations/everything.ts";
import { createEverything } from "../server/rights/index.ts";
import {
  ANNA,
  everybody,
  HOME,
  openHouse,
  openHouseDatabase,
  readings,
  START,
  samples,
  streamOf,
} from "../server/store/amendments/testing/house.ts";
import { type Row, round, thousands } from "./support.ts";

const LEADS = ["i", "ii", "iii", "avr", "avl", "avf", "v1", "v2", "v3", "v4", "v5", "v6"];
const NUMERICS = [
  ...["heart-rate", "spo2", "respiratory-rate", "pulse-rate", "body-temperature", "etco2", "perfusion-index"],
  ...["art-systolic", "art-diastolic", "art-mean", "cvp-mean", "inspired-co2"],
];
const RATE_HZ = Number(process.env.TURNS_RATE ?? 500);
const MINUTES = Number(process.env.TURNS_MINUTES ?? 10);
const NUMERIC_HOURS = 6;
const MINUTE_MS = 60_000;
const SEED = 20261127;

/**
 * How long everything else waits while long answers about one patient are made: an archive of everything with an ECG of
 * twelve leads in blocks, in this process, and what each turn of the loop takes of this thread's CPU.
 */
export async function turns(): Promise<Row[]> {
  const database = await openHouseDatabase();
  try {
    const house = await openHouse(database, START + 24 * 60 * MINUTE_MS);
    try {
      const rows = [await measured(house)];
      const samplesIn = LEADS.length * MINUTES * 60 * RATE_HZ;
      const readingsIn = NUMERICS.length * NUMERIC_HOURS * 3_600;
      console.error(`  ${thousands(samplesIn)} samples, ${thousands(readingsIn)} readings are in blocks`);
      rows.push(await watched("one lead, as /api/streams reads it", () => lead(house)));
      rows.push(await watched("archive of everything", () => archive(house)));
      return rows;
    } finally {
      await house.close();
    }
  } finally {
    await database.close();
  }
}

type House = Awaited<ReturnType<typeof openHouse>>;

/** @returns what sealing the last lead took */
async function measured(house: House): Promise<Row> {
  const random = seededRandom(SEED);
  const entries: JournalEntry[] = [];
  for (const signal of NUMERICS) {
    const stream = streamOf(ANNA, signal);
    entries.push({ kind: "stream", stream });
    for (let hour = 0; hour < NUMERIC_HOURS; hour++) {
      const times = Array.from({ length: 3_600 }, (_, i) => START + (hour * 3_600 + i) * 1_000);
      entries.push(
        readings(
          stream,
          times,
          times.map((_, i) => 60 + (Math.floor(i / 20) % 9)),
          START,
        ),
      );
    }
  }
  await house.append(entries);
  const perMinute = 60 * RATE_HZ;
  const seal = async () => (await house.received.seal({ everything: true })).blocks;
  for (const lead of LEADS) {
    const stream = streamOf(ANNA, `ecg-lead-${lead}`, "waveform", "mV");
    await house.append([{ kind: "stream", stream }]);
    for (let minute = 0; minute < MINUTES; minute++) {
      const values = Array.from(
        { length: perMinute },
        (_, i) => beat((i / RATE_HZ) % 0.8) + Math.floor(random.float() * 9),
      );
      await house.append([samples(stream, START + minute * MINUTE_MS, values, RATE_HZ)]);
    }
    // What is sealed leaves the memory that it took.
    if (lead !== LEADS.at(-1)) await seal();
  }
  return watched("one lead sealed", seal);
}

/** A heart beat as a monitor shows it, in steps of 5 uV. */
const beat = (at: number) =>
  Math.round(200 * Math.exp(-(((at - 0.3) / 0.01) ** 2)) + 40 * Math.exp(-(((at - 0.55) / 0.05) ** 2)));

async function archive({ runtime, telemetry, amendments }: House): Promise<number> {
  const organisation = { id: HOME, name: "Home", isDemo: false };
  const turn = createTurns(systemRuntime);
  const everything = createEverything({
    runtime: systemRuntime,
    turn,
    tables: { inOrganisation: async (_id, work) => work({ rows: async () => [], run: async () => 0 }) },
    amendments,
    note: async () => {},
    onEnded: () => () => {},
    report: (error) => {
      throw error;
    },
    documentsOf: async function* () {},
    fhirOf: (view, _organisation, patientId) =>
      everythingOf(
        {
          telemetry,
          amendments,
          audit: { search: async () => [] },
          patients: { list: async () => [], find: async () => undefined },
          people: { list: async () => [], findIn: async () => undefined },
          relations: { find: async () => undefined, ofPatients: async () => [] },
          consents: { ofPatients: async () => [], versions: async () => [] },
          devices: { list: async () => [], find: async () => undefined },
          uses: { ofPatients: async () => [], use: async () => undefined },
          typeOf: () => undefined,
          clock: runtime.clock,
          turn,
          organisation,
          view,
          base: "http://localhost/fhir",
          strict: false,
        },
        patientId,
      ),
  });
  const stillMay = async () => true;
  const asked = { view: everybody, organisation, patientId: ANNA, reason: "measured", stillMay };
  let bytes = 0;
  for await (const part of await everything.begin(asked)) bytes += (part as Buffer).length;
  return bytes;
}

async function lead({ telemetry }: House): Promise<number> {
  const { id } = streamOf(ANNA, "ecg-lead-ii", "waveform", "mV");
  let bytes = 0;
  const asked = { from: START, to: START + MINUTES * MINUTE_MS };
  for await (const piece of telemetry.queries.waveforms(everybody, id, asked)) bytes += piece.samples.byteLength;
  return bytes;
}

/** Turns of the loop while something is done: nothing else of this process runs between the beginning and the end of one. */
async function watched(what: string, work: () => Promise<number>): Promise<Row> {
  const took: number[] = [];
  let isOver = false;
  const watching = (async () => {
    let before = process.threadCpuUsage();
    while (!isOver) {
      await nextTurn();
      const spent = process.threadCpuUsage(before);
      before = process.threadCpuUsage();
      took.push((spent.user + spent.system) / 1_000);
    }
  })();
  const began = performance.now();
  const bytes = await work();
  const seconds = (performance.now() - began) / 1_000;
  isOver = true;
  await watching;
  took.sort((a, b) => b - a);
  const long = took.filter((ms) => ms > 20);
  return {
    what,
    "bytes (of sealing: blocks)": thousands(bytes),
    seconds: round(seconds),
    "longest turn, CPU ms": round(took[0] ?? 0),
    "turns above 20 ms": long.length,
    "their CPU, s": round(long.reduce((sum, ms) => sum + ms, 0) / 1_000),
    "the next nine": took
      .slice(1, 10)
      .map((ms) => round(ms))
      .join(" "),
  };
}
