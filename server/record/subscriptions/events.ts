import type { Resource } from "@medplum/fhirtypes";
import { RefusedInput } from "@openward/errors";
import { parseResource } from "@openward/fhir/json";
import type {
  Alarm,
  AmendmentRecord,
  NewEvent,
  OutboxChange,
  PatientNotice,
  PatientView,
  PlacedChange,
  Readings,
  ResourceNotice,
  Stream,
  Subscription,
} from "@openward/model";
import { isHidden, sees } from "@openward/signals/categories";
import type { RecordContext } from "../context.ts";
import { alarmFlagId, eventCommunicationId, stayEncounterId } from "../happenings/ids.ts";
import { panelId, panelSource, readingId } from "../observation-id.ts";
import { within } from "../reach.ts";
import { isPanelMember } from "../resources/observation-kind.ts";
import { findObservation } from "../sources/find.ts";
import { resourcesOf } from "../written/find.ts";
import { isReached, reachOf } from "../written/reach.ts";
import { type Filter, filterOf } from "./filter.ts";
import { readFocus } from "./focus.ts";

/** What counts of what was received; how amendments are known. */
export interface Counting {
  screenReadings(readings: Readings): Readings | undefined;
  /** Looked for again where another process made it a moment ago. */
  amendment(view: PatientView, amendmentId: string): Promise<AmendmentRecord | undefined>;
}

const READINGS_A_PAGE = 500;
/** Of a span that was amended, so many readings are told one by one; behind them who amended it, which names the span. */
export const AMENDED_MAX = 2_000;

/** Events of one page of changes, in their order; what would be told twice of one page is told once. */
export async function eventsOf(
  context: RecordContext,
  subscription: Subscription,
  changes: readonly PlacedChange[],
  counting: Counting,
): Promise<NewEvent[]> {
  const filter = filterOf(subscription, context);
  const told = new Map<string, NewEvent>();
  for (const { change } of changes)
    for (const event of await eventsIn(context, subscription, filter, change, counting)) {
      await context.turn();
      const before = told.get(`${event.method} ${event.reference}`);
      // Of a panel its three members come one after the other.
      if (!before) told.set(`${event.method} ${event.reference}`, event);
    }
  return [...told.values()];
}

async function eventsIn(
  context: RecordContext,
  { topic }: Subscription,
  filter: Filter,
  change: OutboxChange,
  counting: Counting,
): Promise<NewEvent[]> {
  switch (topic) {
    case "readings":
      if (change.kind === "readings") return ofReadings(context, filter, change.readings, counting);
      if (change.kind !== "notice") return [];
      if (change.notice.kind === "amendment") return ofAmendment(context, filter, change.notice, counting);
      return change.notice.kind === "resource" ? ofResource(context, filter, change.notice, "Observation") : [];
    case "alarms":
      return change.kind === "alarm" ? ofAlarm(context, filter, change.alarm) : [];
    case "events": {
      if (change.kind !== "event") return [];
      const { event } = change;
      const id = eventCommunicationId(event);
      if (id === undefined) return [];
      const { patientId, receivedAt: at } = event;
      return seen(
        context,
        filter,
        { reference: `Communication/${id}`, method: "POST", patientId, at },
        { event: event.event },
      );
    }
    case "admissions":
      return change.kind === "notice" && change.notice.kind === "stay"
        ? seen(context, filter, ofNotice(change.notice, `Encounter/${stayEncounterId(change.notice.subjectId)}`))
        : [];
    case "associations":
      return change.kind === "notice" && change.notice.kind === "association"
        ? seen(context, filter, ofNotice(change.notice, `DeviceUseStatement/${change.notice.subjectId}`))
        : [];
    case "resources":
      return change.kind === "notice" && change.notice.kind === "resource"
        ? ofResource(context, filter, change.notice)
        : [];
  }
}

/** What began, or has ended. */
const ofNotice = ({ patientId, to, at }: PatientNotice, reference: string): NewEvent => ({
  reference,
  method: to === null ? "POST" : "PUT",
  patientId,
  at,
});

