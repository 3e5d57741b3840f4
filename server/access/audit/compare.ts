import { type Canonical, canonical } from "./canonical.ts";
import { decodeRecord } from "./record.ts";
import { agentOf, behalfOf, type ComparedRow } from "./table.ts";

/** A row of the database that does not say what the chain says. */
export interface Altered {
  readonly node: string;
  /** Of the record in its chain. */
  readonly position: number;
  /** Row of audit_event; null: it is the record's own row. */
  readonly event: number | null;
  readonly reason: string;
}

export interface Compared {
  /** Records that were looked at. */
  readonly records: number;
  /** Changes whose row was compared with its digest. */
  readonly changes: number;
  /** Changes that no chain holds yet: they are linked within a second, or at the next start. */
  readonly unlinked: number;
  readonly altered: number;
  /** The first of them. */
  readonly first: readonly Altered[];
}

const TOLD = 20;

export interface CompareSource {
  readonly nodes: readonly string[];
  compared(node: string): AsyncIterable<ComparedRow>;
  unlinked(): Promise<number>;
}

/**
 * Compares the rows that people read with the chain: what a change wrote of itself (audit_event) with the digest that its
 * record holds, and the columns that the log is searched by with the record. That the chain itself is as it was written is
 * the verifier's to say.
 */
export async function compareRows(source: CompareSource): Promise<Compared> {
  let [records, changes, altered] = [0, 0, 0];
  const first: Altered[] = [];
  for (const node of source.nodes) {
    for await (const row of source.compared(node)) {
      records++;
      if (row.eventPosition !== null) changes++;
      for (const { event, reason } of differences(row)) {
        altered++;
        if (first.length < TOLD) first.push({ node, position: row.position, event, reason });
      }
    }
  }
  return { records, changes, unlinked: await source.unlinked(), altered, first };
}

function* differences(row: ComparedRow): Generator<Pick<Altered, "event" | "reason">> {
  const record = decodeRecord(row.body);
  const { change } = record;
  if ((change?.position ?? null) !== row.eventPosition)
    yield { event: row.eventPosition, reason: "the row of the record names another change than the record" };
  else if (change) {
    if (row.event === null) yield { event: change.position, reason: "the row of the change is gone" };
    else if (row.event.digest !== change.digest)
      yield { event: change.position, reason: "the row of the change is not what it was when it was linked" };
  }
  const said: Canonical = {
    id: record.id,
    at: record.at,
    organisationId: record.organisationId,
    agent: agentOf(record),
    behalf: behalfOf(record),
    action: record.action,
    code: record.code,
    entity: record.entity,
    outcome: record.outcome,
    patients: [...record.patients],
  };
  if (canonical(said) !== canonical(row.columns))
    yield { event: null, reason: "the columns that the log is searched by are not what the record says" };
}
