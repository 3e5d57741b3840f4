import { ABSENT_SAMPLE } from "@openward/model";
import { findSignal } from "@openward/signals";
import { streamId } from "../../server/ingest/index.ts";
import { chanceOf } from "./chance.ts";
import type { Content } from "./plan.ts";
import { deviceName, type Ward } from "./ward.ts";

/** Where something belongs, by the truth of the ward. */
export interface Owner {
  readonly streamId: string;
  readonly organisationId: string;
  readonly patientId: string;
  readonly deviceId: string;
  readonly associationId: string;
  readonly signal: string;
  readonly unit: string;
}

export interface SentReading extends Owner {
  readonly time: number;
  readonly value: number;
  readonly utcOffsetMinutes: number | null;
}

export interface SentWaveform extends Owner {
  readonly start: number;
  readonly stepMs: number;
  readonly samples: readonly number[];
}

/** A device's message, what must become of it, and what has so far. */
export interface Message {
  readonly id: number;
  readonly device: number;
  readonly deviceId: string;
  readonly organisationId: string;
  readonly kind: "readings" | "waveform" | "event";
  readonly body: Uint8Array;
  readonly key: string | null;
  readonly readings: readonly SentReading[];
  readonly waveform: SentWaveform | undefined;
  /** A reading without a time, told from others by its value. */
  readonly timeless: { readonly signal: string; readonly value: number } | undefined;
  /** A call whose device was on somebody when it was pressed. */
  readonly eventAt: number | undefined;
  /** Some of it has no place. undefined: that depends on when it arrives. */
  readonly isQuarantined: boolean | undefined;
  /** Server times at which it was taken in. */
  readonly deliveries: number[];
  isAcknowledged: boolean;
}

export interface Sender {
  readonly ward: Ward;
  readonly now: number;
  /** Until when the device's waveform has been sent already. */
  waveformEnd: number;
}

type Said = Pick<Message, "kind" | "readings" | "waveform" | "timeless" | "eventAt" | "isQuarantined"> & {
  readonly body: unknown;
};
const NOTHING = { readings: [], waveform: undefined, timeless: undefined, eventAt: undefined } as const;
const STEP_MS = 20;

/** undefined: there is nothing to say. */
export function messageOf(
  id: number,
  device: number,
  content: Content,
  hasKey: boolean,
  sender: Sender,
): Message | undefined {
  const deviceId = deviceName(device);
  const said = say(id, deviceId, content, sender);
  if (!said) return undefined;
  const { body, ...rest } = said;
  return {
    id,
    device,
    deviceId,
    organisationId: sender.ward.organisationOf(device),
    body: new TextEncoder().encode(typeof body === "string" ? body : JSON.stringify(body)),
    key: hasKey ? `session ${deviceId} ${id}` : null,
    ...rest,
    deliveries: [],
    isAcknowledged: false,
  };
}

function say(id: number, deviceId: string, content: Content, sender: Sender): Said | undefined {
  const { ward, now } = sender;
  switch (content.kind) {
    case "readings": {
      const offset = content.offset ? 120 : null;
      const all = content.items.flatMap(({ ageMs, values }) =>
        values.map((each) => readingOf(ward, deviceId, now - ageMs, each, offset)),
      );
      const readings = all.filter((each) => each !== undefined);
      const body = content.isColumns ? columnsOf(content.items, now) : itemsOf(content.items, now, offset);
      return { ...NOTHING, kind: "readings", readings, isQuarantined: readings.length < all.length, body };
    }
    case "waveform":
      return waveformOf(deviceId, content, sender);
    case "timeless": {
      const value = 50 + id / 1_000;
      const body = { values: { [content.signal]: { value, unit: "kg" } } };
      const timeless = { signal: content.signal, value };
      return { ...NOTHING, kind: "readings", timeless, isQuarantined: undefined, body };
    }
    case "event": {
      const at = now - content.ageMs;
      const isWorn = ward.at(deviceId, at) !== undefined;
      const body = { event: "sos-button", at };
      return {
        ...NOTHING,
        kind: "event",
        eventAt: isWorn ? at : undefined,
        isQuarantined: isWorn ? false : undefined,
        body,
      };
    }
    case "unplaceable": {
      const base = { ...NOTHING, kind: "readings", isQuarantined: true } as const;
      if (content.why === "not JSON") return { ...base, body: `{"at": ${now}, ${id}` };
      if (content.why === "future") return { ...base, body: { at: now + 3_600_000 + id, values: { spo2: 97 } } };
      if (content.why === "unknown signal") return { ...base, body: { at: now, values: { nonsense: id } } };
      const good = readingOf(ward, deviceId, now, { signal: "spo2", unit: "%", value: 96 }, null);
      const body = { at: now, values: { "heart-rate": 9_000 + id, spo2: 96 } };
      return { ...base, readings: good ? [good] : [], body };
    }
  }
}

