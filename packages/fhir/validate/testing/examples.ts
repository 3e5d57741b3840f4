import { existsSync, readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";

const DATA = fileURLToPath(new URL("../../../../../shared/data/fhir/", import.meta.url));

export const skip = existsSync(DATA) ? false : "no ../shared/data beside the clone";

export type Resource = Record<string, unknown> & { readonly resourceType: string; readonly id: string };

/** HL7's examples of R4, without the list of their package. */
export function r4Examples(): Resource[] {
  return readdirSync(`${DATA}r4-examples`)
    .filter((name) => /ndjson(\.gz)?$/.test(name) && !name.startsWith("package"))
    .sort()
    .flatMap((name) => lines(`r4-examples/${name}`));
}

export const usCoreExamples = (): Resource[] => lines("us-core-examples.ndjson.gz");

/** Invented patients, each a transaction of some hundred entries. */
export const syntheaBundles = (): Resource[] =>
  readdirSync(`${DATA}synthea`)
    .filter((name) => name.endsWith(".json.gz"))
    .flatMap((name) => JSON.parse(gunzipSync(readFileSync(`${DATA}synthea/${name}`)).toString("utf8")) as Resource);

/** The definitions of R4 as HL7 published them, of some types. */
export const published = (): Resource[] => lines("r4-definitions/structure-definitions.ndjson.gz");

function lines(name: string): Resource[] {
  const bytes = readFileSync(DATA + name);
  const text = (name.endsWith(".gz") ? gunzipSync(bytes) : bytes).toString("utf8");
  return text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Resource);
}
