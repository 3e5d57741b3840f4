import type { Bundle, BundleEntry, Resource as Typed } from "@medplum/fhirtypes";
import { RefusedInput } from "@openward/errors";
import type { Resource } from "@openward/fhir/json";
import { spanOfDate } from "@openward/fhir/search";
import type { HistoryQuery, StoredResource, StoredVersion } from "@openward/fhir/store";
import type { RecordContext } from "../context.ts";
import { houseKind } from "../house/index.ts";
import { within } from "../reach.ts";
import { readResource, readVersions } from "../read.ts";
import { fhirTime } from "../resources/time.ts";
import { historyBundle } from "../search/bundle.ts";
import { decodeCursor, encodeCursor } from "../search/cursor.ts";
import { resourcesOf } from "./find.ts";
import { resourceOf } from "./present.ts";
import { isReached, reachOf } from "./reach.ts";

const HISTORY_DEFAULT = 50;
const HISTORY_MAX = 1_000;
const VERSION = /^[1-9]\d{0,8}$/;

/**
 * As it was written, or where it was not as the house makes it.
 *
 * @throws RefusedInput NOT_FOUND, the same for what is not there and what is not seen; GONE for what was deleted
 */
export async function readWritten(context: RecordContext, type: string, id: string): Promise<Resource> {
  if (!houseKind(type)) return resourceOf(needContent(await newest(context, type, id, "r")));
  // One patient, one id: what was written of them is what they are, for who may read that.
  if (type === "Patient") {
    const stored = await newestOf(context, type, id, "r");
    return stored ? resourceOf(needContent(stored)) : needMade(await made(context, type, id));
  }
  const { resource, refusal } = await made(context, type, id);
  if (resource) return resource;
  const stored = await newestOf(context, type, id, "r");
  if (!stored && refusal) throw refusal;
  if (!stored) throw new RefusedInput("NOT_FOUND");
  return resourceOf(needContent(stored));
}

/** What others wrote under this id, for who may read that; undefined: nothing, or it was deleted. */
export async function textIfAny(context: RecordContext, type: string, id: string): Promise<Typed | undefined> {
  const stored = await newestOf(context, type, id, "r");
  return stored && stored.content !== null ? (resourceOf(stored) as unknown as Typed) : undefined; // it was held against R4
}

/** @throws RefusedInput GONE */
function needContent(stored: StoredResource): StoredResource {
  if (stored.content === null) throw new RefusedInput("GONE");
  return stored;
}

interface Made {
  readonly resource?: Resource;
  /** Why it is not told, where that is not because it is not there. */
  readonly refusal?: RefusedInput;
}

/** What the house makes under this id; of types that it makes none of, and for who may not be told, nothing. */
export async function made(context: RecordContext, type: string, id: string): Promise<Made> {
  if (!houseKind(type)) return {};
  try {
    const resource = await readResource(within(context, type, "r", id), type, id);
    return { resource: resource as unknown as Resource };
  } catch (error) {
    if (!(error instanceof RefusedInput)) throw error;
    if (error.code === "NOT_FOUND") return {};
    if (error.code === "NOT_PERMITTED") return { refusal: error };
    throw error;
  }
}

function needMade({ resource, refusal }: Made): Resource {
  if (!resource) throw refusal ?? new RefusedInput("NOT_FOUND");
  return resource;
}

/** The newest version, also where it was deleted. @throws RefusedInput NOT_FOUND */
export async function newest(
  context: RecordContext,
  type: string,
  id: string,
  interaction: "r" | "u" | "d",
): Promise<StoredResource> {
  const stored = await newestOf(context, type, id, interaction, true);
  if (!stored) throw new RefusedInput("NOT_FOUND");
  return stored;
}

/** The same; undefined where nothing was written. @throws RefusedInput NOT_PERMITTED */
export const newestIfAny = (context: RecordContext, type: string, id: string, interaction: "r" | "u" | "d") =>
  newestOf(context, type, id, interaction, true);

/** @param isNeeded where who asks may not read what was written, say so; else it is as if there were none */
async function newestOf(
  context: RecordContext,
  type: string,
  id: string,
  interaction: "r" | "u" | "d",
  isNeeded = false,
): Promise<StoredResource | undefined> {
  if (!context.written && !isNeeded) return undefined;
  const whose = reachIfAny(context, type, interaction, isNeeded);
  if (!whose) return undefined;
  const stored = await resourcesOf(context).read(context.view.principal, type, id);
  return stored && isReached(context.view, whose, stored.patientIds) ? stored : undefined;
}

function reachIfAny(context: RecordContext, type: string, interaction: "r" | "u" | "d", isNeeded: boolean) {
  try {
    return reachOf(context, type, interaction);
  } catch (error) {
    if (!isNeeded && error instanceof RefusedInput && error.code === "NOT_PERMITTED") return undefined;
    throw error;
  }
}

