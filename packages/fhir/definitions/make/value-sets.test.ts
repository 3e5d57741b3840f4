import assert from "node:assert/strict";
import { test } from "node:test";
import type { CodeSystem, Include, ValueSet } from "./hl7.ts";
import { expander } from "./value-sets.ts";

const system: CodeSystem = {
  resourceType: "CodeSystem",
  url: "urn:a",
  content: "complete",
  concept: [
    { code: "animal", concept: [{ code: "cat", concept: [{ code: "lion" }] }, { code: "dog" }] },
    { code: "plant", property: [{ code: "kind", valueCode: "green" }] },
    { code: "moss", property: [{ code: "subsumedBy", valueCode: "plant" }] },
  ],
};
const partly: CodeSystem = { resourceType: "CodeSystem", url: "urn:b", content: "fragment", concept: [{ code: "q" }] };

/** What is in a value set of these includes. */
function expanded(include: Include[], exclude: Include[] = [], others: Record<string, Include[]> = {}) {
  const valueSets = Object.entries({ own: include, ...others }).map(([url, list]): [string, ValueSet] => [
    url,
    { resourceType: "ValueSet", url, compose: { include: list, ...(url === "own" ? { exclude } : {}) } },
  ]);
  const systems = [system, partly].map((one): [string, CodeSystem] => [one.url, one]);
  return expander(new Map(systems), new Map(valueSets))("own|1");
}

const filter = (property: string, op: string, value: string): Include => ({
  system: "urn:a",
  filter: [{ property, op, value }],
});
const codes = (...list: string[]) => ({ systems: { "urn:a": list } });

test("a system as a whole, and concepts that are named", () => {
  assert.deepEqual(expanded([{ system: "urn:a" }]), codes("animal", "cat", "lion", "dog", "plant", "moss"));
  assert.deepEqual(expanded([{ system: "urn:a", concept: [{ code: "cat" }] }]), codes("cat"));
  assert.deepEqual(expanded([{ system: "urn:b", concept: [{ code: "z" }] }]), { systems: { "urn:b": ["z"] } });
});

test("filters follow the tree and the properties", () => {
  assert.deepEqual(expanded([filter("concept", "is-a", "cat")]), codes("cat", "lion"));
  assert.deepEqual(expanded([filter("concept", "descendent-of", "cat")]), codes("lion"));
  assert.deepEqual(expanded([filter("concept", "is-not-a", "animal")]), codes("plant", "moss"));
  assert.deepEqual(expanded([filter("concept", "is-a", "plant")]), codes("plant", "moss"));
  assert.deepEqual(expanded([filter("kind", "=", "green")]), codes("plant"));
  assert.deepEqual(expanded([filter("code", "regex", "[dm]o.*")]), codes("dog", "moss"));
});

test("value sets are put together, intersected, and have things taken out", () => {
  assert.deepEqual(
    expanded([filter("concept", "is-a", "cat"), filter("concept", "=", "dog")]),
    codes("cat", "lion", "dog"),
  );
  assert.deepEqual(
    expanded([{ valueSet: ["x", "y"] }], [], {
      x: [filter("concept", "is-a", "animal")],
      y: [filter("concept", "is-a", "cat")],
    }),
    codes("cat", "lion"),
  );
  assert.deepEqual(
    expanded([{ system: "urn:a", valueSet: ["x"] }], [], { x: [filter("concept", "=", "dog")] }),
    codes("dog"),
  );
  assert.deepEqual(expanded([{ system: "urn:a" }], [filter("concept", "is-a", "animal")]), codes("plant", "moss"));
});

test("what cannot be told says why, and is never empty", () => {
  const unknown = (include: Include[], exclude?: Include[]) => JSON.stringify(expanded(include, exclude));
  assert.match(unknown([{ system: "urn:b" }]), /the code system is not here/);
  assert.match(unknown([{ system: "http://snomed.info/sct" }]), /the code system is not here/);
  assert.match(unknown([filter("concept", "generalizes", "cat")]), /the filter concept generalizes is not followed/);
  assert.match(unknown([{ valueSet: ["nowhere"] }]), /its definition is not here/);
  assert.match(unknown([{ valueSet: ["own"] }]), /it includes itself/);
  assert.match(
    unknown([{ system: "urn:a" }], [{ system: "urn:a", filter: [{ property: "x", op: "exists", value: "true" }] }]),
    /taken out/,
  );
  assert.deepEqual(expanded([{ system: "urn:ietf:bcp:47" }]), { systems: { "urn:ietf:bcp:47": { rule: "language" } } });
});
