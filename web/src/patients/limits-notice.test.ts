import assert from "node:assert/strict";
import { test } from "node:test";
import type { PatientBody } from "@openward/api";
import { limitsNotice } from "./limits-notice.ts";

const patient = (part: Partial<PatientBody>): PatientBody => ({
  id: "p",
  name: "Unknown, Blue",
  birthDate: null,
  sex: "unknown",
  mrn: "U-1",
  isUnknown: true,
  timeZone: "Europe/Oslo",
  ageGroup: null,
  ageGroupSource: "unknown",
  limitsProfile: null,
  mergedInto: null,
  stay: { wardId: "w", wardName: "Ward", bed: "1", from: 0 },
  ...part,
});

test("no limits are announced until somebody has chosen, and not any more then", () => {
  assert.equal(limitsNotice(patient({}))?.word, "NO LIMITS");
  assert.equal(limitsNotice(patient({ limitsProfile: "adult" })), null);
  assert.equal(limitsNotice(patient({ stay: null })), null);
});

test("limits of another age than the birth date says are announced for as long as they hold", () => {
  const child = { birthDate: "2020-07-10", ageGroup: "pediatric", ageGroupSource: "birth-date" } as const;
  assert.deepEqual(limitsNotice(patient({ ...child, limitsProfile: "adult" })), {
    word: "LIMITS OF: ADULT",
    text: "By age this patient is: child",
  });
  assert.equal(limitsNotice(patient({ ...child, limitsProfile: "pediatric" })), null);
});
