import assert from "node:assert/strict";
import { before, type TestContext, test } from "node:test";
import { OutsideTrouble } from "@openward/errors";
import type { JournalEntry } from "@openward/model";
import { systemRuntime } from "@openward/runtime/system";
import { quietLog } from "../database/testing/database.ts";
import { BatchWriter, readBatch } from "../journal/batch.ts";
import { ORGANISATION, PATIENT, readingsOf, type Seeded, seeded, testStream } from "../journal/testing/entries.ts";
import type { KeyStore } from "../keys/index.ts";
import { openTestKeys } from "../keys/testing/keys.ts";
import type { BlockStore } from "./block-store.ts";
import { type OpenTelemetry, openTelemetry } from "./telemetry.ts";
import { viewOf } from "./testing/open-store.ts";

const START = Date.UTC(2026, 10, 22, 22);
const STREAMS = [0, 1, 2].map((n) => testStream(n));
const WAVEFORM = testStream(0, "waveform");
const view = viewOf(PATIENT);
const everything = {
  patientId: PATIENT,
  streamIds: STREAMS.map(({ id }) => id),
  from: START - 60_000,
  to: START + 60_000,
  order: "ascending",
  limit: 1e6,
} as const;

let keys: KeyStore;
before(async () => {
  keys = await openTestKeys();
});

/** Nothing was ever sealed: all there is comes from the journal. */
const noBlocks = new Proxy({} as BlockStore, { get: () => async () => [] });

/** Entries of one commit, and where they stand in the journal. */
interface Commit {
  readonly entries: readonly JournalEntry[];
  readonly position: number;
}

/** Few times and values, so that many are duplicates and many are in conflict. */
function commitsOf(r: Seeded, count: number): Commit[] {
  return Array.from({ length: count }, (_, i) => {
    const entries: JournalEntry[] = i === 0 ? [...STREAMS, WAVEFORM].map((stream) => ({ kind: "stream", stream })) : [];
    for (let n = r.int(4); n >= 0; n--) entries.push(entryOf(r, i));
    return { entries, position: i + 1 };
  });
}

function entryOf(r: Seeded, i: number): JournalEntry {
  const draw = r.int(10);
  if (draw === 0) {
    const facts = { organisationId: ORGANISATION, deviceId: "d", associationId: null };
    return { kind: "delivery", delivery: { ...facts, key: `k${r.int(12)}`, receivedAt: START + i } };
  }
  if (draw === 1) {
    const samples = Int32Array.from({ length: 1 + r.int(20) }, () => r.int(5));
    const start = START + r.int(20) * 100;
    const facts = { rateHz: 100, scale: 1, origin: 0, quality: 0, utcOffsetMinutes: null, receivedAt: START + i };
    return { kind: "waveform", waveform: { stream: WAVEFORM, associationId: ORGANISATION, start, samples, ...facts } };
  }
  const length = r.pick([1, 1, 2, 30]);
  const first = r.int(40);
  const times = Array.from({ length }, (_, k) => START + (first + k) * 250);
  const values = times.map(() => r.int(3));
  return readingsOf(r.pick(STREAMS), times, values, START + i);
}

async function open(): Promise<OpenTelemetry> {
  const runtime = { ...systemRuntime, clock: { ...systemRuntime.clock, now: () => START + 100_000 } };
  return openTelemetry({ runtime, store: noBlocks, keys, log: quietLog, readerWaitsMs: 60_000 });
}

function batchOf({ entries, position }: Commit): Uint8Array {
  const writer = new BatchWriter(keys);
  writer.begin(ORGANISATION, START);
  for (const entry of entries) writer.add(entry);
  return writer.seal(systemRuntime.ids.uuid(), position);
}

/** All that can be asked of it. */
async function answersOf(telemetry: OpenTelemetry) {
  const [readings, waveform, streams] = await Promise.all([
    telemetry.readings(view, everything),
    telemetry.waveform(view, { ...everything, streamId: WAVEFORM.id }),
    telemetry.streams(view, PATIENT),
  ]);
  const deliveries = Array.from({ length: 12 }, (_, i) => telemetry.deliveries.first("d", `k${i}`));
  return {
    readings,
    waveform,
    streams,
    deliveries,
    latest: telemetry.latest(view, PATIENT),
    heard: telemetry.lastHeard(),
  };
}

