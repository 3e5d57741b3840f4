import assert from "node:assert/strict";
import { test } from "node:test";
import { RefusedInput } from "@openward/errors";
import { parseFhir, printFhir } from "../json/index.ts";
import { fhirPath } from "./index.ts";

const TEXT =
  '{"resourceType":"Observation","id":"o","subject":{"reference":"Patient/p"},"valueQuantity":{"value":2.50,"unit":"kg","system":"http://unitsofmeasure.org","code":"kg"},"component":[{"valueString":"a"},{"valueInteger":1}],"text":{"div":"<div/>"}}';
const frozen = () => JSON.parse(JSON.stringify(parseFhir(TEXT)), (_, value) => Object.freeze(value));

test("an expression finds values, and leaves the resource as it was", () => {
  const observation = parseFhir(TEXT);
  const all = (expression: string) => fhirPath(expression).evaluate(observation);
  assert.deepEqual(all("Observation.component.value"), ["a", 1]);
  assert.deepEqual(all("value.value"), [2.5]);
  assert.deepEqual(all("value.value.toString()"), ["2.50"], "its digits are there");
  assert.deepEqual(all("value > 2400 'g'"), [true]);
  assert.deepEqual(all("nothing"), []);
  assert.deepEqual(all("text.div"), ["<div/>"]);
  assert.deepEqual(all("'x.div' & `text`.`div`"), ["x.div<div/>"], "what is quoted already is left alone");
  assert.equal(printFhir(observation), TEXT);
  assert.deepEqual(fhirPath("component.value").evaluate(frozen()), ["a", 1]);
});

test("an element is found with its way back to the root", () => {
  const [node] = fhirPath("component[1].value").nodes(parseFhir(TEXT));
  assert.deepEqual(
    [node?.name, node?.data, node?.parent?.name, node?.parent?.index, node?.parent?.parent?.name, node?.parent?.type],
    ["valueInteger", 1, "component", 1, null, "Observation.component"],
  );
  assert.deepEqual(fhirPath("1 + 1").nodes({}), [null]);
});

test("what a reference points at is asked for, and what it is not given is not there", () => {
  const subject = fhirPath("subject.resolve().id");
  const asked: unknown[] = [];
  const resolve = (reference: unknown) => {
    asked.push(reference);
    return { resourceType: "Patient", id: "p" };
  };
  assert.deepEqual(subject.evaluate(frozen(), { resolve }), ["p"]);
  assert.deepEqual(asked, [{ reference: "Patient/p" }]);
  assert.deepEqual(subject.evaluate(frozen()), [], "the one before has left nothing behind");
  assert.equal(fhirPath("subject.resolve() is Patient").holds(frozen(), { resolve }), true);
  assert.deepEqual(fhirPath("%who & '!'").evaluate({}, { variables: { who: "p" } }), ["p!"]);
});

test("it holds or it does not", () => {
  const holds = (expression: string) => fhirPath(expression).holds(frozen());
  assert.deepEqual(["true", "false", "nothing", "id"].map(holds), [true, false, false, true]);
  assert.throws(() => holds("component"), RefusedInput);
});

const codeOf = (run: () => unknown): string => {
  try {
    run();
    return "none";
  } catch (error) {
    assert.ok(error instanceof RefusedInput, String(error));
    return error.code;
  }
};

for (const expression of [
  "a(",
  "",
  "a b",
  "'open",
  "x".repeat(5000),
  `${"(".repeat(60)}1${")".repeat(60)}`,
  `${"a[".repeat(2000)}`,
])
  test(`${expression.slice(0, 20)} is not read`, () =>
    assert.equal(
      codeOf(() => fhirPath(expression)),
      "PATH_INVALID",
    ));

const numbers = `(${Array.from({ length: 40 }, (_, i) => i).join("|")})`;
const hostile: readonly [string, string][] = [
  ["id.matches('(a+)+$')", "PATH_INVALID"],
  ["id.replaceMatches('(a+)+$', '')", "PATH_INVALID"],
  ["1000000.repeat($this - 1)", "PATH_INVALID"],
  [`${numbers}.aggregate($total & $total, 'aaaaaaaaaa')`, "PATH_TOO_COSTLY"],
  [`${numbers}.aggregate($total.combine($total), 1 | 2).distinct()`, "PATH_TOO_COSTLY"],
  [`${numbers}.select(${numbers}.select(${numbers}.select(${numbers}))).count()`, "PATH_TOO_COSTLY"],
  [`'aaaaaaaaaa'${".replace('a', 'aaaaaaaaaaaaaaaaaaaa')".repeat(20)}`, "PATH_TOO_COSTLY"],
  ["component.value + 'a'", "PATH_FAILED"],
  ["component.single()", "PATH_FAILED"],
  ["%context.%unknown", "PATH_INVALID"],
  ["%unknown", "PATH_FAILED"],
];

