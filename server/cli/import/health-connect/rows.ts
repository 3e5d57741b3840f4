import { constants, DatabaseSync } from "node:sqlite";
import { columnsOf, type HealthConnectTable, healthConnectTables, PIECE_BYTES } from "@openward/codecs/files";

/** No table that we read has a row of more. */
const MAX_BYTES_OF_A_ROW = 1_000_000;
/** Words are numbers that were stored as text. */
const MAX_WORD = 40;
const MAX_TABLES = 2_000;
const NAME = /^[A-Za-z][A-Za-z0-9_]{0,79}$/;
/** Tables of Health Connect that hold what somebody measured or did. */
const OF_RECORDS =
  /(?:record_table|RecordTable|_series_table|_delta_table|_stages_table|_segments_table|_laps_table|_route_table)$/;

/**
 * Opens somebody else's database: only to be read, as it is in the file (no journal is played back), and nothing that its
 * schema says is carried out: no view, no trigger, no function but two of ours, no pragma after these.
 *
 * @param file URL of the file
 * @throws Error of SQLite, for a file that is none
 */
export function openForeign(file: URL): DatabaseSync {
  const place = new URL(file);
  place.search = "?mode=ro&immutable=1";
  const database = new DatabaseSync(place, {
    readOnly: true,
    defensive: true,
    allowExtension: false,
    enableDoubleQuotedStringLiterals: false,
    limits: {
      length: MAX_BYTES_OF_A_ROW,
      sqlLength: MAX_BYTES_OF_A_ROW,
      column: 200,
      exprDepth: 50,
      attach: 0,
      vdbeOp: 10_000,
    },
  });
  try {
    database.exec(
      "PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON; PRAGMA mmap_size = 0; PRAGMA cache_size = -16384; PRAGMA temp_store = FILE",
    );
    database.setAuthorizer(allowed);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

const FUNCTIONS = new Set(["typeof", "octet_length", "count"]);

/** @param view the view or trigger whose text asks for it */
function allowed(
  action: number,
  name: string | null,
  second: string | null,
  _database: string | null,
  view: string | null,
): number {
  const { SQLITE_SELECT, SQLITE_READ, SQLITE_FUNCTION, SQLITE_OK, SQLITE_DENY } = constants;
  if (view !== null) return SQLITE_DENY;
  if (action === SQLITE_SELECT || action === SQLITE_READ) return SQLITE_OK;
  if (action === SQLITE_FUNCTION && second !== null && FUNCTIONS.has(second)) return SQLITE_OK;
  // What a table looks like is asked by pragma, as a table.
  if (action === constants.SQLITE_PRAGMA && name === "table_xinfo") return SQLITE_OK;
  return SQLITE_DENY;
}

/** Lines as the codec `files/health-connect` reads them, and lines of what is not taken. */
export function* linesOf(database: DatabaseSync): Generator<string> {
  const names = tableNames(database);
  for (const table of healthConnectTables.values()) {
    if (!names.has(table.name)) continue;
    if (isAsExpected(database, table)) yield* rowsOf(database, table);
    else yield* leftOf(database, table.name);
  }
  const parents = new Set([...healthConnectTables.values()].map(({ parent }) => parent));
  for (const name of names) {
    if (OF_RECORDS.test(name) && !healthConnectTables.has(name) && !parents.has(name)) yield* leftOf(database, name);
  }
}

/** Tables with names that can be written as they are; views and virtual tables are none. */
function tableNames(database: DatabaseSync): ReadonlySet<string> {
  const rows = database
    .prepare("SELECT name, rootpage FROM sqlite_schema WHERE type = 'table' LIMIT ?")
    .all(MAX_TABLES);
  return new Set(
    rows.flatMap(({ name, rootpage }) =>
      typeof name === "string" && NAME.test(name) && Number(rootpage) > 0 ? [name] : [],
    ),
  );
}

/** Has the columns, stored and not computed; of a series its parent too, found by its row number. */
function isAsExpected(database: DatabaseSync, table: HealthConnectTable): boolean {
  const columns = columnsOf(table);
  if (table.parent === null) return hasColumns(database, table.name, columns);
  const own = columns.filter((column) => column !== table.zone);
  return (
    hasColumns(database, table.name, [...own, "parent_key"]) &&
    hasColumns(database, table.parent, [table.zone]) &&
    database.prepare(`SELECT pk, type FROM pragma_table_xinfo('${table.parent}') WHERE name = 'row_id'`).get()?.type ===
      "INTEGER" &&
    Number(database.prepare(`SELECT pk FROM pragma_table_xinfo('${table.parent}') WHERE name = 'row_id'`).get()?.pk) ===
      1
  );
}

function hasColumns(database: DatabaseSync, table: string, columns: readonly string[]): boolean {
  const stored = database.prepare(`SELECT name FROM pragma_table_xinfo('${table}') WHERE hidden = 0`).all();
  const names = new Set(stored.map(({ name }) => name));
  return columns.every((column) => names.has(column));
}

function* leftOf(database: DatabaseSync, name: string): Generator<string> {
  const count = Number(database.prepare(`SELECT count(*) AS n FROM "${name}"`).get()?.n ?? 0);
  if (count > 0) yield `{"left":"${name}","count":${count}}`;
}

function* rowsOf(database: DatabaseSync, table: HealthConnectTable): Generator<string> {
  const columns = columnsOf(table);
  const source =
    table.parent === null
      ? `"${table.name}" AS r`
      : `"${table.name}" AS r LEFT JOIN "${table.parent}" AS p ON p.row_id = r.parent_key`;
  const chosen = columns.map(
    (column, i) => `${plain(`${table.parent !== null && column === table.zone ? "p" : "r"}."${column}"`)} AS c${i}`,
  );
  const statement = database.prepare(`SELECT ${chosen.join(", ")} FROM ${source} ORDER BY r.rowid`);
  statement.setReturnArrays(true);
  const head = `{"table":"${table.name}","columns":${JSON.stringify(columns)},"rows":[`;
  let rows: string[] = [];
  let length = head.length;
  for (const row of statement.iterate() as Iterable<unknown>) {
    const text = JSON.stringify(row);
    rows.push(text);
    length += text.length + 1;
    if (length < PIECE_BYTES) continue;
    yield `${head}${rows.join(",")}]}`;
    rows = [];
    length = head.length;
  }
  if (rows.length > 0) yield `${head}${rows.join(",")}]}`;
}

/** Numbers, and short words; a long word or a blob is not even loaded. */
function plain(column: string): string {
  return `CASE typeof(${column}) WHEN 'integer' THEN ${column} WHEN 'real' THEN ${column} WHEN 'text' THEN CASE WHEN octet_length(${column}) <= ${MAX_WORD} THEN ${column} END END`;
}
