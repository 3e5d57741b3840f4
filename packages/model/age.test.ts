import assert from "node:assert/strict";
import { test } from "node:test";
import { ageGroupOf } from "./index.ts";

const at = (date: string) => Date.parse(date);
const patient = (birthDate: string | null, ageGroup: "adult" | null = null) => ({
  birthDate,
  ageGroup,
  timeZone: "Europe/Oslo",
});

test("the age group follows the birth date, on the patient's own day", () => {
  const now = at("2026-06-10T12:00:00Z");
  assert.equal(ageGroupOf(patient("2026-06-10"), now), "neonate");
  assert.equal(ageGroupOf(patient("2026-05-14"), now), "neonate");
  assert.equal(ageGroupOf(patient("2026-05-13"), now), "pediatric");
  assert.equal(ageGroupOf(patient("2008-06-11"), now), "pediatric");
  assert.equal(ageGroupOf(patient("2008-06-10"), now), "adult");
  // In Oslo it is the 11th already.
  assert.equal(ageGroupOf(patient("2008-06-11"), at("2026-06-10T22:30:00Z")), "adult");
});

test("an unknown age stays unknown until a person chooses", () => {
  assert.equal(ageGroupOf(patient(null), at("2026-06-10T12:00:00Z")), null);
  assert.equal(ageGroupOf(patient(null, "adult"), at("2026-06-10T12:00:00Z")), "adult");
});

test("a birth date that lies ahead tells nothing", () => {
  assert.equal(ageGroupOf(patient("2027-01-01"), at("2026-06-10T12:00:00Z")), null);
});
