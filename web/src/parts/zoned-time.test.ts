import assert from "node:assert/strict";
import { test } from "node:test";
import { fromZonedInput, toZonedInput } from "./zoned-time.ts";

const OSLO = "Europe/Oslo";

test("a time is read and written by the patient's clock, also on the days when it changes", () => {
  assert.equal(toZonedInput(Date.UTC(2026, 10, 22, 13, 5, 9), OSLO), "2026-11-22T14:05:09");
  assert.equal(fromZonedInput("2026-11-22T14:05:09", OSLO), Date.UTC(2026, 10, 22, 13, 5, 9));
  assert.equal(fromZonedInput("2026-11-22T14:05", "Asia/Kolkata"), Date.UTC(2026, 10, 22, 8, 35));
  // Every quarter of an hour of the two days on which the clock is put on and back.
  for (const day of [Date.UTC(2026, 2, 29), Date.UTC(2026, 9, 25)]) {
    for (let at = day; at < day + 86_400_000; at += 900_000) {
      const text = toZonedInput(at, OSLO);
      assert.equal(toZonedInput(fromZonedInput(text, OSLO) as number, OSLO), text);
    }
  }
  // Two o'clock comes twice on 25 October: the first is meant.
  assert.equal(fromZonedInput("2026-10-25T02:30:00", OSLO), Date.UTC(2026, 9, 25, 0, 30));
});

test("what is no time is none", () => {
  assert.equal(fromZonedInput("", OSLO), null);
  assert.equal(fromZonedInput("yesterday", OSLO), null);
});
