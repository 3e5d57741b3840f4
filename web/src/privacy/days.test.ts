import assert from "node:assert/strict";
import { test } from "node:test";
import { dayOf, endOfDay } from "./days.ts";

test("a day ends where the next begins, on the day that the clock is set back too", () => {
  const hours = (day: string) => ((endOfDay(day, "Europe/Oslo") ?? 0) - (dayOf(day, "Europe/Oslo") ?? 0)) / 3_600_000;
  assert.deepEqual(["2026-10-24", "2026-10-25", "2026-03-29", "2026-12-31"].map(hours), [24, 25, 23, 24]);
  assert.equal(dayOf("2026-11-22", "Europe/Oslo"), Date.UTC(2026, 10, 21, 23));
  assert.equal(endOfDay("", "UTC"), undefined);
  assert.equal(endOfDay("not a day", "UTC"), undefined);
});
