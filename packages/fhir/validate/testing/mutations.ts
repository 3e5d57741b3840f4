import type { Definitions } from "../../definitions/data.ts";
import type { Place } from "./places.ts";

/** A fault for a place where it can be planted, and how it is planted. */
export interface Mutation {
  readonly name: string;
  fits(place: Place): boolean;
  plant(place: Place): void;
}

const CODED = new Set(["code", "Coding", "CodeableConcept"]);

/** Faults of every kind that a validator of R4 must find, where the definitions say that they are faults. */
export function mutationsOf(r4: Definitions): readonly Mutation[] {
  const isPrimitive = (type: string) => r4.types[type]?.kind === "primitive";
  const isListed = (url: string | undefined) => {
    const { systems = {}, unknown } = r4.valueSets[url ?? ""] ?? {};
    return url !== undefined && unknown === undefined && Object.values(systems).every((one) => !("unknown" in one));
  };

  return [
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
}
