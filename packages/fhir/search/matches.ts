import type { Condition, Findable, SortKey, SpanTest, StringTest } from "../store/index.ts";
import { folded } from "./terms.ts";

/** One resource that is at hand, as a store would have its row. */
export interface Candidate {
  readonly id: string;
  /** ms UTC; undefined: nobody knows. */
  readonly updatedAt: number | undefined;
  readonly findable: Findable;
}

/** Is it so? The same answer as the store's, for what no store keeps. */
export function matches(candidate: Candidate, condition: Condition): boolean {
  const { findable } = candidate;
  switch (condition.kind) {
    case "terms":
      return condition.anyOf.some((term) => findable.terms.includes(term));
    case "noTerms":
      return !condition.noneOf.some((term) => findable.terms.includes(term));
    case "ids":
      return condition.ids.includes(candidate.id);
    case "words":
      return hasWords(findable.words, condition.text);
    case "strings":
      return findable.strings.some(
        ({ key, value, folded: like }) =>
          key === condition.key && condition.values.some((wanted) => isString(condition.how, wanted, value, like)),
      );
    case "spans":
      return condition.anyOf.some((test) =>
        findable.spans.some(({ key, low, high }) => key === test.key && isWithin(test, low, high) !== !!test.isNot),
      );
    case "updated": {
      const at = candidate.updatedAt;
      return at !== undefined && condition.anyOf.some((test) => isWithin(test, at, at) !== !!test.isNot);
    }
    case "any":
      return condition.of.some((one) => matches(candidate, one));
    case "all":
      return condition.of.every((one) => matches(candidate, one));
    case "not":
      return !matches(candidate, condition.of);
  }
}

function isString(how: StringTest, wanted: string, value: string, like: string): boolean {
  switch (how) {
    case "exact":
      return value === wanted;
    case "contains":
      return like.includes(wanted);
    case "begins":
      return like.startsWith(wanted);
    case "ends":
      return like.endsWith(wanted);
    case "is":
      return like === wanted;
    case "isNot":
      return like !== wanted;
    case "less":
      return compareText(like, wanted) < 0;
    case "atMost":
      return compareText(like, wanted) <= 0;
    case "greater":
      return compareText(like, wanted) > 0;
    case "atLeast":
      return compareText(like, wanted) >= 0;
  }
}

function isWithin(test: Omit<SpanTest, "key">, low: number, high: number): boolean {
  const { lowFrom, lowTo, highFrom, highTo, lowBelow, highAbove, lowAbove, highBelow } = test;
  return (
    (lowFrom === undefined || low >= lowFrom) &&
    (lowTo === undefined || low <= lowTo) &&
    (highFrom === undefined || high >= highFrom) &&
    (highTo === undefined || high <= highTo) &&
    (lowBelow === undefined || low < lowBelow) &&
    (highAbove === undefined || high > highAbove) &&
    (lowAbove === undefined || low > lowAbove) &&
    (highBelow === undefined || high < highBelow)
  );
}

/** As PostgreSQL's `websearch_to_tsquery` reads a question: words, "phrases", -without, or. */
function hasWords(words: string, question: string): boolean {
  const text = ` ${wordsOf(words).join(" ")} `;
  const ways: string[][] = [[]];
  for (const [token] of folded(question).matchAll(/-?"[^"]*"|\S+/g)) {
    if (token === "or") ways.push([]);
    else ways.at(-1)?.push(token);
  }
  const holds = (token: string): boolean => {
    const isWithout = token.startsWith("-");
    const wanted = wordsOf(token).join(" ");
    return wanted === "" || text.includes(` ${wanted} `) !== isWithout;
  };
  return ways.some((way) => way.some((token) => wordsOf(token).length > 0) && way.every(holds));
}

const wordsOf = (text: string): string[] => text.match(/[\p{L}\p{N}]+/gu) ?? [];

type Value = string | number;

/** Where it stands in an order, as the store says it of its rows; what has no such value stands at the end. */
export function placeOf(candidate: Candidate, sort: readonly SortKey[]): Value[] {
  return sort.map(({ by, key = "", orKey = key, isDescending }): Value => {
    const { strings, spans } = candidate.findable;
    switch (by) {
      case "id":
        return candidate.id;
      case "updated":
        return candidate.updatedAt ?? 0;
      case "number":
        return 0;
      case "span": {
        const lows = spans.flatMap((one) => (one.key === key || one.key === orKey ? [one.low] : []));
        if (lows.length === 0) return isDescending ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
        return isDescending ? Math.max(...lows) : Math.min(...lows);
      }
      case "string": {
        const values = strings
          .flatMap((one) => (one.key === key || one.key === orKey ? [one.folded] : []))
          .sort(compareText);
        return values.at(isDescending ? -1 : 0) ?? (isDescending ? "" : "\uFFFF");
      }
      default:
        return by satisfies never;
    }
  });
}

/** Less than 0: the first place comes before the second. */
export function comparePlaces(a: readonly Value[], b: readonly Value[], sort: readonly SortKey[]): number {
  for (const [i, { isDescending }] of sort.entries()) {
    const [x, y] = [a[i] as Value, b[i] as Value];
    const order = typeof x === "string" && typeof y === "string" ? compareText(x, y) : compareNumbers(x, y);
    if (order !== 0) return isDescending ? -order : order;
  }
  return 0;
}

// Infinity less itself is no number.
const compareNumbers = (x: Value, y: Value): number => {
  const [a, b] = [Number(x), Number(y)];
  return a === b ? 0 : a < b ? -1 : 1;
};

/** By code point, as PostgreSQL's collation "C": UTF-16 has its surrogates before U+E000. */
function compareText(a: string, b: string): number {
  if (a === b) return 0;
  const [x, y] = [a[Symbol.iterator](), b[Symbol.iterator]()];
  for (;;) {
    const [left, right] = [x.next().value, y.next().value];
    if (left === undefined) return right === undefined ? 0 : -1;
    if (right === undefined) return 1;
    if (left !== right) return (left.codePointAt(0) ?? 0) - (right.codePointAt(0) ?? 0);
  }
}

/** Is this asked of what a parameter finds? Of ids, words and times of change it is of none. */
export function asksFor(condition: Condition, code: string): boolean {
  switch (condition.kind) {
    case "terms":
      return condition.anyOf.some((term) => codeOf(term) === code);
    case "noTerms":
      return condition.noneOf.some((term) => codeOf(term) === code);
    case "strings":
      return codeOf(condition.key) === code;
    case "spans":
      return condition.anyOf.some(({ key }) => codeOf(key) === code);
    case "any":
    case "all":
      return condition.of.some((one) => asksFor(one, code));
    case "not":
      return asksFor(condition.of, code);
    case "ids":
    case "words":
    case "updated":
      return false;
  }
}

/** The parameter that a key belongs to: "code" of "code:text" and of "code\tsystem|value". */
export const codeOf = (key: string): string | undefined => /^[\w-]+/.exec(key)?.[0];
