import assert from "node:assert/strict";
import { test } from "node:test";
import { RefusedInput } from "@openward/errors";
import { Encoder } from "cbor-x";
import { seededRandom } from "../runtime/manual.ts";
import { decodeCbor } from "./cbor.ts";
import { EpochTime } from "./time.ts";

const hex = (text: string) => Uint8Array.from(Buffer.from(text.replaceAll(" ", ""), "hex"));

/** RFC 8949 appendix A. */
const examples: [string, unknown][] = [
  ["00", 0], ["17", 23], ["1818", 24], ["1903e8", 1000], ["1a000f4240", 1000000], ["1b000000e8d4a51000", 1000000000000],
  ["1bffffffffffffffff", 18446744073709551615n], ["3bffffffffffffffff", -18446744073709551616n], ["20", -1], ["3903e7", -1000],
  ["f90000", 0], ["f98000", -0], ["f93c00", 1], ["fb3ff199999999999a", 1.1], ["f93e00", 1.5], ["f97bff", 65504], ["fa47c35000", 100000],
  ["fa7f7fffff", 3.4028234663852886e38], ["fb7e37e43c8800759c", 1.0e300], ["f90001", 2 ** -24], ["f90400", 0.00006103515625],
  ["f9c400", -4], ["fbc010666666666666", -4.1], ["f97c00", Infinity], ["f97e00", Number.NaN], ["f9fc00", -Infinity], ["f4", false], ["f5", true],
  ["f6", null], ["f7", undefined], ["60", ""], ["6161", "a"], ["6449455446", "IETF"], ["62225c", '"\\'], ["62c3bc", "ü"], ["63e6b0b4", "水"],
  ["64f0908591", "\u{10151}"], ["80", []], ["83010203", [1, 2, 3]], ["8301820203820405", [1, [2, 3], [4, 5]]], ["a0", {}],
  ["a26161016162820203", { a: 1, b: [2, 3] }], ["7f657374726561646d696e67ff", "streaming"], ["9fff", []], ["9f018202039f0405ffff", [1, [2, 3], [4, 5]]],
  ["bf61610161629f0203ffff", { a: 1, b: [2, 3] }], ["c074323031332d30332d32315432303a30343a30305a", "2013-03-21T20:04:00Z"],
]; // biome-ignore format: a table

for (const [bytes, value] of examples) {
  test(`RFC 8949 appendix A: ${bytes}`, () => assert.deepStrictEqual(decodeCbor(hex(bytes)), value));
}

test("byte strings, chunked ones too", () => {
  assert.deepEqual(decodeCbor(hex("4401020304")), Uint8Array.of(1, 2, 3, 4));
  assert.deepEqual(decodeCbor(hex("5f42010243030405ff")), Uint8Array.of(1, 2, 3, 4, 5));
});

test("tag 1 is seconds", () => {
  const time = decodeCbor(hex("c11a514b67b0"));
  assert.ok(time instanceof EpochTime);
  assert.equal(time.ms, 1363896240000);
});

const typed: [string, string, ArrayLike<number>][] = [
  ["uint16, big-endian", "d841 44 0001 ff00", Uint16Array.of(1, 65280)],
  ["uint32, little-endian", "d846 44 01000080", Uint32Array.of(2147483649)],
  [
    "uint64, big-endian, in and out of a double's reach",
    "d843 50 0000000000000100 ffffffffffffffff",
    Float64Array.of(256, Number.NaN),
  ],
  ["sint8", "d848 42 ff7f", Int8Array.of(-1, 127)],
  ["sint64, little-endian", "d84f 48 feffffffffffffff", Float64Array.of(-2)],
  ["float16, big-endian", "d850 44 3c00 7e00", Float64Array.of(1, Number.NaN)],
  ["float32, little-endian", "d855 44 00009042", Float32Array.of(72)],
  ["float64, big-endian", "d852 48 3ff8000000000000", Float64Array.of(1.5)],
];
for (const [name, bytes, value] of typed) {
  test(`RFC 8746: ${name}`, () => assert.deepStrictEqual(decodeCbor(hex(bytes)), value));
}

test("what is not well-formed is refused where it is", () => {
  const wrong: [string, number][] = [
    ["", 0], ["18", 0], ["1c", 0], ["ff", 0], ["f8ff", 0], ["81", 0], ["8181", 1], ["a1", 0], ["a101 01", 1], ["bf 6161 ff", 3], ["0000", 1],
    ["61ff", 0], ["7f 4161 ff", 1], ["5f", 0], ["d8ff 00", 0], ["d853 5000000000000000000000000000000000", 0], ["d84c 41ff", 0], ["9f", 1],
    [`${"81".repeat(17)}00`, 17], [`${"9f".repeat(100_000)}`, 17], ["d81c 81d81d00", 3], ["c0 01", 0], ["df 00", 0], ["bfff ff", 2],
  ]; // biome-ignore format: a table
  for (const [bytes, offset] of wrong) {
    assert.throws(
      () => decodeCbor(hex(bytes)),
      (thrown) => thrown instanceof RefusedInput && thrown.code === "MALFORMED_CBOR" && thrown.facts.offset === offset,
      bytes.slice(0, 40),
    );
  }
});

test("a body of millions of tiny values is refused before it fills the memory", () => {
  const body = new Uint8Array(3_000_005).fill(0x80);
  body.set([0x9a, 0x00, 0x2d, 0xc6, 0xc0]);
  assert.throws(
    () => decodeCbor(body),
    (thrown) => thrown instanceof RefusedInput && thrown.code === "BODY_TOO_LARGE",
  );
});

test("what another implementation encodes is decoded to the same", () => {
  const seed = 8949;
  const random = seededRandom(seed);
  const encoder = new Encoder({ useRecords: false, mapsAsObjects: true, tagUint8Array: false, variableMapSize: true });
  for (let i = 0; i < 3000; i++) {
    const value = invent(random.float, 0);
    assert.deepStrictEqual(decodeCbor(encoder.encode(value)), value, `seed ${seed}, case ${i}`);
  }
});

function invent(float: () => number, depth: number): unknown {
  const pick = Math.floor(float() * (depth > 4 ? 6 : 8));
  if (pick === 0) return Math.floor((float() - 0.5) * 2 ** Math.floor(float() * 53));
  if (pick === 1) return (float() - 0.5) * 10 ** Math.floor(float() * 40);
  if (pick === 2) return ["", "a", "ünï", "x".repeat(30), "水".repeat(300)][Math.floor(float() * 5)];
  if (pick === 3) return [true, false, null, undefined][Math.floor(float() * 4)];
  if (pick === 4) return Float64Array.of(float(), float());
  if (pick === 5) return Int16Array.of(float() * 99, -float() * 99);
  if (pick === 6)
    return Array.from({ length: Math.floor((float() * 40) / (1 + depth * 10)) }, () => invent(float, depth + 1));
  return Object.fromEntries(
    Array.from({ length: Math.floor((float() * 30) / (1 + depth * 10)) }, (_, i) => [
      `k${i}`,
      invent(float, depth + 1),
    ]),
  );
}
