import assert from "node:assert/strict";
import { test } from "node:test";
import { type Codec, codecs, type Decoded } from "@openward/codecs/raw";
import { fuzz } from "./fuzz.ts";
import { udi, udiSeeds } from "./labels.ts";

const INPUTS = 1_500;
const SEED = 1_122;
/** A test judges no speed; the campaign does. */
const now = () => 0;

for (const codec of [...codecs, udi]) {
  test(`${codec.name} decodes or refuses whatever comes, whole and in time (seed ${SEED})`, () => {
    const { inputs, decoded, refused } = fuzz(codec, INPUTS, SEED, now, codec === udi ? udiSeeds : []);
    assert.equal(inputs, INPUTS);
    const all = [...refused.values()].reduce((sum, count) => sum + count, decoded);
    assert.equal(all, INPUTS);
    assert.ok(refused.size > 0, "some are refused");
  });
}

/** Faults that are planted in a codec: the harness must see each. */
const faults: readonly [string, (decoded: Decoded) => Decoded][] = [
  [
    "crashes",
    () => {
      throw new TypeError("planted");
    },
  ],
  ["gives values that are none", (decoded) => ({ ...decoded, readings: column([Number.NaN], [0]) })],
  ["gives more values than times", (decoded) => ({ ...decoded, readings: column([1, 2], [0]) })],
  ["gives times between milliseconds", (decoded) => ({ ...decoded, readings: column([1], [0.5]) })],
  ["gives more than it got", (decoded) => ({ ...decoded, readings: column(many(500_000), many(500_000)) })],
  ["gives something else each time", (decoded) => ({ ...decoded, facts: { serial: ++calls } })],
  ["tells of bytes that are not there", (decoded) => ({ ...decoded, ignored: [{ index: 0, offset: 1e6, what: "x" }] })],
];
let calls = 0;
const many = (length: number) => new Array<number>(length).fill(1);
const column = (values: number[], times: number[]) => [
  { signal: "spo2", unit: "%", utcOffsetMinutes: null, values, times, items: many(values.length) },
];

for (const [what, fault] of faults) {
  test(`a codec that ${what} is found`, () => {
    const honest = codecs[0] as Codec;
    const planted: Codec = { ...honest, decode: (bytes, context) => fault(honest.decode(bytes, context)) };
    assert.throws(() => fuzz(planted, 500, SEED, now), /seed 1122|planted/);
  });
}

test("a codec that hangs is found", () => {
  let ms = 0;
  assert.throws(() => fuzz(codecs[0] as Codec, 5, SEED, () => (ms += 60)), /60 ms: .*seed 1122/);
});
