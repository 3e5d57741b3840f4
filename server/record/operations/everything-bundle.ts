import type { Bundle, Resource } from "@medplum/fhirtypes";
import { RefusedInput } from "@openward/errors";
import { spanOfDate } from "@openward/fhir/search";
import type { RecordContext } from "../context.ts";
import { glucoseOf } from "../glucose/source.ts";
import { houseKind } from "../house/index.ts";
import { ofOne, within } from "../reach.ts";
import { isPanelMember } from "../resources/observation-kind.ts";
import { searchBundle } from "../search/bundle.ts";
import { decodeCursor, encodeCursor } from "../search/cursor.ts";
import { instantsOf, parseDates } from "../search/date.ts";
import { ALWAYS, EARLIEST, type Interval } from "../search/intervals.ts";
import { timeZonesOf } from "../search/patient-zone.ts";
import { placeIn } from "../search/place.ts";
import { COUNT_MAX } from "../search/query.ts";
import { coveringOf } from "../sources/covered.ts";
import { mergePage } from "../sources/merge.ts";
import { createPanelSource } from "../sources/panels.ts";
import { createReadingSource } from "../sources/readings.ts";
import type { Place, Source } from "../sources/source.ts";
import { createTextSource } from "../sources/texts.ts";
import { createWaveformSource } from "../sources/waveforms.ts";
import { reachOfTexts } from "../write/reach.ts";
import { resourceOf } from "../written/present.ts";
import { readQuery } from "../written/query.ts";
import { isReached, isTold, reachOf } from "../written/reach.ts";
import { isWrittenType } from "../written/types.ts";
import { everythingOf } from "./everything.ts";
import { type Operation, type OperationPlace, type OperationRequest, pairsOf, positive, takeOne } from "./operation.ts";

const COUNT_DEFAULT = 200;
/** A page of waveforms ends here: about 1 MB of JSON. */
const WEIGHT_MAX = 250_000;
/** How far the newest time that a stream says it has may lag behind what it has. */
const LAST_AT_SLACK_MS = 600_000;

/**
 * R4's Patient-everything, page by page: what the house knows of the patient, what others wrote about them, and then what was
 * measured, oldest first.
 */
export const everything: Operation = {
  name: "everything",
  definition: "http://hl7.org/fhir/OperationDefinition/Patient-everything",
  types: ["Patient"],
  instances: ["Patient"],
  async answer(context, place, request) {
    return { status: 200, resource: await pageOf(context, place, await askedOf(context, place, request)) };
  },
};

interface Asked {
  readonly patientId: string;
  /** undefined: every type. */
  readonly types: ReadonlySet<string> | undefined;
  readonly spans: readonly Interval[];
  /** The same as parameters of a search. */
  readonly dates: readonly (readonly [string, string])[];
  readonly since: number | undefined;
  readonly count: number;
  readonly cursor: Cursor;
  readonly used: readonly (readonly [string, string])[];
}

/** Where the page before ended: among what the house made, what others wrote, what was measured. */
type Cursor =
  | { readonly stage: "made"; readonly after: string }
  | { readonly stage: "written"; readonly after: { readonly type: string; readonly id: string } | undefined }
  | { readonly stage: "measured"; readonly place: Place | undefined };

interface Some {
  readonly resources: readonly Resource[];
  /** undefined: nothing is left of anything. */
  readonly next: Cursor | undefined;
}

/** The patient is one record, here and there: it came with what the house makes. */
const isBeside = (type: string) => isWrittenType(type) && type !== "Patient";

/** The log is for officers, who search it. */
const NOT_HERE = new Set(["AuditEvent", "Observation"]);

