import { createHash } from "node:crypto";
import type { AmendmentKind, Problem, Stream } from "@openward/model";
import {
  type ByHand,
  type Difference,
  deviceOf,
  type Fate,
  patientOf,
  signalOf,
  streamOf,
  timeOf,
} from "./differences.ts";
import type { Fault, Point } from "./ports.ts";

const EXAMPLES = 3;
const STREAMS_MAX = 500;
const LISTED = 50;

/** How often. */
export interface Counts {
  added: number;
  changed: number;
  missing: number;
}

export interface PointBody {
  readonly time: number;
  /** null for events and pieces of waveforms. */
  readonly value: number | null;
  readonly unit: string | null;
  readonly patientId: string | null;
  /** Of a piece of a waveform. */
  readonly samples: number | null;
}

/** Differences that a person's amendment is the reason of. */
export interface LeftAlone {
  readonly by: string;
  readonly kind: AmendmentKind;
  count: number;
}

export interface StreamSummary extends Counts {
  readonly deviceId: string;
  readonly patientId: string | null;
  readonly signal: string;
  readonly unit: string | null;
  readonly kind: "numeric" | "waveform" | "event";
  /** Device time of the first and the last difference. */
  from: number;
  to: number;
  /** Of those that are counted, how many amendments cannot put right, and why. */
  readonly byHand: { readonly because: ByHand; count: number }[];
  /** Counted here alone. */
  readonly leftAlone: LeftAlone[];
  readonly examples: {
    readonly difference: Difference["what"];
    readonly fate: "add" | "correct" | "enter in error" | "withdraw" | "replace" | "leave" | "by hand";
    /** Of one that is left alone. */
    readonly amendedBy: string | null;
    /** As it is read today. */
    readonly before: PointBody | null;
    readonly after: PointBody | null;
  }[];
}

/** What a run has found, in bounded memory: counts of everything, and a few examples of each. */
export class Summary {
  messages = 0;
  same = 0;
  /** Messages that are not compared: what a device says of itself, and what a person has decided about. */
  skipped = 0;
  readonly counts: Counts = { added: 0, changed: 0, missing: 0 };
  byHand = 0;
  leftAlone = 0;
  readonly patients = new Set<string>();
  /** Quarantined messages that would leave the quarantine, and why others stay. */
  placed = 0;
  readonly staying = new Map<string, number>();
  unreadable = 0;
  readonly faults: Fault[] = [];
  readonly #streams = new Map<string, StreamSummary>();
  readonly #refused = new Map<string, { code: string; field: string; places: number; readings: number }>();
  readonly #hash = createHash("sha256");
  streamsLeftOut = 0;

  fault(fault: Fault): void {
    this.unreadable++;
    if (this.faults.length < LISTED) this.faults.push(fault);
  }

  stays(code: string): void {
    this.staying.set(code, (this.staying.get(code) ?? 0) + 1);
  }

  problem({ code, field, readings }: Problem): void {
    const key = `${code} ${field}`;
    const known = this.#refused.get(key);
    if (known) {
      known.places++;
      known.readings += readings;
    } else if (this.#refused.size < LISTED) this.#refused.set(key, { code, field, places: 1, readings });
  }

  add(difference: Difference): void {
    const { what, before, after, fate, now } = difference;
    const point = (before ?? after) as Point;
    if (fate.do === "leave") this.leftAlone++;
    else this.counts[what]++;
    if (fate.do === "by hand") this.byHand++;
    for (const patientId of [before && patientOf(before), after && patientOf(after), now?.stream.patientId])
      if (patientId) this.patients.add(patientId);
    const amendedBy = fate.do === "leave" ? fate.amendment.byDisplay || fate.amendment.by : null;
    const [left, right] = [before && bodyOf(before, now), after && bodyOf(after)];
    const fateName = nameOf(fate);
    this.#hash.update(`${what} ${fateName} ${deviceOf(point)} ${signalOf(point)} ${JSON.stringify([left, right])}\n`);
    const stream = this.#streamOf(point);
    if (!stream) return;
    stream.from = Math.min(stream.from, timeOf(point));
    stream.to = Math.max(stream.to, timeOf(point));
    if (fate.do === "leave") {
      const { kind } = fate.amendment;
      const by = amendedBy as string;
      countIn(stream.leftAlone, (each) => each.kind === kind && each.by === by, {
        by,
        kind,
        count: 0,
      });
    } else stream[what]++;
    if (fate.do === "by hand")
      countIn(stream.byHand, ({ because }) => because === fate.because, { because: fate.because, count: 0 });
    const shown = stream.examples.filter((example) => example.difference === what && example.fate === fateName).length;
    if (shown < EXAMPLES)
      stream.examples.push({ difference: what, fate: fateName, amendedBy, before: left, after: right });
  }

  /** The same for the same differences in the same order. */
  code(): string {
    return this.#hash.copy().digest("hex").slice(0, 12);
  }

  get streams(): readonly StreamSummary[] {
    return [...this.#streams.values()];
  }

  /** What today's codecs and associations refuse. */
  get refused() {
    return [...this.#refused.values()];
  }

  #streamOf(point: Point): StreamSummary | undefined {
    const stream: Stream | null = streamOf(point);
    const [deviceId, patientId, signal] = [deviceOf(point), patientOf(point), signalOf(point)];
    const key = stream?.id ?? `${deviceId} ${patientId} ${signal}`;
    let known = this.#streams.get(key);
    if (!known) {
      if (this.#streams.size >= STREAMS_MAX) {
        this.streamsLeftOut++;
        return undefined;
      }
      const counts: Counts = { added: 0, changed: 0, missing: 0 };
      const facts = { deviceId, patientId, signal, unit: stream?.unit ?? null, kind: stream?.kind ?? "event" } as const;
      const span = { from: Number.POSITIVE_INFINITY, to: Number.NEGATIVE_INFINITY };
      known = { ...facts, ...counts, ...span, byHand: [], leftAlone: [], examples: [] };
      this.#streams.set(key, known);
    }
    return known;
  }
}

/** @param now what is read in its place today */
function bodyOf(point: Point, now: Difference["now"] = null): PointBody {
  const patientId = now?.stream.patientId ?? patientOf(point);
  const time = timeOf(point);
  if (point.kind === "event") return { time, value: null, unit: null, patientId, samples: null };
  const { unit } = point.stream;
  if (point.kind === "reading") return { time, value: now ? now.value : point.value, unit, patientId, samples: null };
  return { time, value: null, unit, patientId, samples: point.waveform.samples.length };
}

function nameOf(fate: Fate): StreamSummary["examples"][number]["fate"] {
  if (fate.do !== "amend") return fate.do;
  if (fate.isAdded) return "replace";
  if (fate.restated.becomes === "as received") return "withdraw";
  return fate.restated.becomes === null ? "enter in error" : "correct";
}

function countIn<T extends { count: number }>(list: T[], isIt: (each: T) => boolean, fresh: T): void {
  let known = list.find(isIt);
  if (!known) {
    known = fresh;
    if (list.length >= LISTED) return;
    list.push(known);
  }
  known.count++;
}
