import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "../runtime/manual.ts";
import { fromBase64, fromHex, toHex } from "./binary-text.ts";
import { decodeRaw, encodeCapture } from "./raw.ts";
import { contextOf, RECEIVED } from "./testing/vectors.ts";

test("what a gateway encodes is what it received, with its times and offset", () => {
  const body = encodeCapture([
    { codec: "gatt/2a37", at: RECEIVED - 2000.4, bytes: Uint8Array.of(0, 72) },
    { codec: "gatt/2a37", at: RECEIVED - 1000, utcOffset: -210, bytes: Uint8Array.of(0, 73) },
  ]);
  const { readings, refused } = decodeRaw(body, "capture", contextOf({}));
  assert.deepEqual(refused, []);
  assert.deepEqual(
    readings.map(({ times, values, utcOffsetMinutes }) => [[...times], [...values], utcOffsetMinutes]),
    [
      [[RECEIVED - 2000], [72], null],
      [[RECEIVED - 1000], [73], -210],
    ],
  );
});

test("bytes come back from hexadecimal and base64, and what is neither is told", () => {
  const seed = 64;
  const random = seededRandom(seed);
  for (let length = 0; length < 200; length++) {
    const bytes = random.bytes(length);
    assert.deepEqual(fromHex(toHex(bytes)), Uint8Array.from(bytes), `seed ${seed}, ${length}`);
    const padded = Buffer.from(bytes).toString("base64");
    for (const text of [padded, padded.replaceAll("=", "")]) {
      assert.deepEqual(fromBase64(text), Uint8Array.from(bytes), `seed ${seed}, ${length}`);
    }
  }
  for (const text of ["0", "0g", " 00", "0x00", "é0"]) assert.equal(fromHex(text), undefined, text);
  for (const text of ["A", "AAAAA", "A===", "AA A", "AA-_", "=AAA"]) assert.equal(fromBase64(text), undefined, text);
});
