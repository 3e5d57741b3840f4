import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "@openward/runtime/manual";
import { emptyColumns, NO_UTC_OFFSET } from "@openward/timeseries";
import { measuredBy } from "../resources/containment.ts";
import { mapReading } from "../resources/observation.ts";
import { organisation, streamOf } from "../testing/ward.ts";
import { createLineMaker } from "./lines.ts";

const SEED = Number(process.env.SEED ?? 20261128);
const random = seededRandom(SEED);
const T0 = Date.UTC(2026, 10, 22, 6);
const OFFSETS = [null, 0, 60, -570, 840];

for (const [signal, unit, type] of [
  ["heart-rate", "/min", "bedside-monitor"],
  ["spo2", "%", undefined],
  ["body-temperature", "Cel", undefined],
  ["glucose-interstitial", "mmol/L", undefined],
  ["no-such-signal", '{x}"\\', undefined],
] as const) {
  test(`lines of ${signal} are, letter by letter, what is read of it (seed ${SEED})`, () => {
    const stream = streamOf(signal, unit);
    for (const isDemo of [false, true]) {
      const of = { ...organisation, isDemo };
      const lineOf = createLineMaker(stream, of, () => type);
      assert.ok(lineOf);
      const count = 300;
      const columns = emptyColumns(count);
      for (let i = 0; i < count; i++) {
        columns.times[i] = T0 + Math.floor(random.float() * 1e11) - 5e10;
        columns.values[i] = i === 0 ? -0 : i === 1 ? 1e21 : i === 2 ? 5e-7 : Math.round(random.float() * 1e4) / 100;
        columns.ordinals[i] = random.float() < 0.1 ? Math.floor(random.float() * 50) : 0;
        columns.receivedAt[i] = T0 + i * 7_919;
        columns.utcOffsets[i] = OFFSETS[Math.floor(random.float() * OFFSETS.length)] ?? NO_UTC_OFFSET;
      }
      for (let i = 0; i < count; i++) {
        const offset = columns.utcOffsets[i] as number;
        const reading = {
          stream,
          time: columns.times[i] as number,
          value: columns.values[i] as number,
          ordinal: columns.ordinals[i] as number,
          quality: 0,
          utcOffsetMinutes: offset === NO_UTC_OFFSET ? null : offset,
          receivedAt: columns.receivedAt[i] as number,
        };
        assert.equal(
          lineOf(columns, i),
          `${JSON.stringify(measuredBy(mapReading(reading, of), stream, () => type))}\n`,
        );
      }
    }
  });
}

test("what is more than a plain value is left to the mapping", () => {
  const columns = emptyColumns(2);
  columns.values.set([1, Number.NaN]);
  columns.quality.set([1, 0]);
  const lineOf = createLineMaker(streamOf("heart-rate", "/min"), organisation, () => undefined);
  assert.deepEqual([lineOf?.(columns, 0), lineOf?.(columns, 1)], [undefined, undefined]);
  // Metres are not a unit of the profile: the value as received stands beside the other.
  assert.equal(
    createLineMaker(streamOf("body-height", "m"), organisation, () => undefined),
    undefined,
  );
});
