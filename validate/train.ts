// Trains a model again: npm run models -- NAME [--data DIR] [--rows FILE.csv, to keep what it was trained with]
import { spawnSync } from "node:child_process";
import { createWriteStream, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { parseArgs } from "node:util";
import { rowsOf, type TrainingRows } from "./rows/index.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    data: { type: "string", default: join(import.meta.dirname, "../../shared/data") },
    rows: { type: "string" },
  },
});
const [name = ""] = positionals;
const rows = rowsOf[name];
if (!rows) {
  console.error(`no model is called "${name}"; there are ${Object.keys(rowsOf).join(", ")}`);
  process.exit(2);
}
const place = mkdtempSync(join(tmpdir(), "openward-rows-"));
const file = values.rows ?? join(place, "rows.csv");
await pipeline(Readable.from(linesOf(rows, values.data)), createWriteStream(file));
const script = join(import.meta.dirname, "../models/training/train.py");
const { status, error } = spawnSync(process.env.PYTHON ?? "python3", [script, name, file], { stdio: "inherit" });
if (error) console.error(error.message);
rmSync(place, { recursive: true, force: true });
process.exitCode = status ?? 1;

async function* linesOf({ features, of }: TrainingRows, dir: string): AsyncGenerator<string> {
  yield `group,label,weight,${features.join(",")}\n`;
  for await (const { group, label, weight, features: row } of of(dir)) {
    const cells = Array.from(row, (value) => (Number.isFinite(value) ? String(Math.fround(value)) : ""));
    yield `${group},${label},${weight},${cells.join(",")}\n`;
  }
}
