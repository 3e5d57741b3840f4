import type { RefusalCode } from "@openward/errors";
import { findSignalByMdc, type Signal, signals } from "@openward/signals";
import { ucumOfCode, ucumOfName } from "../ieee11073/dimensions.ts";
import { type Delimiters, firstOf, partsOf } from "./message.ts";

/** What OBX-3 names. */
export interface Observed {
  /** Context-free code of 11073-10101; 0 where there is none. */
  readonly code: number;
  /** "" where there is none that can be one. */
  readonly refId: string;
  /** Of our vocabulary. */
  readonly signal: Signal | undefined;
  readonly isMdc: boolean;
  /** The code is one thing and its name another. */
  readonly isContradictory: boolean;
}

/** What OBX-6 names. */
export type Unit =
  | { readonly ok: true; readonly unit: string | null; readonly isDimensionless: boolean }
  | { readonly ok: false; readonly code: RefusalCode; readonly expected: string };

const REF_ID = /^MDC_[A-Za-z0-9_]{1,80}$/;
const CODE = /^\d{1,10}$/;
const DIMENSIONLESS = 262656;
/** Senders name the same few hundred things in every message; a hostile one must not fill the memory. */
const REMEMBERED = 4096;

const signalByRefId = new Map(signals.flatMap((each) => (each.mdc ? [[each.mdc.refId, each] as const] : [])));

/** Finds what codes say; the same text is looked up once. */
export class Codes {
  readonly #delimiters: Delimiters;
  readonly #observed = new Map<string, Observed>();
  readonly #units = new Map<string, Unit>();

  constructor(delimiters: Delimiters) {
    this.#delimiters = delimiters;
  }

  /** @param field OBX-3 */
  observed(field: string): Observed {
    let observed = this.#observed.get(field);
    if (!observed) {
      observed = observedIn(tripletsOf(field, this.#delimiters));
      if (this.#observed.size >= REMEMBERED) this.#observed.clear();
      this.#observed.set(field, observed);
    }
    return observed;
  }

  /** @param field OBX-6 */
  unit(field: string): Unit {
    let unit = this.#units.get(field);
    if (!unit) {
      unit = unitIn(tripletsOf(field, this.#delimiters));
      if (this.#units.size >= REMEMBERED) this.#units.clear();
      this.#units.set(field, unit);
    }
    return unit;
  }
}

const byDelimiters = new Map<string, Codes>();

/** One for all messages that separate their parts alike. */
export function codesOf(delimiters: Delimiters): Codes {
  const key = Object.values(delimiters).join("");
  let codes = byDelimiters.get(key);
  if (!codes) {
    codes = new Codes(delimiters);
    if (byDelimiters.size >= 16) byDelimiters.clear();
    byDelimiters.set(key, codes);
  }
  return codes;
}

/** Code, name and coding system, and a second time as another system has it. */
type Triplets = readonly (readonly [string, string, string])[];

function tripletsOf(field: string, { repetition, component }: Delimiters): Triplets {
  const parts = partsOf(firstOf(field, repetition), component);
  const part = (at: number) => (parts[at] ?? "").trim();
  return [
    [part(0), part(1), part(2)],
    [part(3), part(4), part(5)],
  ];
}

/** Some senders swap code and name, and some leave the system out where the name tells it. */
function mdcOf(triplets: Triplets): { readonly code: number; readonly refId: string } | undefined {
  for (const [first, second, system] of triplets) {
    const [code, refId] = REF_ID.test(first) ? [second, first] : [first, second];
    const isMdc = system === "MDC" || (system === "" && REF_ID.test(refId));
    if (isMdc) return { code: CODE.test(code) ? Number(code) : 0, refId: REF_ID.test(refId) ? refId : "" };
  }
  return undefined;
}

function observedIn(triplets: Triplets): Observed {
  const mdc = mdcOf(triplets);
  if (!mdc) return { code: 0, refId: "", signal: undefined, isMdc: false, isContradictory: false };
  const byCode = findSignalByMdc(mdc.code);
  const byName = signalByRefId.get(mdc.refId);
  // A name that is not known may be a synonym; one that is known belongs to its code and to no other.
  const isContradictory = mdc.code !== 0 && byName !== undefined && byName !== byCode;
  return { ...mdc, signal: byCode ?? byName, isMdc: true, isContradictory };
}

const NONE: Unit = { ok: true, unit: null, isDimensionless: false };

function unitIn(triplets: Triplets): Unit {
  const mdc = mdcOf(triplets);
  const ucum = triplets.find(([, , system]) => system === "UCUM");
  const said = ucum && (ucum[0] || ucum[1]);
  if (!mdc) {
    // No system is named: it is UCUM, or ingest says that it is none.
    const unit = (said ?? triplets[0]?.[0] ?? "").slice(0, 64);
    return unit === "" ? NONE : { ok: true, unit, isDimensionless: unit === "1" };
  }
  const known = [ucumOfCode(mdc.code), ucumOfName(mdc.refId)].filter((each) => each !== undefined);
  const all = said ? [...known, said] : known;
  const [first] = all;
  if (first === undefined) return { ok: false, code: "UNIT_UNKNOWN", expected: "a unit of MDC that is known, or UCUM" };
  if (all.some((each) => plain(each) !== plain(first))) {
    return { ok: false, code: "UNIT_MISMATCH", expected: "a code and names that mean the same unit" };
  }
  // Where two systems say it, UCUM's own text: it may say more ("{beats}/min").
  return { ok: true, unit: said ?? first, isDimensionless: mdc.code === DIMENSIONLESS };
}

/** Without annotations, and in one spelling. */
function plain(unit: string): string {
  return unit
    .replaceAll(/\{[^}]*\}/g, "")
    .replace(/^1?\//, "/")
    .replaceAll("l", "L");
}
