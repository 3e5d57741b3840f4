import { createHash } from "node:crypto";
import type { Problem, Stream } from "@openward/model";
import { type Difference, deviceOf, patientOf, signalOf, streamOf, timeOf } from "./differences.ts";
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

export interface StreamSummary extends Counts {
  readonly deviceId: string;
  readonly patientId: string | null;
  readonly signal: string;
  readonly unit: string | null;
  readonly kind: "numeric" | "waveform" | "event";
  readonly examples: {
    readonly difference: Difference["what"];
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
  readonly patients = new Set<string>();
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

  problem({ code, field, readings }: Problem): void {
    const key = `${code} ${field}`;
    const known = this.#refused.get(key);
    if (known) {
      known.places++;
      known.readings += readings;
    } else if (this.#refused.size < LISTED) this.#refused.set(key, { code, field, places: 1, readings });
  }

  add(difference: Difference): void {
    const { what, before, after } = difference;
    const point = (before ?? after) as Point;
    this.counts[what]++;
    for (const each of [before, after]) {
      const patientId = each && patientOf(each);
      if (patientId) this.patients.add(patientId);
    }
    const [left, right] = [before && bodyOf(before), after && bodyOf(after)];
    this.#hash.update(`${what} ${deviceOf(point)} ${signalOf(point)} ${JSON.stringify([left, right])}\n`);
    const stream = this.#streamOf(point);
    if (!stream) return;
    stream[what]++;
    const shown = stream.examples.filter((example) => example.difference === what).length;
    if (shown < EXAMPLES) stream.examples.push({ difference: what, before: left, after: right });
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
      known = { ...facts, ...counts, examples: [] };
      this.#streams.set(key, known);
    }
    return known;
  }
}

function bodyOf(point: Point): PointBody {
  const patientId = patientOf(point);
  const time = timeOf(point);
  if (point.kind === "event") return { time, value: null, unit: null, patientId, samples: null };
  const { unit } = point.stream;
  if (point.kind === "reading") return { time, value: point.value, unit, patientId, samples: null };
  return { time, value: null, unit, patientId, samples: point.waveform.samples.length };
}