async function pageOf(context: RecordContext, place: OperationPlace, asked: Asked): Promise<Bundle> {
  const resources: Resource[] = [];
  let cursor: Cursor | undefined = asked.cursor;
  while (cursor && resources.length < asked.count) {
    const some: Some = await stages[cursor.stage](context, { ...asked, cursor, count: asked.count - resources.length });
    resources.push(...some.resources);
    // What was measured may be long in few: its page ends where it does.
    if (cursor.stage === "measured") {
      cursor = some.next;
      break;
    }
    cursor = some.next;
  }
  // Making a page takes a while: what is revoked meanwhile is not on it.
  const seen = context.view.has(asked.patientId) ? resources : [];
  return searchBundle(context, {
    type: place.id === undefined ? "Patient/$everything" : `Patient/${place.id}/$everything`,
    query: { used: asked.used, cursor: null, remarks: [] },
    resources: seen,
    next: cursor && encode(cursor),
    total: undefined,
  });
}

const stages: Readonly<Record<Cursor["stage"], (context: RecordContext, asked: Asked) => Promise<Some>>> = {
  made: madeHere,
  written: writtenByOthers,
  measured: measuredOf,
};

/** May this type be told to who asks at all? An application that asks for everything gets what its scopes have. */
function mayAsk(context: RecordContext, type: string, types: Asked["types"]): boolean {
  if (types && !types.has(type)) return false;
  try {
    if (isWrittenType(type) && !houseKind(type)) reachOf(context, type, "s");
    else within(context, type, "s");
    return true;
  } catch (error) {
    if (error instanceof RefusedInput && error.code === "NOT_PERMITTED" && !types) return false;
    throw error;
  }
}

async function madeHere(context: RecordContext, { patientId, types, since, count, cursor }: Asked): Promise<Some> {
  const after = cursor.stage === "made" ? cursor.after : "";
  const one = { ...context, view: ofOne(context.view, patientId) };
  const all: { readonly key: string; readonly resource: Resource }[] = [];
  for (const [i, part] of everythingOf(one, patientId).entries()) {
    if (NOT_HERE.has(part.type) || !mayAsk(context, part.type, types)) continue;
    for await (const resource of part.resources()) {
      await context.turn();
      const key = `${i} ${resource.id}`;
      if (key > after && isSince(resource, since)) all.push({ key, resource });
    }
  }
  all.sort((a, b) => (a.key < b.key ? -1 : 1));
  const page = all.slice(0, count);
  const isLast = page.length === all.length;
  const next: Cursor = isLast
    ? { stage: "written", after: undefined }
    : { stage: "made", after: page.at(-1)?.key ?? after };
  return { resources: page.map(({ resource }) => resource), next };
}

async function writtenByOthers(context: RecordContext, asked: Asked): Promise<Some> {
  const { patientId, types, since, count, cursor } = asked;
  const next: Cursor = { stage: "measured", place: undefined };
  const { written, view, app } = context;
  const wanted = types && [...types].filter(isBeside);
  if (!written || wanted?.length === 0) return { resources: [], next };
  const mine = wanted?.filter((type) => mayAsk(context, type, types));
  // An application without a scope for all types has one for some: they are asked one by one.
  const some =
    mine ??
    (app
      ? [...new Set(app.scopes.map(({ type }) => type))].filter((type) => type !== "*" && isBeside(type))
      : undefined);
  const isOfAll =
    mine !== undefined ||
    !app ||
    app.scopes.some(({ type, interactions }) => type === "*" && interactions.includes("s"));
  const asks = isOfAll ? mine : some;
  if (asks?.length === 0) return { resources: [], next };
  const whose = reachOf(context, asks?.[0] ?? "*", "s");
  const found = await written.resources.list(view.principal, {
    ...(asks ? { types: asks } : {}),
    patientIds: view.recordsOf(patientId),
    ...(since === undefined ? {} : { since }),
    ...(cursor.stage === "written" && cursor.after ? { after: cursor.after } : {}),
    limit: count + 1,
    whose,
  });
  const page = found.slice(0, count);
  const resources: Resource[] = [];
  for (const one of page) {
    await context.turn();
    // Observations stand among what was measured.
    if (!isBeside(one.type) || !isTold(view, one.type)) continue;
    if (isReached(view, whose, one.patientIds)) resources.push(resourceOf(one) as unknown as Resource); // it was held against R4
  }
  const last = page.at(-1);
  const isMore = found.length > page.length && last !== undefined;
  return { resources, next: isMore ? { stage: "written", after: { type: last.type, id: last.id } } : next };
}

