/**
 * The process that looks into the database: what is wrong with a file ends with it. Argument: URL of the file. Standard output: lines as
 * the codec `files/health-connect` reads them; exit code 1: not a database, or damaged.
 */
import { once } from "node:events";
import { linesOf, openForeign } from "./rows.ts";

const [file = ""] = process.argv.slice(2);
try {
  const database = openForeign(new URL(file));
  for (const line of linesOf(database)) {
    if (!process.stdout.write(`${line}\n`)) await once(process.stdout, "drain");
  }
  database.close();
} catch (error) {
  // The message of SQLite can repeat words of the file.
  const code = (error as { readonly errcode?: number }).errcode;
  process.stderr.write(`${code === undefined ? String(error) : `SQLite ${code}`}\n`);
  process.exitCode = 1;
}
