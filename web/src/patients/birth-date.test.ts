import assert from "node:assert/strict";
import { test } from "node:test";
import { parseBirthDate } from "./birth-date.ts";

const TODAY = "2026-11-22";

for (const typed of ["1948-03-21", "21.3.1948", "21/03/1948", "21 Mar 1948", "21 march 1948", " 21-3-1948 "]) {
  test(`"${typed}" is 21 March 1948`, () =>
    assert.deepEqual(parseBirthDate(typed, TODAY), { ok: true, date: "1948-03-21" }));
}

for (const typed of ["31.2.1990", "3/21/1948", "48", "tomorrow", "23.11.2026", "1.1.1890", "21 foo 1948"]) {
  test(`"${typed}" is refused with a reason`, () => {
    const parsed = parseBirthDate(typed, TODAY);
    assert.ok(!parsed.ok && parsed.reason.length > 5);
  });
}

test("nothing typed is a birth date that is not known", () =>
  assert.deepEqual(parseBirthDate("", TODAY), { ok: true, date: null }));