for (const [expression, code] of hostile)
  test(`${expression.slice(0, 60)} ends with ${code}`, () => {
    assert.equal(
      codeOf(() => fhirPath(expression).evaluate(frozen())),
      code,
    );
  });

test("an expression of a specification may use regular expressions", () => {
  assert.equal(fhirPath("id.matches('^o$')", { trusted: true }).holds(frozen()), true);
  assert.equal(
    codeOf(() => fhirPath("id.matches('^o$')").holds(frozen())),
    "PATH_INVALID",
    "a stranger's may not, still",
  );
});

test("an expression is compiled once, and what is kept has a bound", () => {
  const first = fhirPath("id & 'first'");
  assert.equal(fhirPath("id & 'first'"), first);
  for (let i = 0; i < 1000; i++) fhirPath(`id & '${i}'`);
  assert.notEqual(fhirPath("id & 'first'"), first);
});

test("a time goes on by its own clock and keeps its offset, wherever the machine is", () => {
  const text = (expression: string) => fhirPath(expression).typed({ resourceType: "Basic" })[0]?.text;
  for (const [sum, is] of [
    // The night in which clocks of Oslo went back.
    ["@2026-10-24T12:00:00.000+02:00 + 1 day", "2026-10-25T12:00:00.000+02:00"],
    ["@2026-10-25T01:30:00+02:00 + 2 hours", "2026-10-25T03:30:00+02:00"],
    ["@2024-01-31T08:00:00Z + 1 month", "2024-02-29T08:00:00Z"],
    ["@2024-02-29T08:00:00-05:00 + 1 year", "2025-02-28T08:00:00-05:00"],
    ["@2024-03-31T08:00:00-05:00 - 1 month", "2024-02-29T08:00:00-05:00"],
    ["@2024-01-01T00:00:00Z + 7.9 days", "2024-01-08T00:00:00Z"],
    ["@2024-01-01T00:00:00Z + 0.25 's'", "2024-01-01T00:00:00.250Z"],
    ["@2024-01-31 + 1 month", "2024-02-29"],
  ] as const)
    assert.equal(text(sum), is, sum);
});

test("what is added to a time is not written on the console", (t) => {
  const warn = t.mock.method(console, "warn", () => {});
  fhirPath("@1973-12-25 + 7.7 days").evaluate({});
  fhirPath("@1973-12-25T00:00:00Z + 7.7 days").evaluate({});
  assert.equal(warn.mock.callCount(), 0);
});

test("collections are equivalent in any order, item by item", () => {
  const is = (expression: string) => fhirPath(expression).evaluate({ resourceType: "Basic" })[0];
  assert.equal(is("(1 | 2 | 3) ~ (3 | 1 | 2)"), true);
  assert.equal(is("('a' | 'B').combine('b') ~ ('A' | 'b').combine('B')"), true);
  assert.equal(is("(1 | 2).combine(1) ~ (1 | 2).combine(2)"), false);
  assert.equal(is("(1 | 2).combine(1) !~ (1 | 2).combine(2)"), true);
  assert.equal(is("(1 | 2) ~ (1 | 2 | 3)"), false);
  assert.equal(is("{} ~ {}"), true);
  assert.equal(is("(1 | 2 | 3).where($this ~ 2).count()"), 1);
  assert.throws(
    () => fhirPath("$this.value ~ $this.value").evaluate({ value: Array.from({ length: 400 }, (_, i) => i) }),
    {
      code: "PATH_TOO_COSTLY",
    },
  );
});

test("strict evaluation refuses names that a type has not, and order where there is none", () => {
  const fault = (expression: string, strict: string) => {
    try {
      fhirPath(expression, { strict });
      return undefined;
    } catch (error) {
      return (error as { facts?: { expected?: string } }).facts?.expected ?? String(error);
    }
  };
  for (const [expression, type, wanted] of [
    ["Patient.nmae.given", "Patient", "Patient has no nmae"],
    ["name.where(famly = 'x').given", "Patient", "HumanName has no famly"],
    ["Encounter.status", "Patient", "Patient is no Encounter"],
    ["Observation.valueQuantity.unit", "Observation", "Observation has no valueQuantity"],
    ["(Observation.value as Period).unit", "Observation", "Period has no unit"],
    ["contact.name.given | contact.gendr", "Patient", "Patient.contact has no gendr"],
    ["children().first()", "Patient", "first() of what has no order"],
    ["DomainResource.text.status", "Patient", undefined],
    ["Observation.value.value + 1", "Observation", undefined],
    ["component.where(code.coding.exists(system = 'x')).value.ofType(Quantity).anything", "Observation", undefined],
    ["subject.resolve().name.nothing", "Observation", undefined],
  ] as const)
    assert.equal(fault(expression, type), wanted, expression);
});
