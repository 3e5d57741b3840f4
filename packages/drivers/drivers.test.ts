import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { test } from "node:test";
import { findSignal } from "@openward/signals";
import { drivers, expectedIntervalMs, findDriver, rhythmOf, shortestIntervalMs } from "./index.ts";

for (const driver of drivers) {
  test(`every signal of ${driver.key} is in the vocabulary and has a possible interval`, () => {
    assert.match(driver.key, /^[a-z0-9-]{1,64}$/);
    for (const [key, intervalMs] of Object.entries(driver.signals)) {
      const signal = findSignal(key);
      assert.ok(signal, `${driver.key} names ${key}`);
      assert.notEqual(signal.kind, "event", `${key} is an event: events are never expected`);
      if (intervalMs !== null) assert.ok(intervalMs >= 100 && Number.isInteger(intervalMs), `${key}: ${intervalMs} ms`);
    }
    if (driver.offlineAfterMs !== null) assert.ok(driver.offlineAfterMs >= 10_000);
  });
}

test("every file in types/ is in the registry, once", () => {
  const files = readdirSync(new URL("./types/", import.meta.url)).map((name) => name.replace(/\.ts$/, ""));
  assert.deepEqual(drivers.map((driver) => driver.key).sort(), files.sort());
});

test("a cuff is on demand, a monitor speaks every second, and an unlisted signal is neither", () => {
  assert.equal(rhythmOf("blood-pressure-cuff", "nibp-systolic"), null);
  assert.equal(rhythmOf("bedside-monitor", "heart-rate"), 1_000);
  assert.equal(rhythmOf("bedside-monitor", "body-weight"), undefined);
  assert.equal(rhythmOf("bedside-monitor", "toString"), undefined);
  assert.equal(expectedIntervalMs("cgm", "glucose-interstitial"), 300_000);
  assert.equal(expectedIntervalMs("no-such-type", "heart-rate"), null);
  assert.equal(findDriver("generic")?.offlineAfterMs, null);
  assert.deepEqual(
    ["bedside-monitor", "cgm", "thermometer", "sos-pendant", "generic"].map(shortestIntervalMs),
    [1_000, 300_000, undefined, undefined, undefined],
    "a battery is no news of a patient",
  );
});
