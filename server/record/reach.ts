import { RefusedInput } from "@openward/errors";
import type { AppAccess, PatientView, ResourceScope, Stream } from "@openward/model";
import type { RecordContext } from "./context.ts";
import { devicesOn } from "./devices-on.ts";
import type { People, Telemetry } from "./ports.ts";
import type { SummaryKind } from "./resources/observation-kind.ts";
import { observationFilter, observationParameters } from "./search/observation-filter.ts";
import { parseQuery } from "./search/query.ts";

/** "r" is read, vread and history; "s" is search; "c" is create (SMART App Launch 2.2). */
export type Interaction = "c" | "r" | "s";

/**
 * What one interaction with one type is answered from. An application's scopes narrow it here and nowhere else: behind
 * this, patients, devices and streams outside them are as if there were none, whichever way they are asked for.
 *
 * @param id of what is read; left out: a search
 * @throws RefusedInput NOT_PERMITTED when no scope of the application has this interaction
 */
export function within(context: RecordContext, type: string, interaction: Interaction, id?: string): RecordContext {
  const { app } = context;
  if (!app) return context;
  // SMART App Launch: who was told which resource the person is may read that one.
  if (interaction === "r" && id !== undefined && app.fhirUser === `${type}/${id}`) return context;
  const scopes = app.scopes.filter(
    (scope) =>
      (scope.type === "*" || scope.type === type) &&
      scope.interactions.includes(interaction) &&
      // What narrows reads by what is there cannot say what may come.
      (interaction !== "c" || scope.query.length === 0) &&
      // Without a patient there is nobody whom such a scope could be about.
      (scope.compartment !== "patient" || app.patientId !== null),
  );
  if (scopes.length === 0) {
    throw new RefusedInput("NOT_PERMITTED", {
      at: "http.Authorization",
      expected: `a scope with ${type}.${interaction}`,
    });
  }
  const isOfPatient = scopes.every(({ compartment }) => compartment === "patient");
  const view = isOfPatient ? ofOne(context.view, app.patientId) : context.view;
  return {
    ...context,
    view,
    // Who works here stands beside no one patient.
    people: isOfPatient && type === "Practitioner" ? NOBODY : context.people,
    devices: isOfPatient ? devicesOn(context.devices, view) : context.devices,
    telemetry: type === "Observation" ? telemetryOf(context, scopes, app) : context.telemetry,
    ...(type === "Observation" ? { reachesKind: kindsOf(context, scopes, app) } : {}),
  };
}

const NOBODY: People = { list: async () => [], findIn: async () => undefined };

/** One person of those who are seen, with all records that were merged into theirs; of nobody, nobody. */
export function ofOne(view: PatientView, patientId: string | null): PatientView {
  const isTheirs = (id: string) => patientId !== null && view.recordsOf(patientId).includes(id);
  return {
    principal: view.principal,
    has: (id) => isTheirs(id) && view.has(id),
    patientIds: () => view.patientIds().filter((id) => id === patientId),
    recordsOf: (id) => (id === patientId ? view.recordsOf(id) : []),
    hiddenOf: (id) => view.hiddenOf(id),
  };
}

/** Streams that at least one scope reaches; their readings and waveforms are read through them only. */
function telemetryOf(
  { telemetry, view, base }: RecordContext,
  scopes: readonly ResourceScope[],
  app: AppAccess,
): Telemetry {
  const theirs = ofOne(view, app.patientId);
  const matchers = scopes.map(({ compartment, query }) => {
    const filter = observationFilter(parseQuery(query, observationParameters, { strict: true, sorts: [] }), base);
    return (stream: Stream) =>
      (compartment !== "patient" || theirs.has(stream.patientId)) && filter.acceptsStream(stream);
  });
  const isReached = (stream: Stream) => matchers.some((matches) => matches(stream));
  const reached = new Set<string>();
  const note = (stream: Stream): boolean => {
    if (!isReached(stream)) return false;
    reached.add(stream.id);
    return true;
  };
  const reaches = async (of: PatientView, streamId: string): Promise<boolean> => {
    if (reached.has(streamId)) return true;
    const summary = await telemetry.stream(of, streamId);
    return summary !== undefined && note(summary.stream);
  };
  return {
    streams: async (of, patientId) => (await telemetry.streams(of, patientId)).filter(({ stream }) => note(stream)),
    async stream(of, streamId) {
      const summary = await telemetry.stream(of, streamId);
      return summary && note(summary.stream) ? summary : undefined;
    },
    latest: (of, patientId) => telemetry.latest(of, patientId).filter(({ stream }) => note(stream)),
    async *columns(of, streamId, query) {
      if (!(await reaches(of, streamId))) throw new RefusedInput("NOT_FOUND");
      yield* telemetry.columns(of, streamId, query);
    },
    async distribution(of, streamId, span) {
      if (await reaches(of, streamId)) return telemetry.distribution(of, streamId, span);
      throw new RefusedInput("NOT_FOUND");
    },
    async readings(of, query) {
      const streamIds = [];
      for (const id of query.streamIds) if (await reaches(of, id)) streamIds.push(id);
      return streamIds.length === 0 ? [] : telemetry.readings(of, { ...query, streamIds });
    },
    reading: async (of, streamId, time, ordinal) =>
      (await reaches(of, streamId)) ? telemetry.reading(of, streamId, time, ordinal) : undefined,
    history: async (of, streamId, time, ordinal) =>
      (await reaches(of, streamId)) ? telemetry.history(of, streamId, time, ordinal) : undefined,
    // Asked of streams that were found before, never first.
    touched: (of, streamId, from, to) =>
      reached.has(streamId) ? telemetry.touched(of, streamId, from, to) : undefined,
    waveform: async (of, query) => ((await reaches(of, query.streamId)) ? telemetry.waveform(of, query) : []),
    waveformOverview: async (of, query) =>
      (await reaches(of, query.streamId))
        ? telemetry.waveformOverview(of, query)
        : { starts: new Float64Array(), min: new Float64Array() },
  };
}

/** What sums up readings is told where a scope names it, or everything. */
function kindsOf(
  { view, base }: RecordContext,
  scopes: readonly ResourceScope[],
  app: AppAccess,
): NonNullable<RecordContext["reachesKind"]> {
  const theirs = ofOne(view, app.patientId);
  const matchers = scopes.map(({ compartment, query }) => {
    const filter = observationFilter(parseQuery(query, observationParameters, { strict: true, sorts: [] }), base);
    return (kind: SummaryKind, patientId: string) =>
      (compartment !== "patient" || theirs.has(patientId)) && filter.acceptsSummary(kind);
  });
  return (kind, patientId) => matchers.some((matches) => matches(kind, patientId));
}

/** Which streams an application's scopes let it read, whatever patients it sees: for what is told without being asked. */
export function observationsWithin(scopes: readonly ResourceScope[], base: string): (stream: Stream) => boolean {
  const matchers = scopes
    .filter(({ type, interactions }) => (type === "*" || type === "Observation") && /[rs]/.test(interactions))
    .map(({ query }) => observationFilter(parseQuery(query, observationParameters, { strict: true, sorts: [] }), base));
  return (stream) => matchers.some((filter) => filter.acceptsStream(stream));
}
