import { createHash } from "node:crypto";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { JournalEntry, Stream } from "@openward/model";
import { quietLog, type TestDatabase } from "../../database/testing/database.ts";
import { ASSOCIATION, ORGANISATION, PATIENT, type Seeded, testStream } from "../../journal/testing/entries.ts";
import { openTestStore, type settableRuntime, type TestStore, viewOf } from "../../telemetry/testing/open-store.ts";
import { type Archive, openArchive } from "../archive.ts";
import { directoryStore } from "../directory-store.ts";
import type { ObjectStore, Retention } from "../ports.ts";

export const MINUTE = 60_000;
export const DAY = 86_400_000;
export const START = Date.UTC(2026, 10, 22, 23, 0);
export const NUMERIC: readonly Stream[] = [testStream(1), testStream(2), testStream(3)];
export const ECG = testStream(4, "waveform");
export const VIEW = viewOf(PATIENT);
const RATE = 10;

export const RETENTION: Retention = { hotDays: { numeric: 30, waveform: 10 }, keepDays: { numeric: 0, waveform: 0 } };
export type Clock = ReturnType<typeof settableRuntime>;

export const temporaryArchive = (): string => mkdtempSync(join(tmpdir(), "openward-archive-"));

export function openTestArchive(
  database: TestDatabase,
  runtime: Clock,
  store: ObjectStore | string,
  retention = RETENTION,
  onExpired = () => {},
): Promise<Archive> {
  return openArchive({
    runtime,
    worker: database.worker,
    store: async (isNew) => (typeof store === "string" ? directoryStore(store, isNew) : store),
    retention,
    cacheBytes: 1 << 20,
    onExpired,
    log: quietLog,
  });
}

/** Some hours of readings and a waveform, sealed and put together by days, and `days` later one reading more of each. */
export async function fillWard(store: TestStore, runtime: Clock, r: Seeded, hours: number, days: number) {
  const { journal, telemetry } = store;
  const streams = [...NUMERIC, ECG].filter((stream) => !telemetry.knowsStream(stream.id));
  await journal.append(streams.map((stream): JournalEntry => ({ kind: "stream", stream })));
  for (let minute = 0; minute < hours * 60; minute++) {
    await journal.append(minuteOf(runtime.time, r));
    runtime.time += MINUTE;
    if (minute % 30 === 29) await telemetry.seal();
  }
  runtime.time += days * DAY;
  await settle(store, runtime, r);
  await telemetry.compact({ everything: true });
}

/** So much time and sealing that nothing of before is read from the journal again at a start. */
export async function settle({ journal, telemetry }: TestStore, runtime: Clock, r: Seeded): Promise<void> {
  for (let n = 0; n < 3; n++) {
    await journal.append(minuteOf(runtime.time, r));
    await telemetry.seal({ everything: true });
    runtime.time += 11 * MINUTE;
  }
  await telemetry.seal({ everything: true });
}

export function minuteOf(time: number, r: Seeded): JournalEntry[] {
  const entries = NUMERIC.map((stream): JournalEntry => {
    const times = Float64Array.from({ length: 6 }, (_, k) => time + k * 10_000);
    const values = times.map(() => r.pick([r.int(100), r.int(1000) / 10, r.float()]));
    return numericEntry(stream, times, values, time);
  });
  return [...entries, waveformEntry(time, r)];
}

export function numericEntry(stream: Stream, times: Float64Array, values: Float64Array, time: number): JournalEntry {
  const quality = new Uint8Array(times.length);
  const readings = { stream, associationId: ASSOCIATION, times, values, quality, utcOffsetMinutes: 60 };
  return { kind: "readings", readings: { ...readings, receivedAt: time } };
}

function waveformEntry(start: number, r: Seeded): JournalEntry {
  const samples = Int32Array.from({ length: RATE * 60 }, (_, i) => Math.round(500 * Math.sin(i / 9)) + r.int(20));
  const form = { rateHz: RATE, scale: 0.005, origin: -0.5, samples, quality: 0, utcOffsetMinutes: null };
  return { kind: "waveform", waveform: { stream: ECG, associationId: ASSOCIATION, start, ...form, receivedAt: start } };
}

/** Every answer there is about some time, as a hash that can be compared, and how many values are in it. */
export async function everything(
  { telemetry }: TestStore,
  from: number,
  to: number,
  withWaveforms = true,
): Promise<string> {
  const streamIds = NUMERIC.map((stream) => stream.id);
  const numeric = { patientId: PATIENT, streamIds, from, to };
  const waveform = { patientId: PATIENT, streamId: ECG.id, from, to };
  const answers: unknown[] = [];
  for (const order of ["ascending", "descending"] as const) {
    let after: { time: number; streamId: string; ordinal: number } | undefined;
    for (;;) {
      const page = await telemetry.readings(VIEW, { ...numeric, order, limit: 2000, ...(after ? { after } : {}) });
      const last = page.at(-1);
      if (!last) break;
      after = { time: last.time, streamId: last.stream.id, ordinal: last.ordinal };
      answers.push(page.map(({ stream, receivedAt: _, ...reading }) => ({ stream: stream.id, ...reading })));
    }
  }
  for (const buckets of [3, 50, 1000]) {
    for (const { stream, ...trend } of await telemetry.trend(VIEW, { ...numeric, buckets })) {
      answers.push(
        stream.id,
        Object.values(trend).map((column) => Array.from(column, rounded)),
      );
    }
    if (!withWaveforms) continue;
    const overview = await telemetry.waveformOverview(VIEW, { ...waveform, buckets });
    answers.push(Object.values(overview).map((column) => Array.from(column, rounded)));
  }
  // As /api/streams asks.
  const { queries } = telemetry;
  for (const id of streamIds) {
    for (const isDescending of [false, true]) {
      const readings: number[][] = [];
      for await (const { times, values, ordinals, quality } of queries.columns(VIEW, id, { from, to, isDescending }))
        times.forEach((time, i) => void readings.push([time, values[i] ?? -1, ordinals[i] ?? -1, quality[i] ?? -1]));
      answers.push(id, readings);
    }
    const { times, values } = await queries.line(VIEW, id, { from, to, buckets: 200 });
    answers.push(id, [...times], Array.from(values, rounded));
  }
  if (withWaveforms) {
    for (const piece of await telemetry.waveform(VIEW, waveform)) {
      answers.push([piece.start, piece.rateHz, piece.scale, piece.origin, piece.quality, [...piece.samples]]);
    }
    for await (const { start, samples } of queries.waveforms(VIEW, ECG.id, { from, to }))
      answers.push(start, [...samples]);
  }
  const text = JSON.stringify(answers);
  return `${createHash("sha256").update(text).digest("hex")} of ${text.length} characters`;
}

// Sums of the same readings in another order differ in their last bits.
const rounded = (value: number) => value.toPrecision(10);

export async function countsOf({ worker }: TestDatabase) {
  const count = async (from: string) => Number((await worker.query(`SELECT count(*) AS n FROM ${from}`)).rows[0].n);
  return {
    hot: (await count("block")) + (await count("day_block")),
    archived: await count("archived_block"),
    files: await count("archive_file"),
    lost: await count("lost_block"),
  };
}

export { ASSOCIATION, ORGANISATION, openTestStore, PATIENT };

/** Readings alone move. */
export const KILL_RETENTION: Retention = { ...RETENTION, hotDays: { numeric: 30, waveform: 1000 } };
