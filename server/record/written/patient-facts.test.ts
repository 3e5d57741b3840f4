import assert from "node:assert/strict";
import { test } from "node:test";
import type { Resource } from "@openward/fhir/json";
import { KARI, NOW, organisation, patientOf, ward } from "../testing/ward.ts";
import { actOfUpdate } from "./patient.ts";
import { changeOf, factsOf, withHouse } from "./patient-facts.ts";

const OURS = `urn:openward:mrn:${organisation.id}`;
const MR = { coding: [{ system: "http://terminology.hl7.org/CodeSystem/v2-0203", code: "MR" }] };
const patient = (more: object): Resource => ({ resourceType: "Patient", id: KARI, ...more }) as unknown as Resource;
const told = (more: object) => factsOf(patient(more), organisation.id, NOW, "Patient");

const names: readonly [what: string, name: object[] | undefined, shown: string, isUnknown: boolean][] = [
  ["family and given", [{ family: "Lund", given: ["Eva", "Marie"] }], "Lund, Eva Marie", false],
  ["words alone", [{ text: " Eva Lund " }], "Eva Lund", false],
  [
    "the official one of several",
    [
      { use: "usual", text: "Evi" },
      { use: "official", family: "Lund", given: ["Eva"] },
    ],
    "Lund, Eva",
    false,
  ],
  ["the one that is not over", [{ family: "Berg", period: { end: "2001" } }, { family: "Lund" }], "Lund", false],
  [
    "not the maiden name",
    [
      { use: "maiden", family: "Berg" },
      { use: "nickname", text: "Evi" },
    ],
    "Evi",
    false,
  ],
  ["none", undefined, "Unknown", true],
];
for (const [what, name, shown, isUnknown] of names)
  test(`the portals show of a name: ${what}`, () => {
    const { name: is, isUnknown: unknown } = told({ name });
    assert.deepEqual([is, unknown], [shown, isUnknown]);
  });

test("only a whole birth date tells somebody apart; one that cannot be is refused by its place", () => {
  assert.equal(told({ birthDate: "1961-04-02" }).birthDate, "1961-04-02");
  assert.equal(told({ birthDate: "1961-04" }).birthDate, null);
  for (const birthDate of ["2199-01-01", "1732-02-22"])
    assert.throws(() => told({ birthDate }), {
      code: "FIELD_INVALID",
      facts: { at: "Patient.birthDate", expected: "a date from 1880 to today, or a year or month alone" },
    });
});

test("the record number is the house's own, else the writer's medical one, else the only one there is", () => {
  const theirs = { type: MR, system: "urn:x", value: "7" };
  const ssn = { system: "urn:ssn", value: "999" };
  assert.deepEqual(told({ identifier: [ssn, theirs, { system: OURS, value: "9" }] }).number, {
    value: "9",
    isOurs: true,
  });
  assert.deepEqual(told({ identifier: [ssn, theirs] }).number, { value: "7", isOurs: false });
  assert.deepEqual(told({ identifier: [ssn] }).number, { value: "999", isOurs: false });
  assert.equal(told({ identifier: [ssn, { system: "urn:y", value: "1" }] }).number, undefined);
});

test("an update changes what its text changes, and leaves to the house what both texts say alike", () => {
  const before = {
    name: [{ family: "Lund", given: ["Eva"] }],
    gender: "female",
    identifier: [{ type: MR, system: "urn:x", value: "7" }],
  };
  const change = (after: object, mrn: string) => changeOf(told(before), told({ ...before, ...after }), { mrn });
  assert.deepEqual(change({ telecom: [{ value: "1" }] }, "7"), {});
  assert.deepEqual(change({ gender: "other" }, "7"), { sex: "other" });
  const renumbered = { identifier: [{ type: MR, system: "urn:x", value: "8" }] };
  assert.deepEqual(change(renumbered, "7"), { mrn: "8" });
  assert.deepEqual(change(renumbered, "HOUSE"), {}, "the house has given another number since");
  assert.deepEqual(change({ identifier: [{ system: OURS, value: "8" }] }, "HOUSE"), { mrn: "8" });
});

test("what the house changes is put into the text, and nothing else is touched", () => {
  const text = patient({
    name: [{ use: "official", family: "Lund", given: ["Eva"], prefix: ["Dr"], _family: { extension: [] } }],
    birthDate: "1961-04-02",
    _birthDate: { extension: [{ url: "urn:time" }] },
    identifier: [{ system: "urn:x", value: "7" }],
    telecom: [{ value: "1" }],
  });
  const before = patientOf(KARI, "Lund, Eva", "1961-04-02", { mrn: "7" });
  assert.equal(withHouse(text, { before, after: { ...before, timeZone: "UTC" } }), text);
  const after = { ...before, name: "Lund, Eva Marie", birthDate: "1961-04-03", mrn: "8", mergedInto: "b" };
  const changed = withHouse(text, { before, after }) as unknown as Record<string, unknown>;
  assert.deepEqual(changed.name, [
    { use: "official", prefix: ["Dr"], text: "Lund, Eva Marie", family: "Lund", given: ["Eva", "Marie"] },
  ]);
  assert.deepEqual([changed.birthDate, changed._birthDate, changed.active], ["1961-04-03", undefined, false]);
  assert.deepEqual(changed.identifier, [
    { system: "urn:x", value: "7" },
    { use: "usual", type: MR, system: OURS, value: "8" },
  ]);
  assert.deepEqual(changed.link, [{ other: { reference: "Patient/b" }, type: "replaced-by" }]);
  assert.deepEqual(changed.telecom, [{ value: "1" }]);
});

test("a patient's own application changes how they are reached, and not who they are", () => {
  const { context } = ward();
  const house = patientOf(KARI, "Hansen, Kari", "1948-03-21");
  const before = patient({ name: [{ family: "Hansen", given: ["Kari"] }], birthDate: "1948-03-21" });
  const act = (more: object) =>
    actOfUpdate(context, { before, after: { ...before, ...more } as Resource }, house, {
      isOwn: true,
      place: "Patient",
    });
  assert.deepEqual(act({ telecom: [{ value: "1" }] }), { kind: "change", change: {} });
  for (const more of [{ birthDate: "1949-03-21" }, { name: [{ family: "Moe" }] }, { gender: "male" }])
    assert.throws(() => act(more), { code: "NOT_PERMITTED" });
});