/** Is it theirs to see, and what they asked for? */
async function seen(
  context: RecordContext,
  filter: Filter,
  event: NewEvent,
  said: Readonly<Record<string, string | null>> = {},
): Promise<NewEvent[]> {
  const type = typeOf(event);
  if (!filter.accepts(type, event.method, said)) return [];
  const focus = await readFocus(context, event.reference);
  if (focus === undefined || focus === "gone") return [];
  return filter.acceptsResource(type, focus.resource) ? [event] : [];
}

const typeOf = ({ reference }: NewEvent): string => reference.split("/", 1)[0] ?? "";

function ofAlarm(context: RecordContext, filter: Filter, alarm: Alarm): Promise<NewEvent[]> {
  const { id, revision, patientId, signal, priority, rule, state } = alarm;
  const at = alarm.resolvedAt ?? alarm.acknowledgedAt ?? alarm.conditionEndedAt ?? alarm.raisedAt;
  const method = revision <= 1 ? "POST" : "PUT";
  const event: NewEvent = { reference: `Flag/${alarmFlagId(id)}`, method, patientId, at: Math.max(at, alarm.raisedAt) };
  if (isHidden(context.view, patientId, signal)) return Promise.resolve([]);
  return seen(context, filter, event, { signal, priority, rule, state });
}

/** Scopes of an application reach streams. @returns undefined: none of theirs */
async function reaching(context: RecordContext, stream: Stream): Promise<RecordContext | undefined> {
  const inner = withinOrNot(context, "Observation");
  if (!inner?.view.has(stream.patientId) || !sees(inner.view, stream)) return undefined;
  return (await inner.telemetry.stream(inner.view, stream.id)) ? inner : undefined;
}

function withinOrNot(context: RecordContext, type: string): RecordContext | undefined {
  try {
    return within(context, type, "r");
  } catch (error) {
    if (error instanceof RefusedInput && error.code === "NOT_PERMITTED") return undefined;
    throw error;
  }
}

async function ofReadings(
  context: RecordContext,
  filter: Filter,
  received: Readings,
  counting: Counting,
): Promise<NewEvent[]> {
  const { stream, receivedAt: at } = received;
  const { patientId } = stream;
  if (!filter.accepts("Observation", "POST", { signal: stream.signal })) return [];
  const accepts = filter.acceptsStream(stream);
  if (accepts === false) return [];
  const inner = await reaching(context, stream);
  const counts = inner && counting.screenReadings(received);
  if (!counts) return [];
  const events: NewEvent[] = [];
  for (const { time, ordinal } of await placed(inner, counts)) {
    const reference = `Observation/${observationId(stream, time, ordinal)}`;
    if (accepts === undefined && !(await isAccepted(inner, filter, reference))) continue;
    events.push({ reference, method: "POST", patientId, at });
  }
  return events;
}

async function isAccepted(inner: RecordContext, filter: Filter, reference: string): Promise<boolean> {
  const found = await findObservation(inner, reference.slice("Observation/".length));
  return found !== undefined && filter.acceptsResource("Observation", found.map() as Resource);
}

function observationId({ id, patientId, deviceId, unit, signal }: Stream, time: number, ordinal: number): string {
  if (isPanelMember(signal)) return panelId(patientId, panelSource(deviceId, unit), time, ordinal);
  return readingId(id, time, ordinal);
}

/**
 * Which of several readings of one moment each of these is: only the store knows. What the store does not have as it was received
 * is taken for the first.
 */
async function placed(
  { telemetry, view }: RecordContext,
  { stream, times, values }: Readings,
): Promise<{ readonly time: number; readonly ordinal: number }[]> {
  const wanted = new Map<number, number[]>();
  for (const [i, time] of times.entries()) wanted.set(time, [...(wanted.get(time) ?? []), values[i] as number]);
  const result: { time: number; ordinal: number }[] = [];
  const span = { from: Math.min(...wanted.keys()), to: Math.max(...wanted.keys()) + 1 };
  const ordinals = new Map<string, number>();
  let after: { time: number; streamId: string; ordinal: number } | undefined;
  for (;;) {
    const page = await telemetry.readings(view, {
      patientId: stream.patientId,
      streamIds: [stream.id],
      ...span,
      order: "ascending",
      limit: READINGS_A_PAGE,
      withErrors: true,
      ...(after ? { after } : {}),
    });
    for (const { time, value, ordinal } of page) if (ordinal > 0) ordinals.set(`${time} ${value}`, ordinal);
    const last = page.at(-1);
    if (!last || page.length < READINGS_A_PAGE) break;
    after = { time: last.time, streamId: stream.id, ordinal: last.ordinal };
  }
  for (const [time, all] of wanted)
    for (const value of new Set(all)) result.push({ time, ordinal: ordinals.get(`${time} ${value}`) ?? 0 });
  return result;
}

