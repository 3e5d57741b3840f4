import { isUcum } from "@openward/signals/units";
import type { BindingData, SystemData, ValueSetData } from "../definitions/data.ts";
import type { Report } from "./issue.ts";

/** What a value must be out of. */
export interface Binding {
  check(value: unknown, report: Report): void;
  /** For choosing a slice: is it certainly in? */
  has(value: unknown): boolean;
}

type Verdict = "in" | "out" | "unknown";

interface Codes {
  readonly url: string;
  readonly expected: string;
  /** @param system undefined: the element is a bare code, whose system the value set gives */
  has(system: string | undefined, code: string): Verdict;
}

/** More codes than this are not listed in a text. */
const LISTED = 12;
const CODE_AT_MOST = 256;
const LANGUAGE = /^[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8})*$/;
const MEDIA_TYPE = /^[A-Za-z0-9!#$&^_.+-]{1,127}\/[A-Za-z0-9!#$&^_.+-]{1,127}(?:\s*;.*)?$/s;
const URI = /^\S+$/;

/** Systems that are told by rule. A language tag is judged by its form, and currencies are those that the platform knows. */
const rules: Readonly<Record<string, (code: string) => boolean>> = {
  language: (code) => LANGUAGE.test(code) && isLanguage(code),
  "media-type": (code) => MEDIA_TYPE.test(code),
  format: (code) => MEDIA_TYPE.test(code) || code === "json" || code === "xml" || code === "ttl",
  uri: (code) => URI.test(code),
  ucum: isUcum,
  currency: (code) => currencies().has(code),
};

let knownCurrencies: ReadonlySet<string> | undefined;
const currencies = () => (knownCurrencies ??= new Set(Intl.supportedValuesOf("currency")));

function isLanguage(code: string): boolean {
  try {
    return Intl.getCanonicalLocales(code).length === 1;
  } catch {
    // BCP 47 also has tags of private use ("x-..."), which Intl refuses.
    return /^x-/i.test(code);
  }
}

/** Bindings of elements, by value set and data type. */
export class Bindings {
  readonly #valueSets: Readonly<Record<string, ValueSetData>>;
  readonly #codes = new Map<string, Codes>();

  constructor(valueSets: Readonly<Record<string, ValueSetData>>) {
    this.#valueSets = valueSets;
  }

  of(data: BindingData | undefined, type: string): Binding | undefined {
    if (!data) return undefined;
    const required = data.required ? this.#bound(data.required, type, true) : undefined;
    const maximum = data.maximum ? this.#bound(data.maximum, type, false) : undefined;
    if (!required || !maximum) return required ?? maximum;
    return {
      check(value, report) {
        required.check(value, report);
        maximum.check(value, report);
      },
      has: (value) => required.has(value) && maximum.has(value),
    };
  }

  #bound(url: string, type: string, isRequired: boolean): Binding | undefined {
    const pairsOf = PAIRS[type];
    if (!pairsOf) return undefined;
    const codes = this.#codesOf(url);
    return {
      check(value, report) {
        const pairs = pairsOf(value);
        if (!pairs) return;
        const verdict = best(codes, pairs);
        if (verdict === "in" || (pairs.length === 0 && !isRequired)) return;
        if (verdict === "unknown") {
          report.inform("not-supported", `whether codes are of ${url} cannot be told here: not checked`);
        } else if (pairs.length === 0) report.error("code-invalid", `a code is needed: ${codes.expected}`);
        else report.error("code-invalid", `must be ${codes.expected}`);
      },
      has: (value) => best(codes, pairsOf(value) ?? []) === "in",
    };
  }

  #codesOf(url: string): Codes {
    let codes = this.#codes.get(url);
    if (!codes) {
      codes = codesOf(url, this.#valueSets[url] ?? { systems: {}, unknown: "its definition is not here" });
      this.#codes.set(url, codes);
    }
    return codes;
  }
}

/** The best that any coding comes to: of several, one must be in. */
function best(codes: Codes, pairs: readonly (readonly [string | undefined, string])[]): Verdict {
  let verdict: Verdict = "out";
  for (const [system, code] of pairs) {
    const one = codes.has(system, code);
    if (one === "in") return one;
    if (one === "unknown") verdict = one;
  }
  return verdict;
}

function codesOf(url: string, { systems, unknown }: ValueSetData): Codes {
  const tests = new Map(Object.entries(systems).map(([system, data]) => [system, testOf(data)]));
  const all = Object.values(systems).flatMap((data) => (isList(data) ? data : []));
  const isListed = all.length <= LISTED && Object.values(systems).every(isList) && !unknown;
  return {
    url,
    expected: isListed ? `one of ${all.join(", ")} (${url})` : `a code of ${url}`,
    has(system, code) {
      if (code.length > CODE_AT_MOST) return "out";
      let verdict: Verdict = unknown ? "unknown" : "out";
      if (system !== undefined) return tests.get(system)?.(code) ?? verdict;
      for (const has of tests.values()) {
        const one = has(code);
        if (one === "in") return one;
        if (one === "unknown") verdict = one;
      }
      return verdict;
    },
  };
}

function testOf(data: SystemData): (code: string) => Verdict {
  if (isList(data)) {
    const set = new Set(data);
    return (code) => (set.has(code) ? "in" : "out");
  }
  if ("unknown" in data) return () => "unknown";
  const rule = rules[data.rule];
  if (!rule) throw new Error(`no rule ${data.rule}`);
  return (code) => (rule(code) ? "in" : "out");
}

const isList = (data: SystemData): data is readonly string[] => Array.isArray(data);

type Pairs = readonly (readonly [string | undefined, string])[];

const bare = (value: unknown): Pairs | undefined => (typeof value === "string" ? [[undefined, value]] : undefined);

function coding(value: unknown): Pairs | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const { system, code } = value as { system?: unknown; code?: unknown };
  // A coding without a system is of no value set.
  return typeof code === "string" ? [[typeof system === "string" ? system : "", code]] : [];
}

function codings(value: unknown): Pairs | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const list = (value as { coding?: unknown }).coding;
  return Array.isArray(list) ? list.flatMap((one) => coding(one) ?? []) : [];
}

/** What of each data type a binding is about; a binding says nothing about any other type. */
const PAIRS: Readonly<Record<string, (value: unknown) => Pairs | undefined>> = {
  code: bare,
  string: bare,
  uri: bare,
  Coding: coding,
  CodeableConcept: codings,
  Quantity: coding,
  Age: coding,
  Duration: coding,
  Count: coding,
  Distance: coding,
  Money: (value) => bare((value as { currency?: unknown } | null)?.currency),
};
