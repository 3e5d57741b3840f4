import type { Queries } from "./ports.ts";

/** A table as a backup has it. */
export interface Table {
  readonly name: string;
  readonly columns: readonly string[];
  /** Columns of the primary key. */
  readonly key: readonly string[];
}

/** Made by the migrations, or told of this database and no other. */
const NOT_COPIED = ["schema_migration", "backup_taken"];

const DAY_MS = 86_400_000;

/** Rows are compared in groups: by these columns neighbours in time are together, so that what is old stays equal. */
const GROUPS: readonly { readonly column: string; readonly sql: string }[] = [
  { column: "position", sql: "(position >> 16)" },
  { column: "period_start", sql: `(period_start / ${DAY_MS})` },
  { column: "day_start", sql: `(day_start / ${DAY_MS})` },
];

/** Every table of the schema, journal days as one; a table that a later migration makes is among them. */
export async function tablesOf(client: Queries): Promise<Table[]> {
  const { rows } = await client.query(
    `SELECT c.relname AS name,
        (SELECT array_agg(a.attname::text ORDER BY a.attnum) FROM pg_attribute a
          WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '') AS columns,
        (SELECT array_agg(a.attname::text ORDER BY k.place)
          FROM pg_index i CROSS JOIN unnest(i.indkey) WITH ORDINALITY AS k (attnum, place)
          JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.attnum
          WHERE i.indrelid = c.oid AND i.indisprimary) AS key
      FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
        AND c.relname <> ALL ($1) ORDER BY c.relname`,
    [NOT_COPIED],
  );
  for (const { name, key } of rows as (Table & { key: unknown })[])
    if (!key) throw new Error(`table ${name} has no primary key: a backup cannot tell its rows apart`);
  return rows as Table[];
}

export const quoted = (name: string) => `"${name.replaceAll('"', '""')}"`;
export const columnList = (names: readonly string[]) => names.map(quoted).join(", ");

/** SQL of a row's key as text. */
export const keyText = ({ key }: Table) => key.map((column) => `${quoted(column)}::text`).join(" || '|' || ");

/** SQL of the group that a row belongs to. */
export function groupOf(table: Table): string {
  const known = GROUPS.find(({ column }) => table.columns.includes(column));
  return known ? `${known.sql}::bigint` : `get_byte(decode(md5(${keyText(table)}), 'hex'), 0)::bigint`;
}
