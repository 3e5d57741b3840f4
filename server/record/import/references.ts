import { type Fhir, type FhirObject, isObject, type Resource } from "@openward/fhir/json";
import type { ImportName } from "@openward/model";

/** By which the draft of bulk import says where a resource came from that got another id. @source github.com/smart-on-fhir/bulk-import */
export const IMPORT_SOURCE = "http://hl7.org/fhir/StructureDefinition/import-source";

/** Elements that name other resources: references, and addresses of Binaries. */
const NAMING: ReadonlySet<string> = new Set(["reference", "url"]);

/** What a text names within its source. */
export interface Named {
  /** undefined: urn:uuid, which says none. */
  readonly type: string | undefined;
  readonly theirs: string;
}

/** "Patient/1", "Patient/1/_history/2", "https://source/Patient/1", "urn:uuid:…"; undefined: nothing of the source. */
export function namedBy(text: string, source: string): Named | undefined {
  const urn = /^urn:uuid:([0-9a-fA-F-]{36})$/.exec(text)?.[1];
  if (urn !== undefined) return { type: undefined, theirs: urn };
  const base = source.replace(/\/+$/, "");
  const local = text.startsWith(`${base}/`) ? text.slice(base.length + 1) : text;
  // A version has another number here: what is named is the resource.
  const [, type, theirs] =
    /^([A-Z][A-Za-z]{1,63})\/([A-Za-z0-9.-]{1,64})(?:\/_history\/[A-Za-z0-9.-]{1,64})?$/.exec(local) ?? [];
  return type === undefined || theirs === undefined ? undefined : { type, theirs };
}

/** Everything that a resource names of its source. */
export function* namesIn(value: Fhir | undefined, source: string): Generator<Named> {
  if (Array.isArray(value)) {
    for (const one of value) yield* namesIn(one, source);
    return;
  }
  if (!isObject(value)) return;
  for (const [key, one] of Object.entries(value)) {
    if (typeof one !== "string") yield* namesIn(one, source);
    else if (NAMING.has(key)) {
      const named = namedBy(one, source);
      if (named) yield named;
    }
  }
}

/** References that are searches, "Practitioner?identifier=…". */
export function* searchesIn(value: Fhir | undefined): Generator<string> {
  if (Array.isArray(value)) for (const one of value) yield* searchesIn(one);
  else if (isObject(value))
    for (const [key, one] of Object.entries(value)) {
      if (typeof one !== "string") yield* searchesIn(one);
      else if (key === "reference" && /^[A-Z][A-Za-z]+\?/.test(one)) yield one;
    }
}

/** What others of the source are called here; a name of nothing that was imported stays as it is. */
export interface Here {
  /** undefined: it is not of the source, or two types have this id. */
  of(named: Named): ImportName | undefined;
}

export function hereOf(names: readonly ImportName[]): Here {
  const byId = Map.groupBy(names, ({ theirs }) => theirs);
  return {
    of({ type, theirs }) {
      const all = byId.get(theirs) ?? [];
      if (type === undefined) return all.length === 1 ? all[0] : undefined;
      return all.find((one) => one.type === type);
    },
  };
}

/** A copy in which others are called by their names here. @param found what searches found: "Practitioner/…" */
export function renamed(
  value: Fhir,
  {
    source,
    here,
    found,
  }: { readonly source: string; readonly here: Here; readonly found: ReadonlyMap<string, string> },
): Fhir {
  const copy = (one: Fhir): Fhir => {
    if (Array.isArray(one)) return one.map(copy);
    if (!isObject(one)) return one;
    const made: FhirObject = {};
    for (const [key, inner] of Object.entries(one))
      made[key] = typeof inner === "string" && NAMING.has(key) ? nameOf(inner) : copy(inner as Fhir);
    return made;
  };
  const nameOf = (text: string): string => {
    const named = namedBy(text, source);
    const known = named && here.of(named);
    return known ? `${known.type}/${known.id}` : (found.get(text) ?? text);
  };
  return copy(value);
}

/** Says in `meta` whose it was, and by which name: both stay with it, also where it is handed on. */
export function withSource(resource: Resource, source: string, theirs: string): Resource {
  const { resourceType, id, meta: given, ...rest } = resource;
  const { extension, versionId: _version, lastUpdated: _updated, ...meta } = isObject(given) ? given : {};
  const others = (Array.isArray(extension) ? extension : []).filter((one) => !isSourceOf(one, source));
  const ours = { url: IMPORT_SOURCE, valueIdentifier: { system: source, value: `${resourceType}/${theirs}` } };
  return {
    resourceType,
    ...(id === undefined ? {} : { id }),
    meta: { extension: [...others, ours], ...(meta.source === undefined ? { source } : {}), ...meta },
    ...rest,
  } as Resource;
}

const isSourceOf = (one: Fhir, source: string): boolean =>
  isObject(one) && one.url === IMPORT_SOURCE && isObject(one.valueIdentifier) && one.valueIdentifier.system === source;
