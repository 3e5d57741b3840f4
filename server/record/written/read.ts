import type { Bundle, BundleEntry, Resource as Typed } from "@medplum/fhirtypes";
import { RefusedInput } from "@openward/errors";
import type { Resource } from "@openward/fhir/json";
import { spanOfDate } from "@openward/fhir/search";
import type { HistoryQuery, StoredResource, StoredVersion } from "@openward/fhir/store";
import type { RecordContext } from "../context.ts";
import { fhirTime } from "../resources/time.ts";
import { decodeCursor, encodeCursor } from "../search/cursor.ts";
import { resourceOf } from "./present.ts";
import { isReached, reachOf } from "./reach.ts";
import { resourcesOf } from "./search.ts";

const HISTORY_DEFAULT = 50;
const HISTORY_MAX = 1_000;
const VERSION = /^[1-9]\d{0,8}$/;

/** @throws RefusedInput NOT_FOUND, the same for what is not there and what is not seen; GONE for what was deleted */
export async function readWritten(context: RecordContext, type: string, id: string): Promise<Resource> {
  const stored = await newest(context, type, id, "r");
  if (stored.content === null) throw new RefusedInput("GONE");
  return resourceOf(stored);
}

/** The newest version, also where it was deleted. @throws RefusedInput NOT_FOUND */
export async function newest(
  context: RecordContext,
  type: string,
  id: string,
  interaction: "r" | "u" | "d",
): Promise<StoredResource> {
  const whose = reachOf(context, type, interaction);
  const stored = await resourcesOf(context).read(context.view.principal, type, id);
  if (!stored || !isReached(context.view, whose, stored.patientIds)) throw new RefusedInput("NOT_FOUND");
  return stored;
}

/** @throws RefusedInput NOT_FOUND, GONE */
export async function readWrittenVersion(
  context: RecordContext,
  type: string,
  id: string,
  version: string,
): Promise<Resource> {
  const whose = reachOf(context, type, "r");
  const stored = VERSION.test(version)
    ? await resourcesOf(context).version(context.view.principal, type, id, Number(version))
    : undefined;
  if (!stored || !isReached(context.view, whose, stored.patientIds)) throw new RefusedInput("NOT_FOUND");
  if (stored.content === null) throw new RefusedInput("GONE");
  return resourceOf(stored);
}

/** Of one resource, of a type or of all, newest first. */
export async function historyOfWritten(
  context: RecordContext,
  { type, id }: { readonly type: string | undefined; readonly id?: string },
  parameters: URLSearchParams,
): Promise<Bundle> {
  const whose = reachOf(context, type ?? "*", "r");
  const { count, since, before } = readParameters(parameters);
  const query: HistoryQuery = {
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
