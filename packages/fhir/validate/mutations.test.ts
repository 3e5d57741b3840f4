import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "@openward/runtime/manual";
import { loadDefinitions } from "../definitions/load.ts";
import { validate } from "./index.ts";
import { type Resource, r4Examples, skip, usCoreExamples } from "./testing/examples.ts";
import { mutationsOf } from "./testing/mutations.ts";
import { type Place, placesOf } from "./testing/places.ts";

const SEED = Number(process.env.SEED ?? 1);
const EXAMPLES = 300;

const [r4] = loadDefinitions();
assert.ok(r4);

const mutations = mutationsOf(r4);

test(`a fault planted in an example is found where it was planted (seed ${SEED})`, { skip }, (t) => {
  const random = seededRandom(SEED);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random.float() * list.length)] as T;
  const all = [...r4Examples(), ...usCoreExamples()].filter((one) => JSON.stringify(one).length < 30_000);
  const planted = new Map<string, number>();
  for (let n = 0; n < EXAMPLES; n++) {
    const example = pick(all);
    const before: string[] = errorsOf(example);
    for (const mutation of mutations) {
      const copy = structuredClone(example);
      const places: Place[] = placesOf(copy, r4).filter((place) => mutation.fits(place));
      if (places.length === 0) continue;
      const place: Place = pick(places);
      mutation.plant(place);
      const found = errorsOf(copy).filter((one: string) => !before.includes(one));
      assert.ok(
        found.some((one) => one.startsWith(place.path)),
        `${mutation.name} at ${place.path} ${place.key} of ${example.resourceType}/${example.id}: ${found.join("; ")}`,
      );
      planted.set(mutation.name, (planted.get(mutation.name) ?? 0) + 1);
    }
  }
  for (const { name } of mutations) {
    assert.ok((planted.get(name) ?? 0) > 20, `planted too seldom: ${name}`);
    t.diagnostic(`${planted.get(name)} x ${name}`);
  }
});

const errorsOf = (resource: Resource): string[] =>
  validate(resource)
    .filter(({ severity }) => severity === "error")
    .map(({ expression, text }) => `${expression}: ${text}`);
