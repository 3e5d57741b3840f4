import assert from "node:assert/strict";
import { test } from "node:test";
import { ABSENT_SAMPLE } from "@openward/model";
import { waveformBody } from "./bodies.ts";
import { encodeCbor } from "./cbor.ts";

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");

// RFC 8949 appendix A and RFC 8746 section 2.
for (const [value, bytes] of [
  [0, "00"],
  [23, "17"],
  [24, "1818"],
  [1000, "1903e8"],
  [1_000_000, "1a000f4240"],
  [1_000_000_000_000, "1b000000e8d4a51000"],
  [-1, "20"],
  [-1000, "3903e7"],
  [1.1, "fb3ff199999999999a"],
  [-4.1, "fbc010666666666666"],
  [-0, "fb8000000000000000"],
  [null, "f6"],
  [true, "f5"],
  ["IETF", "6449455446"],
  ["\u00fc", "62c3bc"],
  [[1, [2, 3]], "8201820203"],
  [{ a: 1, b: [2, 3] }, "a26161016162820203"],
  [Int16Array.of(1, -2), "d84d440100feff"],
  [Int32Array.of(70_000), "d84e4470110100"],
  [Float64Array.of(1.5), "d85648000000000000f83f"],
] as const) {
  test(`CBOR of ${JSON.stringify(value)} is ${bytes}`, () => assert.equal(hex(encodeCbor(value)), bytes));
}

const piece = { signal: "ecg-lead-ii", start: 1_795_327_200_000, rateHz: 360, unit: "mV", scale: 0.005, origin: -5.12 };

test("samples that fit are sent in 16 bits, others in 32", () => {
  const small = waveformBody({ ...piece, samples: Int32Array.of(995, -7) }, "cbor");
  assert.ok(hex(small.body).endsWith("d84d44e303f9ff"));
  const large = waveformBody({ ...piece, samples: Int32Array.of(70_000) }, "cbor");
  assert.ok(hex(large.body).endsWith("d84e4470110100"));
});

test("a missing sample is null in JSON and in CBOR", () => {
  const samples = Int32Array.of(1, ABSENT_SAMPLE, 2);
  const json = JSON.parse(Buffer.from(waveformBody({ ...piece, samples }, "json").body).toString());
  assert.deepEqual(json, {
    signal: "ecg-lead-ii",
    start: 1_795_327_200_000,
    rate: 360,
    unit: "mV",
    scale: 0.005,
    origin: -5.12,
    samples: [1, null, 2],
  });
  assert.ok(hex(waveformBody({ ...piece, samples }, "cbor").body).endsWith("8301f602"));
});
