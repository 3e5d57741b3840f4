import assert from "node:assert/strict";
import { test } from "node:test";
import { localToUtc, shownMs } from "./local-time.ts";

const LATE = Date.UTC(2030, 0, 1);
const utc = (month: number, day: number, hour: number, minute: number, receivedAt = LATE, zone = "Europe/Oslo") =>
  new Date(localToUtc(shownMs(2026, month, day, hour, minute, 0), zone, receivedAt)).toISOString().slice(5, 16);

test("a wall clock is read by the offset of its zone on that day", () => {
  assert.equal(utc(1, 15, 12, 0), "01-15T11:00");
  assert.equal(utc(7, 15, 12, 0), "07-15T10:00");
  assert.equal(utc(7, 15, 12, 0, LATE, "Asia/Kathmandu"), "07-15T06:15");
  assert.equal(utc(7, 15, 12, 0, LATE, "America/St_Johns"), "07-15T14:30");
  assert.equal(utc(7, 15, 12, 0, LATE, "Nowhere/At-All"), "07-15T12:00");
});

test("of an hour that comes twice it is the later one, unless that had not come yet", () => {
  assert.equal(utc(10, 25, 2, 30), "10-25T01:30");
  assert.equal(utc(10, 25, 2, 30, Date.UTC(2026, 9, 25, 0, 31)), "10-25T00:30");
  assert.equal(utc(10, 25, 1, 59), "10-24T23:59");
  assert.equal(utc(10, 25, 3, 0), "10-25T02:00");
});

test("an hour that does not come is that of a clock which was not put forward", () => {
  assert.equal(utc(3, 29, 2, 30), "03-29T01:30");
  assert.equal(utc(3, 29, 1, 59), "03-29T00:59");
  assert.equal(utc(3, 29, 3, 0), "03-29T01:00");
});

test("every quarter of an hour of a year comes back from what its clock showed, but for those that come twice", () => {
  for (const zone of ["Europe/Oslo", "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca"]) {
    const format = new Intl.DateTimeFormat("sv-SE", { timeZone: zone, dateStyle: "short", timeStyle: "medium" });
    let differing = 0;
    for (let at = Date.UTC(2026, 0, 1); at < Date.UTC(2027, 0, 1); at += 900_000) {
      const shown = Date.parse(`${format.format(at).replace(" ", "T")}Z`);
      if (localToUtc(shown, zone, at + 1000) !== at) differing++;
    }
    assert.equal(differing, 0, `${zone}, received at once`);
  }
});

test("a time at which no device of ours measured anything costs no look-up, and stays as it is shown", () => {
  for (const year of [1582, 1970, 2101, 9999]) {
    const shown = shownMs(year, 7, 15, 12, 0, 0);
    assert.equal(localToUtc(shown, "Europe/Oslo", LATE), shown, String(year));
  }
  assert.equal(localToUtc(shownMs(2000, 1, 1, 0, 30, 0), "Europe/Oslo", LATE), Date.UTC(1999, 11, 31, 23, 30));
});

test("a day that does not exist has no time", () => {
  assert.ok(Number.isNaN(shownMs(2026, 2, 29, 0, 0, 0)));
  assert.ok(Number.isNaN(shownMs(2026, 1, 1, 24, 0, 0)));
  assert.ok(Number.isNaN(shownMs(2026, 1, 1, 23, 59, 60)));
});
