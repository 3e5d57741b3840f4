import { createHash } from "node:crypto";
import type {
  Alarm,
  Amendment,
  DeviceEvent,
  Feed,
  OutboxChange,
  PatientNotice,
  PatientView,
  PlacedChange,
  Readings,
  Stream,
} from "@openward/model";
import { findSignal } from "@openward/signals";
import { isHidden } from "@openward/signals/categories";
import type { Cursors } from "./cursor.ts";
import type { Counting, Owners } from "./ports.ts";

/** As it leaves: JSON, times as RFC 3339, units as UCUM. docs/guides/webhooks.md has the fields of each type. */
export interface FeedEvent {
  /** The same for the same thing, however often it is told. */
  readonly id: string;
  readonly type: "readings" | "alarm" | "event" | "device" | "amended" | "access" | "gap" | "ping";
  readonly patient: string | null;
  readonly [field: string]: unknown;
}

/** An event, and what is asked of it before it goes. */
export interface Told {
  readonly event: FeedEvent;
  readonly patientId: string | null;
  /** null: of no signal. */
  readonly signal: string | null;
  readonly deviceId: string | null;
  /** Of readings. */
  readonly stream: Stream | null;
}

/** What arrives so much later than it was measured is said to be late. */
export const LATE_MS = 5 * 60_000;
/** An event has no more readings than this; more are more events. */
const READINGS_MAX = 1_000;
/** Of a span that was amended, so many readings of each stream are told again; more are for FHIR. */
const RESTATED_MAX = 2_000;

const QUALITY_WORDS: readonly (readonly [bit: number, word: string])[] = [
  [1, "time-from-server"],
  [2, "conflicting"],
  [4, "claimed"],
  [8, "questionable"],
  [16, "corrected"],
  [32, "time-from-gateway"],
  [64, "zone-assumed"],
  [128, "clock-wrong"],
];

export const iso = (at: number): string => new Date(Math.round(at)).toISOString();
const isoOrNull = (at: number | null): string | null => (at === null ? null : iso(at));

export function hashOf(...parts: readonly unknown[]): string {
  return createHash("sha256").update(JSON.stringify(parts)).digest("base64url").slice(0, 27);
}

const readingOf = (time: number, value: number, quality: number) => ({
  at: iso(time),
  value: Number.isFinite(value) ? value : null,
  ...(quality === 0 ? {} : { quality: QUALITY_WORDS.filter(([bit]) => quality & bit).map(([, word]) => word) }),
});

const streamFields = ({ id, deviceId, signal, unit }: Stream) => ({
  stream: id,
  device: deviceId,
  signal,
  ...(findSignal(signal)?.mdc ? { mdc: findSignal(signal)?.mdc?.refId } : {}),
  ...(findSignal(signal)?.loinc?.[0] ? { loinc: findSignal(signal)?.loinc?.[0]?.code } : {}),
  unit,
});

