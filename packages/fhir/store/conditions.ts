/** What a store of resources is asked, without knowing what it means: terms, words and spans, each under a key. */

/** By what a resource is found; the store knows nothing of what it means. */
export interface Findable {
  readonly terms: readonly string[];
  readonly strings: readonly { readonly key: string; readonly value: string; readonly folded: string }[];
  readonly spans: readonly { readonly key: string; readonly low: number; readonly high: number }[];
  /** Everything that it says in words. */
  readonly words: string;
}

/** What must be so of a resource; all of a list must. */
export type Condition =
  /** At least one of these terms. */
  | { readonly kind: "terms"; readonly anyOf: readonly string[] }
  /** None of these terms. */
  | { readonly kind: "noTerms"; readonly noneOf: readonly string[] }
  | { readonly kind: "ids"; readonly ids: readonly string[] }
  | { readonly kind: "words"; readonly text: string }
  | {
      readonly kind: "strings";
      readonly key: string;
      readonly how: StringTest;
      readonly values: readonly string[];
    }
  /** Any of these holds of one span. */
  | { readonly kind: "spans"; readonly anyOf: readonly SpanTest[] }
  /** Any of these holds of when it was changed last. */
  | { readonly kind: "updated"; readonly anyOf: readonly Omit<SpanTest, "key">[] }
  | { readonly kind: "any"; readonly of: readonly Condition[] }
  | { readonly kind: "all"; readonly of: readonly Condition[] }
  | { readonly kind: "not"; readonly of: Condition };

/**
 * How a string must be to the one that is asked: "exact" to the letter, all others without case, accents and white space;
 * "less" to "atLeast" by code points.
 */
export type StringTest =
  | "begins"
  | "contains"
  | "ends"
  | "exact"
  | "is"
  | "isNot"
  | "less"
  | "atMost"
  | "greater"
  | "atLeast";

/** Bounds on the ends of a span; what is left out is not asked. */
export interface SpanTest {
  readonly key: string;
  readonly isNot?: boolean;
  readonly lowFrom?: number;
  readonly lowTo?: number;
  readonly highFrom?: number;
  readonly highTo?: number;
  /** Beyond this, not at it. */
  readonly lowBelow?: number;
  readonly highAbove?: number;
  readonly lowAbove?: number;
  readonly highBelow?: number;
}

export interface SortKey {
  readonly by: "updated" | "id" | "span" | "string" | "number";
  /** Of spans and strings. */
  readonly key?: string;
  /** As well as that one. */
  readonly orKey?: string;
  readonly isDescending: boolean;
}
