import type { Condition, Findable, SpanTest } from "../store/index.ts";

/** One resource, as far as conditions ask of it. */
export interface Matched extends Findable {
  readonly id: string;
  /** ms UTC. */
  readonly updatedAt: number;
}

/** Would a store that is asked for this find the resource? For what is looked at once, as it comes. */
export function matches(resource: Matched, condition: Condition): boolean {
  switch (condition.kind) {
    case "terms":
      return condition.anyOf.some((term) => resource.terms.includes(term));
    case "noTerms":
      return !condition.noneOf.some((term) => resource.terms.includes(term));
    case "ids":
      return condition.ids.includes(resource.id);
    case "words": {
      const words = new Set(wordsIn(resource.words));
      const wanted = wordsIn(condition.text);
      return wanted.length > 0 && wanted.every((word) => words.has(word));
    }
    case "strings": {
      const { key, how, values } = condition;
      return resource.strings.some(
        (one) =>
          one.key === key &&
          values.some((value) => {
            if (how === "exact") return one.value === value;
            return how === "begins" ? one.folded.startsWith(value) : one.folded.includes(value);
          }),
      );
    }
    case "spans":
      return condition.anyOf.some((test) => {
        const own = resource.spans.filter(({ key }) => key === test.key);
        return own.some((span) => holds(span, test) !== (test.isNot === true));
      });
    case "updated": {
      const span = { low: resource.updatedAt, high: resource.updatedAt };
      return condition.anyOf.some((test) => holds(span, test) !== (test.isNot === true));
    }
    case "any":
      return condition.of.some((one) => matches(resource, one));
  }
}

const wordsIn = (text: string): string[] => text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];

function holds({ low, high }: { readonly low: number; readonly high: number }, test: Omit<SpanTest, "key">): boolean {
  const { lowFrom, lowTo, highFrom, highTo, lowBelow, lowAbove, highAbove, highBelow } = test;
  return (
    (lowFrom === undefined || low >= lowFrom) &&
    (lowTo === undefined || low <= lowTo) &&
    (highFrom === undefined || high >= highFrom) &&
    (highTo === undefined || high <= highTo) &&
    (lowBelow === undefined || low < lowBelow) &&
    (lowAbove === undefined || low > lowAbove) &&
    (highAbove === undefined || high > highAbove) &&
    (highBelow === undefined || high < highBelow)
  );
}
