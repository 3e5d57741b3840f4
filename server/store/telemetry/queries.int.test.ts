import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Waveform } from "@openward/model";
import { openTestDatabase, type TestDatabase } from "../database/testing/database.ts";
import { ASSOCIATION, PATIENT, readingsOf, seeded, testStream } from "../journal/testing/entries.ts";
import { openTestStore, settableRuntime, viewOf } from "./testing/open-store.ts";

const START = Date.UTC(2026, 10, 22, 22, 20);
const MINUTE = 60_000;
const STREAM = testStream(1);
const view = viewOf(PATIENT);

let database: TestDatabase;
before(async () => {
  database = await openTestDatabase();
});
after(() => database.close());

interface Plain {
  readonly time: number;
  readonly value: number;
  readonly ordinal: number;
}

test("pieces of columns equal pages of readings: either way, behind any reading, while blocks are sealed under them", async () => {
  const r = seeded();
  const runtime = settableRuntime(START);
  const store = await openTestStore(database, runtime);
  const { telemetry } = store;
  await store.journal.append([{ kind: "stream", stream: STREAM }]);

  async function columnsOf(query: Parameters<typeof telemetry.queries.columns>[2]): Promise<Plain[]> {
    const found: Plain[] = [];
    for await (const { times, values, ordinals } of telemetry.queries.columns(view, STREAM.id, query)) {
      assert.ok(times.length > 0 && times.length <= 8192);
      times.forEach((time, i) => {
        found.push({ time, value: values[i] as number, ordinal: ordinals[i] as number });
      });
    }
    return found;
  }

  for (let round = 0; round < 30; round++) {
    const times = Array.from(
      { length: 400 },
      () => runtime.time - r.int(r.int(8) === 0 ? 500 : 12) * MINUTE - r.int(MINUTE),
    );
    await store.journal.append([
      readingsOf(
        STREAM,
        times.map((time) => (r.int(5) === 0 ? Math.floor(time / 1000) * 1000 : time)),
        times.map(() => r.int(3)),
        runtime.time,
      ),
    ]);
    if (r.int(2) === 0) await telemetry.seal(r.int(4) === 0 ? { everything: true } : undefined);
    runtime.time += 7 * MINUTE;
    const from = START - 600 * MINUTE + r.int(500 * MINUTE);
    const to = from + r.int(400 * MINUTE);
    // The short span is asked in one go, and twice, the second time from the cache.
    const recent = [runtime.time - 110 * MINUTE, runtime.time] as const;
    for (const [first, end] of [[from, to], recent, recent, [START - 1e9, runtime.time + 1e9]] as const) {
      for (const isDescending of [false, true]) {
        const range = { from: first, to: end };
        const pages = await telemetry.readings(view, {
          patientId: PATIENT,
          streamIds: [STREAM.id],
          ...range,
          order: isDescending ? "descending" : "ascending",
          limit: 1e6,
        });
        const expected = pages.map(({ time, value, ordinal }): Plain => ({ time, value, ordinal }));
        assert.deepEqual(await columnsOf({ ...range, isDescending }), expected);
        if (expected.length === 0) continue;
        const at = r.int(expected.length);
        assert.deepEqual(await columnsOf({ ...range, isDescending, after: expected[at] }), expected.slice(at + 1));
      }
    }
  }
  await store.close();
});

test("newest readings of several patients come in columns; of one outside the view there is nothing", async () => {
  const runtime = settableRuntime(START + 600 * MINUTE);
  const store = await openTestStore(database, runtime);
  const other = { ...testStream(7), patientId: "018f0000-0000-7000-8000-0000000000c1" };
  const silent = testStream(8);
  await store.journal.append([
    { kind: "stream", stream: other },
    { kind: "stream", stream: silent },
    readingsOf(other, [runtime.time], [61], runtime.time),
    readingsOf(STREAM, [runtime.time], [60], runtime.time + 5),
  ]);
  const both = viewOf(PATIENT, other.patientId);
  const first = store.telemetry.queries.newest(both, [other.patientId, PATIENT]);
  assert.deepEqual(
    first.patients.map(({ patientId, streams }) => [patientId, streams.map((stream) => stream.id)]),
    [
      [other.patientId, [other.id]],
      [PATIENT, [STREAM.id]],
    ],
  );
  assert.deepEqual([...first.values], [61, 60]);
  assert.deepEqual([...first.times], [runtime.time, runtime.time]);
  assert.deepEqual([...first.receivedAt], [runtime.time, runtime.time + 5]);
  await store.journal.append([readingsOf(STREAM, [runtime.time + 9], [59], runtime.time)]);
  const second = store.telemetry.queries.newest(both, [PATIENT]);
  assert.deepEqual([...second.values], [59]);
  assert.equal(second.patients[0]?.streams, first.patients[1]?.streams, "the same list while it says the same");
  await store.journal.append([readingsOf(silent, [runtime.time], [1], runtime.time)]);
  assert.equal(store.telemetry.queries.newest(both, [PATIENT]).patients[0]?.streams.length, 2);
  assert.deepEqual(store.telemetry.queries.newest(view, [other.patientId]).patients, []);
  assert.equal(store.telemetry.queries.known(view, other.id), undefined);
  assert.equal(store.telemetry.queries.known(both, other.id), other);
  await assert.rejects(
    store.telemetry.queries.trends(view, [STREAM.id, other.id], { from: START, to: runtime.time, buckets: 3 }),
    /NOT_FOUND/,
  );
  await store.close();
});