type Value = { readonly signal: string; readonly unit: string | null; readonly value: number };

function ownerOf(ward: Ward, deviceId: string, time: number, signal: string, unit: string | null): Owner | undefined {
  const association = ward.at(deviceId, time);
  if (!association) return undefined;
  const { organisationId, patientId, id: associationId } = association;
  const found = findSignal(signal);
  const kind = found?.kind === "waveform" ? "waveform" : "numeric";
  const facts = { organisationId, patientId, deviceId, signal, unit: unit ?? found?.ucum ?? "", kind } as const;
  return { streamId: streamId(facts), ...facts, associationId };
}

function readingOf(
  ward: Ward,
  deviceId: string,
  time: number,
  { signal, unit, value }: Value,
  utcOffsetMinutes: number | null,
): SentReading | undefined {
  const owner = ownerOf(ward, deviceId, time, signal, unit);
  return owner && { ...owner, time, value, utcOffsetMinutes };
}

type Items = Extract<Content, { kind: "readings" }>["items"];

function itemsOf(items: Items, now: number, offset: number | null): unknown {
  const list = items.map(({ ageMs, values }) => ({
    at: offset === null ? now - ageMs : withOffset(now - ageMs, offset),
    values: Object.fromEntries(
      values.map(({ signal, unit, value }) => [signal, unit === null ? value : { value, unit }]),
    ),
  }));
  return list.length === 1 ? list[0] : list;
}

function withOffset(time: number, minutes: number): string {
  return `${new Date(time + minutes * 60_000).toISOString().slice(0, -1)}+${String(minutes / 60).padStart(2, "0")}:00`;
}

function columnsOf(items: Items, now: number): unknown {
  const signals = items[0]?.values.map(({ signal }) => signal) ?? [];
  const column = (signal: string) =>
    items.map(({ values }) => values.find((each) => each.signal === signal)?.value ?? 0);
  const units = items[0]?.values.filter(({ unit }) => unit !== null).map(({ signal, unit }) => [signal, unit]) ?? [];
  return {
    t: items.map(({ ageMs }) => now - ageMs),
    signals: Object.fromEntries(signals.map((signal) => [signal, column(signal)])),
    units: Object.fromEntries(units),
  };
}

/** What the device has recorded since the last piece, at most so many seconds of it. */
function waveformOf(deviceId: string, content: { seconds: number; shape: number }, sender: Sender): Said | undefined {
  const { ward, now } = sender;
  const start = Math.max(sender.waveformEnd, now - content.seconds * 1_000);
  const count = Math.floor((now - start) / STEP_MS);
  if (count < 1) return undefined;
  sender.waveformEnd = start + count * STEP_MS;
  const chance = chanceOf(content.shape);
  const samples = Array.from({ length: count }, () => (chance.is(0.02) ? ABSENT_SAMPLE : chance.between(-900, 900)));
  // Not all absent: that would be silence.
  samples[0] = 1;
  const signal = "ecg-lead-ii";
  const first = ownerOf(ward, deviceId, start, signal, "mV");
  const last = ownerOf(ward, deviceId, sender.waveformEnd - STEP_MS, signal, "mV");
  const isPlaced = first !== undefined && first.associationId === last?.associationId;
  const waveform = isPlaced ? { ...first, start, stepMs: STEP_MS, samples } : undefined;
  const said = samples.map((sample) => (sample === ABSENT_SAMPLE ? null : sample));
  const body = { signal, start, rate: 1_000 / STEP_MS, unit: "mV", scale: 0.005, origin: 0, samples: said };
  return { ...NOTHING, kind: "waveform", waveform, isQuarantined: !isPlaced, body };
}
