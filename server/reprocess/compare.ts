import {
  type DeviceEvent,
  type JournalEntry,
  QUALITY,
  type Readings,
  type Stream,
  type Waveform,
} from "@openward/model";
import { type Finding, type NewPoint, pair, readingOf, signalOf, waveformOf } from "./differences.ts";
import type { KeptReadings, KeptRow, Point, Sent } from "./ports.ts";
import { endOf } from "./stored.ts";

/** A message, and what it comes to today. */
export interface Looked {
  readonly sent: Sent;
  readonly entries: readonly JournalEntry[];
}

/** What is in the one and not in the other; of which message and signal is said by the key. */
interface Rest {
  readonly before: Map<string, Point[]>;
  readonly after: Map<string, NewPoint[]>;
  /** As it was received, and amended since. */
  readonly amended: Finding[];
  same: number;
}

/**
 * What the messages of one group commit come to today, against what came of them then. A person's claims, and what an
 * earlier run has added, came at another time than any message of this commit, and are left alone.
 *
 * @param known a stream by its id; undefined: nobody may see it, or it is gone
 * @param isAmended was anything said of this span of a stream since?
 */
export function compareRow(
  row: KeptRow,
  looked: readonly Looked[],
  known: (streamId: string) => Stream | undefined,
  isAmended: (stream: Stream, from: number, to: number) => boolean,
): { readonly differences: readonly Finding[]; readonly same: number } {
  const arrivals = new Map<string, Set<number>>();
  for (const { sent } of looked)
    getOr(arrivals, sent.deviceId, () => new Set<number>()).add(Math.round(sent.receivedAt));
  const cameOfThem = (deviceId: string, receivedAt: number) =>
    arrivals.get(deviceId)?.has(Math.round(receivedAt)) ?? false;
  const rest: Rest = { before: new Map(), after: new Map(), amended: [], same: 0 };
  const context = { known, isAmended, cameOfThem, rest };
  compareReadings(row, looked, context);
  compareWaveforms(row, looked, context);
  compareEvents(row, looked, context);
  const keys = new Set([...rest.before.keys(), ...rest.after.keys()]);
  const differences = [...keys].flatMap((key) => pair(rest.before.get(key) ?? [], rest.after.get(key) ?? []));
  return { differences: [...differences, ...rest.amended], same: rest.same };
}

interface Context {
  readonly known: (streamId: string) => Stream | undefined;
  readonly isAmended: (stream: Stream, from: number, to: number) => boolean;
  readonly cameOfThem: (deviceId: string, receivedAt: number) => boolean;
  readonly rest: Rest;
}

const keyOf = (deviceId: string, receivedAt: number, signal: string) =>
  `${deviceId} ${Math.round(receivedAt)} ${signal}`;

function compareReadings(row: KeptRow, looked: readonly Looked[], context: Context): void {
  const { known, isAmended, cameOfThem, rest } = context;
  const now = new Map<string, Readings[]>();
  for (const { entries } of looked)
    for (const entry of entries)
      if (entry.kind === "readings") getOr(now, entry.readings.stream.id, () => []).push(entry.readings);
  for (const kept of row.readings) {
    const stream = known(kept.streamId);
    if (!stream) continue;
    const columns = now.get(stream.id) ?? [];
    now.delete(stream.id);
    const isPlain = !isAmended(stream, ...spanOf(kept.times));
    if (isPlain && areAlike(kept, columns)) {
      rest.same += kept.times.length;
      continue;
    }
    const there = new Map<string, number[]>();
    for (let i = 0; i < kept.times.length; i++) {
      if (!cameOfThem(stream.deviceId, kept.receivedAt[i] as number)) continue;
      getOr(there, nameOf(kept, i), () => []).push(i);
    }
    for (const readings of columns) {
      for (let i = 0; i < readings.times.length; i++) {
        // Said twice in a message it is one reading.
        const same = there.get(nameOf(readings, i));
        if (same) {
          if (same.length > 0 && isPlain) rest.same++;
          else if (same.length > 0) rest.amended.push(asReceived(readingOf(readings, i)));
          same.length = 0;
        } else
          getOr(rest.after, keyOf(stream.deviceId, readings.receivedAt, stream.signal), () => []).push(
            readingOf(readings, i),
          );
      }
    }
    for (const i of [...there.values()].flat()) {
      const point: Point = {
        kind: "reading",
        stream,
        time: kept.times[i] as number,
        value: kept.values[i] as number,
        quality: kept.quality[i] as number,
      };
      getOr(rest.before, keyOf(stream.deviceId, kept.receivedAt[i] as number, stream.signal), () => []).push(point);
    }
  }
  for (const readings of [...now.values()].flat()) {
    const { stream, receivedAt, times } = readings;
    const list = getOr(rest.after, keyOf(stream.deviceId, receivedAt, stream.signal), () => []);
    for (let i = 0; i < times.length; i++) list.push(readingOf(readings, i));
  }
}