/** Each reading that an amendment touches, as it counts now; of more than can be told one by one, who amended them and when. */
async function ofAmendment(
  context: RecordContext,
  filter: Filter,
  notice: PatientNotice,
  counting: Counting,
): Promise<NewEvent[]> {
  const record = await counting.amendment(context.view, notice.subjectId);
  if (!record) return [];
  const { amendment } = record;
  const before = amendment.withdraws === null ? undefined : await counting.amendment(context.view, amendment.withdraws);
  const { streamId, deviceId, from, to, reading } = before?.amendment ?? amendment;
  const { patientId, at } = notice;
  const events: NewEvent[] = [];
  const base = { method: "PUT" as const, patientId, at };
  const all = await context.telemetry.streams(context.view, patientId);
  const named = all.find(({ stream }) => stream.id === streamId)?.stream;
  for (const { stream } of all) {
    const isMeant = stream.kind === "numeric" && stream.deviceId === deviceId;
    if (!isMeant || (streamId !== null && stream.id !== streamId && !(named && isSame(stream, named)))) continue;
    if (!filter.accepts("Observation", "PUT", { signal: stream.signal })) continue;
    const accepts = filter.acceptsStream(stream);
    const inner = accepts === false ? undefined : await reaching(context, stream);
    if (!inner) continue;
    const limit = AMENDED_MAX - events.length + 1;
    const found = await inner.telemetry.readings(inner.view, {
      patientId,
      streamIds: [stream.id],
      from,
      to: Math.max(to, from + 1),
      order: "ascending",
      limit,
      withErrors: true,
    });
    for (const { time, ordinal } of found) {
      // One of several of its moment.
      if (reading && ordinal !== reading.ordinal) continue;
      if (events.length === AMENDED_MAX) return [...events, { ...base, reference: `Provenance/${amendment.id}` }];
      const reference = `Observation/${observationId(stream, time, ordinal)}`;
      if (accepts === undefined && !(await isAccepted(inner, filter, reference))) continue;
      events.push({ ...base, reference });
    }
  }
  return events;
}

const isSame = (a: Stream, b: Stream): boolean => a.signal === b.signal && a.unit === b.unit;

/** A resource that others wrote; of what was deleted its last version says whether it was asked for. */
async function ofResource(
  context: RecordContext,
  filter: Filter,
  { reference, method: verb, patientId, at }: ResourceNotice,
  only?: string,
): Promise<NewEvent[]> {
  const [type = "", id = ""] = reference.split("/");
  const method = verb === "PATCH" ? "PUT" : verb;
  if ((only !== undefined && type !== only) || !filter.accepts(type, method, {})) return [];
  try {
    const whose = reachOf(context, type, "r");
    const resources = resourcesOf(context);
    const { principal } = context.view;
    const stored = await resources.read(principal, type, id);
    if (!stored || !isReached(context.view, whose, stored.patientIds)) return [];
    const version = stored.content === null ? stored.version - 1 : stored.version;
    const shown = stored.content === null ? await resources.version(principal, type, id, version) : stored;
    const content = shown?.content;
    if (content === null || content === undefined) return [];
    const resource = parseResource(content) as unknown as Resource;
    if (!filter.acceptsResource(type, { ...resource, id })) return [];
    return [{ reference, method, patientId, at }];
  } catch (error) {
    if (error instanceof RefusedInput && error.code === "NOT_PERMITTED") return [];
    throw error;
  }
}
