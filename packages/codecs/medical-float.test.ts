import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { fromHex } from "./binary-text.ts";
import { float32, float32Special, sfloat, sfloatSpecial } from "./medical-float.ts";

interface Conversion {
  readonly hex: string;
  readonly value: number | string;
}

const raw = ({ hex }: Conversion) =>
  (fromHex(hex.replaceAll(" ", "")) ?? assert.fail()).reduceRight((sum, byte) => sum * 256 + byte, 0);
const said = (value: number | string) => (typeof value === "string" ? value.replace("INF", "Infinity") : value);

function check(conversions: readonly Conversion[], decode: typeof sfloat, special: typeof sfloatSpecial): void {
  assert.ok(conversions.length > 0);
  for (const conversion of conversions) {
    assert.equal(special(raw(conversion)) ?? decode(raw(conversion)), said(conversion.value), conversion.hex);
  }
}

const data = new URL("../../../shared/data/ble/medical-floats.json", import.meta.url);
test("the conversions of the data set come out as they are stated", (t) => {
  if (!existsSync(data)) return t.skip("../shared/data is not there");
  const { sfloat: short, float32: long } = JSON.parse(readFileSync(data, "utf8"));
  check(short, sfloat, sfloatSpecial);
  check(long, float32, float32Special);
  return undefined;
});

const reference = new URL("../../../shared/reference/gatt.json", import.meta.url);
test("the conversions of the reference come out as they are stated", (t) => {
  if (!existsSync(reference)) return t.skip("../shared/reference is not there");
  const { encodings } = JSON.parse(readFileSync(reference, "utf8"));
  check(encodings.SFLOAT.vectors, sfloat, sfloatSpecial);
  check(encodings.FLOAT.vectors, float32, float32Special);
  return undefined;
});

test("every number of 16 bits is its mantissa times its power of ten, as a decimal is read", () => {
  for (let bits = 0; bits < 65_536; bits++) {
    if (sfloatSpecial(bits)) {
      assert.ok(!Number.isFinite(sfloat(bits)));
      continue;
    }
    const mantissa = ((bits & 0xfff) ^ 0x800) - 0x800;
    const exponent = ((bits >> 12) ^ 8) - 8;
    assert.equal(sfloat(bits), Number(`${mantissa}e${exponent}`), bits.toString(16));
    assert.equal(sfloat(bits, 5), Number(`${mantissa}e${exponent + 5}`), bits.toString(16));
  }
});

test("a FLOAT far outside what doubles hold exactly is still the nearest to its decimal", () => {
  assert.equal(float32(0x7f000001), 1e127);
  assert.equal(float32(0x80000001), 1e-128);
  assert.equal(float32(0xe8000003), 3e-24);
});
