import { createHmac } from "node:crypto";
import type { ImportName, ImportStep } from "@openward/model";
import type { Transaction } from "../registry/transaction.ts";

/** By which an id of a source is kept: without the key nobody can try whose it might be. */
export const nameHash = (secret: string) => (source: string, theirs: string) =>
  createHmac("sha256", secret).update(`${source}\n${theirs}`).digest().subarray(0, 16);

export type NameHash = ReturnType<typeof nameHash>;

export interface Source {
  readonly organisationId: string;
  readonly source: string;
}

const RESERVE = `INSERT INTO import_name (organisation_id, name, type, id)
  SELECT $1, n, t, i FROM unnest($2::bytea[], $3::text[], $4::text[]) AS given (n, t, i) ON CONFLICT DO NOTHING`;

/** New ones get the id that is proposed, known ones keep theirs. */
export async function reserve(
  tx: Transaction,
  hash: NameHash,
  { organisationId, source }: Source,
  names: readonly Omit<ImportName, "isMade">[],
): Promise<void> {
  if (names.length === 0) return;
  // One order for all: two imports of one source wait for one another, and not in a ring.
  const sorted = names.map((one) => ({ ...one, name: hash(source, one.theirs) }));
  sorted.sort((a, b) => a.name.compare(b.name) || (a.type < b.type ? -1 : 1));
  await tx.run(RESERVE, [
    organisationId,
    sorted.map(({ name }) => name),
    sorted.map(({ type }) => type),
    sorted.map(({ id }) => id),
  ]);
}

export async function find(
  tx: Transaction,
  hash: NameHash,
  { organisationId, source }: Source,
  theirs: readonly string[],
): Promise<ImportName[]> {
  const byHash = new Map(theirs.map((id) => [hash(source, id).toString("hex"), id]));
  const rows = await tx.rows<{ name: string; type: string; id: string; is_made: boolean }>(
    `SELECT encode(name, 'hex') AS name, type, id, is_made FROM import_name
      WHERE organisation_id = $1 AND name = ANY (SELECT decode(n, 'hex') FROM unnest($2::text[]) AS n)`,
    [organisationId, [...byHash.keys()]],
  );
  return rows.flatMap(({ name, type, id, is_made: isMade }) => {
    const found = byHash.get(name);
    return found === undefined ? [] : [{ type, theirs: found, id, isMade }];
  });
}

const MADE = `INSERT INTO import_name (organisation_id, name, type, id, is_made, about)
  SELECT $1, n, t, i, true, a FROM unnest($2::bytea[], $3::text[], $4::text[], $5::uuid[]) AS given (n, t, i, a)
  ON CONFLICT (organisation_id, name, type) DO UPDATE SET id = excluded.id, is_made = true, about = coalesce(excluded.about, import_name.about)`;

/** They have been written under these ids. */
export async function made(
  tx: Transaction,
  hash: NameHash,
  { organisationId, source }: Source,
  names: ImportStep["made"],
): Promise<void> {
  if (names.length === 0) return;
  await tx.run(MADE, [
    organisationId,
    names.map(({ theirs }) => hash(source, theirs)),
    names.map(({ type }) => type),
    names.map(({ id }) => id),
    names.map(({ about }) => about),
  ]);
}
