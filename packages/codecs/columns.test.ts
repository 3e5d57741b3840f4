import assert from "node:assert/strict";
import { test } from "node:test";
import { encode } from "cbor-x";
import { seededRandom } from "../runtime/manual.ts";
import { decodeColumns } from "./columns.ts";
import { decodeReadings } from "./readings.ts";
import { createRefusals } from "./refusals.ts";

// They are made alike; the compiler sees eight different signatures.
const KINDS = [
  Uint8Array,
  Int8Array,
  Uint16Array,
  Int16Array,
  Uint32Array,
  Int32Array,
  Float32Array,
  Float64Array,
] as unknown as readonly Float64ArrayConstructor[];

test("columns of every kind and length say the same as plain arrays", () => {
  const seed = 7_341;
  console.log(`seed ${seed}`);
  const random = seededRandom(seed);
  for (let round = 0; round < 200; round++) {
    const rows = 1 + Math.floor(random.float() * 40);
    const t = Float64Array.from({ length: rows }, (_, i) => 1_795_327_200_000 + i * 1000);
    const signals = Object.fromEntries(
      Array.from({ length: 1 + Math.floor(random.float() * 8) }, (_, column) => {
        const Kind = KINDS[Math.floor(random.float() * KINDS.length)] ?? Float64Array;
        return [`signal-${column}`, Kind.from({ length: rows }, () => Math.floor(random.float() * 100))];
      }),
    );
    const plain = Object.fromEntries(Object.entries(signals).map(([key, column]) => [key, Array.from(column)]));
    const packed = decodeReadings(encode({ t, signals }), "cbor");
    const listed = decodeReadings(encode({ t: Array.from(t), signals: plain }), "cbor");
    assert.deepEqual(flat(packed), flat(listed));
    assert.equal(packed.columns.length, Object.keys(signals).length);
    for (const { signal, values, times, items } of packed.columns) {
      assert.deepEqual(Array.from(values), plain[signal]);
      assert.deepEqual(Array.from(times), Array.from(t));
      assert.deepEqual(Array.from(items), [...t.keys()]);
    }
  }
});

test("a column that is not there, or not as long, takes no memory", () => {
  const before = process.memoryUsage().arrayBuffers;
  const t = new Uint8Array(1_000_000);
  const short = Array.from({ length: 999 }, (_, i) => [`signal-${i}`, [1]]);
  const root = { t, signals: { "heart-rate": new Uint8Array(1_000_000), ...Object.fromEntries(short) } };
  const { columns } = decodeColumns(root, createRefusals());
  assert.equal(columns.length, 1);
  assert.ok(process.memoryUsage().arrayBuffers - before < 64 * 1024 * 1024);
});

const flat = ({ columns, refused }: ReturnType<typeof decodeReadings>) => ({
  refused,
  columns: columns.map(({ times, values, items, ...rest }) => ({
    ...rest,
    times: Array.from(times),
    values: Array.from(values),
    items: Array.from(items),
  })),
});