async function measuredOf(context: RecordContext, asked: Asked): Promise<Some> {
  const { patientId, types, spans, dates, since, count, cursor } = asked;
  const { view } = context;
  if (!view.has(patientId) || !mayAsk(context, "Observation", types)) return { resources: [], next: undefined };
  const scoped = within(context, "Observation", "s");
  const place = cursor.stage === "measured" ? cursor.place : undefined;
  const summaries = await scoped.telemetry.streams(scoped.view, patientId);
  const sources = [
    ...sourcesOf(scoped, patientId, summaries, { spans, count, place }),
    ...(await glucoseOf(scoped, patientId, summaries, spans, place)),
    ...textsOf(context, patientId, { dates, count, place }),
  ];
  const { items, next } = await mergePage(sources, "ascending", count, WEIGHT_MAX);
  const resources: Resource[] = [];
  for (const item of items) {
    await context.turn();
    const resource = item.map();
    if (item.isSeen() && isSince(resource, since)) resources.push(resource);
  }
  return { resources, next: next && { stage: "measured", place: next } };
}

/** Observations that others wrote about the patient, also over what was measured. */
function textsOf(
  context: RecordContext,
  patientId: string,
  { dates, count, place }: Pick<Asked, "dates" | "count"> & { readonly place: Place | undefined },
): Source[] {
  const reach = context.written && reachOfTexts(context, "s");
  if (!reach || reach.whose.isWithoutPatients) return [];
  const about: [string, string] = ["patient", context.view.recordsOf(patientId).join()];
  const { conditions } = readQuery({ ...context, strict: true }, "Observation", [about, ...dates]);
  return [createTextSource(context, reach, { conditions, direction: "ascending", batch: count + 1 }, place)];
}

type Summaries = Awaited<ReturnType<RecordContext["telemetry"]["streams"]>>;

/** All of a patient's streams in one order of time, oldest first. */
function sourcesOf(
  context: RecordContext,
  patientId: string,
  summaries: Summaries,
  { spans, count, place }: { spans: readonly Interval[]; count: number; place: Place | undefined },
): Source[] {
  const numeric = summaries.filter(({ stream }) => stream.kind === "numeric");
  const bound = Number.NEGATIVE_INFINITY;
  const of = (streams: Summaries) => ({
    patientId,
    streamIds: streams.map(({ stream }) => stream.id),
    spans,
    direction: "ascending" as const,
    batch: count + 1,
    bound,
    covering: coveringOf(context),
  });
  const single = numeric.filter(({ stream }) => !isPanelMember(stream.signal));
  const panels = numeric.filter(({ stream }) => isPanelMember(stream.signal));
  const [first, last] = [spans[0], spans.at(-1)];
  return [
    ...(single.length > 0 ? [createReadingSource(context, of(single), place)] : []),
    ...(panels.length > 0 ? [createPanelSource(context, of(panels), place, () => true)] : []),
    ...summaries.flatMap(({ stream, lastAt }) => {
      if (stream.kind !== "waveform" || !first || !last) return [];
      const end = (lastAt ?? context.clock.now()) + LAST_AT_SLACK_MS;
      const span = { from: Math.max(EARLIEST, first.from), to: Math.min(last.to, end) };
      const accepts = () => true;
      return [createWaveformSource(context, { stream, span, direction: "ascending" as const, bound, accepts }, place)];
    }),
  ];
}

function isSince({ meta }: Resource, since: number | undefined): boolean {
  // Of what is kept without the time of its last change nobody can say that it is older.
  return since === undefined || meta?.lastUpdated === undefined || Date.parse(meta.lastUpdated) >= since;
}

