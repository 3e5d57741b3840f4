import assert from "node:assert/strict";
import { test } from "node:test";
import { RefusedInput } from "@openward/errors";
import { applyPatch, type Operation } from "rfc6902";
import { seededRandom } from "../../runtime/manual.ts";
import { copyFhir, type Fhir, type FhirObject, parseFhir, plainFhir, printFhir, type Resource } from "../json/index.ts";
import { applyJsonPatch } from "./index.ts";

const WEIGHT =
  '{"resourceType":"Observation","id":"w","status":"final","valueQuantity":{"value":2.50,"unit":"kg"},"note":[{"text":"a"},{"text":"b"}]}';
const weight = () => parseFhir(WEIGHT) as Resource;
const patched = (patch: string) => printFhir(applyJsonPatch(weight(), parseFhir(patch)));

test("each operation does what RFC 6902 says, and decimals keep their text", () => {
  assert.equal(patched('[{"op":"replace","path":"/status","value":"amended"}]'), WEIGHT.replace("final", "amended"));
  assert.equal(
    patched('[{"op":"add","path":"/note/1","value":{"text":"1.50"}}]'),
    WEIGHT.replace("},{", '},{"text":"1.50"},{'),
  );
  assert.equal(
    patched('[{"op":"add","path":"/note/-","value":{"text":"c"}}]'),
    WEIGHT.replace('"b"}', '"b"},{"text":"c"}'),
  );
  assert.equal(patched('[{"op":"remove","path":"/note/0"}]'), WEIGHT.replace('{"text":"a"},', ""));
  assert.equal(
    patched('[{"op":"move","from":"/note/0","path":"/note/1"}]'),
    WEIGHT.replace('{"text":"a"},{"text":"b"}', '{"text":"b"},{"text":"a"}'),
  );
  assert.match(
    patched('[{"op":"copy","from":"/valueQuantity","path":"/extra"}]'),
    /"extra":\{"value":2\.50,"unit":"kg"\}/,
  );
  assert.match(patched('[{"op":"replace","path":"/valueQuantity/value","value":7.00}]'), /"value":7\.00/);
  assert.equal(patched('[{"op":"test","path":"/valueQuantity","value":{"unit":"kg","value":2.5}}]'), WEIGHT);
});

test("what is moved is taken out before its new place is looked for", () => {
  const list = { resourceType: "X", a: [1, { b: [2] }, { b: [3] }] };
  const moved = applyJsonPatch(list, [{ op: "move", from: "/a/0", path: "/a/1/c" }]);
  assert.deepEqual(moved, { resourceType: "X", a: [{ b: [2] }, { b: [3], c: 1 }] });
});

