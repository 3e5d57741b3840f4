import { createHash } from "node:crypto";
import type { AskFhir } from "../support/fhir.ts";
import type { Case } from "./cases.ts";
import { type Named, resources } from "./data.ts";

/** What was written for the cases: what else is in the house is none of theirs. */
export interface Written {
  readonly idOf: ReadonlyMap<string, string>;
  readonly nameOf: ReadonlyMap<string, string>;
}

const uuidOf = (name: string): string =>
  createHash("sha1")
    .update(`case ${name}`)
    .digest("hex")
    .replace(/^(.{8})(.{4}).(.{3}).(.{3})(.{12}).*$/, "$1-$2-4$3-8$4-$5");

/** All of them in one transaction, in which they refer to one another by their names. */
export async function writeCases(ask: AskFhir): Promise<Written> {
  const entry = resources.map(({ name, resource }) => ({
    fullUrl: `urn:uuid:${uuidOf(name)}`,
    resource: JSON.parse(
      JSON.stringify(resource).replaceAll(
        /"[A-Z][A-Za-z]+\/\{([^}]+)\}"/g,
        (_, to: string) => `"urn:uuid:${uuidOf(to)}"`,
      ),
    ) as Named["resource"],
    request: { method: "POST", url: resource.resourceType },
  }));
  const { status, json, text } = await ask("POST", "", { resourceType: "Bundle", type: "transaction", entry });
  if (status !== 200) throw new Error(`the cases are not written: ${status} ${text.slice(0, 3000)}`);
  const idOf = new Map<string, string>();
  resources.forEach(({ name }, i) => {
    idOf.set(name, String(json.entry[i].response.location).split("/").at(-3) ?? "");
  });
  return { idOf, nameOf: new Map([...idOf].map(([name, id]) => [id, name])) };
}

/** @returns what is not as the case says; undefined: all is */
export async function runCase(
  ask: AskFhir,
  base: string,
  { idOf, nameOf }: Written,
  one: Case,
): Promise<string | undefined> {
  const url = one.query
    .replaceAll("{base}", encodeURIComponent(base))
    .replaceAll(/\{([^}]+)\}/g, (_, name: string) => idOf.get(name) ?? `{${name}}`);
  const { status, json, text } = await ask("GET", url, undefined, { prefer: "handling=strict" });
  if (one.refused !== undefined)
    return status === one.refused ? undefined : `${one.query}: ${status} in place of ${one.refused}`;
  if (status !== 200) return `${one.query}: ${status} ${text.slice(0, 300)}`;
  const entries = (json.entry ?? []) as { resource: { id: string }; search: { mode: string } }[];
  const named = (mode: string) =>
    entries.flatMap(({ resource, search }) => (search.mode === mode ? (nameOf.get(resource.id) ?? []) : []));
  const of = (names: readonly string[]) => (one.isOrdered ? names : [...names].sort()).join(" ");
  const found = of(named("match"));
  if (found !== of(one.finds ?? [])) return `${one.query}: finds "${found}" in place of "${of(one.finds ?? [])}"`;
  const beside = [...named("include")].sort().join(" ");
  if (one.includes && beside !== [...one.includes].sort().join(" "))
    return `${one.query}: includes "${beside}" in place of "${[...one.includes].sort().join(" ")}"`;
  return undefined;
}
