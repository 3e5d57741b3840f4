import type { Bundle, Observation, OperationOutcomeIssue, Resource as Typed } from "@medplum/fhirtypes";
import { RefusedInput } from "@openward/errors";
import type { Resource } from "@openward/fhir/json";
import { applyView } from "@openward/fhir/view";
import type { RecordContext } from "../context.ts";
import { issueOf } from "../outcome.ts";
import { mergePage } from "../sources/merge.ts";
import type { Direction, Item, Source } from "../sources/source.ts";
import { TEXTS_ORDER, timeText } from "../sources/texts.ts";
import { included } from "../written/include.ts";
import { withIncluded } from "../written/search.ts";
import { searchBundle } from "./bundle.ts";
import { type EntryText, entryTextOf, searchBundleOfTexts } from "./bundle-text.ts";
import type { PlaceInside } from "./compartment.ts";
import { decodeCursor, encodeCursor } from "./cursor.ts";
import { type ObservationQuery, readObservationQuery } from "./observation-query.ts";
import { pageInOrder } from "./observation-sorted.ts";
import { type ObservationSources, sourcesOf } from "./observation-sources.ts";
import { placeIn } from "./place.ts";

/** A page of waveforms ends here whatever _count says: about 1 MB of JSON. */
const PAGE_WEIGHT_MAX = 250_000;
/** Counting reads; beyond these it would cost more than it tells. */
const COUNTED_MAX = 10_000;
const COUNTED_WEIGHT_MAX = 2_000_000;

/** Readings of devices and what others wrote, in one order. */
export async function searchObservations(
  context: RecordContext,
  pairs: Iterable<readonly [string, string]>,
  { asText = false, place }: { readonly asText?: boolean; readonly place?: PlaceInside | undefined } = {},
): Promise<Bundle> {
  const query = await readObservationQuery(context, pairs, place?.inside);
  const sources = await sourcesOf(context, query);
  const remarks: OperationOutcomeIssue[] = [];
  const shown = { used: query.used, cursor: query.cursor, remarks: query.remarks };
  const answer = { type: place?.path ?? "Observation", query: shown, remarks };

  let total: number | undefined;
  if (query.wantsTotal) {
    total = await countOf(sources);
    if (total === undefined) {
      const facts = { at: "http._total", expected: `at most ${COUNTED_MAX} matches to count` };
      if (query.totalOnly) throw new RefusedInput("SEARCH_TOO_COSTLY", { ...facts, at: "http._summary" });
      remarks.push(issueOf("SEARCH_TOO_COSTLY", facts, "warning"));
    }
  }
  if (query.totalOnly) return searchBundle(context, { ...answer, resources: [], next: undefined, total });

  const { items, next } = query.isByDate
    ? await pageByDate(sources, query)
    : await pageInOrder(context, sources, query);
  if (asText && query.view.kind === "all" && query.includes.length === 0) {
    const entries: { readonly item: Pick<Item, "isSeen">; readonly text: EntryText }[] = [];
    for (const item of items) {
      await context.turn();
      entries.push({ item, text: entryTextOf(context, item) });
    }
    const seen = entries.filter(({ item }) => item.isSeen()).map(({ text }) => text);
    if (seen.length === 0) remarks.push(...query.filter.remarks);
    return searchBundleOfTexts(context, { ...answer, next, total }, seen);
  }
  const made: { readonly item: Pick<Item, "isSeen">; readonly resource: Observation }[] = [];
  for (const item of items) {
    await context.turn();
    made.push({ item, resource: item.map() });
  }
  const seen = made.filter(({ item }) => item.isSeen()).map(({ resource }) => resource as unknown as Resource);
  // Where something was found, nobody wonders.
  if (seen.length === 0) remarks.push(...query.filter.remarks);
  const viewed = (all: readonly Resource[]) => all.map((one) => applyView(one, query.view)) as unknown as Typed[];
  const beside = query.includes.length > 0 ? await included(context, seen, query.includes) : undefined;
  remarks.push(...(beside?.remarks ?? []));
  const bundle = searchBundle(context, { ...answer, resources: viewed(seen), next, total });
  return beside ? withIncluded(context, bundle, viewed(beside.resources)) : bundle;
}

async function pageByDate(
  sources: ObservationSources,
  { isAscending, count, cursor }: ObservationQuery,
): Promise<{ readonly items: readonly Item[]; readonly next: string | undefined }> {
  const direction: Direction = isAscending ? "ascending" : "descending";
  const place = cursor === null ? undefined : placeIn(decodeCursor(cursor, ["any", "string", "any"]));
  const page = await mergePage(sources.from(place), direction, count, PAGE_WEIGHT_MAX);
  const next = page.next && encodeCursor([timeText(page.next.time), page.next.order, ...page.next.key]);
  return { items: page.items, next };
}

/** How many there are, without keeping them; undefined when there are too many to count. */
async function countOf({ from, texts }: ObservationSources): Promise<number | undefined> {
  const written = (await texts?.count(COUNTED_MAX + 1)) ?? 0;
  const readings = await countUpTo(from(undefined).filter(({ order }) => order !== TEXTS_ORDER));
  if (readings === undefined || readings + written > COUNTED_MAX) return undefined;
  return readings + written;
}

async function countUpTo(sources: readonly Source[]): Promise<number | undefined> {
  let count = 0;
  let weight = 0;
  for (const source of sources) {
    for (let item = await source.next(); item; item = await source.next()) {
      if (item.isCovered) continue;
      count += 1;
      weight += item.weight;
      if (count > COUNTED_MAX || weight > COUNTED_WEIGHT_MAX) return undefined;
    }
  }
  return count;
}
