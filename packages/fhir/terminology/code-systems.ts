import { refusalText } from "@openward/errors";
import { signals } from "@openward/signals";
import generated from "./generated/code-systems.json" with { type: "json" };
import loincMore from "./loinc.json" with { type: "json" };
import mdcMore from "./mdc.json" with { type: "json" };
import { LOINC_NOTICE, MDC_NOTICE, UCUM_NOTICE } from "./notices.ts";

export interface Concept {
  readonly code: string;
  readonly display: string;
  readonly definition?: string;
  /** Codes that it is a kind of. */
  readonly parents: readonly string[];
  /** There to hold others, and not to be chosen. */
  readonly abstract: boolean;
  readonly inactive: boolean;
}

export interface CodeSystem {
  readonly id: string;
  readonly url: string;
  readonly version?: string;
  readonly name: string;
  readonly title: string;
  /** A fragment has the codes that are used here; of what is not present there is no list, and a rule says what is a code. */
  readonly content: "complete" | "fragment" | "not-present";
  readonly copyright?: string;
  readonly concepts: ReadonlyMap<string, Concept>;
}

export const LOINC = "http://loinc.org";
export const MDC = "urn:iso:std:iso:11073:10101";
export const UCUM = "http://unitsofmeasure.org";
export const SIGNAL = "urn:openward:signal";
export const ERROR = "urn:openward:error";

/** Ids of resources come from what is last in their address: "observation-category", "openward-signal". */
export const idOf = (url: string): string =>
  url.startsWith("urn:openward:") ? url.slice(4).replaceAll(":", "-").toLowerCase() : (url.split(/[/:]/).at(-1) ?? "");

function concept(code: string, display: string, definition = ""): Concept {
  return { code, display, ...(definition ? { definition } : {}), parents: [], abstract: false, inactive: false };
}

/** The first of a code stands: signals have the most specific display first. */
function byCode(concepts: readonly Concept[]): Map<string, Concept> {
  const all = new Map<string, Concept>();
  for (const one of concepts) if (!all.has(one.code)) all.set(one.code, one);
  return all;
}

const fromR4 = generated.systems.map(
  ({ url, version, name, title, concepts }): CodeSystem => ({
    id: idOf(url),
    url,
    version,
    name,
    title,
    content: "complete",
    concepts: byCode(
      (concepts as string[][]).map(([code = "", display = "", definition = "", parents = "", flags = ""]) => ({
        ...concept(code, display, definition),
        parents: parents === "" ? [] : parents.split(" "),
        abstract: flags.includes("a"),
        inactive: flags.includes("i"),
      })),
    ),
  }),
);

const own: readonly CodeSystem[] = [
  {
    id: "openward-signal",
    url: SIGNAL,
    name: "OpenwardSignals",
    title: "What can be measured",
    content: "complete",
    concepts: byCode(signals.map(({ key, display, notes }) => concept(key, display, notes))),
  },
  {
    id: "openward-error",
    url: ERROR,
    name: "OpenwardErrors",
    title: "Refusals, as in the details of an OperationOutcome",
    content: "complete",
    concepts: byCode(Object.entries(refusalText).map(([code, text]) => concept(code, text))),
  },
  {
    id: "loinc",
    url: LOINC,
    name: "LOINC",
    title: "LOINC codes of what is measured here",
    content: "fragment",
    copyright: LOINC_NOTICE,
    concepts: byCode(
      [...signals.flatMap(({ loinc }) => loinc ?? []), ...loincMore.concepts].map(({ code, display }) =>
        concept(code, display),
      ),
    ),
  },
  {
    id: "mdc",
    url: MDC,
    name: "MDC",
    title: "ISO/IEEE 11073-10101 codes of what is measured here, and of its units",
    content: "fragment",
    copyright: MDC_NOTICE,
    concepts: byCode([
      ...signals.flatMap(({ mdc, mdcUnit }) =>
        [mdc, mdcUnit].flatMap((one) => (one ? [concept(String(one.code), one.refId)] : [])),
      ),
      ...mdcMore.concepts.map(({ code, display }) => concept(code, display)),
    ]),
  },
  {
    id: "ucum",
    url: UCUM,
    name: "UCUM",
    title: "Unified Code for Units of Measure",
    content: "not-present",
    copyright: UCUM_NOTICE,
    concepts: new Map(),
  },
];

/** The vocabularies that are shipped, by their address. */
export const codeSystems: ReadonlyMap<string, CodeSystem> = new Map([...own, ...fromR4].map((one) => [one.url, one]));

/** Everything that a code is a kind of, itself left out. Hierarchies of HL7 have several parents, and no ring. */
export function ancestorsOf({ concepts }: CodeSystem, code: string): ReadonlySet<string> {
  const found = new Set<string>();
  const open = [...(concepts.get(code)?.parents ?? [])];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (found.has(next)) continue;
    found.add(next);
    open.push(...(concepts.get(next)?.parents ?? []));
  }
  return found;
}
