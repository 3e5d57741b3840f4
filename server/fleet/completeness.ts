import { RefusedInput } from "@openward/errors";
import type { Association, FleetEvidence, PatientView, Stream } from "@openward/model";
import type { Clock } from "@openward/runtime";
import { SLOT_MS } from "@openward/timeseries";
import {
  type Coverage,
  coverageOf,
  coverageOfSlots,
  cutTo,
  type Day,
  daysOf,
  type Expected,
  type Explained,
  explain,
  type GapCause,
  overlap,
  type Span,
  type ZoneSince,
} from "@openward/timeseries/completeness";
import { evidenceOf } from "./evidence.ts";
import { type Counted, streamedOf, type Wanted, wantedOf } from "./expected.ts";
import type { Asker, Measured, Rhythms, Tables } from "./ports.ts";

/** One row of a table: a patient, or a device. */
export interface Row {
  readonly id: string;
  readonly days: readonly DayTold[];
}

export interface DayTold {
  readonly day: string;
  readonly expected: number;
  readonly received: number;
  /** Readings that are missing in gaps, by cause; what is missing beside those was lost one by one. */
  readonly missing: Partial<Record<GapCause, number>>;
}

/** What came of one signal of one device on one patient. */
export interface StreamTold {
  readonly patientId: string;
  readonly deviceId: string;
  readonly signal: string;
  readonly intervalMs: number;
  readonly expected: number;
  readonly received: number;
  /** Came more than five minutes after they were measured; null: samples, of which that is not known. */
  readonly late: number | null;
  readonly gaps: readonly Explained[];
}

export interface Completeness {
  /** Each patient's days, or each device's, over the last `days` days, today included. */
  table(view: PatientView, by: "patient" | "device", ids: readonly string[], days: number): Promise<Row[]>;
  /** One day of one of them, to the second. @throws RefusedInput NOT_FOUND where there is no such day */
  day(
    view: PatientView,
    of: { readonly patientId: string } | { readonly deviceId: string },
    day: string,
  ): Promise<{ readonly span: Span; readonly timeZone: string; readonly streams: readonly StreamTold[] }>;
}

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;
/** More than this behind what was measured is late. */
const LATE_MS = 5 * MINUTE_MS;
/** What says so much of itself that quarters of an hour tell; what says less is looked at one by one. */
const DENSE_MS = SLOT_MS / 3;
const BEFORE_MS = 12 * 60 * MINUTE_MS;
const NEVER_MORE_MS = 366 * DAY_MS;