/** A start that finds all of them in the journal. */
async function sequentially(commits: readonly Commit[]) {
  const telemetry = await open();
  const replay = await telemetry.prepareReplay(0);
  const batches = commits.map((commit) => ({ ...commit, batch: batchOf(commit) }));
  for (const { entries } of batches)
    for (const entry of entries) if (entry.kind === "delivery") replay.delivery(entry.delivery);
  for (const { position, batch } of batches) readBatch(batch, replay.visitorAt(position), keys);
  await telemetry.recovered(0);
  const answers = await answersOf(telemetry);
  await telemetry.close();
  return answers;
}

interface Faults {
  /** What is new is taken up at once. */
  readonly newFirst?: boolean;
  /** Questions are answered at once. */
  readonly openEarly?: boolean;
}

/** A start that finds some, while the others are committed, at random moments, and questions are asked. */
async function beside(r: Seeded, commits: readonly Commit[], { newFirst, openEarly }: Faults = {}) {
  const telemetry = await open();
  const replay = await telemetry.prepareReplay(0);
  const old = commits.slice(0, 1 + r.int(commits.length));
  const fresh = commits.slice(old.length);
  let acknowledged = old.flatMap(({ entries }) => entries);
  const asked: Promise<string | undefined>[] = [];
  const ask = () => {
    const sure = acknowledged;
    asked.push(telemetry.readings(view, everything).then((answer) => lackOf(answer, sure)));
  };
  const commit = () => {
    const next = fresh.shift();
    if (!next) return;
    telemetry.committed(next.entries, next.position, next.position);
    acknowledged = [...acknowledged, ...next.entries];
  };
  const deliveries = [...old];
  const rest = [...old];
  if (openEarly) await telemetry.recovered(0);
  if (newFirst) {
    while (fresh.length > 0) {
      const next = fresh.shift() as Commit;
      readBatch(batchOf(next), replay.visitorAt(next.position), keys);
    }
  }
  while (deliveries.length + rest.length > 0) {
    const draw = r.int(8);
    if (draw === 0) ask();
    else if (draw < 4) commit();
    else if (deliveries.length > 0) {
      for (const entry of deliveries.shift()?.entries ?? [])
        if (entry.kind === "delivery") replay.delivery(entry.delivery);
    } else {
      const next = rest.shift() as Commit;
      readBatch(batchOf(next), replay.visitorAt(next.position), keys);
    }
    if (draw === 7) await new Promise((resolve) => setImmediate(resolve));
  }
  ask();
  const recovered = openEarly ? undefined : telemetry.recovered(0);
  // More comes while what was held is taken up, and when all of it was.
  while (fresh.length > 0) {
    commit();
    if (r.int(2) === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  await recovered;
  ask();
  const lacks = (await Promise.all(asked)).filter((lack) => lack !== undefined);
  const answers = await answersOf(telemetry);
  await telemetry.close();
  return { answers, lacks };
}

/** What had been acknowledged when it was asked, and is not in the answer. */
function lackOf(
  answer: readonly { stream: { id: string }; time: number; value: number }[],
  entries: readonly JournalEntry[],
): string | undefined {
  const there = new Set(answer.map(({ stream, time, value }) => `${stream.id} ${time} ${value}`));
  for (const entry of entries) {
    if (entry.kind !== "readings") continue;
    const { stream, times, values } = entry.readings;
    for (let i = 0; i < times.length; i++) {
      const said = `${stream.id} ${times[i]} ${values[i]}`;
      if (!there.has(said)) return said;
    }
  }
  return undefined;
}

function seedOf(t: TestContext): number {
  const seed = Number(process.env.SEED ?? Date.now() % 1_000_000);
  t.diagnostic(`SEED=${seed}`);
  return seed;
}

test("a journal that is read beside serving gives what one gives that is read before, and no short answer", async (t) => {
  const r = seeded(seedOf(t));
  for (let n = 0; n < 150; n++) {
    const commits = commitsOf(r, 2 + r.int(30));
    const { answers, lacks } = await beside(r, commits);
    assert.deepEqual(answers, await sequentially(commits), `history ${n}`);
    assert.deepEqual(lacks, [], `history ${n}`);
  }
});

test("that is noticed when what is new is taken up before what is old", async (t) => {
  const r = seeded(seedOf(t));
  for (let n = 0; n < 50; n++) {
    const commits = commitsOf(r, 2 + r.int(30));
    const { answers } = await beside(r, commits, { newFirst: true });
    const { readings } = await sequentially(commits);
    const isSame = JSON.stringify(answers.readings) === JSON.stringify(readings);
    if (!isSame) return;
  }
  assert.fail("50 histories came out the same");
});

test("that is noticed when questions are answered before the journal is read", async (t) => {
  const r = seeded(seedOf(t));
  for (let n = 0; n < 50; n++) {
    const { lacks } = await beside(r, commitsOf(r, 2 + r.int(30)), { openEarly: true });
    if (lacks.length > 0) return;
  }
  assert.fail("50 histories had no short answer");
});

test("until the journal is read a question waits for so long, is then refused, and nothing is answered from memory", async () => {
  const waits: (() => void)[] = [];
  const timers = {
    ...systemRuntime.timers,
    after(_: number, run: () => void) {
      waits.push(run);
      return { cancel() {} };
    },
  };
  const telemetry = await openTelemetry({
    runtime: { ...systemRuntime, timers },
    store: noBlocks,
    keys,
    log: quietLog,
  });
  telemetry.committed([readingsOf(STREAMS[0] as (typeof STREAMS)[0], [START], [60])], 1, 1);
  const isRecovering = (error: unknown) => error instanceof OutsideTrouble && error.code === "STORE_RECOVERING";
  const { queries } = telemetry;
  const first = async (answer: AsyncIterable<unknown>) => {
    for await (const _ of answer) return;
  };
  const id = STREAMS[0]?.id ?? "";
  const span = { from: 0, to: START + 1, buckets: 1, isDescending: false };
  const asked = [
    telemetry.streams(view, PATIENT),
    telemetry.stream(view, id),
    telemetry.readings(view, everything),
    telemetry.reading(view, id, START, 0),
    telemetry.trend(view, { ...everything, buckets: 1 }),
    telemetry.waveform(view, { ...everything, streamId: id }),
    telemetry.waveformOverview(view, { ...everything, streamId: id, buckets: 1 }),
    queries.trends(view, [id], span),
    queries.line(view, id, span),
    queries.overview(view, id, span),
    first(queries.columns(view, id, span)),
    first(queries.waveforms(view, id, span)),
  ];
  const refused = asked.map((question) => assert.rejects(question, isRecovering));
  assert.throws(() => telemetry.latest(view, PATIENT), isRecovering);
  assert.throws(() => queries.newest(view, [PATIENT]), isRecovering);
  assert.deepEqual(telemetry.lastHeard(), []);
  assert.equal(waits.length, asked.length, "each question waits");
  for (const giveUp of waits.splice(0)) giveUp();
  await Promise.all(refused);
  const waiting = assert.rejects(telemetry.whole(), isRecovering);
  await telemetry.close();
  await waiting;
});

test("what is held takes room: devices wait before it takes more than it may", async () => {
  let told = 0;
  const telemetry = await openTelemetry({
    runtime: systemRuntime,
    store: noBlocks,
    keys,
    log: quietLog,
    heldBytesMax: 100_000,
  });
  telemetry.room.onFreed(() => told++);
  let held = 0;
  while (telemetry.room.bytesFree() > 0) {
    held++;
    telemetry.committed([readingsOf(STREAMS[0] as (typeof STREAMS)[0], [START + held], [60])], held, held);
    assert.ok(held < 1_000, "it never had too much");
  }
  assert.ok(held > 50, `only ${held} were held`);
  await telemetry.prepareReplay(0);
  await telemetry.recovered(0);
  assert.equal(telemetry.room.bytesFree(), Number.POSITIVE_INFINITY);
  assert.equal(told, 1, "whoever waits for room hears of it");
  assert.equal((await telemetry.readings(view, { ...everything, from: START })).length, held);
  await telemetry.close();
});
