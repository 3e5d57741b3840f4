import type { SqlStatement } from "../../../server/store/journal/index.ts";

export type Row = Record<string, unknown>;

export interface Insert {
  readonly table: string;
  readonly rows: readonly Row[];
}

const INSERT = /INSERT INTO (\w+) \(([^)]*)\) (SELECT \* FROM unnest\(([^)]*)\)|VALUES (.*?)) ON CONFLICT DO NOTHING/gs;

/**
 * What the journal's statement inserts. Only the two forms that the committer writes are understood: rows as unnest of
 * arrays, a column each, and rows as tuples of parameters.
 */
export function insertsOf({ text, values = [] }: SqlStatement): Insert[] {
  const parameter = (name: string) => values[Number(name.trim().slice(1).split("::")[0]) - 1];
  return [...text.matchAll(INSERT)].map(([, table = "", names = "", , arrays, tuples]) => {
    const columns = names.split(",").map((name) => name.trim());
    const rowOf = (cells: readonly unknown[]) => Object.fromEntries(columns.map((name, i) => [name, cells[i]]));
    if (arrays !== undefined) {
      const columnsOf = arrays.split(",").map(parameter) as unknown[][];
      const count = columnsOf[0]?.length ?? 0;
      return { table, rows: Array.from({ length: count }, (_, i) => rowOf(columnsOf.map((column) => column[i]))) };
    }
    const each = [...(tuples ?? "").matchAll(/\(([^)]*)\)/g)];
    return { table, rows: each.map(([, cells = ""]) => rowOf(cells.split(",").map(parameter))) };
  });
}