const asReceived = (point: NewPoint): Finding => ({ what: "changed", before: point, after: point });

function spanOf(times: readonly number[]): [from: number, to: number] {
  let [from, to] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const time of times) {
    from = Math.min(from, time);
    to = Math.max(to, time + 1);
  }
  return [from, to];
}

/** A value beside another one of the same time is not said by its message. */
const plain = (quality: number) => quality & ~QUALITY.conflicting;

const nameOf = (of: Pick<KeptReadings | Readings, "times" | "values" | "quality">, i: number) =>
  `${of.times[i]} ${Object.is(of.values[i], -0) ? "-0" : of.values[i]} ${plain(of.quality[i] as number)}`;

/** The usual case: the same readings in the same order. */
function areAlike(kept: KeptReadings, now: readonly Readings[]): boolean {
  let at = 0;
  for (const { times, values, quality, receivedAt } of now) {
    for (let i = 0; i < times.length; i++, at++) {
      const isSame =
        times[i] === kept.times[at] &&
        Object.is(values[i], kept.values[at]) &&
        plain(quality[i] as number) === plain(kept.quality[at] ?? 0) &&
        Math.round(receivedAt) === kept.receivedAt[at];
      if (!isSame) return false;
    }
  }
  return at === kept.times.length;
}

function compareWaveforms(row: KeptRow, looked: readonly Looked[], context: Context): void {
  const { known, isAmended, cameOfThem, rest } = context;
  const before: Waveform[] = [];
  for (const { streamId, ...head } of row.waveforms) {
    const stream = known(streamId);
    if (stream && cameOfThem(stream.deviceId, head.receivedAt)) before.push({ ...head, stream, associationId: "" });
  }
  for (const { entries } of looked) {
    for (const entry of entries) {
      if (entry.kind !== "waveform") continue;
      const { waveform } = entry;
      const same = before.findIndex((each) => isSamePiece(each, waveform));
      if (same >= 0) {
        before.splice(same, 1);
        if (isAmended(waveform.stream, waveform.start, endOf(waveform)))
          rest.amended.push(asReceived(waveformOf(waveform)));
        else rest.same++;
        continue;
      }
      const { stream, receivedAt } = waveform;
      getOr(rest.after, keyOf(stream.deviceId, receivedAt, stream.signal), () => []).push(waveformOf(waveform));
    }
  }
  for (const waveform of before) {
    const { stream, receivedAt } = waveform;
    const list = getOr(rest.before, keyOf(stream.deviceId, receivedAt, stream.signal), () => []);
    list.push({ kind: "waveform", stream, waveform });
  }
}

function isSamePiece(a: Waveform, b: Waveform): boolean {
  return (
    a.stream.id === b.stream.id &&
    a.start === b.start &&
    a.rateHz === b.rateHz &&
    a.scale === b.scale &&
    a.origin === b.origin &&
    a.quality === b.quality &&
    a.samples.length === b.samples.length &&
    a.samples.every((sample, i) => sample === b.samples[i])
  );
}

function compareEvents(row: KeptRow, looked: readonly Looked[], { cameOfThem, rest }: Context): void {
  const before = row.events.filter(({ deviceId, receivedAt }) => cameOfThem(deviceId, receivedAt));
  for (const { entries } of looked) {
    for (const entry of entries) {
      if (entry.kind !== "event") continue;
      const { event } = entry;
      const same = before.findIndex((each) => isSameEvent(each, event));
      if (same >= 0) {
        before.splice(same, 1);
        rest.same++;
        continue;
      }
      const point: NewPoint = { kind: "event", event, entry };
      getOr(rest.after, keyOf(event.deviceId, event.receivedAt, signalOf(point)), () => []).push(point);
    }
  }
  for (const event of before) {
    const point: Point = { kind: "event", event };
    getOr(rest.before, keyOf(event.deviceId, event.receivedAt, signalOf(point)), () => []).push(point);
  }
}

/** A time that the server gave may be that of an earlier delivery, which is not asked for again. */
function isSameEvent(a: DeviceEvent, b: DeviceEvent): boolean {
  const isSame = a.deviceId === b.deviceId && a.id === b.id && a.event === b.event && a.patientId === b.patientId;
  return isSame && a.timeFromServer === b.timeFromServer && (a.timeFromServer || a.at === b.at);
}

function getOr<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  let value = map.get(key);
  if (value === undefined) {
    value = make();
    map.set(key, value);
  }
  return value;
}
