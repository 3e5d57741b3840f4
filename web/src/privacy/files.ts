/** Made in the browser from what it was shown: nothing more is asked for, and nothing is kept on the server. */

/** A column's heading, and what stands in it. */
export type Column<T> = readonly [string, (row: T) => string | number | null];

/**
 * RFC 4180, with the byte order mark that spreadsheets want.
 *
 * A text that begins like a formula gets an apostrophe before it: a spreadsheet would run it.
 */
export function csvOf<T>(columns: readonly Column<T>[], rows: readonly T[]): string {
  const lines = [columns.map(([heading]) => heading), ...rows.map((row) => columns.map(([, of]) => of(row)))];
  return `\ufeff${lines.map((cells) => `${cells.map(cellOf).join(",")}\r\n`).join("")}`;
}

function cellOf(value: string | number | null): string {
  if (value === null) return "";
  if (typeof value === "number") return String(value);
  const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
