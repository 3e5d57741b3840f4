import assert from "node:assert/strict";
import { test } from "node:test";
import { formatWord, hexRows, isAboutTime, queryOf, reasonWord, sumBy, summarise } from "./reasons.ts";

const problem = (code: string, field: string, readings = 1) => ({ index: 0, code, field, readings });

test("the same reason many times is told once, with the sum of its readings", () => {
  assert.deepEqual(
    summarise([
      problem("NO_ASSOCIATION", "", 2),
      problem("NO_ASSOCIATION", "", 3),
      problem("UNIT_UNKNOWN", "values.spo2.unit"),
    ]),
    [
      { code: "NO_ASSOCIATION", text: "The device was on no patient at that time", readings: 5 },
      { code: "UNIT_UNKNOWN", text: "The unit is not a UCUM code (values.spo2.unit)", readings: 1 },
    ],
  );
});

test("a code that is not known here is still told", () => {
  assert.equal(summarise([problem("SOME_NEW_CODE", "")])[0]?.text, "some new code");
});

test("only a time at fault makes the time of arrival worth offering", () => {
  assert.equal(isAboutTime([problem("TIME_IN_FUTURE", "at")]), true);
  assert.equal(isAboutTime([problem("UNIT_UNKNOWN", "unit")]), false);
});

test("bytes are shown in rows of sixteen with their text", () => {
  const rows = hexRows("48656c6c6f00ff".padEnd(34, "0"));
  assert.equal(rows.length, 2);
  assert.deepEqual([rows[0]?.offset, rows[1]?.offset], ["0000", "0010"]);
  assert.match(rows[0]?.text ?? "", /^Hello··/);
});

test("a filter is a question to the server, and its time is counted back from now", () => {
  assert.deepEqual(queryOf({ code: "CLOCK_WRONG", hours: "24" }, 100 * 3_600_000), {
    code: "CLOCK_WRONG",
    from: 76 * 3_600_000,
  });
  assert.deepEqual(queryOf({}, 5), {});
});

test("formats and reasons are told in words, counts together, the most first", () => {
  assert.deepEqual(["application/octet-stream; codec=gatt/2a37", "application/json"].map(formatWord), [
    "gatt/2a37",
    "JSON",
  ]);
  assert.equal(reasonWord("SOMETHING_NEW"), "something new");
  const counts = [
    { code: "A", messages: 1 },
    { code: "B", messages: 5 },
    { code: "A", messages: 2 },
  ];
  assert.deepEqual(
    sumBy(counts, ({ code }) => code),
    [
      ["B", 5],
      ["A", 3],
    ],
  );
});
