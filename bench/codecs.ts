import { gattRows } from "./codecs/gatt.ts";
import { type Row, table } from "./support.ts";

/** How fast bytes of devices become readings, on one core, without server and network: a table for each family of formats. */
const families: readonly { readonly what: string; rows(): Row[] }[] = [
  { what: "Bluetooth characteristics", rows: gattRows },
];

export async function codecs(): Promise<Row[]> {
  const tables = families.map(({ what, rows }) => ({ what, rows: rows() }));
  for (const { what, rows } of tables.slice(0, -1)) console.log(`${what}\n\n${table(rows)}\n`);
  console.log(`${tables.at(-1)?.what}\n`);
  return tables.at(-1)?.rows ?? [];
}
