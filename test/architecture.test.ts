import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize, relative } from "node:path";
import { test } from "node:test";
import { root } from "./support/ward.ts";

/** Each may import what stands before it, and nothing else. Rooms of the server stand alone. */
const ORDER = [
  "runtime",
  "errors",
  "spool",
  "signals",
  "fhir",
  "model",
  "api",
  "codecs",
  "timeseries",
  "physiology",
  "inference",
  "drivers",
];
const FREE = new Set([
  "server/main.ts",
  "server/cli",
  "server/foundation.ts",
  "server/ground.ts",
  "server/open-audit.ts",
  "server/open-certificates.ts",
  "server/open-doors.ts",
  "server/open-feeds.ts",
  "server/open-http.ts",
  "server/open-ingest.ts",
  "server/open-listening.ts",
  "server/open-portal.ts",
  "server/open-rights.ts",
  "server/open-storage.ts",
  "server/open-store.ts",
  "server/open-subscriptions.ts",
  "server/open-watch.ts",
  "server/demo.ts",
  "gateway/gateway.ts",
  "gateway/main.ts",
]);

for (const file of sourceFiles("packages").concat(
  sourceFiles("server"),
  sourceFiles("gateway"),
  sourceFiles("simulator"),
)) {
  test(`${file} imports only what it may`, () => {
    for (const target of importsOf(file)) {
      assert.ok(mayImport(placeOf(file), target), `let ${file} take what it needs from ${target} as a parameter`);
    }
  });
}

function mayImport(from: string, to: string): boolean {
  if (from === to || FREE.has(from)) return true;
  const [fromTop, fromName] = from.split("/") as [string, string];
  const [toTop, toName] = to.split("/") as [string, string];
  if (toTop === "packages") {
    return (
      fromTop !== "packages" ||
      ORDER.indexOf(toName) < ORDER.indexOf(fromName) ||
      toName === "runtime" ||
      toName === "errors"
    );
  }
  // server/http is the one door that rooms with routes share.
  return fromTop === "server" && to === "server/http";
}

/** "packages/signals", "server/ingest", "server/main.ts", "simulator/". */
function placeOf(path: string): string {
  const [top, name] = path.split("/") as [string, string];
  // One small program, whose wiring brings in the server's doors.
  if (top === "gateway" && !FREE.has(path)) return "gateway/";
  return top === "simulator" ? "simulator/" : `${top}/${name}`;
}

function importsOf(file: string): string[] {
  const text = readFileSync(join(root, file), "utf8");
  return [...text.matchAll(/(?:from|import)\s*\(?\s*"([^"]+)"/g)].flatMap(([, specifier]) => {
    if (!specifier) return [];
    if (specifier.startsWith("@openward/")) {
      const name = specifier.split("/")[1] ?? "";
      return name === "simulator" ? ["simulator/"] : [`packages/${name}`];
    }
    if (!specifier.startsWith(".")) return [];
    const path = relative(root, normalize(join(root, dirname(file), specifier)));
    return path.endsWith("package.json") ? [] : [placeOf(path)];
  });
}

function sourceFiles(folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) return entry.name === "node_modules" || entry.name === "testing" ? [] : sourceFiles(path);
    return entry.name.endsWith(".ts") && !entry.name.endsWith(".test.ts") ? [path] : [];
  });
}
