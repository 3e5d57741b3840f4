import assert from "node:assert/strict";
import { test } from "node:test";
import { RefusedInput } from "@openward/errors";
import { type Collection, findCollection } from "./collections.ts";
import { checkConditions, matches } from "./filter.ts";
import { questionOfV1 } from "./v1-query.ts";
import { questionOfV3 } from "./v3-query.ts";

const NOW = Date.UTC(2026, 10, 22, 6);
const entries = findCollection("entries") as Collection;
const treatments = findCollection("treatments") as Collection;
const bolus = {
  eventType: "Correction Bolus",
  insulin: 1.5,
  created_at: "2026-11-22T05:30:00.000Z",
  date: Date.UTC(2026, 10, 22, 5, 30),
  notes: "before (the) walk",
  boluscalc: { foods: { name: "bread" } },
};
const holds = (query: Record<string, string | string[]>) =>
  matches(bolus, questionOfV1(query, treatments, { now: NOW }).conditions);

test("v1: values are compared as what they are, times as times", () => {
  for (const yes of [
    { "find[insulin][$gte]": "1.5" },
    { "find[insulin]": "1.50" },
    { "find[created_at][$gte]": "2026-11-22T06:30:00+01:00" },
    { "find[created_at][$gte]": "2026-11-22T06:30:00 0100" },
    { "find[created_at][$lt]": String(NOW) },
    { "find[eventType]": "/bolus/i" },
    { "find[eventType][$in][]": ["Note", "Correction Bolus"] },
    { "find[eventType][$ne]": "Note" },
    { "find[notes][$regex]": "^before \\(the" },
    { "find[boluscalc.foods.name]": "bread" },
    { "find[carbs][$exists]": "false" },
  ])
    assert.ok(holds(yes), JSON.stringify(yes));
  for (const no of [
    { "find[insulin][$gt]": "1.5" },
    { "find[insulin][$gt]": "much" },
    { "find[carbs][$gte]": "0" },
    { "find[created_at][$gt]": "2026-11-22T05:30:00Z" },
    { "find[eventType]": "bolus" },
    { "find[constructor]": "x" },
    { "find[boluscalc.__proto__]": "x" },
  ])
    assert.ok(!holds(no), JSON.stringify(no));
});

test("v1: without a time the last four days are meant, without a number ten entries or a hundred treatments", () => {
  const plain = questionOfV1({}, entries, { now: NOW, type: "sgv" });
  assert.deepEqual([plain.from, plain.limit, plain.isDescending], [NOW - 4 * 86_400_000, 10, true]);
  assert.equal(questionOfV1({}, treatments, { now: NOW }).limit, 100);
  const named = questionOfV1({ "find[uuid]": "x", count: "50000" }, treatments, { now: NOW });
  assert.deepEqual([named.from, named.limit], [0, 10_000]);
});

test("v3: operators behind the field, quotes around text, one order", () => {
  const asked = questionOfV3({
    date$gte: "1795326900",
    eventType$in: "Note|Correction Bolus",
    notes$re: "walk",
    sort$desc: "insulin",
    limit: "5",
  });
  assert.deepEqual([asked.from, asked.limit, asked.sort, asked.isDescending], [1_795_326_900_000, 5, "insulin", true]);
  assert.ok(matches({ ...bolus, date: 1_795_326_900_000 }, asked.conditions));
  assert.ok(matches(bolus, questionOfV3({ eventType: "'Correction Bolus'" }).conditions));
});

test("what would read for ever is refused by its field", () => {
  const refused = [
    () => questionOfV3({ limit: "1001" }),
    () => questionOfV3({ skip: "-1" }),
    () => questionOfV3({ sort: "a", sort$desc: "b" }),
    () => questionOfV3({ date$near: "1" }),
    () => questionOfV3({ date$gte: "noon" }),
    () => questionOfV3({ notes$re: "(a+)+$" }),
    () => questionOfV3({ notes$re: "a".repeat(101) }),
    () => questionOfV3({ notes$re: ".*a.*b" }),
    () => questionOfV1({ count: "0" }, entries, { now: NOW }),
    () => questionOfV1({ "find[date][$where]": "1" }, entries, { now: NOW }),
    () => questionOfV1({ "find[$where]": "sleep(1)" }, entries, { now: NOW }),
    () => checkConditions(Array.from({ length: 21 }, () => ({ field: "a", operator: "eq" as const, value: "1" }))),
  ];
  for (const ask of refused)
    assert.throws(ask, (error) => error instanceof RefusedInput && error.facts.at !== undefined, String(ask));
});
