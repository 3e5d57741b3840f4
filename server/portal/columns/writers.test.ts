import assert from "node:assert/strict";
import { test } from "node:test";
import { decodeCbor } from "@openward/codecs";
import { seeded } from "../../../packages/timeseries/testing/random.ts";
import { CBOR_FORMAT, type ColumnWriter, JSON_FORMAT } from "./writer.ts";

const jsonOf = (write: (writer: ColumnWriter) => void): unknown => {
  const writer = JSON_FORMAT.writer();
  write(writer);
  return JSON.parse(Buffer.from(writer.take()).toString());
};
const cborOf = (write: (writer: ColumnWriter) => void): unknown => {
  const writer = CBOR_FORMAT.writer();
  write(writer);
  return decodeCbor(writer.take());
};

test("every number reads back as the same number, in JSON and in CBOR", () => {
  const r = seeded();
  const bits = new DataView(new ArrayBuffer(8));
  const anything = () => {
    bits.setUint32(0, r.int(2 ** 32));
    bits.setUint32(4, r.int(2 ** 32));
    return bits.getFloat64(0);
  };
  const numbers = [
    0,
    -0,
    1,
    9,
    10,
    99,
    100,
    9999,
    10_000,
    99_999_999,
    100_000_000,
    1_795_327_200_000,
    1e15,
    1e16,
    -1e16,
    Number.MAX_SAFE_INTEGER,
    2 ** 53,
    2 ** 53 + 2,
    -(2 ** 53),
    1e21,
    1e300,
    5e-324,
    0.1,
    0.1 + 0.2,
    1 / 3,
    -36.6,
    0.05,
    0.000001,
    1e-7,
    0.9999999,
    99.95,
    Number.MAX_VALUE,
    9007199254740.99,
    4503599627370.25,
  ];
  for (let i = 0; i < 20_000; i++) {
    numbers.push(
      r.pick([r.int(300), r.int(10_000) / 10, -r.int(1e6) / 1000, r.float() * 100, r.int(1e9) * 1e6 + r.int(1e6)]),
    );
    const any = anything();
    if (Number.isFinite(any)) numbers.push(any);
  }
  const column = Float64Array.from(numbers);
  const [json, cbor] = [jsonOf((w) => w.floats(column)), cborOf((w) => w.floats(column))] as [number[], Float64Array];
  assert.deepEqual([json.length, cbor.length], [numbers.length, numbers.length]);
  for (const [i, number] of numbers.entries()) {
    assert.ok(Object.is(json[i], number), `${number} became ${json[i]}`);
    assert.ok(Object.is(cbor[i], number), `${number} became ${cbor[i]}`);
  }
});

test("times that follow one another read back, whatever lies between them", () => {
  const r = seeded();
  for (let round = 0; round < 200; round++) {
    let time = r.pick([1_795_327_200_000, 1e12, 1e13 - 20_000, 999_999_990_000]);
    const times = Array.from({ length: 300 }, () => {
      time += r.pick([1, 999, 1000, 1000, 1000, 9_999, 10_000, 25_000, 0.5, 0.001, -1000, 0]);
      return r.int(30) === 0 ? r.pick([Number.NaN, 0, -time, 36.6, 1e21, time / 10]) : time;
    });
    const read = jsonOf((w) => w.floats(Float64Array.from(times))) as (number | null)[];
    assert.deepEqual(
      read,
      times.map((each) => (Number.isNaN(each) ? null : each)),
    );
  }
});

test("what is absent is null in JSON; in CBOR it is NaN, or the sample that stands for it", () => {
  const floats = Float64Array.of(1, Number.NaN, 2);
  assert.deepEqual(
    jsonOf((w) => w.floats(floats)),
    [1, null, 2],
  );
  assert.deepEqual(
    cborOf((w) => w.floats(floats)),
    floats,
  );
  const samples = Int32Array.of(-5, -2147483648, 2147483647, -2147483647);
  assert.deepEqual(
    jsonOf((w) => w.samples(samples)),
    [-5, null, 2147483647, -2147483647],
  );
  assert.deepEqual(
    cborOf((w) => w.samples(samples)),
    samples,
  );
});

test("the same calls say the same in both, with cached parts and nothing missing between", () => {
  const object = {
    text: 'a "quoted"\nline, ÅÄÖ 心',
    none: null,
    yes: true,
    list: [1, "two", { three: 3.5 }],
    n: -7,
    big: 2 ** 40,
  };
  const write = (format: typeof JSON_FORMAT) => (writer: ColumnWriter) => {
    writer.beginMap();
    writer.encodedFields(format.fieldsOf({}));
    writer.encodedFields(format.fieldsOf(object));
    writer.key("empty");
    writer.beginArray();
    writer.endArray();
    writer.key("maps");
    writer.beginArray();
    for (let i = 0; i < 2; i++) {
      writer.beginMap();
      writer.key("i");
      writer.value(i);
      writer.key("cached");
      writer.encoded(encodedPair(format));
      writer.endMap();
    }
    writer.endArray();
    writer.key("counts");
    writer.wholes(Uint32Array.of(0, 10, 4_294_967_295));
    writer.key("quality");
    writer.wholes(Uint8Array.of(0, 255));
    writer.endMap();
  };
  const encodedPair = (format: typeof JSON_FORMAT) => {
    const writer = format.writer();
    writer.value([1, 2]);
    return writer.take();
  };
  const expected = { ...object, empty: [], maps: [0, 1].map((i) => ({ i, cached: [1, 2] })) };
  assert.deepEqual(jsonOf(write(JSON_FORMAT)), { ...expected, counts: [0, 10, 4_294_967_295], quality: [0, 255] });
  assert.deepEqual(cborOf(write(CBOR_FORMAT)), {
    ...expected,
    counts: Uint32Array.of(0, 10, 4_294_967_295),
    quality: Uint8Array.of(0, 255),
  });
});

test("what was taken stays as it was while more is written", () => {
  for (const format of [JSON_FORMAT, CBOR_FORMAT]) {
    const writer = format.writer(64);
    writer.beginArray();
    const parts: Uint8Array[] = [];
    for (let i = 0; i < 100; i++) {
      writer.value(`number ${i}`);
      if (i % 3 === 0) parts.push(writer.take());
    }
    writer.endArray();
    parts.push(writer.take());
    const whole = Buffer.concat(parts);
    const read = format === JSON_FORMAT ? JSON.parse(whole.toString()) : decodeCbor(whole);
    assert.deepEqual(
      read,
      Array.from({ length: 100 }, (_, i) => `number ${i}`),
    );
  }
});