export function createCompleteness(deps: {
  readonly tables: Tables;
  readonly measured: Measured;
  readonly rhythms: Rhythms;
  readonly clock: Pick<Clock, "now">;
}): Completeness {
  const { tables, measured, rhythms, clock } = deps;

  const askerOf = ({ principal }: PatientView): Asker => principal;

  /** Of each patient the streams, once. */
  async function streamsOf(view: PatientView, patientIds: Iterable<string>): Promise<Map<string, Stream[]>> {
    const found = new Map<string, Stream[]>();
    for (const patientId of new Set(patientIds))
      found.set(
        patientId,
        (await measured.streams(view, patientId)).map(({ stream }) => stream),
      );
    return found;
  }

  async function timesOf(
    view: PatientView,
    stream: Stream,
    span: Span,
  ): Promise<{ times: Float64Array; values: Float64Array; late: number }> {
    const parts: { times: Float64Array; values: Float64Array }[] = [];
    let [length, late] = [0, 0];
    for await (const { times, values, receivedAt } of measured.columns(view, stream.id, {
      ...span,
      isDescending: false,
    })) {
      parts.push({ times: times.slice(), values: values.slice() });
      length += times.length;
      for (let i = 0; i < times.length; i++) if ((receivedAt[i] as number) - (times[i] as number) > LATE_MS) late++;
    }
    const all = { times: new Float64Array(length), values: new Float64Array(length), late };
    let at = 0;
    for (const { times, values } of parts) {
      all.times.set(times, at);
      all.values.set(values, at);
      at += times.length;
    }
    return all;
  }

  async function counted(view: PatientView, streams: readonly Stream[], span: Span): Promise<Counted> {
    const start = Math.floor(span.from / SLOT_MS) * SLOT_MS;
    const buckets = Math.ceil((span.to - start) / SLOT_MS);
    const ids = streams.filter(({ kind }) => kind === "numeric").map(({ id }) => id);
    const trends =
      ids.length === 0 ? [] : await measured.trends(view, ids, { from: start, to: start + buckets * SLOT_MS, buckets });
    return { start, byId: new Map(trends.map((trend) => [trend.stream.id, trend])) };
  }

  async function zonesOf(view: PatientView, patientIds: readonly string[]): Promise<Map<string, ZoneSince[]>> {
    const zones = new Map<string, ZoneSince[]>();
    for (const { patientId, from, timeZone } of await tables.zones(askerOf(view), patientIds))
      zones.set(patientId, [...(zones.get(patientId) ?? []), { from, timeZone }]);
    return zones;
  }

  const UTC: readonly ZoneSince[] = [{ from: 0, timeZone: "UTC" }];

  async function table(
    view: PatientView,
    by: "patient" | "device",
    ids: readonly string[],
    days: number,
  ): Promise<Row[]> {
    const now = clock.now();
    // A day more: the first day of some zone begins earlier.
    const span = { from: now - (days + 1) * DAY_MS, to: now };
    const worn = (
      await tables.worn(askerOf(view), by === "patient" ? { patientIds: ids } : { deviceIds: ids }, span)
    ).filter(({ patientId }) => view.has(patientId));
    const patientIds = [...new Set(worn.map(({ patientId }) => patientId))];
    const [streams, zones] = [await streamsOf(view, patientIds), await zonesOf(view, patientIds)];
    const confirmed = await tables.confirmed(askerOf(view), [...streams.keys()]);
    const wanted = wantedOf(rhythms, confirmed, view, worn, streams, span);
    const counts = await counted(view, relevant(wanted, streams), span);
    const covered = await Promise.all(
      wanted.map(async (want) => ({ want, ...(await coverage(view, want, counts, span)) })),
    );
    const known = await knownOf(
      view,
      covered.map(({ want, gaps }) => ({ want, gaps })),
      span,
    );
    const rows = new Map<
      string,
      Map<string, { expected: number; received: number; missing: Partial<Record<GapCause, number>> }>
    >();
    const calendars = new Map<string, Day[]>();
    for (const { want, gaps, inDay } of covered) {
      const { patientId, deviceId } = want.association;
      const row = getOr(rows, by === "patient" ? patientId : deviceId, () => new Map());
      const explained = explainAll(want, gaps, known, counts, streams, now);
      const zone = zones.get(patientId) ?? UTC;
      // Looking at a calendar costs a millisecond, and a house lies in one zone.
      for (const day of getOr(calendars, JSON.stringify(zone), () => daysOf(span, zone))) {
        const { expected, received } = inDay(day);
        if (expected === 0) continue;
        const told = getOr(row, day.day, () => ({ expected: 0, received: 0, missing: {} }));
        told.expected += expected;
        told.received += received;
        for (const part of explained) {
          const missing = cutTo(part, day)?.missing ?? 0;
          if (missing > 0) told.missing[part.cause] = (told.missing[part.cause] ?? 0) + missing;
        }
      }
    }
    return ids.map((id) => ({
      id,
      days: [...(rows.get(id) ?? [])]
        .map(([day, told]) => ({ day, ...told }))
        .sort((a, b) => a.day.localeCompare(b.day))
        .slice(-days),
    }));
  }

  /** Of these devices all streams: what is asked for, and what tells of it. */
  function relevant(wanted: readonly Wanted[], streams: ReadonlyMap<string, readonly Stream[]>): Stream[] {
    const pairs = new Set(wanted.map(({ association: { deviceId, patientId } }) => `${deviceId} ${patientId}`));
    return [...streams.values()].flat().filter(({ deviceId, patientId }) => pairs.has(`${deviceId} ${patientId}`));
  }

  interface Covered {
    readonly gaps: Coverage["gaps"];
    inDay(day: Day): { readonly expected: number; readonly received: number };
  }

  async function coverage(view: PatientView, want: Wanted, { start, byId }: Counted, span: Span): Promise<Covered> {
    const cut = (day: Day): Expected[] =>
      want.expected.flatMap((each) => {
        const mine = overlap(each, day);
        return mine ? [{ ...mine, intervalMs: each.intervalMs }] : [];
      });
    const count = want.stream && byId.get(want.stream.id)?.count;
    if (count && want.intervalMs <= DENSE_MS)
      return {
        gaps: coverageOfSlots(start, count, want.expected).gaps,
        inDay: (day) => coverageOfSlots(start, count, cut(day)),
      };
    if (want.stream?.kind === "waveform") return NOT_COUNTED;
    const times = want.stream ? (await timesOf(view, want.stream, span)).times : new Float64Array();
    return { gaps: coverageOf(times, want.expected).gaps, inDay: (day) => coverageOf(times, cut(day)) };
  }

  /** Asked only where something is missing. */
  async function knownOf(
    view: PatientView,
    covered: readonly { readonly want: Wanted; readonly gaps: readonly Span[] }[],
    span: Span,
  ): Promise<FleetEvidence> {
    const wanting = covered.filter(({ gaps }) => gaps.length > 0).map(({ want }) => want.association);
    const devices = [...new Set(wanting.map(({ deviceId }) => deviceId))];
    if (devices.length === 0) return { runs: [], devices: new Map(), standby: [] };
    return tables.evidence(askerOf(view), devices, [...new Set(wanting.map(({ patientId }) => patientId))], span);
  }

  function explainAll(
    want: Wanted,
    gaps: Coverage["gaps"],
    known: FleetEvidence,
    counts: Counted,
    streams: ReadonlyMap<string, readonly Stream[]>,
    now: number,
  ): Explained[] {
    const device = known.devices.get(want.association.deviceId);
    if (!device || gaps.length === 0) return [];
    const { patientId, deviceId } = want.association;
    const own = (streams.get(patientId) ?? []).filter((stream) => stream.deviceId === deviceId);
    const streamed = streamedOf(counts, own, want.stream);
    const evidence = evidenceOf(known, device, { patientId, streamId: want.stream?.id ?? null, streamed, now });
    return gaps.flatMap((gap) => explain(gap, evidence));
  }

  async function day(
    view: PatientView,
    of: { readonly patientId: string } | { readonly deviceId: string },
    isoDay: string,
  ) {
    const now = clock.now();
    const middle = Date.parse(`${isoDay}T12:00:00Z`);
    if (Number.isNaN(middle) || middle > now + 2 * DAY_MS || middle < now - NEVER_MORE_MS)
      throw new RefusedInput("NOT_FOUND", { at: "day" });
    const around = { from: middle - 1.6 * DAY_MS, to: middle + 1.6 * DAY_MS };
    const asked = "patientId" in of ? { patientIds: [of.patientId] } : { deviceIds: [of.deviceId] };
    const worn = (await tables.worn(askerOf(view), asked, around)).filter(({ patientId }) => view.has(patientId));
    const patientIds = "patientId" in of ? [of.patientId] : [...new Set(worn.map(({ patientId }) => patientId))];
    const [streams, zones] = [await streamsOf(view, patientIds), await zonesOf(view, patientIds)];
    const told: StreamTold[] = [];
    let whole: Span | undefined;
    let timeZone = "UTC";
    for (const patientId of patientIds) {
      const span = daysOf(around, zones.get(patientId) ?? UTC).find((each) => each.day === isoDay);
      if (!span || span.from >= now) continue;
      timeZone = (zones.get(patientId) ?? UTC).findLast((each) => each.from < span.to)?.timeZone ?? timeZone;
      whole = whole
        ? { from: Math.min(whole.from, span.from), to: Math.max(whole.to, span.to) }
        : { from: span.from, to: span.to };
      told.push(
        ...(await dayOf(
          view,
          worn.filter((each) => each.patientId === patientId),
          streams,
          span,
          now,
        )),
      );
    }
    return { span: whole ?? { from: middle - DAY_MS / 2, to: middle + DAY_MS / 2 }, timeZone, streams: told };
  }

  async function dayOf(
    view: PatientView,
    worn: readonly Association[],
    streams: ReadonlyMap<string, readonly Stream[]>,
    { from, to }: Span,
    now: number,
  ): Promise<StreamTold[]> {
    const span = { from, to: Math.min(to, now) };
    const confirmed = await tables.confirmed(askerOf(view), [...streams.keys()]);
    const wanted = wantedOf(rhythms, confirmed, view, worn, streams, span);
    // What was said of a battery hours before midnight counts after it.
    const counts = await counted(view, relevant(wanted, streams), { from: from - BEFORE_MS, to: span.to });
    const covered: (Omit<StreamTold, "gaps"> & { want: Wanted; gaps: Coverage["gaps"] })[] = [];
    for (const want of wanted) {
      const { association, stream, signal, intervalMs } = want;
      const { patientId, deviceId } = association;
      const isSamples = stream?.kind === "waveform";
      const each = isSamples ? MINUTE_MS : intervalMs;
      const { times, late } =
        stream === null
          ? { times: new Float64Array(), late: 0 }
          : isSamples
            ? await minutesOf(view, stream, span)
            : await timesOf(view, stream, span);
      const { expected, received, gaps } = coverageOf(
        times,
        isSamples ? want.expected.map((one) => ({ ...one, intervalMs: each })) : want.expected,
      );
      covered.push({ want, patientId, deviceId, signal, intervalMs: each, expected, received, late, gaps });
    }
    const known = await knownOf(view, covered, span);
    return covered.map(({ want, gaps, ...rest }) => ({
      ...rest,
      gaps: explainAll(want, gaps, known, counts, streams, now),
    }));
  }

  /** The minutes in which there are samples. */
  async function minutesOf(
    view: PatientView,
    stream: Stream,
    { from, to }: Span,
  ): Promise<{ times: Float64Array; late: null }> {
    const buckets = Math.max(1, Math.ceil((to - from) / MINUTE_MS));
    const { starts, min } = await measured.overview(view, stream.id, { from, to: from + buckets * MINUTE_MS, buckets });
    return { times: starts.filter((_, i) => !Number.isNaN(min[i])), late: null };
  }

  return { table, day };
}

/** Samples are looked at day by day. */
const NOT_COUNTED = { gaps: [], inDay: () => ({ expected: 0, received: 0 }) };

function getOr<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  let value = map.get(key);
  if (value === undefined) {
    value = make();
    map.set(key, value);
  }
  return value;
}
