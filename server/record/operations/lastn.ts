import type { Bundle, Observation } from "@medplum/fhirtypes";
import { RefusedInput } from "@openward/errors";
import { sees } from "@openward/signals/categories";
import type { RecordContext } from "../context.ts";
import { issueOf } from "../outcome.ts";
import type { Reading, StreamSummary } from "../ports.ts";
import { within } from "../reach.ts";
import { measuredBy } from "../resources/containment.ts";
import { mapReading } from "../resources/observation.ts";
import { bloodPressureKind, isPanelMember, observationKind } from "../resources/observation-kind.ts";
import { searchBundle } from "../search/bundle.ts";
import { EARLIEST, type Interval, LATEST } from "../search/intervals.ts";
import { type ObservationFilter, observationFilter, observationParameters } from "../search/observation-filter.ts";
import { timeZonesOf } from "../search/patient-zone.ts";
import { parseQuery } from "../search/query.ts";
import { type Covering, coveringOf } from "../sources/covered.ts";
import { mergePage } from "../sources/merge.ts";
import { createPanelSource } from "../sources/panels.ts";
import { createReadingSource } from "../sources/readings.ts";
import type { Item, Source } from "../sources/source.ts";
import { createWaveformSource } from "../sources/waveforms.ts";
import { codesOf, type LastText, type LastTexts, lastTexts } from "./lastn-texts.ts";
import { type Operation, pairsOf, positive, takeOne } from "./operation.ts";

const MAX_DEFAULT = 1;
const MAX_MOST = 1_000;
/** How far the newest time that a stream says it has may lag behind what it has. */
const LAST_AT_SLACK_MS = 600_000;
const WEIGHT_MAX = 250_000;

/** R4's Observation-lastn: of each code the newest of one patient, from memory where it is the newest of a stream. */
export const lastn: Operation = {
  name: "lastn",
  definition: "http://hl7.org/fhir/OperationDefinition/Observation-lastn",
  types: ["Observation"],
  async answer(context, _place, request) {
    const pairs = pairsOf(request);
    const max = positive("max", takeOne(pairs, "max"), MAX_MOST) ?? MAX_DEFAULT;
    return { status: 200, resource: await lastObservations(within(context, "Observation", "s"), pairs, max) };
  },
};

async function lastObservations(
  context: RecordContext,
  pairs: readonly (readonly [string, string])[],
  max: number,
): Promise<Bundle> {
  const query = parseQuery(pairs, observationParameters, { strict: context.strict, sorts: ["-date"] });
  const filter = observationFilter(query, context.base);
  const patientIds = [...(filter.patientIds ?? [])];
  if (patientIds.length !== 1) throw new RefusedInput("FIELD_INVALID", { at: "http.patient", expected: "one patient" });
  const codes = ["code", "combo-code", "component-code", "category"];
  if (codes.every((name) => query.all(name).length === 0))
    throw new RefusedInput("FIELD_INVALID", { at: "http.code", expected: "a category or a code" });
  const [patientId = ""] = patientIds.filter((id) => context.view.has(id));
  const zones = await timeZonesOf(context, filter.needsTimeZone, patientId === "" ? [] : [patientId]);
  const zone = zones.get(patientId) ?? "UTC";
  const streams = patientId === "" ? [] : await context.telemetry.streams(context.view, patientId);
  const wanted = streams.filter(({ stream }) => filter.acceptsStream(stream));
  // By no date, and no device's error in the way, the newest of each stream is at hand.
  const isOfDate = query.all("date").length > 0;
  const covering = coveringOf(context);
  const known = max === 1 && !isOfDate ? newestOf(context, patientId, covering) : undefined;
  const texts = await lastTexts(context, patientId, query.used, zone);
  const { groups, isCut } = await groupedWith(wanted, texts);
  const found = await Promise.all(
    groups.map(async (group) => {
      const asked = { patientId, group: group.streams, filter, zone, max, covering };
      const readings = group.streams.length > 0 ? await newestOfGroup(context, asked, known) : [];
      return newestOfBoth(readings, group, texts, max);
    }),
  );
  const resources: Observation[] = [];
  for (const item of found.flat().sort((a, b) => b.time - a.time)) {
    await context.turn();
    if (item.isSeen()) resources.push(item.map());
  }
  const used = max === MAX_DEFAULT ? query.used : [...query.used, ["max", String(max)] as const];
  return searchBundle(context, {
    type: "Observation/$lastn",
    query: { used, cursor: null, remarks: query.remarks },
    resources,
    next: undefined,
    total: resources.length,
    remarks: isCut ? [...filter.remarks, issueOf("SEARCH_TOO_COSTLY", TOO_MANY_CODES, "warning")] : filter.remarks,
  });
}