test("a waveform in windows has every sample once, in memory and sealed, and ends with the view", async () => {
  const r = seeded();
  const runtime = settableRuntime(START + 700 * MINUTE);
  const store = await openTestStore(database, runtime);
  const stream = testStream(3, "waveform");
  await store.journal.append([{ kind: "stream", stream }]);
  const from = runtime.time;
  for (let second = 0; second < 17 * 60; second += 10) {
    if (second % 400 === 0) continue;
    const waveform = {
      stream,
      associationId: ASSOCIATION,
      start: from + second * 1000,
      rateHz: 25,
      scale: 0.01,
      origin: 0,
      samples: Int32Array.from({ length: 250 }, () => r.int(1000)),
      quality: 0,
      utcOffsetMinutes: null,
      receivedAt: runtime.time,
    };
    await store.journal.append([{ kind: "waveform", waveform }]);
  }
  const to = from + 17 * MINUTE + 5;
  const samplesOf = (pieces: readonly Waveform[]) =>
    pieces.flatMap(({ start, rateHz, samples }) =>
      [...samples].map((value, i) => [start + (i * 1000) / rateHz, value]),
    );
  async function windows(asking = view): Promise<Waveform[]> {
    const pieces: Waveform[] = [];
    for await (const piece of store.telemetry.queries.waveforms(asking, stream.id, { from: from + 7, to }))
      pieces.push(piece);
    return pieces;
  }
  const whole = async () =>
    store.telemetry.waveform(view, { patientId: PATIENT, streamId: stream.id, from: from + 7, to });
  const expected = samplesOf(await whole());
  assert.ok(expected.length > 20_000);
  assert.deepEqual(samplesOf(await windows()), expected);
  runtime.time += 60 * MINUTE;
  await store.telemetry.seal({ everything: true });
  await store.telemetry.seal();
  assert.deepEqual(samplesOf(await windows()), expected);
  let looks = 0;
  await assert.rejects(windows({ ...view, has: () => ++looks < 4 }), /NOT_FOUND/);
  await store.close();
});

test("what the patient does not share is not there, and a running answer of it ends when they say so", async () => {
  const runtime = settableRuntime(START + 2_000 * MINUTE);
  const store = await openTestStore(database, runtime);
  const shared = { ...testStream(21), signal: "heart-rate" };
  const kept = { ...testStream(22), signal: "glucose-interstitial" };
  const times = Array.from({ length: 20_000 }, (_, i) => runtime.time - 20_000 + i);
  await store.journal.append([
    { kind: "stream", stream: shared },
    { kind: "stream", stream: kept },
    readingsOf(shared, [runtime.time], [60], runtime.time),
    readingsOf(
      kept,
      times,
      times.map(() => 5),
      runtime.time,
    ),
  ]);
  const hidden = new Set<string>();
  const seen = { ...viewOf(PATIENT), hiddenOf: () => (hidden.size > 0 ? hidden : undefined) };
  const { telemetry } = store;
  const span = { from: runtime.time - 30_000, to: runtime.time + 1, isDescending: false };
  const pieces = telemetry.queries.columns(seen, kept.id, span);
  assert.ok(((await pieces.next()).value?.times.length ?? 0) > 0);
  hidden.add("glucose");
  await assert.rejects(pieces.next(), /NOT_FOUND/);

  const isThere = (found: readonly { readonly stream: { readonly id: string } }[]) =>
    [shared, kept].map(({ id }) => found.some(({ stream }) => stream.id === id));
  assert.deepEqual(isThere(await telemetry.streams(seen, PATIENT)), [true, false]);
  assert.deepEqual(isThere(telemetry.latest(seen, PATIENT)), [true, false]);
  assert.equal(await telemetry.stream(seen, kept.id), undefined);
  assert.equal(await telemetry.reading(seen, kept.id, times[5] as number, 0), undefined);
  const query = { ...span, patientId: PATIENT, streamIds: [shared.id, kept.id] };
  assert.deepEqual(isThere(await telemetry.readings(seen, { ...query, order: "ascending", limit: 9 })), [true, false]);
  assert.deepEqual(isThere(await telemetry.trend(seen, { ...query, buckets: 3 })), [true, false]);
  const newest = telemetry.queries.newest(seen, [PATIENT]).patients.flatMap(({ streams }) => streams);
  assert.deepEqual(isThere(newest.map((stream) => ({ stream }))), [true, false]);
  assert.equal(telemetry.queries.known(seen, kept.id), undefined);
  hidden.clear();
  assert.deepEqual(isThere(await telemetry.streams(seen, PATIENT)), [true, true]);
  await store.close();
});
