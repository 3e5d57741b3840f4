import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "@openward/runtime/manual";
import { loadDefinitions } from "../definitions/load.ts";
import { validate } from "./index.ts";
import { type Resource, r4Examples, skip, usCoreExamples } from "./testing/examples.ts";
import { type Place, placesOf } from "./testing/places.ts";

const SEED = Number(process.env.SEED ?? 1);
const EXAMPLES = 300;

const [r4] = loadDefinitions();
assert.ok(r4);

/** A fault for a place where it can be planted, and how it is planted. */
interface Mutation {
  readonly name: string;
  fits(place: Place): boolean;
  plant(place: Place): void;
}

const CODED = new Set(["code", "Coding", "CodeableConcept"]);
const isPrimitive = (type: string) => r4.types[type]?.kind === "primitive";
const isListed = (url: string | undefined) => {
  const { systems = {}, unknown } = r4.valueSets[url ?? ""] ?? {};
  return url !== undefined && unknown === undefined && Object.values(systems).every((one) => !("unknown" in one));
};

const mutations: readonly Mutation[] = [
  {
    name: "a code that is not in the required value set",
    fits: ({ element, type }) => CODED.has(type) && isListed(element.binding?.required),
    plant({ parent, key, type, element }) {
      const wrong = { system: "http://example.org/codes", code: "banana" };
      const value = type === "code" ? "ba-na-na" : type === "Coding" ? wrong : { coding: [wrong] };
      parent[key] = element.max === "*" ? [value] : value;
    },
  },
  {
    name: "a required element is missing",
    fits: ({ element }) => (element.min ?? 0) > 0,
    plant({ parent, key }) {
      delete parent[key];
      delete parent[`_${key}`];
    },
  },
  {
    name: "a primitive of a wrong type",
    fits: ({ type, key, element }) => isPrimitive(type) && type !== "xhtml" && key !== "id" && element.max !== "*",
    plant({ parent, key }) {
      parent[key] = typeof parent[key] === "string" ? { value: 1 } : "one";
    },
  },
  {
    name: "an object where text is expected, and text where an object is",
    fits: ({ type, element }) => !isPrimitive(type) && element.max === undefined,
    plant({ parent, key }) {
      parent[key] = "text";
    },
  },
  {
    name: "an element that R4 does not have",
    fits: ({ type, element }) => r4.types[type]?.kind === "complex" && element.max === undefined,
    plant({ parent, key }) {
      (parent[key] as Record<string, unknown>).colour = "red";
    },
  },
  {
    name: "two of what is there at most once",
    fits: ({ element }) => element.max === undefined,
    plant({ parent, key }) {
      parent[key] = [parent[key], parent[key]];
    },
  },
  {
    name: "one where a list is expected",
    fits: ({ element }) => element.max === "*",
    plant({ parent, key }) {
      parent[key] = (parent[key] as unknown[])[0];
    },
  },
  {
    name: "an empty list, an empty object, empty text",
    fits: () => true,
    plant({ parent, key, type, element }) {
      parent[key] = element.max === "*" ? [] : isPrimitive(type) ? "" : {};
    },
  },
  {
    name: "null",
    fits: ({ element }) => element.max !== "*",
    plant({ parent, key }) {
      parent[key] = null;
    },
  },
  {
    name: "a day that the calendar has not",
    fits: ({ type, parent, key }) => type === "date" || (type === "dateTime" && typeof parent[key] === "string"),
    plant({ parent, key, element }) {
      parent[key] = element.max === "*" ? ["2023-02-29"] : "2023-02-29";
    },
  },
  {
    name: "a time without a zone",
    fits: ({ type, element }) => (type === "instant" || type === "dateTime") && element.max !== "*",
    plant({ parent, key }) {
      parent[key] = "2023-02-28T10:00:00";
    },
  },
  {
    name: "a reference to a type that may not be there",
    fits: ({ element, type }) =>
      type === "Reference" &&
      element.max !== "*" &&
      element.types?.every(({ targets }) => targets && !targets.includes("Slot")) === true,
    plant({ parent, key }) {
      parent[key] = { reference: "Slot/s1" };
    },
  },
];

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
