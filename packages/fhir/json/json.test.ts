import assert from "node:assert/strict";
import { test } from "node:test";
import { RefusedInput } from "@openward/errors";
import { seededRandom } from "../../runtime/manual.ts";
import { officialExamples } from "../testing/examples.ts";
import { CarefulReader } from "./careful.ts";
import {
  copyFhir,
  equalFhir,
  FhirDecimal,
  type FhirObject,
  numberOf,
  parseFhir,
  parseResource,
  plainFhir,
  printFhir,
  sameNumber,
} from "./index.ts";

const observation = (value: string) =>
  `{"resourceType":"Observation","valueQuantity":{"value":${value},"unit":"kg"},"note":[{"text":"1.0, 2.50 ] a \\": b"}]}`;

for (const number of [
  "2.50",
  "1e3",
  "1E3",
  "-0",
  "-0.0",
  "0.0",
  "0.0000001",
  "12345678901234567890",
  "0.1234567890123456789",
  "1.0e-7",
]) {
  test(`${number} is printed as it was written, wherever it stands`, () => {
    const text = observation(number);
    assert.equal(printFhir(parseFhir(text)), text);
    for (const shape of [number, `[${number}]`, `[1,${number},2]`, `{"a":${number},"b":1}`])
      assert.equal(printFhir(parseFhir(shape)), shape);
    assert.equal(
      JSON.stringify(JSON.parse(`[${number}]`)) === `[${number}]`,
      false,
      "a plain number would have lost it",
    );
  });
}

test("numbers that lose nothing stay plain numbers, and text is not touched", () => {
  for (const number of ["0", "-1", "2.5", "1234567.875", "0.000001", "123456789012345", "9007199254740991"]) {
    const read = parseFhir(observation(number)) as { valueQuantity: FhirObject };
    assert.equal(typeof read.valueQuantity.value, "number", number);
    assert.equal(printFhir(read), observation(number));
  }
});

test("a decimal counts as a number", () => {
  const { value } = parseFhir('{"value":2.50}') as { value: FhirDecimal };
  assert.ok(value instanceof FhirDecimal);
  assert.equal(+value * 2, 5);
  assert.equal(numberOf(value), 2.5);
  assert.equal(numberOf(3), 3);
  assert.equal(numberOf("3"), undefined);
  assert.equal(`${value}`, "2.50");
  assert.deepEqual(plainFhir({ a: [value, 1], b: "x" }), { a: [2.5, 1], b: "x" });
  const untouched = { a: [1, { b: 2 }] };
  assert.equal(plainFhir(untouched), untouched);
});

test("numbers are compared in value, or as written", () => {
  assert.ok(sameNumber("2.50", "25e-1") && sameNumber("-0", "0.00") && sameNumber("100", "1e2"));
  assert.ok(!sameNumber("2.5", "2.51") && !sameNumber("2.5", "-2.5"));
  assert.ok(!sameNumber("12345678901234567890", "12345678901234567891"), "no digit is too many");
  const [a, b] = [parseFhir('{"v":[2.50]}'), parseFhir('{"v":[2.5]}')];
  assert.ok(equalFhir(a, b) && !equalFhir(a, b, true));
  assert.ok(
    !equalFhir({ a: 1 }, { b: 1 }) &&
      !equalFhir([1], [1, 2]) &&
      !equalFhir(null, {}) &&
      !equalFhir(new FhirDecimal("1.0"), {}),
  );
});

test("a copy shares nothing and keeps decimals", () => {
  const text = observation("2.50");
  const read = parseFhir(text) as FhirObject;
  const copy = copyFhir(read);
  (copy.valueQuantity as FhirObject).value = 1;
  assert.equal(printFhir(read), text);
  assert.equal(printFhir(copyFhir(read)), text);
});

const refusals: readonly [string, string, string, string | undefined, number | undefined][] = [
  ["a name that stands twice", '{"id":"é","name":[{"use":"a","use":"b"}]}', "BODY_SHAPE", "name[0].use", 30],
  ["a name that stands twice with one value", '{"a":1,"a":1}', "BODY_SHAPE", "a", 7],
  ["an escaped name that stands twice", '{"a":1,"\\u0061":2}', "BODY_SHAPE", "a", 7],
  ["__proto__", '{"a":{"__proto__":{"x":1}}}', "BODY_SHAPE", "a.__proto__", 6],
  ["__proto__ with a letter in escapes", '{"__\\u0070roto__":1}', "BODY_SHAPE", "__proto__", 1],
  ["__proto__ in escapes", '{"\\u005f_proto__":1}', "BODY_SHAPE", "__proto__", 1],
  ["NaN", '{"value":NaN}', "MALFORMED_JSON", "value", 9],
  ["a number with a leading zero", '{"value":012}', "MALFORMED_JSON", undefined, 10],
  ["a number too large to count", '{"value":1e999}', "VALUE_NOT_A_NUMBER", "value", 9],
  ["a number too small to count", '{"value":1e-999}', "VALUE_NOT_A_NUMBER", "value", 9],
  ["text that ends", '{"name":[{"family":"Cha', "MALFORMED_JSON", "name[0].family", 19],
  ["a control character", '{"a":"x\ny"}', "MALFORMED_JSON", "a", 5],
  ["a comma too many", '{"a":[1,]}', "MALFORMED_JSON", "a[1]", 8],
  ["what stands behind", '{"a":1} x', "MALFORMED_JSON", undefined, 8],
  ["nothing", "", "MALFORMED_JSON", undefined, 0],
  ["too many levels", `${"[".repeat(101)}${"]".repeat(101)}`, "BODY_SHAPE", "[0]".repeat(100), 100],
  ["levels without end", "[".repeat(200_000), "BODY_SHAPE", "[0]".repeat(100), 100],
  ["a million brackets", `[${"[],".repeat(1_000_001)}1]`, "BODY_TOO_LARGE", undefined, undefined],
];

