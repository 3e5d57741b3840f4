import type { RefusalCode } from "@openward/errors";
import type { Decoded, DeviceFact, DeviceFacts, Ignored, Instant } from "../codec.ts";
import type { DecodedEvent } from "../event.ts";
import type { ReadingColumn } from "../reading-columns.ts";
import { createRefusals, type ItemProblem } from "../refusals.ts";
import type { DecodedWaveform } from "../waveform.ts";

/** Kinds of things that are named when they are not taken; the rest is counted together. */
const NAMED = 200;
/** Words of which it is remembered which kind they are. */
const WORDS_KEPT = 1_000;
/** Of an event's words, so many characters are kept. */
const MAX_WORDS = 200;

type Column = ReadingColumn & { times: number[]; values: number[]; items: number[] };

/** What a codec finds in a file of many records: columns of readings, and of what it leaves a count by name. */
export class Gathered implements Decoded {
  readonly waveforms: DecodedWaveform[] = [];
  readonly events: DecodedEvent[] = [];
  readonly status = null;
  facts: DeviceFacts = {};
  readonly #refusals = createRefusals();
  readonly #columns = new Map<string, Column>();
  readonly #left = new Map<string, { offset: number; count: number }>();
  readonly #words = new Map<string, { offset: number; count: number }>();
  #last: { signal: string; unit: string; offset: number | null; quality: number; column: Column } | null = null;

  /** @param item number of the record in the body */
  reading(item: number, signal: string, unit: string, value: number, at: Instant, questionable = 0): void {
    const quality = at.quality | questionable;
    const { utcOffsetMinutes } = at;
    const last = this.#last;
    const isSame =
      last !== null &&
      last.signal === signal &&
      last.unit === unit &&
      last.offset === utcOffsetMinutes &&
      last.quality === quality;
    const column = isSame ? last.column : this.#columnOf(signal, unit, utcOffsetMinutes, quality);
    column.times.push(Math.round(at.time));
    column.values.push(value);
    column.items.push(item);
  }

  /** A sensor that lost the skin sends zero, which is no heart at rest. */
  pulse(item: number, rate: number, at: Instant, offset: number): void {
    if (rate === 0) this.ignore("heart rate of zero: no contact", offset);
    else this.reading(item, "pulse-rate", "/min", rate, at);
  }

  /** An event has no number of its record: sent again in another piece, it is the same event. */
  event(event: string, at: Instant, detail: Readonly<Record<string, string | number | boolean>>): void {
    const kept: Record<string, unknown> = {};
    for (const [name, value] of Object.entries(detail)) {
      kept[name] = typeof value === "string" ? value.slice(0, MAX_WORDS) : value;
    }
    if (at.quality !== 0) kept.zone = "assumed";
    const { utcOffsetMinutes } = at;
    this.events.push({ item: 0, event, at: Math.round(at.time), utcOffsetMinutes, id: null, detail: kept });
  }

  waveform(waveform: DecodedWaveform): void {
    this.waveforms.push(waveform);
  }

  fact(name: DeviceFact, value: string | number): void {
    this.facts = { ...this.facts, [name]: value };
  }

  /** @param what kind of thing, without a clinical value: a word of the file counts as its letters and digits */
  ignore(what: string, offset: number, count = 1): void {
    let known = this.#words.get(what);
    if (!known) {
      known = this.#kindOf(what.replaceAll(/[^\p{L}\p{N} .,:/()_-]+/gu, "?").slice(0, 120), offset);
      // Most are the same words again and again, which are looked at once.
      if (this.#words.size < WORDS_KEPT) this.#words.set(what, known);
    }
    known.count += count;
  }

  #kindOf(name: string, offset: number): { offset: number; count: number } {
    const key = this.#left.has(name) || this.#left.size < NAMED ? name : REST;
    let known = this.#left.get(key);
    if (!known) {
      known = { offset, count: 0 };
      this.#left.set(key, known);
    }
    return known;
  }

  refuse(item: number, code: RefusalCode, field: string, expected: string): void {
    this.#refusals.add(item, code, field, expected);
  }

  get readings(): readonly ReadingColumn[] {
    return [...this.#columns.values()];
  }

  get ignored(): readonly Ignored[] {
    return [...this.#left].map(([what, { offset, count }]) => ({ index: 0, offset, what: `${count} x ${what}` }));
  }

  get refused(): readonly ItemProblem[] {
    return this.#refusals.list;
  }

  /** Call once at the end. */
  close(): Decoded {
    this.#refusals.close();
    const { readings, waveforms, events, status, facts, ignored, refused } = this;
    return { readings, waveforms, events, status, facts, ignored, refused };
  }

  #columnOf(signal: string, unit: string, utcOffsetMinutes: number | null, quality: number): Column {
    const key = `${signal}\n${unit}\n${utcOffsetMinutes}\n${quality}`;
    let column = this.#columns.get(key);
    if (!column) {
      column = { signal, unit, utcOffsetMinutes, times: [], values: [], items: [], quality };
      this.#columns.set(key, column);
    }
    this.#last = { signal, unit, offset: utcOffsetMinutes, quality, column };
    return column;
  }
}

const REST = "of other kinds, not named";

const DECIMAL = /^\s*[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,3})?\s*$/;

/** Nothing that is measured or counted is more. */
const MAX_NUMBER = 1e15;

/** A number as files write it; NaN where it is none. */
export function numberOf(text: string | undefined): number {
  if (text === undefined || text.length > 40 || !DECIMAL.test(text)) return Number.NaN;
  const value = Number(text);
  return Math.abs(value) <= MAX_NUMBER ? value : Number.NaN;
}
