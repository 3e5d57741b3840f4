import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { RefusedInput } from "@openward/errors";
import { signals } from "@openward/signals";
import { TERMINOLOGY_FOLDER, terminologyOfR4 } from "../../../scripts/fhir-terminology.ts";
import {
  codeSystemResource,
  codeSystems,
  conceptMapOf,
  conceptMapResource,
  conceptMaps,
  displayOf,
  expand,
  lookup,
  subsumes,
  translate,
  validateInSet,
  validateInSystem,
  valueSetOf,
  valueSetResource,
  valueSets,
} from "./index.ts";

const LOINC = "http://loinc.org";
const MDC = "urn:iso:std:iso:11073:10101";
const SIGNAL = "urn:openward:signal";
const UCUM = "http://unitsofmeasure.org";
const ROLE = "http://terminology.hl7.org/CodeSystem/v3-RoleCode";
const vitals = valueSetOf("http://hl7.org/fhir/ValueSet/observation-vitalsignresult");
const refused = (error: unknown) => error instanceof RefusedInput && error.code === "NOT_FOUND";

test("a code is looked up with what it is a kind of and what is a kind of it", () => {
  assert.equal(lookup({ system: LOINC, code: "8867-4" }).concept.display, "Heart rate");
  assert.equal(lookup({ system: MDC, code: "147842" }).concept.display, "MDC_ECG_HEART_RATE");
  assert.equal(lookup({ system: UCUM, code: "mm[Hg]" }).concept.display, "millimeter of mercury");
  const mother = lookup({ system: ROLE, code: "MTH" });
  assert.deepEqual(mother.concept.parents, ["PRN"]);
  assert.ok(mother.children.includes("NMTH"));
  for (const [system, code] of [
    [LOINC, "1-8"],
    ["http://example.org", "x"],
    [UCUM, "bpm"],
    [SIGNAL, "__proto__"],
  ] as const)
    assert.throws(() => lookup({ system, code }), refused, code);
  assert.throws(() => lookup({ system: ROLE, code: "MTH" }, "1.0.0"), refused, "another version");
});

test("a set is expanded, filtered and paged", () => {
  const all = expand(vitals);
  assert.deepEqual(
    [all.total, all.members[1]],
    [13, { system: LOINC, code: "9279-1", display: displayOf(LOINC, "9279-1"), abstract: false, inactive: false }],
  );
  assert.deepEqual(
    expand(vitals, { offset: 2, count: 2 }).members.map(({ code }) => code),
    ["8867-4", "2708-6"],
  );
  assert.deepEqual(
    expand(vitals, { filter: "heart RATE" }).members.map(({ code }) => code),
    ["8867-4"],
  );
  assert.equal(
    expand(vitals, { filter: "art" }).members.some(({ code }) => code === "8867-4"),
    false,
    "a word is looked for from its beginning",
  );
  assert.deepEqual(
    expand(vitals, { filter: "8480" }).members.map(({ code }) => code),
    ["8480-6"],
  );
  assert.deepEqual(
    [expand(vitals, { offset: 100 }).members, expand(vitals, { count: 0 }).members, expand(vitals, { count: 0 }).total],
    [[], [], 13],
  );
  const relations = expand(valueSetOf("http://hl7.org/fhir/ValueSet/relatedperson-relationshiptype")).members.map(
    ({ code }) => code,
  );
  assert.ok(
    relations.includes("MTH") && relations.includes("N") && !relations.includes("GT"),
    "is-a takes kinds and no others",
  );
  const contacts = expand(valueSetOf("http://hl7.org/fhir/ValueSet/patient-contactrelationship")).members.map(
    ({ code }) => code,
  );
  assert.ok(contacts.includes("N") && !contacts.includes("O"), "is-not-a leaves one out");
});

test("every set has members, whose codes are of their systems", () => {
  for (const set of valueSets.values()) {
    const { members, total } = expand(set);
    assert.ok(total > 0, set.url);
    for (const { system, code } of members)
      assert.ok(displayOf(system, code) !== undefined, `${set.url} ${system} ${code}`);
  }
});

