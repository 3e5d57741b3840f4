import assert from "node:assert/strict";
import { test } from "node:test";
import type { SortKey } from "../store/index.ts";
import { type Candidate, comparePlaces, matches, placeOf } from "./matches.ts";

const one = (id: string, low: number | undefined, text = ""): Candidate => ({
  id,
  updatedAt: low,
  findable: {
    terms: ["code\tred", "code\t?"],
    strings: text === "" ? [] : [{ key: "name", value: text, folded: text.toLowerCase() }],
    spans: low === undefined ? [] : [{ key: "date", low, high: low + 10 }],
    words: "kari hansen has a bad cough",
  },
});

test("terms, words and spans are answered as the store answers them", () => {
  const kari = one("a", 100, "Kari");
  const is = (condition: Parameters<typeof matches>[1]) => matches(kari, condition);
  assert.equal(is({ kind: "terms", anyOf: ["code\tblue", "code\tred"] }), true);
  assert.equal(is({ kind: "noTerms", noneOf: ["code\tred"] }), false);
  assert.equal(is({ kind: "strings", key: "name", how: "exact", values: ["kari"] }), false);
  assert.equal(is({ kind: "strings", key: "name", how: "begins", values: ["ka"] }), true);
  assert.equal(is({ kind: "spans", anyOf: [{ key: "date", lowFrom: 100, highTo: 110 }] }), true);
  assert.equal(is({ kind: "spans", anyOf: [{ key: "date", isNot: true, lowFrom: 100, highTo: 110 }] }), false);
  assert.equal(is({ kind: "spans", anyOf: [{ key: "date", highAbove: 110 }] }), false);
  assert.equal(matches(one("b", undefined), { kind: "updated", anyOf: [{ lowFrom: 0 }] }), false);
  for (const [text, expected] of [
    ["bad cough", true],
    ['"cough bad"', false],
    ["cough -bad", false],
    ["fever or cough", true],
    ["cou", false],
    ["", false],
  ] as const)
    assert.equal(is({ kind: "words", text }), expected, text);
});

test("places are in one order with PostgreSQL's: what has no value last, text by code point", () => {
  const sort: readonly SortKey[] = [
    { by: "span", key: "date", isDescending: true },
    { by: "id", isDescending: false },
  ];
  const order = [one("c", undefined), one("b", 5), one("a", 5), one("d", 9)]
    .map((each) => placeOf(each, sort))
    .sort((a, b) => comparePlaces(a, b, sort));
  assert.deepEqual(order, [
    [9, "d"],
    [5, "a"],
    [5, "b"],
    [Number.NEGATIVE_INFINITY, "c"],
  ]);
  const byName: readonly SortKey[] = [{ by: "string", key: "name", isDescending: false }];
  const [emoji, high] = ["\u{1f600}", "\uffee"].map((text) => placeOf(one("x", 1, text), byName));
  assert.ok(comparePlaces(high ?? [], emoji ?? [], byName) < 0, "UTF-16 would have it the other way round");
});
