import assert from "node:assert/strict";
import { test } from "node:test";
import { RefusedInput } from "@openward/errors";
import { findSignal, isNumeric, signals } from "@openward/signals";
import { checkUnit } from "@openward/signals/units";
import type { Decoded } from "./codec.ts";
import { ucumOfMdc, unitOfTerm } from "./ieee11073/dimensions.ts";
import { codecs, decodeRaw } from "./raw.ts";
import { bytesOf, contextOf, plainOf, type Vector, vectorsByCodec } from "./testing/vectors.ts";

const NAME = /^[A-Za-z0-9._-]{1,64}(?:\/[A-Za-z0-9._-]{1,64}){0,3}$/;
const EXPECTED = { readings: [], waveforms: [], events: [], status: null, facts: {}, ignored: [], refused: [] };
const all = vectorsByCodec();

function check(codec: string, vector: Vector): void {
  const decode = () => decodeRaw(bytesOf(vector), codec, contextOf(vector));
  assert.ok(vector.source.length > 0, "says where its bytes come from");
  const { error } = vector;
  if (!error) {
    const decoded = decode();
    checkSignals(decoded);
    const {
      name: _,
      source: _s,
      codec: _c,
      bytes: _b,
      text: _t,
      at: _a,
      utcOffset: _o,
      timeZone: _z,
      ...stated
    } = vector;
    assert.deepEqual(plainOf(decoded, vector), { ...EXPECTED, ...stated });
    return;
  }
  assert.throws(decode, (thrown) => {
    assert.ok(thrown instanceof RefusedInput, String(thrown));
    assert.equal(thrown.code, error.code);
    if (error.field !== undefined) assert.equal(thrown.facts.at, error.field);
    if (error.offset !== undefined) assert.equal(thrown.facts.offset, error.offset);
    if (thrown.code === "MALFORMED_BYTES") assert.equal(thrown.facts.format, codec);
    return true;
  });
}

/** What comes out can be placed: signals that are known, in units that measure them. */
function checkSignals({ readings, waveforms }: Decoded): void {
  for (const { signal: key, unit } of [...readings, ...waveforms]) {
    const signal = findSignal(key);
    assert.ok(signal, key);
    assert.ok(checkUnit(signal, unit).ok, `${key} in ${unit}`);
  }
  for (const { signal: key } of readings) assert.ok(isNumeric(findSignal(key) as never), key);
}

for (const { name, display } of codecs) {
  test(`${name} has vectors, of them one that is refused, and decodes them to what they say`, async (t) => {
    assert.match(name, NAME, "is the end of a topic");
    assert.ok(display.length > 0);
    const vectors = all.get(name) ?? [];
    assert.ok(vectors.length > 1, `packages/codecs/${name}*.vectors.json`);
    assert.ok(
      vectors.some(({ error, refused }) => error ?? refused),
      "one is refused",
    );
    for (const vector of vectors) await t.test(vector.name, () => check(name, vector));
  });
}

test("a codec that nobody knows is refused by its name", () => {
  assert.throws(() => decodeRaw(new Uint8Array(1), "gatt/9999", contextOf({})), {
    code: "CODEC_UNKNOWN",
    facts: { at: "codec", received: "gatt/9999" },
  });
});

test("every unit that the vocabulary names by MDC is in the one table of dimensions, as the same unit", () => {
  for (const { key, mdcUnit, ucum } of signals) {
    if (!mdcUnit || ucum === undefined || mdcUnit.code >> 16 !== 4) continue;
    const known = unitOfTerm(mdcUnit.code & 0xffff);
    assert.equal(known, ucum, `${key}: ${mdcUnit.refId}`);
    assert.equal(ucumOfMdc(mdcUnit.refId), known, mdcUnit.refId);
  }
});
