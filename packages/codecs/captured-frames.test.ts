import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { fromHex } from "./binary-text.ts";
import { parseGlucoseFrame } from "./dexcom/g5.ts";
import { shownBy } from "./gatt/date-time.ts";
import { ByteReader } from "./reader.ts";
import { parseScale } from "./xiaomi/181d.ts";

const data = new URL("../../../shared/data/ble/", import.meta.url);
const framesOf = (name: string) =>
  JSON.parse(readFileSync(new URL(name, data), "utf8")) as { hex: string; expected: Record<string, unknown> }[];
const readerOf = (hex: string) => new ByteReader(fromHex(hex) ?? assert.fail(hex), "captured");

test("frames captured from a Dexcom transmitter say what they are stated to say", (t) => {
  if (!existsSync(data)) return t.skip("../shared/data is not there");
  const frames = framesOf("dexcom-g5.json");
  assert.equal(frames.length, 5);
  for (const { hex, expected } of frames) {
    const reader = readerOf(hex);
    const opcode = reader.u8("opcode");
    const { status, sequence, seconds, glucose, isDisplayOnly, state, trend } = parseGlucoseFrame(reader);
    const said = { opcode, status, sequence, timestamp_s: seconds, glucose_mg_dL: glucose };
    assert.deepEqual({ ...said, display_only: isDisplayOnly, state, trend }, expected, hex);
    assert.equal(reader.left, 0);
  }
  return undefined;
});

test("an advertisement captured from a scale says what it is stated to say", (t) => {
  if (!existsSync(data)) return t.skip("../shared/data is not there");
  for (const { hex, expected } of framesOf("xiaomi-scale.json")) {
    const { weight, time } = parseScale(readerOf(hex));
    assert.deepEqual({ weight_kg: weight, ...time }, expected, hex);
    assert.ok(!Number.isNaN(shownBy(time)));
  }
  return undefined;
});
