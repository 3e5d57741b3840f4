import assert from "node:assert/strict";
import { test } from "node:test";
import {
  formatAge,
  formatBirthDate,
  formatCountdown,
  formatDateTime,
  formatDuration,
  formatExact,
  formatInUnit,
  formatTime,
  formatValue,
  unitText,
} from "./format.ts";

const NOON = Date.UTC(2026, 10, 22, 12, 0, 0);

test("an absent value is a dash, and zero is a measurement", () => {
  assert.equal(formatValue(null, "spo2"), "–");
  assert.equal(formatValue(Number.NaN, "spo2"), "–");
  assert.equal(formatValue(0, "heart-rate"), "0");
  assert.equal(formatValue(-0.3, "cvp-mean"), "0");
});

test("values carry the digits of their signal", () => {
  assert.equal(formatValue(36.84, "body-temperature"), "36.8");
  assert.equal(formatValue(71.6, "heart-rate"), "72");
  assert.equal(formatValue(-2.3, "glucose-trend"), "−2.3");
  assert.equal(formatValue(1.23456, "inr"), "1.23");
});

test("a value in another unit than its signal's own keeps the digits that it came with", () => {
  assert.equal(formatInUnit(5.6, "glucose-blood", "mmol/L"), "5.6");
  assert.equal(formatInUnit(100.4, "glucose-blood", "mg/dL"), "100");
  assert.equal(formatInUnit(12.53, "nibp-systolic", "kPa"), "12.53");
  assert.equal(formatInUnit(36.84, "body-temperature", null), "36.8");
});

test("an alarm text does not round a value onto the limit that it broke", () => {
  assert.equal(formatExact(89.6, "spo2", 90), "89.6");
  assert.equal(formatExact(85.2, "spo2", 90), "85");
});

test("units are shown as people write them", () => {
  assert.deepEqual(["mm[Hg]", "Cel", "/min", "%", "1", "mL/h"].map(unitText), ["mmHg", "°C", "/min", "%", "", "mL/h"]);
});

test("times are the patient's", () => {
  assert.equal(formatTime(NOON, "Europe/Oslo"), "13:00");
  assert.equal(formatTime(NOON, "Asia/Kolkata"), "17:30");
  assert.equal(formatDateTime(NOON, "Pacific/Auckland"), "23 Nov 2026, 01:00");
  assert.match(formatTime(NOON, "Not/AZone"), /12:00 UTC/);
});

test("an age is counted in the patient's zone", () => {
  assert.equal(formatAge("1948-11-23", NOON, "UTC"), "77 y");
  assert.equal(formatAge("1948-11-23", NOON, "Pacific/Auckland"), "78 y");
  assert.equal(formatAge("2026-10-01", NOON, "UTC"), "52 d");
  assert.equal(formatAge("2025-09-22", NOON, "UTC"), "14 mo");
  assert.equal(formatAge("2027-01-01", NOON, "UTC"), "");
  assert.equal(formatAge(null, NOON, "UTC"), "");
});

test("a birth date is written with its month as a word", () => {
  assert.equal(formatBirthDate("1948-03-07"), "7 Mar 1948");
  assert.equal(formatBirthDate(null), "birth date unknown");
});

test("durations round down and countdowns round up", () => {
  assert.equal(formatDuration(59_999), "59 s");
  assert.equal(formatDuration(4 * 60_000 + 59_000), "4 min");
  assert.equal(formatDuration(125 * 60_000), "2 h 5 min");
  assert.equal(formatDuration(3 * 86_400_000), "3 d");
  assert.equal(formatCountdown(102_001), "1:43");
  assert.equal(formatCountdown(0), "0:00");
});