async function askedOf(context: RecordContext, { id }: OperationPlace, request: OperationRequest): Promise<Asked> {
  const pairs = pairsOf(request).filter(([name]) => name !== "_format" && name !== "_pretty");
  const used = pairs.filter(([name]) => name !== "_cursor");
  const patientId = id ?? ownPatient(context);
  if (!context.view.has(patientId)) throw new RefusedInput("NOT_FOUND");
  within(context, "Patient", "r", patientId);
  const count = positive("_count", takeOne(pairs, "_count"), COUNT_MAX) ?? COUNT_DEFAULT;
  const cursor = takeOne(pairs, "_cursor");
  const sinceText = takeOne(pairs, "_since");
  const since = sinceText === undefined ? undefined : spanOfDate(sinceText)?.low;
  if (sinceText !== undefined && since === undefined)
    throw new RefusedInput("FIELD_INVALID", { at: "http._since", expected: "an instant" });
  const [start, end] = [takeOne(pairs, "start"), takeOne(pairs, "end")];
  const dates: [string, string][] = [
    ...(start === undefined ? [] : [["date", `ge${start}`] satisfies [string, string]]),
    ...(end === undefined ? [] : [["date", `le${end}`] satisfies [string, string]]),
  ];
  const bounds = [
    ...(start === undefined ? [] : [parseDates({ value: `ge${start}`, modifier: null, at: "http.start" })]),
    ...(end === undefined ? [] : [parseDates({ value: `le${end}`, modifier: null, at: "http.end" })]),
  ];
  const needsZone = bounds.some((dates) => dates.some(({ offsetMinutes }) => offsetMinutes === null));
  const zones = await timeZonesOf(context, needsZone, [patientId]);
  const types = pairs
    .filter(([name]) => name === "_type")
    .flatMap(([, value]) => value.split(",").map((one) => one.trim()));
  const [unknown] = pairs.filter(([name]) => name !== "_type");
  if (unknown)
    throw new RefusedInput("PARAMETER_UNKNOWN", {
      at: `http.${unknown[0].slice(0, 64)}`,
      expected: "start, end, _since, _type, _count",
    });
  if (types.some((type) => !/^[A-Z][A-Za-z]+$/.test(type)))
    throw new RefusedInput("FIELD_INVALID", { at: "http._type", expected: "types of resources" });
  return {
    patientId,
    types: types.length > 0 ? new Set(types) : undefined,
    dates,
    spans: bounds.length === 0 ? ALWAYS : instantsOf(bounds, zones.get(patientId) ?? "UTC"),
    since,
    count,
    cursor: cursor === undefined ? { stage: "made", after: "" } : decode(cursor),
    used,
  };
}

/** A patient's own sign-in, or an application that was opened for one. */
function ownPatient({ view, app }: RecordContext): string {
  if (app?.patientId) return app.patientId;
  const [only, ...others] = view.patientIds();
  if (only === undefined) throw new RefusedInput("NOT_FOUND");
  if (others.length > 0)
    throw new RefusedInput("SEARCH_TOO_COSTLY", {
      at: "http.url",
      expected: "Patient/{id}/$everything, or Patient/$export",
    });
  return only;
}

function encode(cursor: Cursor): string {
  if (cursor.stage === "made") return encodeCursor(["made", cursor.after]);
  if (cursor.stage === "written") return encodeCursor(["written", cursor.after?.type ?? "", cursor.after?.id ?? ""]);
  const { place } = cursor;
  return encodeCursor(["measured", ...(place ? [place.time, place.order, ...place.key] : [])]);
}

function decode(text: string): Cursor {
  const [stage, ...rest] = decodeCursor(text, ["string"]);
  if (stage === "made") return { stage, after: String(rest[0] ?? "") };
  if (stage === "written")
    return { stage, after: rest[0] ? { type: String(rest[0]), id: String(rest[1] ?? "") } : undefined };
  if (stage !== "measured")
    throw new RefusedInput("FIELD_INVALID", { at: "http._cursor", expected: "the cursor of a next link" });
  return { stage, place: rest.length === 0 ? undefined : placeIn(rest) };
}
