import type { LimitsBody } from "@openward/api";
import { draftOf, type LimitsDraft, toNewLimits } from "./check-limits.ts";

/** What a person has typed into one row, and which limits they saw when they began. */
interface Edit {
  readonly draft: LimitsDraft;
  readonly seen: string | null;
}

/** By signal; a row that nobody touched is not in it and shows what is in force. */
export type LimitEdits = ReadonlyMap<string, Edit>;

export interface LimitRow {
  readonly draft: LimitsDraft;
  /** What is in force; null: no limits for this signal yet. */
  readonly set: LimitsBody | null;
  readonly seen: string | null;
  readonly isChanged: boolean;
  /** Somebody else has set these limits since the person began to type. */
  readonly isOvertaken: boolean;
}

export const noEdits: LimitEdits = new Map();

/** The rows of the page: what is in force, with what is being typed over it. */
export function rowsOf(set: readonly LimitsBody[], edits: LimitEdits): readonly LimitRow[] {
  const known = new Set(set.map((l) => l.signal));
  const added = [...edits.keys()].filter((signal) => !known.has(signal));
  return [
    ...set.map((l) => rowOf(l, edits.get(l.signal))),
    ...added.map((signal) => rowOf(null, edits.get(signal))),
  ].filter((row) => row !== null);
}

function rowOf(set: LimitsBody | null, edit: Edit | undefined): LimitRow | null {
  const now = set && draftOf(set);
  const draft = edit?.draft ?? now;
  if (!draft) return null;
  const revision = set?.revision ?? null;
  const seen = edit ? edit.seen : revision;
  const isChanged = JSON.stringify(draft) !== JSON.stringify(now);
  return { draft, set, seen, isChanged, isOvertaken: isChanged && seen !== revision };
}

export function withEdit(edits: LimitEdits, row: LimitRow, part: Partial<LimitsDraft>): LimitEdits {
  const seen = row.isChanged ? row.seen : (row.set?.revision ?? null);
  return new Map(edits).set(row.draft.signal, { draft: { ...row.draft, ...part }, seen });
}

export function withAdded(edits: LimitEdits, draft: LimitsDraft): LimitEdits {
  return new Map(edits).set(draft.signal, { draft, seen: null });
}

/** What was typed is given up: the row shows what is in force. */
export function withoutEdit(edits: LimitEdits, signal: string): LimitEdits {
  const rest = new Map(edits);
  rest.delete(signal);
  return rest;
}

/** The person has seen what somebody else set meanwhile, and wants their own all the same. */
export function insist(edits: LimitEdits, row: LimitRow): LimitEdits {
  return new Map(edits).set(row.draft.signal, { draft: row.draft, seen: row.set?.revision ?? null });
}

/** Only what was touched is sent, each with what the person saw. */
export const toSend = (rows: readonly LimitRow[]) =>
  rows.filter((row) => row.isChanged).map((row) => ({ ...toNewLimits(row.draft), seen: row.seen }));
