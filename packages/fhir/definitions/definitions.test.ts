import assert from "node:assert/strict";
import { test } from "node:test";
import { published, skip } from "../validate/testing/examples.ts";
import type { ElementData } from "./data.ts";
import { loadDefinitions } from "./load.ts";
import { makeDefinitions } from "./make/make.ts";
import { R4_SOURCE, r4 } from "./make/r4.ts";

const [base, usCore] = loadDefinitions();
assert.ok(base && usCore);

test("what is generated is what the installed definitions make", () => {
  const made = makeDefinitions({ source: R4_SOURCE, base: r4() });
  for (const part of ["types", "profiles", "valueSets", "constraints"] as const) {
    const names: string[] = Object.keys({ ...made[part], ...base[part] });
    const changed: string[] = names.filter(
      (name) => JSON.stringify(made[part][name]) !== JSON.stringify(base[part][name]),
    );
    assert.deepEqual(changed, [], part);
  }
});

test("the types are R4's as HL7 published them", { skip }, () => {
  const constraints = Object.entries(base.constraints);
  for (const sd of published() as unknown as Published[]) {
    if (sd.derivation === "constraint" || sd.kind === "primitive-type") continue;
    for (const element of sd.snapshot.element) {
      const [type = "", ...steps] = element.path.split(".");
      if (steps.length === 0) continue;
      const own = elementAt(base.types[type]?.elements ?? [], steps);
      assert.ok(own, element.path);
      assert.equal(own.min ?? 0, element.min, element.path);
      assert.equal(String(own.max ?? 1), element.max, element.path);
      const types = (element.type ?? []).map(({ code }) => code).filter((code) => !code.startsWith("http:"));
      if (types.length > 0)
        assert.deepEqual(
          own.types?.map(({ code }) => code),
          types,
          element.path,
        );
      for (const { key, expression } of element.constraint ?? []) {
        if (key === "ele-1" || key === "ext-1" || CORRECTED.has(key)) continue;
        assert.ok(
          constraints.some(([name, one]) => name.startsWith(key) && one.expression === expression),
          `${element.path} ${key}`,
        );
      }
    }
  }
});

/** Constraints that the package has in a later, mended wording. */
const CORRECTED = new Set(["app-4", "bdl-8", "ras-2", "tim-9"]);

interface Published {
  readonly derivation?: string;
  readonly kind: string;
  readonly snapshot: {
    readonly element: readonly {
      readonly path: string;
      readonly min: number;
      readonly max: string;
      readonly type?: readonly { readonly code: string }[];
      readonly constraint?: readonly { readonly key: string; readonly expression?: string }[];
    }[];
  };
}

function elementAt(elements: readonly ElementData[], [step, ...rest]: readonly string[]): ElementData | undefined {
  const found = elements.find(({ name }) => name === step);
  return rest.length === 0 ? found : found && elementAt(found.elements ?? [], rest);
}

test("every value set of a required binding is here, or says why not", () => {
  const unknown = Object.entries({ ...base.valueSets, ...usCore.valueSets })
    .filter(([, { systems, unknown: reason }]) => reason || Object.values(systems).some((one) => "unknown" in one))
    .map(([url]) => url);
  // Of the value set authority of the United States, of LOINC, and of time zones.
  for (const url of unknown)
    assert.match(url, /cts\.nlm\.nih\.gov|loinc\.org|ValueSet\/timezones$|us-core-documentreference-type$/);
  const size = (url: string) => Object.values(base.valueSets[url]?.systems ?? {}).flat().length;
  assert.equal(size("http://hl7.org/fhir/ValueSet/observation-status"), 8);
  assert.equal(size("http://hl7.org/fhir/ValueSet/administrative-gender"), 4);
  assert.equal(size("http://hl7.org/fhir/ValueSet/ucum-vitals-common"), 12);
  assert.ok(size("http://hl7.org/fhir/ValueSet/resource-types") > 140);
});

test("of US Core every profile says which type it is of, and every base but one is here", () => {
  for (const [url, { type, base: parent }] of Object.entries(usCore.profiles)) {
    assert.ok(base.types[type], `${url} ${type}`);
    // That of SDC is not here: whoever uses the profile is told.
    if (!parent || parent.endsWith("/sdc-questionnaireresponse")) continue;
    assert.ok(base.profiles[parent] ?? usCore.profiles[parent], `${url} ${parent}`);
  }
  assert.ok(Object.keys(usCore.profiles).length >= 60);
});
