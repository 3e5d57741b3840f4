import type { Queries } from "./ports.ts";
import { groupOf, keyText, quoted, type Table } from "./tables.ts";

/** Rows of one group: how many, and the sum of a hash of their keys. */
export interface Group {
  readonly group: number;
  readonly rows: number;
  readonly keys: string;
}

export interface Census {
  /** Every row of the snapshot. */
  readonly all: readonly Group[];
  /** Those that were written before `since`, and not since. */
  readonly old: readonly Group[];
}

/** A number that moves on with every transaction that writes. Of a snapshot: everything below `settled` had ended. */
export interface Snapshot {
  readonly settled: number;
  readonly next: number;
}

/** More transactions apart than this, and PostgreSQL's 32 bits do not tell old from new. */
export const APART_MAX = 2 ** 31;

export async function snapshotOf(client: Queries): Promise<Snapshot> {
  const { rows } = await client.query(
    `SELECT pg_snapshot_xmin(s)::text::float8 AS settled, pg_snapshot_xmax(s)::text::float8 AS next
      FROM pg_current_snapshot() AS s`,
  );
  return rows[0] as Snapshot;
}

/**
 * SQL: was the row written by a transaction that had not ended when the earlier snapshot was taken? PostgreSQL keeps of
 * it 32 bits. What is far in the past may look new, and is copied again; nothing new looks old.
 */
export function isNew(since: Snapshot, now: Snapshot): string {
  return `mod(${now.next} - xmin::text::bigint, 4294967296) <= ${now.next - since.settled}`;
}

/** Count a table in groups. @param since null: everything is new */
export async function takeCensus(
  client: Queries,
  table: Table,
  since: Snapshot | null,
  now: Snapshot,
): Promise<Census> {
  const old = since ? `NOT (${isNew(since, now)})` : "false";
  // Of the hash 60 bits: the same in every version of PostgreSQL.
  const { rows } = await client.query(
    `SELECT "group"::float8 AS "group", count(*)::float8 AS rows, coalesce(sum(hash), 0)::text AS keys,
        count(*) FILTER (WHERE old)::float8 AS "oldRows", coalesce(sum(hash) FILTER (WHERE old), 0)::text AS "oldKeys"
      FROM (SELECT ${groupOf(table)} AS "group", ('x' || substr(md5(${keyText(table)}), 1, 15))::bit(60)::bigint AS hash,
        ${old} AS old FROM ${quoted(table.name)}) AS t GROUP BY 1 ORDER BY 1`,
  );
  const groups = rows as (Group & { oldRows: number; oldKeys: string })[];
  return {
    all: groups.map(({ group, rows: count, keys }) => ({ group, rows: count, keys })),
    old: groups.flatMap(({ group, oldRows, oldKeys }) =>
      oldRows > 0 ? [{ group, rows: oldRows, keys: oldKeys }] : [],
    ),
  };
}

/** Groups in which something of before has been changed or is gone. */
export function changedGroups(before: readonly Group[], old: readonly Group[]): number[] {
  const now = new Map(old.map((each) => [each.group, each]));
  const changed = before.filter(({ group, rows, keys }) => {
    const same = now.get(group);
    return same?.rows !== rows || same.keys !== keys;
  });
  return changed.map(({ group }) => group);
}

/** The first group in which two counts differ; undefined: none does. */
export function firstDifference(expected: readonly Group[], found: readonly Group[]): Group | undefined {
  const there = new Map(found.map((each) => [each.group, each]));
  const differing = expected.find(({ group, rows, keys }) => {
    const same = there.get(group);
    return same?.rows !== rows || same.keys !== keys;
  });
  if (differing) return differing;
  const wanted = new Set(expected.map(({ group }) => group));
  return found.find(({ group }) => !wanted.has(group));
}
