import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "../runtime/manual.ts";
import { parseOffset, parseTime } from "./time.ts";

test("times are read as RFC 3339 writes them", () => {
  assert.equal(parseTime("2026-11-22T06:00:00Z"), 1795327200000);
  assert.equal(parseTime("2026-11-22T06:00:00.123Z"), 1795327200123);
  assert.equal(parseTime("2026-11-22t06:00:00.123456z"), 1795327200123);
  assert.equal(parseTime("2026-11-22 07:00:00.5+01:00"), 1795327200500);
  assert.equal(parseTime("2026-11-21T18:30:00-11:30"), 1795327200000);
  assert.equal(parseTime("2024-02-29T00:00:00Z"), Date.UTC(2024, 1, 29));
  assert.equal(parseTime("0001-01-01T00:00:00Z"), Date.parse("0001-01-01T00:00:00Z"));
  assert.equal(parseTime(1795327200000), 1795327200000);
});

test("a leap second is the first second of the next day, and stands nowhere else", () => {
  const next = Date.UTC(2017, 0, 1);
  assert.equal(parseTime("2016-12-31T23:59:60Z"), next);
  assert.equal(parseTime("2016-12-31T23:59:60.250Z"), next + 250);
  assert.equal(parseTime("2017-01-01T05:29:60+05:30"), next);
  assert.ok(Number.isNaN(parseTime("2016-12-31T22:59:60Z")));
  assert.ok(Number.isNaN(parseTime("2016-12-31T23:59:60+01:00")));
});

test("what is not a time is NaN", () => {
  const wrong: unknown[] = [
    "", "now", "2026-11-22", "2026-11-22T06:00:00", "2026-02-29T00:00:00Z", "2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z",
    "2026-11-31T00:00:00Z", "2026-11-22T24:00:00Z", "2026-11-22T06:60:00Z", "2026-11-22T06:00:61Z", "2026-11-22T06:00:00+24:00",
    "2026-11-22T06:00:00+01:60", "2026-11-22T0a:00:00Z", "2026-11-22T06:00:00.12aZ", "+2026-11-22T06:00:00Z", `2026-11-22T06:00:00.${"1".repeat(99)}Z`,
    1.5, Number.NaN, Number.POSITIVE_INFINITY, 8.64e15 + 1, true, null, {}, [], 5n,
  ]; // biome-ignore format: a list of what is wrong
  for (const at of wrong) assert.ok(Number.isNaN(parseTime(at)), `${String(at)} is no time`);
});

test("only an offset that says where the device is counts as one", () => {
  assert.equal(parseOffset("2026-11-22T07:00:00+01:00"), 60);
  assert.equal(parseOffset("2026-11-22T07:00:00-09:30"), -570);
  assert.equal(parseOffset("2026-11-22T07:00:00+00:00"), 0);
  assert.equal(parseOffset("2026-11-22T07:00:00-00:00"), null);
  assert.equal(parseOffset("2026-11-22T07:00:00Z"), null);
  assert.equal(parseOffset(5), null);
});

test("the fast path agrees with the engine's own parser", () => {
  const seed = 20261122;
  const random = seededRandom(seed);
  for (let i = 0; i < 20_000; i++) {
    const ms = Math.floor((random.float() - 0.2) * 4e12);
    const text = new Date(ms).toISOString();
    assert.equal(parseTime(text), ms, `${text}, seed ${seed}`);
  }
});
