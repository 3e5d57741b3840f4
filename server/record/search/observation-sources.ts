import type { Observation } from "@medplum/fhirtypes";
import type { Resource } from "@openward/fhir/json";
import { asksFor, findableOf, matches } from "@openward/fhir/search";
import type { Condition } from "@openward/fhir/store";
import { toBaseUnits } from "@openward/signals/units";
import type { RecordContext } from "../context.ts";
import { sensorStreams } from "../glucose/measured.ts";
import { GLUCOSE_KINDS } from "../glucose/observations.ts";
import { createGlucoseSource, glucoseWanted } from "../glucose/source.ts";
import type { StreamSummary } from "../ports.ts";
import { isPanelMember } from "../resources/observation-kind.ts";
import { clockSource } from "../sources/clocks.ts";
import { coveringOf } from "../sources/covered.ts";
import { createPanelSource } from "../sources/panels.ts";
import { createReadingSource } from "../sources/readings.ts";
import type { Direction, Item, Place, Source } from "../sources/source.ts";
import { createTextSource } from "../sources/texts.ts";
import { createWaveformSource } from "../sources/waveforms.ts";
import { reachOfTexts } from "../write/reach.ts";
import { textsOf } from "../write/texts.ts";
import { definitions } from "../written/definitions.ts";
import { patientsOfView } from "./list.ts";
import { sourceOfIds } from "./observation-by-id.ts";
import { needCheapReadings, needCheapTexts } from "./observation-cost.ts";
import type { ObservationFilter } from "./observation-filter.ts";
import type { ObservationQuery } from "./observation-query.ts";
import { timeZonesOf } from "./patient-zone.ts";

/** How far the newest time that a stream says it has may lag behind what it has. */
const LAST_AT_SLACK_MS = 600_000;
/** How many readings are summed up in the time in which one is looked at by itself. */
const SUMMED_AT_ONCE = 20;
const TYPE = "Observation";

/** Where the Observations of a search come from. */
export interface ObservationSources {
  /** All of them behind a place, in the search's direction of time. */
  from(place: Place | undefined): Source[];
  /** What others wrote; undefined: nothing of it can match, or is for who asks. */
  readonly texts:
    | {
        /** Everything that is asked of one. */
        readonly conditions: readonly Condition[];
        count(atMost: number): Promise<number>;
      }
    | undefined;
}

export async function sourcesOf(context: RecordContext, query: ObservationQuery): Promise<ObservationSources> {
  const { view } = context;
  const { filter, ids } = query;
  const patientIds = query.patientIds ? [...query.patientIds].filter((id) => view.has(id)) : undefined;
  const zones = filter.needsTimeZone
    ? await timeZonesOf(context, true, patientIds ?? view.patientIds())
    : new Map<string, string>();
  const readings = query.isOfTexts
    ? () => []
    : ids
      ? await sourceOfIds(context, ids, filter, directionOf(query))
      : await readingSources(context, query, patientIds ?? patientsOfView(view, "http.patient"), zones);
  const accepts = query.rest.length > 0 ? acceptorOf(context, query.rest) : undefined;
  const reach = context.written && reachOfTexts(context, "s");
  const { overlays } = context.written ?? {};
  const ofTexts = query.textPatientIds ? patientIds : undefined;
  // Nobody has written of these patients, and everything else is about somebody else.
  const isEmpty = !reach || (ofTexts !== undefined && overlays !== undefined && ofTexts.every(overlays.hasNone));
  const zone = new Set(zones.values()).size === 1 ? [...zones.values()][0] : undefined;
  const conditions = [...query.all, ...query.datesIn(zone ?? "UTC")];
  const batch = Math.min(1001, query.count + 1);
  const direction = directionOf(query);
  if (reach && !isEmpty && ofTexts === undefined)
    await needCheapTexts(context, {
      type: TYPE,
      conditions: [...conditions, ...reach.conditions],
      sort: query.isByDate ? [{ by: "span", key: "date", isDescending: !query.isAscending }] : query.sort,
      limit: batch,
      whose: reach.whose,
    });
  return {
    from(place) {
      const made = readings(place).map((source) => (accepts ? filtered(source, accepts) : source));
      const isBesideReadings = made.length > 0;
      if (reach && !isEmpty)
        made.push(createTextSource(context, reach, { conditions, direction, batch, isBesideReadings }, place));
      return made;
    },
    texts:
      reach && !isEmpty
        ? {
            conditions: [...conditions, ...reach.conditions],
            count: (atMost) =>
              textsOf(context).count(
                view.principal,
                { type: TYPE, conditions: [...conditions, ...reach.conditions], whose: reach.whose },
                atMost,
              ),
          }
        : undefined,
  };
}