const TOO_MANY_CODES = { at: "http.code", expected: "fewer codes: of those that only old ones have, some are missing" };

interface GroupQuery {
  readonly patientId: string;
  readonly group: readonly StreamSummary[];
  readonly filter: ObservationFilter;
  readonly zone: string;
  readonly max: number;
  /** What somebody wrote over a reading is told in its place. */
  readonly covering: Covering;
}

/** The newest reading of each stream of which nobody ever amended or wrote anything. */
function newestOf(
  { telemetry, view }: RecordContext,
  patientId: string,
  covering: Covering,
): ReadonlyMap<string, Reading> {
  if (patientId === "") return new Map();
  const plain = telemetry
    .latest(view, patientId)
    // Of two values at one time only one is the newest, and both belong here.
    .filter(
      ({ stream, ordinal }) =>
        ordinal === 0 && covering.isBare([stream.id]) && !telemetry.touched(view, stream.id, EARLIEST, LATEST),
    );
  return new Map(plain.map((reading) => [reading.stream.id, reading]));
}

async function newestOfGroup(
  context: RecordContext,
  { group, max, ...query }: GroupQuery,
  known: ReadonlyMap<string, Reading> | undefined,
): Promise<readonly Item[]> {
  const readings = group.map(({ stream }) => known?.get(stream.id));
  if (readings.every((reading) => reading !== undefined) && !group.some(({ stream }) => isPanelMember(stream.signal))) {
    const newest = Math.max(...readings.map(({ time }) => time));
    return readings.filter(({ time }) => time === newest).map((reading) => itemOf(context, reading));
  }
  // One more than asked for, and more while the last ones share their time: a tie is not cut.
  for (let count = max + 1; ; count *= 2) {
    const sources = sourcesOf(context, { ...query, group, max: count });
    const { items } = await mergePage(sources, "descending", count, WEIGHT_MAX);
    if (isEnough(items, max, count)) return firstOf(items, max);
  }
}

/** The newest of readings and texts of one group. */
async function newestOfBoth(
  readings: readonly Item[],
  { codes, texts: found }: Group,
  texts: LastTexts,
  max: number,
): Promise<readonly Item[]> {
  const both = (written: readonly LastText[]) =>
    firstOf(
      [...readings, ...written.map(({ item }) => item)].sort((a, b) => b.time - a.time),
      max,
    );
  const newest = both(found);
  const end = texts.newest.at(-1)?.item.time;
  const last = newest[max - 1];
  // What lies behind the texts that are at hand is all older.
  if (!texts.hasMore || end === undefined || (last && last.time > end)) return newest;
  for (let count = max + 1; ; count *= 2) {
    const more = await texts.withCodes(codes, count);
    const items = more.map(({ item }) => item);
    if (isEnough(items, max, count)) return both([...more, ...found.filter(({ item }) => !isAmong(item, items))]);
  }
}

const isAmong = (item: Item, items: readonly Item[]) => items.some(({ key }) => key[0] === item.key[0]);

/** So many, and those that share the time of the last: a tie is not cut. */
function firstOf(items: readonly Item[], max: number): readonly Item[] {
  const last = items[max - 1];
  return items.filter(({ time }, i) => i < max || time === last?.time);
}

