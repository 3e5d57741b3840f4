import assert from "node:assert/strict";
import { test } from "node:test";
import { initialsOf, screenRedactor } from "./screen-redaction.ts";

const WARD = "0b8f6a51-6d0c-4f86-9d34-0f1f7f2b7c01";
const ID = "7f1bb6de-3a49-4f7d-8d52-2a24c5d6a001";
const tile = {
  patient: {
    id: ID,
    name: "Hansen, Kari",
    birthDate: "1948-03-21",
    sex: "female",
    mrn: "100234",
    isUnknown: false,
    timeZone: "Europe/Oslo",
    ageGroup: "adult",
    ageGroupSource: "birth-date",
    limitsProfile: "adult",
    mergedInto: null,
    stay: { wardId: WARD, wardName: "Ward 3", bed: "4", from: 1 },
  },
  latest: [],
  streams: [],
  alarms: [],
  standby: [
    {
      id: "s1",
      patientId: ID,
      streamId: null,
      reason: "bath, with his wife Anna",
      from: 1,
      until: 2,
      startedBy: "Nina Berg",
      endedAt: null,
    },
  ],
};
const snapshot = JSON.stringify({ type: "snapshot", serverTime: 1, tiles: [tile] });
const change = JSON.stringify({ type: "patient", patientId: ID, tile });

for (const [shows, name] of [
  ["initials", "H. K."],
  ["number", "Withheld"],
] as const) {
  test(`a wall that shows ${shows} says "${name}", record number and bed, and no more of who it is`, () => {
    const redact = screenRedactor("kiosk", shows);
    assert.ok(redact);
    for (const message of [snapshot, change]) {
      const told = redact(message);
      assert.ok(told.includes(`"name":"${name}"`), told);
      assert.ok(told.includes('"mrn":"100234"') && told.includes('"bed":"4"'));
      for (const hidden of ["Hansen", "Kari", "1948", "female", "bath", "Anna"])
        assert.ok(!told.includes(hidden), hidden);
    }
    const numerics = '{"type":"numerics","serverTime":1,"items":[]}';
    assert.equal(redact(numerics), numerics);
    assert.match(redact(JSON.stringify({ type: "patient", patientId: ID, tile: null })), /"tile":null/);
  });
}

test("initials are the first letters of a name's words, whatever its letters", () => {
  assert.equal(initialsOf("Hansen, Kari"), "H. K.");
  assert.equal(initialsOf("o'Brien-Lie, Åse Marie"), "O. L. Å. M.");
  assert.equal(initialsOf("Жуков, Илья"), "Ж. И.");
  assert.equal(initialsOf("?"), "");
});
