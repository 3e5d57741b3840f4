import type { Decoded } from "@openward/codecs/raw";

interface Problem {
  readonly code: string;
  readonly field: string;
  readonly expected?: string;
}

/** What an answer of the server says. */
export interface Answer {
  readonly accepted: number;
  readonly quarantined: readonly Problem[];
  readonly ignored?: readonly { readonly what: string }[];
}

/** What came of an import, added up. */
export interface Tally {
  pieces: number;
  bytes: number;
  /** By the server's word; of a dry run 0. */
  accepted: number;
  /** Readings, by signal; with an event's or a waveform's name those. */
  readonly found: Record<string, number>;
  /** Reasons of quarantine, or of what would be, with how often. */
  readonly problems: Record<string, number>;
  /** What was not taken, by name. */
  readonly ignored: Record<string, number>;
  /** Pieces that were refused as a whole. */
  readonly refused: { readonly file: string; readonly from: number; readonly to: number; readonly reason: string }[];
}

export function newTally(): Tally {
  return { pieces: 0, bytes: 0, accepted: 0, found: {}, problems: {}, ignored: {}, refused: [] };
}

export function addDecoded(tally: Tally, { readings, waveforms, events, ignored, refused }: Decoded): void {
  for (const { signal, values } of readings) add(tally.found, signal, values.length);
  for (const { signal, samples } of waveforms) add(tally.found, `${signal} (samples)`, samples.length);
  for (const { event } of events) add(tally.found, `${event} (events)`, 1);
  addIgnored(tally, ignored);
  for (const problem of refused) add(tally.problems, reasonOf(problem), 1);
}

export function addAnswer(tally: Tally, { accepted, quarantined, ignored = [] }: Answer): void {
  tally.accepted += accepted;
  addIgnored(tally, ignored);
  for (const problem of quarantined) add(tally.problems, reasonOf(problem), 1);
}

export function addIgnored(tally: Tally, ignored: readonly { readonly what: string }[]): void {
  for (const { what } of ignored) {
    const [, count = "1", name = what] = /^(\d+) x (.*)$/.exec(what) ?? [];
    add(tally.ignored, name, Number(count));
  }
}

function reasonOf({ code, field, expected }: Problem): string {
  return [code, field, expected === undefined ? "" : `(${expected})`].filter((part) => part !== "").join(" ");
}

function add(counts: Record<string, number>, name: string, count: number): void {
  const known = Object.hasOwn(counts, name) ? (counts[name] as number) : 0;
  Object.defineProperty(counts, name, { value: known + count, enumerable: true, writable: true, configurable: true });
}

/** For a person: largest first. */
export function linesOf(title: string, counts: Readonly<Record<string, number>>): string[] {
  const sorted = Object.entries(counts).sort(([a, m], [b, n]) => n - m || a.localeCompare(b));
  return sorted.length === 0 ? [] : [title, ...sorted.map(([name, count]) => `  ${count}  ${name}`)];
}