const directionOf = ({ isAscending }: ObservationQuery): Direction => (isAscending ? "ascending" : "descending");

/** What only the Observation itself tells is asked of it. */
function acceptorOf({ base }: RecordContext, rest: readonly Condition[]): (item: Item) => boolean {
  // Only what is asked for is taken out of each.
  const parameters = [...definitions().table.of(TYPE).values()].filter(({ code }) =>
    rest.some((one) => asksFor(one, code)),
  );
  return (item) => {
    const resource = item.map() as Observation & Resource;
    const { lastUpdated } = resource.meta ?? {};
    const candidate = {
      id: resource.id ?? "",
      updatedAt: lastUpdated === undefined ? undefined : Date.parse(lastUpdated),
      findable: findableOf(resource, parameters, { base, toCanonical: toBaseUnits }),
    };
    return rest.every((condition) => matches(candidate, condition));
  };
}

function filtered(source: Source, accepts: (item: Item) => boolean): Source {
  return {
    ...source,
    async next() {
      for (;;) {
        const item = await source.next();
        // A text stands in its place, whatever this says.
        if (!item || item.isCovered || accepts(item)) return item;
      }
    },
  };
}

/** How to begin the sources of what was measured behind a place. */
async function readingSources(
  context: RecordContext,
  query: ObservationQuery,
  patientIds: readonly string[],
  zones: ReadonlyMap<string, string>,
): Promise<(place: Place | undefined) => Source[]> {
  const { view, telemetry } = context;
  const { filter } = query;
  const direction = directionOf(query);
  const covering = coveringOf(context);
  // One more than the page, to know whether there is a next one; of many patients, a share with room to spare.
  const share = patientIds.length <= 1 ? 1 : 2 / patientIds.length;
  const batch = Math.min(1001, Math.max(20, Math.ceil((query.count + 1) * share)));
  const begin: ((place: Place | undefined) => Source)[] = [];

  const summaries = await Promise.all(patientIds.map((id) => telemetry.streams(view, id)));
  const isStreamWanted = ({ stream }: StreamSummary) => !query.isOfSummaries && filter.acceptsStream(stream);
  const sensors = GLUCOSE_KINDS.some(filter.acceptsSummary) ? summaries.map(sensorStreams) : [];
  if (query.rest.length > 0 || !query.isByDate) {
    await needCheapReadings(context, summaries.flat().filter(isStreamWanted), filter.instants("UTC"));
    await needCheapReadings(context, sensors.flat(), filter.instants("UTC"), SUMMED_AT_ONCE);
  }
  const worn = patientIds.filter((_, i) => (sensors[i]?.length ?? 0) > 0);
  // Days are the patient's.
  const days = await timeZonesOf(context, worn.length > 0, worn);
  const clocks = query.isOfSummaries
    ? undefined
    : await clockSource(context, filter, filter.instants("UTC"), direction);
  if (clocks) begin.push(clocks);
  summaries.forEach((ofPatient, i) => {
    const patientId = patientIds[i] ?? "";
    const zone = zones.get(patientId) ?? "UTC";
    const wanted = ofPatient.filter(isStreamWanted);
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
      covering,
    });

    const panels = wanted.filter(({ stream }) => isPanelMember(stream.signal));
    const numeric = wanted.filter(({ stream }) => stream.kind === "numeric" && !isPanelMember(stream.signal));
    if (numeric.length > 0) begin.push((place) => createReadingSource(context, optionsOf(numeric), place));
    if (panels.length > 0) {
      begin.push((place) => createPanelSource(context, optionsOf(panels), place, filter.acceptsPanel));
    }
    const streams = sensors[i] ?? [];
    const timeZone = days.get(patientId) ?? "UTC";
    const glucose = streams.length > 0 ? glucoseWanted([filter], timeZone) : undefined;
    if (glucose) {
      const options = { ...glucose, patientId, streams, timeZone, direction };
      begin.push((place) => createGlucoseSource(context, options, place));
    }
    const windows = filter.windows(zone);
    if (!windows || query.isOfQuantities) return;
    for (const summary of wanted.filter(({ stream }) => stream.kind === "waveform")) {
      const end = (summary.lastAt ?? context.clock.now()) + LAST_AT_SLACK_MS;
      const options = {
        stream: summary.stream,
        span: { from: Math.max(0, windows.from), to: Math.min(windows.to, end) },
        direction,
        bound: boundOf([summary]),
        accepts: (segment: Parameters<ObservationFilter["acceptsPeriod"]>[0]) => filter.acceptsPeriod(segment, zone),
        covering,
      };
      begin.push((place) => createWaveformSource(context, options, place));
    }
  });
  return (place) => begin.map((create) => create(place));
}
