import type { Bundle, Observation, OperationOutcomeIssue } from "@medplum/fhirtypes";
import { RefusedInput } from "@openward/errors";
import type { RecordContext } from "../context.ts";
import { issueOf } from "../outcome.ts";
import { isPanelMember } from "../resources/observation-kind.ts";
import { mergePage } from "../sources/merge.ts";
import { createPanelSource } from "../sources/panels.ts";
import { createReadingSource } from "../sources/readings.ts";
import type { Direction, Item, Place, Source } from "../sources/source.ts";
import { createWaveformSource } from "../sources/waveforms.ts";
import { isUuid } from "../uuid.ts";
import { searchBundle } from "./bundle.ts";
import { decodeCursor, encodeCursor } from "./cursor.ts";
import { patientsOfView, wantedIds } from "./list.ts";
import { sourceOfIds } from "./observation-by-id.ts";
import { type ObservationFilter, observationFilter, observationParameters } from "./observation-filter.ts";
import { timeZonesOf } from "./patient-zone.ts";
import { parseQuery, type Query } from "./query.ts";

/** A page of waveforms ends here whatever _count says: about 1 MB of JSON. */
const PAGE_WEIGHT_MAX = 250_000;
/** Counting reads; beyond these it would cost more than it tells. */
const COUNTED_MAX = 10_000;
const COUNTED_WEIGHT_MAX = 2_000_000;
/** How far the newest time that a stream says it has may lag behind what it has. */
const LAST_AT_SLACK_MS = 600_000;

export async function searchObservations(
  context: RecordContext,
  pairs: Iterable<readonly [string, string]>,
): Promise<Bundle> {
  const query = parseQuery(pairs, observationParameters, { strict: context.strict, sorts: ["-date", "date"] });
  const filter = observationFilter(query, context.base);
  const direction: Direction = query.sort === "date" ? "ascending" : "descending";
  const place = query.cursor === null ? undefined : placeOf(query.cursor);
  const sourcesFrom = await sourcesOf(context, query, filter, direction);
  const remarks: OperationOutcomeIssue[] = [...filter.remarks];

  let total: number | undefined;
  if (query.wantsTotal) {
    total = await countUpTo(sourcesFrom(undefined));
    if (total === undefined) {
      const facts = { at: "http._total", expected: `at most ${COUNTED_MAX} matches to count` };
      if (query.totalOnly) throw new RefusedInput("SEARCH_TOO_COSTLY", { ...facts, at: "http._summary" });
      remarks.push(issueOf("SEARCH_TOO_COSTLY", facts, "warning"));
    }
  }
  if (query.totalOnly)
    return searchBundle(context, { type: "Observation", query, resources: [], next: undefined, total, remarks });

  const page = await mergePage(sourcesFrom(place), direction, query.count, PAGE_WEIGHT_MAX);
  const next = page.next && encodeCursor([page.next.time, page.next.order, ...page.next.key]);
  const made: { readonly item: Item; readonly resource: Observation }[] = [];
  for (const item of page.items) {
    await context.turn();
    made.push({ item, resource: item.map() });
  }
  const resources = made.filter(({ item }) => item.isSeen()).map(({ resource }) => resource);
  return searchBundle(context, { type: "Observation", query, resources, next, total, remarks });
}

function placeOf(cursor: string): Place {
  const [time, order, ...key] = decodeCursor(cursor, ["number", "string", "any"]);
  const isReading = String(order).endsWith(" 0");
  if (!Number.isSafeInteger(time) || (isReading && !(isUuid(String(key[0])) && Number.isSafeInteger(key[1])))) {
    throw new RefusedInput("FIELD_INVALID", { at: "http._cursor", expected: "the cursor of a next link" });
  }
  return { time: Number(time), order: String(order), key };
}

/** How to begin the search's sources behind a place. */
async function sourcesOf(
  context: RecordContext,
  query: Query,
  filter: ObservationFilter,
  direction: Direction,
): Promise<(place: Place | undefined) => Source[]> {
  const ids = wantedIds(query);
  if (ids) return sourceOfIds(context, ids, filter, direction);
  const { view, telemetry } = context;
  const patientIds = filter.patientIds
    ? [...filter.patientIds].filter((id) => view.has(id))
    : patientsOfView(view, "http.patient");
  const zones = await timeZonesOf(context, filter.needsTimeZone, patientIds);
  // One more than the page, to know whether there is a next one; of many patients, a share with room to spare.
  const share = patientIds.length <= 1 ? 1 : 2 / patientIds.length;
  const batch = Math.min(1001, Math.max(20, Math.ceil((query.count + 1) * share)));
  const begin: ((place: Place | undefined) => Source)[] = [];

  const summaries = await Promise.all(patientIds.map((id) => telemetry.streams(view, id)));
  summaries.forEach((ofPatient, i) => {
    const patientId = patientIds[i] ?? "";
    const zone = zones.get(patientId) ?? "UTC";
    const wanted = ofPatient.filter(({ stream }) => filter.acceptsStream(stream));
    const spans = filter.instants(zone);
    const boundOf = (group: typeof wanted): number => {
      if (direction === "ascending") return Number.NEGATIVE_INFINITY;
      return Math.max(...group.map(({ lastAt }) => (lastAt ?? Number.POSITIVE_INFINITY) + LAST_AT_SLACK_MS));
    };
    const optionsOf = (group: typeof wanted) => ({
      patientId,
      streamIds: group.map(({ stream }) => stream.id),
      spans,
      direction,
      batch,
      bound: boundOf(group),
    });

    const panels = wanted.filter(({ stream }) => isPanelMember(stream.signal));
    const numeric = wanted.filter(({ stream }) => stream.kind === "numeric" && !isPanelMember(stream.signal));
    if (numeric.length > 0) begin.push((place) => createReadingSource(context, optionsOf(numeric), place));
    if (panels.length > 0) {
      begin.push((place) => createPanelSource(context, optionsOf(panels), place, filter.acceptsPanel));
    }
    const windows = filter.windows(zone);
    if (!windows) return;
    for (const summary of wanted.filter(({ stream }) => stream.kind === "waveform")) {
      const end = (summary.lastAt ?? context.clock.now()) + LAST_AT_SLACK_MS;
      const options = {
        stream: summary.stream,
        span: { from: Math.max(0, windows.from), to: Math.min(windows.to, end) },
        direction,
        bound: boundOf([summary]),
        accepts: (segment: Parameters<ObservationFilter["acceptsPeriod"]>[0]) => filter.acceptsPeriod(segment, zone),
      };
      begin.push((place) => createWaveformSource(context, options, place));
    }
  });
  return (place) => begin.map((create) => create(place));
}

/** How many there are, without keeping them; undefined when there are too many to count. */
async function countUpTo(sources: readonly Source[]): Promise<number | undefined> {
  let count = 0;
  let weight = 0;
  for (const source of sources) {
    for (let item = await source.next(); item; item = await source.next()) {
      count += 1;
      weight += item.weight;
      if (count > COUNTED_MAX || weight > COUNTED_WEIGHT_MAX) return undefined;
    }
  }
  return count;
}