for (const [what, text, code, at, offset] of refusals) {
  test(`${what} is refused`, () => {
    assert.throws(
      () => parseFhir(text),
      (error) =>
        (error instanceof RefusedInput &&
          error.code === code &&
          error.facts.at === at &&
          error.facts.offset === offset) ||
        assert.fail(String(error)),
    );
  });
}

test("a refusal does not repeat what it has read", () => {
  assert.throws(
    () => parseFhir('{"name":[{"family":"Chalmers" "given":1}]}'),
    (error) => error instanceof RefusedInput && !error.message.includes("Chalmers"),
  );
});

test("bytes that are no UTF-8, and what is no resource, are refused", () => {
  const refused = (code: string) => (error: unknown) => error instanceof RefusedInput && error.code === code;
  assert.throws(() => parseFhir(Uint8Array.of(0x22, 0xff, 0x22)), refused("MALFORMED_JSON"));
  for (const text of ["[]", "{}", "1.0", '{"resourceType":1}', '{"resourceType":""}', "null"])
    assert.throws(() => parseResource(text), refused("BODY_SHAPE"), text);
  assert.equal(parseResource(new TextEncoder().encode('{"resourceType":"Patient"}')).resourceType, "Patient");
});

test("both ways of reading see the same, and every number as it was written", () => {
  const seed = Number(process.env.SEED ?? 20261127);
  console.log(`seed ${seed}`);
  const random = seededRandom(seed);
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random.float() * from.length)] as T;
  const space = () => pick(["", "", "", " ", "\n  "]);
  const number = () =>
    pick(["0", "1", "-3", "2.50", "7.0", "1e5", "0.125", "98.60", "-0", "12345678901234567", "1e-8", "0.0000001"]);
  const string = () =>
    JSON.stringify(pick(["a", "1.0 ,", 'x": 2.50]', "é\u2028", "2010-01-01T00:00:00.000Z", "-0", "\\", '"']));
  const value = (depth: number): string => {
    const kind = random.float();
    if (depth > 4 || kind < 0.3) return number();
    if (kind < 0.5) return string();
    if (kind < 0.6) return pick(["true", "false", "null"]);
    const many = Math.floor(random.float() * 4);
    if (kind < 0.8)
      return `[${Array.from({ length: many }, () => `${space()}${value(depth + 1)}${space()}`).join(",")}]`;
    return `{${Array.from({ length: many }, (_, i) => `${space()}"n${i}"${space()}:${space()}${value(depth + 1)}`).join(",")}${space()}}`;
  };
  for (let i = 0; i < 3000; i++) {
    const text = value(0);
    const read = parseFhir(text);
    const careful = new CarefulReader(text, 100).read();
    assert.equal(printFhir(read), printFhir(careful), text);
    assert.deepEqual(
      plainFhir(read),
      JSON.parse(text, (_, v) => v),
      text,
    );
    const numbers = (of: string) => of.replace(/"(?:[^"\\]|\\.)*"/g, "").match(/-?\d[\d.eE+-]*/g) ?? [];
    assert.deepEqual(numbers(printFhir(read)), numbers(text), text);
  }
});

test("every official example is printed as it was read", (t) => {
  const examples = officialExamples();
  if (examples.length === 0) return t.skip("../shared/data is not there");
  for (const text of examples) {
    const printed = printFhir(parseFhir(text));
    // What is left of white space and escapes is the same on both sides; so is every digit.
    const numbers = (of: string) => of.replace(/"(?:[^"\\]|\\.)*"/g, "").match(/-?\d[\d.eE+-]*/g) ?? [];
    assert.deepEqual(numbers(printed), numbers(text));
    assert.deepEqual(JSON.parse(printed), JSON.parse(text));
  }
  console.log(`${examples.length} examples`);
});
