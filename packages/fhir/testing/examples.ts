import { existsSync, readdirSync, readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";

const folder = new URL("../../../../shared/data/", import.meta.url);

/** A file of the recordings and suites beside the repository, unpacked; null where they are not there. */
export function shared(name: string): string | null {
  const file = new URL(name, folder);
  if (!existsSync(file)) return null;
  const bytes = readFileSync(file);
  return (name.endsWith(".gz") ? gunzipSync(bytes) : bytes).toString();
}

/** The official examples of R4 and US Core, a resource each, as text. */
export function officialExamples(): readonly string[] {
  const r4 = new URL("fhir/r4-examples/", folder);
  if (!existsSync(r4)) return [];
  return [
    ...readdirSync(r4)
      .filter((name) => name.includes(".ndjson"))
      .map((name) => `fhir/r4-examples/${name}`),
    "fhir/us-core-examples.ndjson.gz",
  ].flatMap((name) => (shared(name) ?? "").split("\n").filter(Boolean));
}
