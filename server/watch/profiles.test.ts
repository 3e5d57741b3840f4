import assert from "node:assert/strict";
import { test } from "node:test";
import { findSignal, signals } from "@openward/signals";
import eventTable from "./events.json" with { type: "json" };
import { checkLimits } from "./limits.ts";
import table from "./profiles.json" with { type: "json" };
import { limitsOfProfile, profiles } from "./profiles.ts";

for (const group of ["adult", "pediatric", "neonate"] as const) {
  test(`the ${group} profile is possible, ordered, and says where it is from`, () => {
    const rows = profiles[group];
    assert.equal(new Set(rows.map((row) => row.signal)).size, rows.length, "each signal once");
    limitsOfProfile(group, 0).forEach(checkLimits);
    for (const row of rows) {
      assert.ok(row.low !== null || row.high !== null, row.signal);
      assert.ok(row.source.length >= 2 && ["high", "medium", "low"].includes(row.confidence), row.signal);
      assert.ok(["high", "medium", "low"].includes(row.priority), row.signal);
      for (const [name] of row.source.matchAll(/\bM\d+\b/g)) assert.ok(name in table.sources, `${row.signal}: ${name}`);
    }
  });
}

test("every temperature of the vocabulary has limits for every age, or a reason why it has none", () => {
  for (const { key } of signals.filter(({ ucum }) => ucum === "Cel")) {
    const isLeftOut = key in table.withoutLimits;
    for (const group of ["adult", "pediatric", "neonate"] as const) {
      assert.equal(
        profiles[group].some((row) => row.signal === key),
        !isLeftOut,
        `${key}, ${group}`,
      );
    }
  }
});

test("heart rate limits differ by age, and an adult's would not do for a newborn", () => {
  const high = (group: "adult" | "pediatric" | "neonate") =>
    profiles[group].find((row) => row.signal === "heart-rate")?.high ?? 0;
  assert.ok(high("adult") < high("pediatric") && high("pediatric") < high("neonate"));
});

test("every event that is an alarm is an event of the vocabulary", () => {
  for (const [event, { priority }] of Object.entries(eventTable.events)) {
    assert.equal(findSignal(event)?.kind, "event");
    assert.ok(["high", "medium", "low"].includes(priority));
  }
});