const refusals: readonly [string, string, string, string | undefined][] = [
  ["no array", "{}", "PATCH_INVALID", undefined],
  ["an operation that is none", "[1]", "PATCH_INVALID", "[0]"],
  ["an operation that is not known", '[{"op":"change","path":"/status"}]', "PATCH_INVALID", "[0].op"],
  ["no value", '[{"op":"add","path":"/status"}]', "PATCH_INVALID", "[0].value"],
  ["a path that is no pointer", '[{"op":"remove","path":"status"}]', "PATCH_INVALID", "[0].path"],
  ["an escape that is none", '[{"op":"remove","path":"/a~2"}]', "PATCH_INVALID", "[0].path"],
  ["the prototype", '[{"op":"add","path":"/__proto__/x","value":1}]', "PATCH_INVALID", "[0].path"],
  ["the constructor", '[{"op":"add","path":"/constructor/prototype/x","value":1}]', "PATCH_INVALID", "[0].path"],
  ["a move into itself", '[{"op":"move","from":"/note","path":"/note/0/x"}]', "PATCH_INVALID", "[0].path"],
  [
    "a place that is not there",
    '[{"op":"test","path":"/status","value":"final"},{"op":"remove","path":"/note/2"}]',
    "PATCH_REFUSED",
    "[1].path",
  ],
  ["a parent that is not there", '[{"op":"add","path":"/a/b","value":1}]', "PATCH_REFUSED", "[0].path"],
  ["a name of the language's objects", '[{"op":"remove","path":"/toString"}]', "PATCH_REFUSED", "[0].path"],
  ["an index past the end", '[{"op":"add","path":"/note/3","value":{}}]', "PATCH_REFUSED", "[0].path"],
  ["an index with a zero before it", '[{"op":"replace","path":"/note/01","value":{}}]', "PATCH_REFUSED", "[0].path"],
  ["the place behind the last, to remove", '[{"op":"remove","path":"/note/-"}]', "PATCH_REFUSED", "[0].path"],
  ["a test that fails", '[{"op":"test","path":"/status","value":"amended"}]', "PATCH_REFUSED", "[0].path"],
  ["another id", '[{"op":"replace","path":"/id","value":"x"}]', "PATCH_REFUSED", "[0].path"],
  ["no id", '[{"op":"remove","path":"/id"}]', "PATCH_REFUSED", "[0].path"],
  ["another type", '[{"op":"replace","path":"/resourceType","value":"Patient"}]', "PATCH_REFUSED", "[0].path"],
  [
    "another resource",
    '[{"op":"replace","path":"","value":{"resourceType":"Observation","id":"x"}}]',
    "PATCH_REFUSED",
    "[0].path",
  ],
  ["the root, removed", '[{"op":"remove","path":""}]', "PATCH_REFUSED", "[0].path"],
  [
    "copies of copies",
    JSON.stringify(Array.from({ length: 60 }, (_, i) => ({ op: "copy", from: "", path: `/x${i}` }))),
    "PATCH_REFUSED",
    "[13].from",
  ],
  [
    "too many operations",
    JSON.stringify(new Array(1001).fill({ op: "test", path: "/id", value: "w" })),
    "PATCH_INVALID",
    undefined,
  ],
];

for (const [what, patch, code, at] of refusals) {
  test(`${what} is refused, and nothing is changed`, () => {
    const before = weight();
    assert.throws(
      () => applyJsonPatch(before, parseFhir(patch)),
      (error) =>
        (error instanceof RefusedInput && error.code === code && error.facts.at === at) || assert.fail(String(error)),
    );
    assert.equal(printFhir(before), WEIGHT);
    assert.equal(({} as FhirObject).x, undefined, "nothing of the language has changed");
  });
}

test("random patches do what the library rfc6902 does", () => {
  const seed = Number(process.env.SEED ?? 20261127);
  console.log(`seed ${seed}`);
  const random = seededRandom(seed);
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random.float() * from.length)] as T;
  const places = [
    "/a",
    "/b",
    "/a/c",
    "/list",
    "/list/0",
    "/list/1",
    "/list/2",
    "/list/-",
    "/list/0/c",
    "/a/c/d",
    "/m~1n",
    "/list/1/e",
  ];
  let applied = 0;
  for (let i = 0; i < 2000; i++) {
    const resource: Resource = { resourceType: "X", a: { c: { d: 1 } }, list: [{ c: 1 }, { c: 2.5 }], "m/n": "x" };
    const path = pick(places);
    const from = pick(places.filter((place) => !place.endsWith("-")));
    const value = pick<Fhir>([1, "x", null, { c: { d: 2 } }, [1, 2]]);
    const operation = pick([
      { op: "add", path, value },
      { op: "remove", path },
      { op: "replace", path, value },
      { op: "copy", from, path },
      { op: "test", path, value },
      // Where what is moved stands before its new place in one list, the library looks for that place too early.
      ...(from.startsWith("/list/") && path.startsWith("/list/") ? [] : [{ op: "move", from, path }]),
    ]);
    const theirs = copyFhir(resource);
    const [error] = applyPatch(theirs, [operation as Operation]);
    let ours: unknown;
    try {
      ours = applyJsonPatch(resource, [operation as FhirObject]);
      applied++;
    } catch (refusal) {
      assert.ok(refusal instanceof RefusedInput, String(refusal));
    }
    // The library takes "-" for the first index where nothing is there to be removed or replaced.
    if (path.endsWith("-") && operation.op !== "add" && operation.op !== "copy") continue;
    assert.deepEqual(ours && plainFhir(ours), error ? undefined : theirs, `${JSON.stringify(operation)} ${error}`);
  }
  assert.ok(applied > 500, `${applied}`);
});
