import assert from "node:assert/strict";
import { test } from "node:test";
import { hexRows, isAboutTime, summarise } from "./reasons.ts";

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
