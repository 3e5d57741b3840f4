import assert from "node:assert/strict";
import { test } from "node:test";
import { RefusedInput } from "@openward/errors";
import { instantsOf, parseDates, periodMatches } from "./date.ts";
import { contains } from "./intervals.ts";

const at = (value: string) => ({ value, modifier: null, at: "http.date" });
const times = (...values: string[]) =>
  instantsOf(
    values.map((value) => parseDates(at(value))),
    "UTC",
  );
const t = (iso: string) => Date.parse(iso);

const cases: readonly [value: string, inside: string[], outside: string[]][] = [
  ["2026", ["2026-01-01T00:00:00Z", "2026-12-31T23:59:59.999Z"], ["2025-12-31T23:59:59.999Z", "2027-01-01T00:00:00Z"]],
  ["2026-11", ["2026-11-30T23:59:59.999Z"], ["2026-12-01T00:00:00Z"]],
  [
    "eq2026-11-22",
    ["2026-11-22T00:00:00Z", "2026-11-22T23:59:59.999Z"],
    ["2026-11-21T23:59:59.999Z", "2026-11-23T00:00:00Z"],
  ],
  ["ne2026-11-22", ["2026-11-21T23:59:59.999Z", "2026-11-23T00:00:00Z"], ["2026-11-22T12:00:00Z"]],
  ["gt2026-11-22", ["2026-11-23T00:00:00Z"], ["2026-11-22T23:59:59.999Z"]],
  ["sa2026-11-22", ["2026-11-23T00:00:00Z"], ["2026-11-22T23:59:59.999Z"]],
  ["lt2026-11-22", ["2026-11-21T23:59:59.999Z"], ["2026-11-22T00:00:00Z"]],
  ["eb2026-11-22", ["2026-11-21T23:59:59.999Z"], ["2026-11-22T00:00:00Z"]],
  ["ge2026-11-22", ["2026-11-22T00:00:00Z"], ["2026-11-21T23:59:59.999Z"]],
  ["le2026-11-22", ["2026-11-22T23:59:59.999Z"], ["2026-11-23T00:00:00Z"]],
  ["2026-11-22T06:30Z", ["2026-11-22T06:30:59.999Z"], ["2026-11-22T06:31:00Z"]],
  ["2026-11-22T06:30:15Z", ["2026-11-22T06:30:15.999Z"], ["2026-11-22T06:30:16Z"]],
  [
    "2026-11-22T06:30:15.57Z",
    ["2026-11-22T06:30:15.570Z", "2026-11-22T06:30:15.579Z"],
    ["2026-11-22T06:30:15.569Z", "2026-11-22T06:30:15.580Z"],
  ],
  ["2026-11-22T06:30:15.123Z", ["2026-11-22T06:30:15.123Z"], ["2026-11-22T06:30:15.124Z"]],
  ["2026-11-22T06:30+01:00", ["2026-11-22T05:30:00Z"], ["2026-11-22T06:30:00Z"]],
  ["2026-11-22T06:30 01:00", ["2026-11-22T05:30:00Z"], ["2026-11-22T06:30:00Z"]],
  ["2026-11-22T06:30-05:00", ["2026-11-22T11:30:00Z"], ["2026-11-22T06:30:00Z"]],
  ["2026-01-01,2026-01-03", ["2026-01-01T12:00:00Z", "2026-01-03T12:00:00Z"], ["2026-01-02T12:00:00Z"]],
];
for (const [value, inside, outside] of cases) {
  test(`a reading answers to date=${value} only within it`, () => {
    const spans = times(value);
    for (const time of inside) assert.equal(contains(spans, t(time)), true, time);
    for (const time of outside) assert.equal(contains(spans, t(time)), false, time);
  });
}

test("repeated dates narrow one another", () => {
  const spans = times("ge2026-11-22T06:00:00Z", "lt2026-11-22T07:00:00Z", "ne2026-11-22T06:30Z");
  assert.deepEqual(spans, [
    { from: t("2026-11-22T06:00:00Z"), to: t("2026-11-22T06:30:00Z") },
    { from: t("2026-11-22T06:31:00Z"), to: t("2026-11-22T07:00:00Z") },
  ]);
  assert.deepEqual(times("lt2026", "gt2026"), []);
});

test("a day without a zone is the patient's day, also when the clocks change", () => {
  const day = (value: string) => instantsOf([parseDates(at(value))], "Europe/Oslo");
  assert.deepEqual(day("2026-11-22"), [{ from: t("2026-11-21T23:00:00Z"), to: t("2026-11-22T23:00:00Z") }]);
  assert.deepEqual(day("2026-07-01"), [{ from: t("2026-06-30T22:00:00Z"), to: t("2026-07-01T22:00:00Z") }]);
  assert.deepEqual(day("2026-03-29"), [{ from: t("2026-03-28T23:00:00Z"), to: t("2026-03-29T22:00:00Z") }]);
  assert.deepEqual(day("2026-10-25"), [{ from: t("2026-10-24T22:00:00Z"), to: t("2026-10-25T23:00:00Z") }]);
});

for (const value of [
  "yesterday",
  "2026-13",
  "2026-00-01",
  "2026-02-30",
  "2026-11-22T24:00Z",
  "2026-11-22T06",
  "2026-11-22T06:60Z",
  "2026-11-22T06:00:60Z",
  "2026-11-22T06:00:00+15:00",
  "ap2026",
  "xx2026",
  "0000-01-01",
  "",
  "2026-11-22Z",
  "99999",
  "ge",
  "2026-1-2",
  "2026-11-22T06:00:00.Z",
]) {
  test(`date=${value || "(nothing)"} is refused and names the parameter`, () => {
    assert.throws(
      () => parseDates(at(value)),
      (error: unknown) =>
        error instanceof RefusedInput && error.code === "FIELD_INVALID" && error.facts.at === "http.date",
    );
  });
}

test("a period is compared by both of its ends", () => {
  const [start, end] = [t("2026-11-22T06:00:00Z"), t("2026-11-22T06:00:09.990Z")];
  const matches = (...values: string[]) =>
    periodMatches(
      values.map((v) => parseDates(at(v))),
      "UTC",
      start,
      end,
    );
  assert.equal(matches("2026-11-22"), true);
  assert.equal(matches("2026-11-22T06:00:05Z"), false, "the value is narrower than the period");
  assert.equal(matches("ne2026-11-22T06:00:05Z"), true);
  assert.equal(matches("gt2026-11-22T06:00:05Z"), true);
  assert.equal(matches("lt2026-11-22T06:00:05Z"), true);
  assert.equal(matches("gt2026-11-22T06:00:05Z", "lt2026-11-22T06:00:05Z"), true);
  assert.equal(matches("sa2026-11-22T06:00:05Z"), false);
  assert.equal(matches("sa2026-11-22T05:59:59Z"), true);
  assert.equal(matches("eb2026-11-22T06:00:09Z"), false);
  assert.equal(matches("eb2026-11-22T06:00:10Z"), true);
  assert.equal(matches("ge2026-11-22T06:00:05Z"), true);
  assert.equal(matches("le2026-11-22T06:00:00Z"), false, "neither before nor within that second");
  assert.equal(matches("le2026-11-22T06:00:01Z"), true);
});