/** Makes events of changes, as they count now and as far as who gets them may see. */
export function createTeller(deps: {
  counting: Counting;
  owners: Pick<Owners, "mayRead">;
  cursors: Pick<Cursors, "of">;
}) {
  const { counting, owners, cursors } = deps;
  const wants = (feed: Feed, signal: string | null) =>
    feed.signals === null || signal === null || feed.signals.includes(signal);
  const reaches = (feed: Feed, view: PatientView, stream: Stream) =>
    wants(feed, stream.signal) &&
    !isHidden(view, stream.patientId, stream.signal) &&
    (feed.owner.kind === "person" || owners.mayRead(feed.owner, stream));

  function ofReadings(readings: Readings, patient: string): Told[] {
    const { stream, times, values, quality, receivedAt, utcOffsetMinutes } = readings;
    const told: Told[] = [];
    for (let from = 0; from < times.length; from += READINGS_MAX) {
      const to = Math.min(times.length, from + READINGS_MAX);
      const some = Array.from({ length: to - from }, (_, i) =>
        readingOf(times[from + i] as number, values[from + i] as number, quality[from + i] as number),
      );
      const newest = Math.max(...times.subarray(from, to));
      const event: FeedEvent = {
        id: hashOf("readings", stream.id, receivedAt, some),
        type: "readings",
        patient,
        ...streamFields(stream),
        ...(utcOffsetMinutes === null ? {} : { utcOffsetMinutes }),
        receivedAt: iso(receivedAt),
        isLate: receivedAt - newest > LATE_MS,
        readings: some,
      };
      told.push({ event, patientId: stream.patientId, signal: stream.signal, deviceId: stream.deviceId, stream });
    }
    return told;
  }

  function ofAlarm(alarm: Alarm, patient: string): Told {
    const { id, revision, deviceId, streamId, signal, rule, priority, state, latched, value, limit, unit } = alarm;
    const event: FeedEvent = {
      id: hashOf("alarm", id, revision),
      type: "alarm",
      patient,
      alarm: id,
      revision,
      state,
      priority,
      rule,
      latched,
      device: deviceId,
      stream: streamId,
      signal,
      onsetAt: iso(alarm.onsetAt),
      raisedAt: iso(alarm.raisedAt),
      conditionEndedAt: isoOrNull(alarm.conditionEndedAt),
      acknowledgedAt: isoOrNull(alarm.acknowledgedAt),
      resolvedAt: isoOrNull(alarm.resolvedAt),
      value,
      limit,
      unit,
    };
    return { event, patientId: alarm.patientId, signal, deviceId, stream: null };
  }

  function ofEvent(said: DeviceEvent, patient: string): Told {
    const { id, deviceId, event: name, at, receivedAt } = said;
    const event: FeedEvent = {
      id: hashOf("event", deviceId, id, at),
      type: "event",
      patient,
      device: deviceId,
      event: name,
      at: iso(at),
      receivedAt: iso(receivedAt),
      isLate: receivedAt - at > LATE_MS,
    };
    return { event, patientId: said.patientId, signal: name, deviceId, stream: null };
  }

  function ofAssociation(notice: PatientNotice, patient: string): Told {
    const event: FeedEvent = {
      id: notice.id,
      type: "device",
      patient,
      device: notice.deviceId,
      association: notice.subjectId,
      from: isoOrNull(notice.from),
      to: isoOrNull(notice.to),
      state: notice.to === null ? "on" : "off",
    };
    return { event, patientId: notice.patientId, signal: null, deviceId: notice.deviceId, stream: null };
  }

  async function ofAmendment(feed: Feed, view: PatientView, notice: PatientNotice, patient: string): Promise<Told[]> {
    const record = await counting.amendment(view, notice.subjectId);
    // What this patient keeps from who gets it, or was erased.
    if (!record) return [];
    const { amendment } = record;
    const about = amendment.withdraws === null ? amendment : await withdrawnOf(view, amendment);
    const { streamId, deviceId, from, to } = about;
    const stream = streamId === null ? undefined : counting.streamOf(streamId);
    if (stream && !reaches(feed, view, { ...stream, patientId: notice.patientId })) return [];
    const isAway = amendment.kind === "re-attributed" && amendment.patientId === notice.patientId;
    const event: FeedEvent = {
      id: notice.id,
      type: "amended",
      patient,
      amendment: amendment.id,
      change: changeOf(amendment, notice.patientId),
      ...(amendment.withdraws === null ? {} : { withdraws: amendment.withdraws }),
      device: deviceId,
      ...(stream ? streamFields(stream) : { stream: null, signal: null }),
      from: iso(from),
      to: iso(to),
      amendedAt: iso(amendment.at),
    };
    const told: Told[] = [
      { event, patientId: notice.patientId, signal: stream?.signal ?? null, deviceId, stream: null },
    ];
    if (isAway || amendment.kind === "entered-in-error") return told;
    // The value that counts now, or the readings that are theirs now: whoever only hears of a span would have to ask.
    const span = { patientId: notice.patientId, deviceId, streamId, from, to, limit: RESTATED_MAX };
    for (const { stream: one, readings } of await counting.restated(view, span)) {
      if (!reaches(feed, view, one) || readings.length === 0) continue;
      for (let at = 0; at < readings.length; at += READINGS_MAX) {
        const some = readings
          .slice(at, at + READINGS_MAX)
          .map((each) => readingOf(each.time, each.value, each.quality));
        const restated: FeedEvent = {
          id: hashOf("restated", notice.id, one.id, some),
          type: "readings",
          patient,
          ...streamFields(one),
          receivedAt: iso(amendment.at),
          isLate: true,
          because: amendment.id,
          ...(readings.length >= RESTATED_MAX ? { isCut: true } : {}),
          readings: some,
        };
        told.push({ event: restated, patientId: one.patientId, signal: one.signal, deviceId, stream: one });
      }
    }
    return told;
  }

  async function withdrawnOf(view: PatientView, amendment: Amendment): Promise<Amendment> {
    const before = amendment.withdraws === null ? undefined : await counting.amendment(view, amendment.withdraws);
    return before?.amendment ?? amendment;
  }

  return {
    /** @param patientOf the record that stands for this one today; undefined: not of this feed */
    async eventsOf(
      feed: Feed,
      view: PatientView,
      { place, change }: PlacedChange,
      patientOf: (recordId: string) => string | undefined,
    ): Promise<Told[]> {
      const patientId = recordOf(change);
      const patient = patientId === null ? undefined : patientOf(patientId);
      if (patient === undefined || patientId === null) return [];
      const told = await of(feed, view, change, patient);
      return told.map((one) => ({ ...one, event: { ...one.event, cursor: cursors.of(feed.id, place) } }));
    },
  };

  async function of(feed: Feed, view: PatientView, change: OutboxChange, patient: string): Promise<Told[]> {
    switch (change.kind) {
      case "readings": {
        if (!feed.kinds.includes("readings") || !reaches(feed, view, change.readings.stream)) return [];
        const counts = counting.screenReadings(change.readings);
        return counts ? ofReadings(counts, patient) : [];
      }
      case "alarm": {
        const { signal, patientId } = change.alarm;
        if (!feed.kinds.includes("alarms") || !wants(feed, signal) || isHidden(view, patientId, signal)) return [];
        return [ofAlarm(counting.screenAlarm(change.alarm), patient)];
      }
      case "event": {
        const { event, patientId } = change.event;
        if (!feed.kinds.includes("events") || patientId === null || isHidden(view, patientId, event)) return [];
        return [ofEvent(change.event, patient)];
      }
      case "notice":
        if (change.notice.kind === "amendment")
          return feed.kinds.includes("readings") ? ofAmendment(feed, view, change.notice, patient) : [];
        if (change.notice.kind !== "association") return [];
        return feed.kinds.includes("devices") ? [ofAssociation(change.notice, patient)] : [];
    }
  }
}

export type Teller = ReturnType<typeof createTeller>;

function recordOf(change: OutboxChange): string | null {
  switch (change.kind) {
    case "readings":
      return change.readings.stream.patientId;
    case "alarm":
      return change.alarm.patientId;
    case "event":
      return change.event.patientId;
    case "notice":
      return change.notice.patientId;
  }
}

function changeOf({ kind, patientId }: Amendment, of: string): string {
  if (kind !== "re-attributed") return kind;
  return patientId === of ? "given-to-another" : "given-from-another";
}