/** Are all that share the time of the last among the `count` that were asked for? */
function isEnough(items: readonly Item[], max: number, count: number): boolean {
  const last = items[max - 1];
  return !last || items.length < count || items.at(-1)?.time !== last.time;
}

function itemOf({ organisation, typeOf, view }: RecordContext, reading: Reading): Item {
  const { stream, time, ordinal } = reading;
  return {
    time,
    key: [stream.id, ordinal],
    weight: 1,
    map: () => measuredBy(mapReading(reading, organisation), stream, typeOf),
    isSeen: () => sees(view, stream),
  };
}

function sourcesOf(context: RecordContext, { patientId, group, filter, zone, max, covering }: GroupQuery): Source[] {
  const spans: readonly Interval[] = filter.instants(zone);
  const of = (some: readonly StreamSummary[], batch: number) => ({
    patientId,
    streamIds: some.map(({ stream }) => stream.id),
    spans,
    direction: "descending" as const,
    batch,
    bound: Number.POSITIVE_INFINITY,
    covering,
  });
  const panels = group.filter(({ stream }) => isPanelMember(stream.signal));
  const numeric = group.filter(({ stream }) => stream.kind === "numeric" && !isPanelMember(stream.signal));
  const windows = filter.windows(zone);
  return [
    ...(numeric.length > 0 ? [createReadingSource(context, of(numeric, max), undefined)] : []),
    // Each panel is of up to three readings.
    ...(panels.length > 0 ? [createPanelSource(context, of(panels, 3 * max + 1), undefined, filter.acceptsPanel)] : []),
    ...group.flatMap(({ stream, lastAt }) => {
      if (stream.kind !== "waveform" || !windows || lastAt === null) return [];
      const span = { from: Math.max(0, windows.from), to: Math.min(windows.to, lastAt + LAST_AT_SLACK_MS) };
      const accepts = (segment: Parameters<ObservationFilter["acceptsPeriod"]>[0]) =>
        filter.acceptsPeriod(segment, zone);
      const options = {
        stream,
        span,
        direction: "descending" as const,
        bound: Number.POSITIVE_INFINITY,
        accepts,
        covering,
      };
      return [createWaveformSource(context, options, undefined)];
    }),
  ];
}

/** Streams and texts whose Observations share a code, or share one with one that does (R4: translations are equal, transitively). */
interface Group {
  readonly codes: Set<string>;
  readonly streams: StreamSummary[];
  readonly texts: LastText[];
}

/** @returns `isCut`: there are so many old codes that not all were looked for */
async function groupedWith(
  streams: readonly StreamSummary[],
  texts: LastTexts,
): Promise<{ readonly groups: readonly Group[]; readonly isCut: boolean }> {
  const groups: Group[] = [];
  for (const summary of streams) {
    const { stream } = summary;
    const code = isPanelMember(stream.signal) ? bloodPressureKind.code : observationKind(stream).code;
    join(groups, { codes: new Set(codesOf(code)), streams: [summary], texts: [] });
  }
  const add = (some: readonly LastText[]) => {
    for (const text of some) join(groups, { codes: new Set(text.codes), streams: [], texts: [text] });
  };
  add(texts.newest);
  const others = texts.hasMore ? await texts.ofOtherCodes(new Set(groups.flatMap(({ codes }) => [...codes]))) : [];
  add(others ?? []);
  for (const { texts: own } of groups) own.sort((a, b) => b.item.time - a.item.time);
  return { groups, isCut: others === undefined };
}

/** Adds what is of some codes, with all that was there of any of them. */
function join(groups: Group[], added: Group): void {
  let mine = added;
  for (const group of groups.filter(({ codes }) => !codes.isDisjointFrom(added.codes))) {
    // The larger stays, so that many texts of one code are not copied again and again.
    for (const code of mine.codes) group.codes.add(code);
    group.streams.push(...mine.streams);
    group.texts.push(...mine.texts);
    groups.splice(groups.indexOf(mine), groups.includes(mine) ? 1 : 0);
    mine = group;
  }
  if (mine === added) groups.push(added);
}