test("a code is validated in its system and in a set, with its display", () => {
  assert.deepEqual(validateInSystem({ system: LOINC, code: "8867-4", display: "heart  rate" }), {
    result: true,
    display: "Heart rate",
  });
  assert.deepEqual(validateInSystem({ system: LOINC, code: "8867-4", display: "Pulse" }).result, false);
  assert.match(validateInSystem({ system: LOINC, code: "1-8" }).message ?? "", /there are others/);
  assert.equal(validateInSystem({ system: UCUM, code: "mmol/L" }).result, true);
  assert.equal(validateInSystem({ system: UCUM, code: "bpm" }).result, false);
  assert.throws(() => validateInSystem({ system: "http://example.org", code: "x" }), refused);
  const status = valueSetOf("http://hl7.org/fhir/ValueSet/observation-status");
  assert.equal(validateInSet(status, { system: "", code: "final" }).result, true);
  assert.equal(
    validateInSet(status, { system: "http://hl7.org/fhir/observation-status", code: "banana" }).result,
    false,
  );
  assert.equal(validateInSet(status, { system: LOINC, code: "final" }).result, false);
  assert.equal(validateInSet(vitals, { system: LOINC, code: "8867-4" }).result, true);
  const roles = valueSetOf("http://terminology.hl7.org/ValueSet/v3-RoleCode");
  assert.equal(
    validateInSet(roles, { system: ROLE, code: "_PersonalRelationshipRoleType" }).result,
    false,
    "what only holds others",
  );
});

test("one code subsumes another", () => {
  assert.equal(subsumes(ROLE, "PRN", "NMTH"), "subsumes");
  assert.equal(subsumes(ROLE, "NMTH", "PRN"), "subsumed-by");
  assert.equal(subsumes(ROLE, "MTH", "MTH"), "equivalent");
  assert.equal(subsumes(ROLE, "MTH", "FTH"), "not-subsumed");
  assert.throws(() => subsumes(ROLE, "MTH", "nobody"), refused);
});

test("a code is told in other systems, there and back", () => {
  const found = (system: string, code: string, targetSystem?: string) =>
    translate({ system, code }, { targetSystem }).map((match) => [match.system, match.code, match.equivalence]);
  assert.deepEqual(found(SIGNAL, "heart-rate", MDC), [[MDC, "147842", "equivalent"]]);
  assert.deepEqual(
    found(SIGNAL, "heart-rate", LOINC),
    [[LOINC, "8867-4", "wider"]],
    "LOINC has one code for pulses as well",
  );
  assert.ok(found(LOINC, "8867-4", SIGNAL).every(([, , equivalence]) => equivalence === "narrower"));
  assert.deepEqual(found(UCUM, "Cel", MDC)[0], [MDC, "268192", "equivalent"]);
  assert.deepEqual(found(LOINC, "1-8"), []);
  const map = conceptMapOf("urn:openward:concept-map:signal-mdc");
  assert.deepEqual(
    translate({ system: MDC, code: "147842" }, { map, reverse: true }).map(({ code, equivalence }) => [
      code,
      equivalence,
    ]),
    [["heart-rate", "equivalent"]],
  );
  assert.deepEqual(translate({ system: LOINC, code: "8867-4" }, { map }), []);
  for (const { mdc, loinc, key } of signals) {
    if (mdc)
      assert.ok(
        found(SIGNAL, key, MDC).some(([, code]) => code === String(mdc.code)),
        key,
      );
    for (const { code } of loinc ?? [])
      assert.ok(
        found(LOINC, code, SIGNAL).some(([, one]) => one === key),
        key,
      );
  }
});

test("everything that is shipped is a resource of its own, with the notices that its owners want", () => {
  const resources = [
    ...[...codeSystems.values()].map(codeSystemResource),
    ...[...valueSets.values()].map((set) => valueSetResource(set)),
    ...[...conceptMaps.values()].map(conceptMapResource),
  ];
  assert.equal(new Set(resources.map(({ resourceType, id }) => `${resourceType}/${id}`)).size, resources.length);
  for (const { id } of resources) assert.match(String(id), /^[A-Za-z0-9.-]{1,64}$/);
  for (const resource of resources)
    if (JSON.stringify(resource).includes(`"${LOINC}"`)) assert.match(String(resource.copyright), /LOINC is copyright/);
  const role = codeSystemResource(codeSystems.get(ROLE)!);
  assert.deepEqual([role.hierarchyMeaning, (role.property as { code: string }[])[0]?.code], ["is-a", "parent"]);
});

test("hierarchies name codes that are there", () => {
  for (const { url, concepts } of codeSystems.values())
    for (const { code, parents } of concepts.values())
      for (const parent of parents) assert.ok(concepts.has(parent), `${url} ${code} ${parent}`);
});

test("the tables are what the definitions say", () => {
  for (const { file, text } of terminologyOfR4())
    assert.equal(readFileSync(join(TERMINOLOGY_FOLDER, file), "utf8"), text);
});
