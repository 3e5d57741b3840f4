import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { ABSENT_SAMPLE, type Waveform } from "@openward/model";
import { openTestDatabase, type TestDatabase } from "../database/testing/database.ts";
import { ASSOCIATION, PATIENT, seeded, testStream } from "../journal/testing/entries.ts";
import { openTestStore, settableRuntime, viewOf } from "./testing/open-store.ts";

const START = Date.UTC(2026, 10, 22, 6, 1, 30);
const RATE = 250;
const STREAM = testStream(1, "waveform");
const view = viewOf(PATIENT);

let database: TestDatabase;
before(async () => {
  database = await openTestDatabase();
});
after(() => database.close());

test("samples come back exactly: from memory and blocks, late and twice, before and after a kill; gaps stay gaps", async () => {
  const r = seeded();
  const runtime = settableRuntime(START);
  const seconds = 20 * 60;
  const isGap = (second: number) => second >= 400 && second < 430;
  const all = Int32Array.from({ length: seconds * RATE }, (_, i) =>
    r.int(500) === 0 ? ABSENT_SAMPLE : Math.round(900 * Math.sin(i / 20)) + r.int(30),
  );
  const chunk = (from: number, to: number): Waveform => ({
    stream: STREAM,
    associationId: ASSOCIATION,
    start: START + from * 1000,
    rateHz: RATE,
    scale: 0.005,
    origin: -0.5,
    samples: all.slice(from * RATE, to * RATE),
    quality: 0,
    utcOffsetMinutes: null,
    receivedAt: runtime.time,
  });
  let store = await openTestStore(database, runtime);
  await store.journal.append([{ kind: "stream", stream: STREAM }]);
  const held: Waveform[] = [];
  for (let second = 0; second < seconds; ) {
    const length = Math.min(1 + r.int(12), seconds - second, second < 400 ? 400 - second : seconds);
    if (isGap(second)) {
      second++;
      continue;
    }
    const waveform = chunk(second, second + length);
    second += length;
    runtime.time = START + second * 1000;
    if (r.int(6) === 0) held.push(waveform);
    else await store.journal.append([{ kind: "waveform", waveform }]);
    if (r.int(8) === 0) await store.journal.append([{ kind: "waveform", waveform }]);
    if (r.int(5) === 0)
      for (const late of held.splice(0)) await store.journal.append([{ kind: "waveform", waveform: late }]);
    if (r.int(20) === 0) await store.telemetry.seal();
  }
  for (const late of held.splice(0)) await store.journal.append([{ kind: "waveform", waveform: late }]);

  const compare = async () => {
    for (let n = 0; n < 12; n++) {
      const from = n === 0 ? START : START + r.int(seconds * 1000);
      const to = n === 0 ? START + seconds * 1000 : from + r.int(400_000);
      const pieces = await store.telemetry.waveform(view, { patientId: PATIENT, streamId: STREAM.id, from, to });
      const expected: [number, number][] = [];
      for (let i = 0; i < all.length; i++) {
        const time = START + i * (1000 / RATE);
        if (time >= from && time < to && !isGap(Math.floor(i / RATE))) expected.push([time, all[i] as number]);
      }
      const found = pieces.flatMap((piece) =>
        Array.from(piece.samples, (sample, i): [number, number] => [piece.start + i * 4, sample]),
      );
      assert.equal(found.length, expected.length, `${from - START} to ${to - START}`);
      assert.deepEqual(found, expected);
      const gap = from < START + 400_000 && to > START + 430_000;
      assert.equal(pieces.length, found.length === 0 ? 0 : gap ? 2 : 1);
      for (const piece of pieces)
        assert.deepEqual(
          [piece.rateHz, piece.scale, piece.origin, piece.associationId],
          [RATE, 0.005, -0.5, ASSOCIATION],
        );
    }
    for (const [from, to, buckets] of [
      [START - 500, START + seconds * 1000, 60],
      [START, START + 1_200_000, 1200],
      [START + 100_000, START + 160_000, 300],
    ] as const) {
      const overview = await store.telemetry.waveformOverview(view, {
        patientId: PATIENT,
        streamId: STREAM.id,
        from,
        to,
        buckets,
      });
      // A bucket wider than some seconds is made of whole seconds: its edges may be off by one.
      const isExact = (to - from) / buckets < 4000;
      const slackMs = isExact ? 0 : 1000;
      for (let b = 0; b < buckets; b++) {
        const width = (to - from) / buckets;
        const [low, high] = [from + b * width, from + (b + 1) * width];
        const valuesIn = (margin: number) => {
          const values: number[] = [];
          const first = Math.max(0, Math.floor(((low - margin - START) * RATE) / 1000) - 2);
          const last = Math.min(all.length, Math.ceil(((high + margin - START) * RATE) / 1000) + 2);
          for (let i = first; i < last; i++) {
            const time = START + i * 4;
            const sample = all[i] as number;
            if (
              time >= low - margin &&
              time < high + margin &&
              sample !== ABSENT_SAMPLE &&
              !isGap(Math.floor(i / RATE))
            )
              values.push(sample * 0.005 - 0.5);
          }
          return values;
        };
        const inner = valuesIn(-slackMs);
        const outer = valuesIn(slackMs);
        const [min, max] = [overview.min[b] as number, overview.max[b] as number];
        if (outer.length === 0) assert.ok(Number.isNaN(min) && Number.isNaN(max));
        if (inner.length === 0) continue;
        assert.ok(min <= Math.min(...inner) && min >= Math.min(...outer), `bucket ${b} of ${buckets}: ${min}`);
        assert.ok(max >= Math.max(...inner) && max <= Math.max(...outer), `bucket ${b} of ${buckets}: ${max}`);
      }
    }
    const [summary] = await store.telemetry.streams(view, PATIENT);
    assert.equal(summary?.lastAt, START + seconds * 1000 - 4);
  };
  await compare();
  await store.close();
  store = await openTestStore(database, runtime);
  await compare();
  runtime.time += 3_600_000;
  await store.telemetry.seal();
  await compare();
  await store.close();
  store = await openTestStore(database, runtime);
  await compare();
  const { rows } = await database.worker.query("SELECT count(*) AS n, sum(length(payload)) AS bytes FROM block");
  assert.ok(rows[0].n >= 4 && rows[0].bytes < all.length * 1.5);
  await store.close();
});
