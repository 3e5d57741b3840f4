import assert from "node:assert/strict";
import { test } from "node:test";
import { RefusedInput } from "@openward/errors";
import { seededRandom } from "@openward/runtime/manual";
import {
  agencyOfIssuer,
  dinCheckCharacter,
  gs1CheckDigit,
  hibccCheckCharacter,
  mapUdiCarrier,
  parseUdi,
  parseUdiCarrier,
} from "./index.ts";
import labels from "./labels.json" with { type: "json" };

const THIS_YEAR = 2026;

for (const { name, source, text, expect } of labels) {
  test(`${name}: ${JSON.stringify(text.slice(0, 60))}`, () => {
    assert.ok(source.length > 0, "says where it comes from");
    if ("error" in expect) {
      assert.throws(
        () => parseUdi(text, THIS_YEAR),
        (thrown) => thrown instanceof RefusedInput && holds(thrown.facts, expect.error ?? {}),
      );
      return;
    }
    const udi = parseUdi(text, THIS_YEAR);
    for (const [field, value] of Object.entries(expect))
      assert.deepEqual({ [field]: udi[field as keyof typeof udi] }, { [field]: value });
    if (!("ignored" in expect)) assert.deepEqual(udi.ignored, []);
    if (!("warnings" in expect) && !text.includes("(1)B")) assert.deepEqual(udi.warnings, []);
  });
}

test("what was read is read again from what people read and from what scanners send", () => {
  for (const { text, expect } of labels) {
    if ("error" in expect) continue;
    const { warnings: _w, ignored: _i, ...udi } = parseUdi(text, THIS_YEAR);
    for (const form of [udi.hrf, udi.aidc]) {
      const { warnings: _w2, ignored: _i2, ...again } = parseUdi(form, THIS_YEAR);
      assert.deepEqual(again, udi, form);
    }
  }
});

test("check characters are those that were published", () => {
  const digits = [
    ["5102222223333", "6"],
    ["1088452106285", "6"],
    ["0064316900722", "2"],
    ["0084458800328", "8"],
    ["0401234500001", "6"],
    ["400638133393", "1"],
    ["0020885110734", "7"],
    ["0001195401344", "2"],
  ] as const;
  for (const [text, check] of digits) assert.equal(gs1CheckDigit(text), check, text);
  const characters = [
    ["+A123BJC5D6E71", "G"],
    ["+J123AQ3451", "T"],
    ["+25330BC34567T", "2"],
    ["+S4012T", "J"],
    ["+2001510X3G", "G"],
    ["+J123AQ3451/25330BC34567/S4012", "X"],
    ["+A123ABCDEFGHI1234567891", "E"],
    ["+B777WIDGET420", "T"],
    ["+$$3271130LOT7AT", "+"],
    ["+$+00042T", "R"],
    ["+H123PARTNO1234567890120/$$420020216LOT123456789012345/SXYZ456789012345678/16D20130202", "H"],
  ] as const;
  for (const [text, check] of characters) assert.equal(hibccCheckCharacter(text), check, text);
  assert.equal(dinCheckCharacter("G123498654321"), "H");
  assert.equal(dinCheckCharacter("W123426000017"), "7");
});

test("a carrier of FHIR holds the label both ways, and is read in every spelling of its issuer", () => {
  for (const { text, expect } of labels) {
    if ("error" in expect) continue;
    const udi = parseUdi(text, THIS_YEAR);
    const carrier = mapUdiCarrier(udi, "barcode");
    assert.equal(carrier.deviceIdentifier, udi.di ?? undefined);
    assert.deepEqual(parseUdiCarrier(carrier, THIS_YEAR).aidc, udi.aidc);
    assert.equal(agencyOfIssuer(carrier.issuer ?? ""), udi.agency);
  }
  const spellings = ["gs1", "gs1-di", "hibcc", "HIBCC-di", "iccbba-other", "iccbba-blood-di"];
  assert.deepEqual(
    spellings.map((name) => agencyOfIssuer(`http://hl7.org/fhir/NamingSystem/${name}`)),
    ["GS1", "GS1", "HIBCC", "HIBCC", "ICCBBA", "ICCBBA-blood"],
  );
  assert.equal(agencyOfIssuer("http://hl7.org/fhir/NamingSystem/toString"), undefined);
  const issuer = "http://hl7.org/fhir/NamingSystem/gs1";
  assert.equal(parseUdiCarrier({ deviceIdentifier: "4006381333931", issuer }, THIS_YEAR).di, "04006381333931");
  assert.throws(
    () => parseUdiCarrier({ deviceIdentifier: "1", carrierHRF: "(01)04012345000016" }, THIS_YEAR),
    /UDI_MALFORMED.*deviceIdentifier/,
  );
});

test("a text that was cut, doubled or altered is refused or read, and nothing else happens", () => {
  const seed = Number(process.env.OPENWARD_TEST_SEED ?? 20261127);
  const random = seededRandom(seed);
  const below = (n: number) => (random.bytes(4) as Uint8Array).reduce((sum, byte) => (sum * 256 + byte) % n, 0);
  for (let round = 0; round < 4_000; round += 1) {
    const text = labels[below(labels.length)]?.text ?? "";
    const at = below(text.length + 1);
    const altered = [
      text.slice(0, at),
      text + text.slice(at),
      text.slice(0, at) + String.fromCharCode(below(256)) + text.slice(at + 1),
    ];
    try {
      parseUdi(altered[below(3)] ?? "", THIS_YEAR);
    } catch (thrown) {
      assert.ok(thrown instanceof RefusedInput && thrown.code === "UDI_MALFORMED", `seed ${seed}: ${thrown}`);
    }
  }
});

const holds = (facts: object, expected: object) =>
  Object.entries(expected).every(([key, value]) => facts[key as keyof typeof facts] === value);