/** @throws RefusedInput NOT_FOUND, GONE */
export async function readWrittenVersion(
  context: RecordContext,
  type: string,
  id: string,
  version: string,
): Promise<Resource> {
  const kind = houseKind(type);
  const whose = reachIfAny(context, type, "r", !kind);
  const stored =
    whose && context.written && VERSION.test(version)
      ? await resourcesOf(context).version(context.view.principal, type, id, Number(version))
      : undefined;
  if (stored && whose && isReached(context.view, whose, stored.patientIds)) return resourceOf(needContent(stored));
  if (!kind) throw new RefusedInput("NOT_FOUND");
  const versions = await readVersions(within(context, type, "r", id), type, id);
  const resource = versions.find(({ meta }) => meta?.versionId === version);
  if (!resource) throw new RefusedInput("NOT_FOUND");
  return resource as unknown as Resource;
}

/** Of one resource, of a type or of all, newest first. */
export async function historyOfWritten(
  context: RecordContext,
  { type, id }: { readonly type: string | undefined; readonly id?: string },
  parameters: URLSearchParams,
): Promise<Bundle> {
  if (id !== undefined && type !== undefined && houseKind(type)) {
    const bundle = await historyOfMade(context, type, id);
    if (bundle) return bundle;
  }
  const whose = reachOf(context, type ?? "*", "r");
  const { count, since, before } = readParameters(parameters);
  const withoutTypes = type === undefined ? ["AuditEvent"].filter((one) => !mayRead(context, one)) : [];
  const query: HistoryQuery = {
    withoutTypes,
    ...(type !== undefined && { type }),
    ...(id !== undefined && { id }),
    ...(since !== undefined && { since }),
    ...(before !== undefined && { before }),
    limit: count + 1,
    whose,
  };
  const all = await resourcesOf(context).history(context.view.principal, query);
  const found = all.filter(({ patientIds }) => isReached(context.view, whose, patientIds));
  if (id !== undefined && found.length === 0 && before === undefined && since === undefined)
    throw new RefusedInput("NOT_FOUND");
  const page = found.slice(0, count);
  const last = page.at(-1);
  const next = last && found.length > page.length ? encodeCursor([last.change]) : undefined;
  const place = [type, id, "_history"].filter((one) => one !== undefined).join("/");
  const address = (cursor?: string) => {
    const asked = new URLSearchParams(parameters);
    if (cursor !== undefined) asked.set("_cursor", cursor);
    const text = asked.toString();
    return `${context.base}/${place}${text === "" ? "" : `?${text}`}`;
  };
  const entry: BundleEntry[] = [];
  for (const one of page) {
    await context.turn();
    entry.push(historyEntry(context.base, one));
  }
  const link = [{ relation: "self", url: address() }];
  if (next !== undefined) link.push({ relation: "next", url: address(next) });
  return { resourceType: "Bundle", type: "history", link, ...(entry.length > 0 && { entry }) };
}

/** Versions that the house keeps, or where it keeps none the one that stands now; undefined: it was written. */
async function historyOfMade(context: RecordContext, type: string, id: string): Promise<Bundle | undefined> {
  if (type === "Patient" && (await newestOf(context, type, id, "r"))) return undefined;
  const { resource } = await made(context, type, id);
  if (!resource) return undefined;
  const versions = await readVersions(within(context, type, "r", id), type, id);
  return historyBundle(context, versions);
}

/** Is there anything of this type that may be told? */
function mayRead(context: RecordContext, type: string): boolean {
  return reachIfAny(context, type, "r", false) !== undefined;
}

function historyEntry(base: string, one: StoredVersion): BundleEntry {
  const { type, id, version, method, content, updatedAt } = one;
  const url = `${type}/${id}`;
  return {
    fullUrl: `${base}/${url}`,
    ...(content === null ? {} : { resource: resourceOf(one) as unknown as Typed }),
    request: { method, url: method === "POST" ? type : url },
    response: {
      status: method === "DELETE" ? "204" : method === "POST" ? "201" : "200",
      etag: `W/"${version}"`,
      lastModified: fhirTime(updatedAt),
    },
  };
}

function readParameters(parameters: URLSearchParams): { count: number; since?: number; before?: number } {
  const count = parameters.get("_count");
  const since = parameters.get("_since");
  const cursor = parameters.get("_cursor");
  if (count !== null && !/^[1-9]\d{0,8}$/.test(count))
    throw new RefusedInput("FIELD_INVALID", { at: "http._count", expected: `a whole number from 1 to ${HISTORY_MAX}` });
  const from = since === null ? undefined : spanOfDate(since)?.low;
  if (since !== null && from === undefined)
    throw new RefusedInput("FIELD_INVALID", { at: "http._since", expected: "an instant" });
  const before = cursor === null ? undefined : decodeCursor(cursor, ["number"])[0];
  return {
    count: Math.min(Number(count ?? HISTORY_DEFAULT), HISTORY_MAX),
    ...(from !== undefined && { since: from }),
    ...(typeof before === "number" && { before }),
  };
}
