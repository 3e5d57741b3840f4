import assert from "node:assert/strict";
import { test } from "node:test";
import { signal, signals } from "@openward/signals";
import { checkUnit, toCanonical } from "@openward/signals/units";
import { conversions, toOwnUnit } from "./convert.ts";

for (const row of conversions) {
  test(`${row.from} to ${row.to} on screens agrees with the server's conversion`, () => {
    const key = row.signals?.[0] ?? signals.find((s) => s.ucum === row.to)?.key;
    assert.ok(key, "some signal has that unit");
    const verdict = checkUnit(signal(key), row.from);
    assert.ok(verdict.ok, "the server converts it too");
    for (const value of [1, 36.6, 250]) {
      const expected = toCanonical(value, verdict.conversion);
      const shown = toOwnUnit(key, value, row.from);
      assert.equal(shown.unit, row.to);
      assert.ok(Math.abs(shown.value - expected) <= 1e-6 * Math.abs(expected) + 1e-9, `${shown.value} ${expected}`);
    }
  });
}

test("a unit that screens do not convert keeps its value and its unit", () => {
  assert.deepEqual(toOwnUnit("body-weight", 11, "[stone_av]"), { value: 11, unit: "[stone_av]", isOwnUnit: false });
});
