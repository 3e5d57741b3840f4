import type { AccessEntry } from "@openward/api";
import { basisWord, purposeWord, rightWord } from "./words.ts";

/** The same thing done again and again, as a screen does that is kept open: one line, from when to when, how often. */
export interface Look {
  readonly id: string;
  readonly newest: AccessEntry;
  readonly first: number;
  readonly last: number;
  readonly times: number;
}

/** Between two that are one line. */
const GAP_MS = 30 * 60_000;

/**
 * Entries of the log as lines for people.
 *
 * @param entries newest first
 * @returns newest first, by their last time
 */
export function looksOf(entries: readonly AccessEntry[]): Look[] {
  const done: Look[] = [];
  const open = new Map<string, Look>();
  for (const entry of entries) {
    const key = JSON.stringify([entry.byId, entry.words, entry.outcome, entry.because]);
    const before = open.get(key);
    if (before && before.first - entry.at <= GAP_MS) {
      open.set(key, { ...before, first: entry.at, times: before.times + 1 });
    } else {
      if (before) done.push(before);
      open.set(key, { id: entry.id, newest: entry, first: entry.at, last: entry.at, times: 1 });
    }
  }
  return [...done, ...open.values()].sort((a, b) => b.last - a.last);
}

/** Why they could, in words; undefined where it is not known. */
export function whyText({ because, outcome }: Pick<AccessEntry, "because" | "outcome">): string | undefined {
  if (outcome === "refused") return "refused: nothing was shown";
  if (outcome === "failed") return "it did not work";
  if (!because) return undefined;
  const { purpose, basis, reason } = because;
  if (basis === "self" || basis === "guardian" || basis === "subject-right") return rightWord[basis];
  return `${purposeWord[purpose]}: ${basisWord[basis]}${reason === null ? "" : ` (“${reason}”)`}`;
}

/** Those who stand in the entries, each once, by name. */
export function peopleIn(entries: readonly AccessEntry[]): { readonly id: string; readonly name: string }[] {
  const names = new Map(entries.flatMap(({ byId, by }) => (byId === null || by === "" ? [] : [[byId, by] as const])));
  return [...names].map(([id, name]) => ({ id, name })).sort((a, b) => a.name.localeCompare(b.name));
}
