import { RefusedInput } from "@openward/errors";
import { findSignal } from "@openward/signals";
import type { Codec, DecodeContext } from "../codec.ts";
import { instantOf } from "../local-time.ts";
import { malformed } from "../reader.ts";
import { ABSENT_SAMPLE } from "../waveform.ts";
import { EDF_FIRST, EDF_MAIN, EDF_RECORDS, type EdfHeader, type EdfSignal, readEdfHeader } from "./edf/header.ts";
import LABELS from "./edf-labels.json" with { type: "json" };
import { Gathered } from "./gathered.ts";
import { checkSize, concat, type FileFormat, MAX_PIECE_BYTES, PIECE_BYTES, type Piece } from "./piece.ts";
import { Window } from "./window.ts";

const NAME = "files/edf";
const ANNOTATIONS = "EDF Annotations";
const waveforms = new Map(Object.entries(LABELS.waveforms));
const numerics = new Map(Object.entries(LABELS.numerics));
const units = new Map(Object.entries(LABELS.units));
const stages = new Map(Object.entries(LABELS.stages));
/** Samples of one waveform; a longer one goes on in the next. */
const MAX_SAMPLES = 50_000;

const ONSET = /^[+-]\d{1,12}(?:\.\d{0,12})?$/;
/** What our own files say of a channel. */
const OWN = /^signal=([a-z0-9-]{1,40}) unit=(\S{1,20})$/;
const DURATION = /^\d{1,12}(?:\.\d{0,12})?$/;

/** EDF and EDF+: the channels that the vocabulary knows, and what EDF+ notes of sleep. Names of patients are not read. */
const codec: Codec = {
  name: NAME,
  display: "EDF, EDF+",
  decode(bytes, context) {
    checkSize(bytes);
    const header = readEdfHeader(bytes, NAME);
    const found = new Gathered();
    const whole = header.recordBytes === 0 ? 0 : Math.floor((bytes.length - header.bytes) / header.recordBytes);
    if (header.records >= 0 && header.records !== whole) {
      throw malformed(NAME, "records", EDF_RECORDS, `the ${whole} records that came`);
    }
    const left = bytes.length - header.bytes - whole * header.recordBytes;
    if (left > 0) throw malformed(NAME, "record", bytes.length - left, `records of ${header.recordBytes} bytes`);
    new Records(bytes, header, found, context).read(whole);
    return found.close();
  },
};

export default codec;

export const edf: FileFormat = {
  codec: NAME,
  display: "EDF, EDF+",
  isOf(name, head) {
    const start = new TextDecoder("latin1").decode(head.subarray(0, EDF_MAIN));
    return /\.edf$/i.test(name) && start.startsWith("0       ");
  },
  cut: cutEdf,
};

class Records {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #header: EdfHeader;
  readonly #found: Gathered;
  readonly #context: DecodeContext;

  constructor(bytes: Uint8Array, header: EdfHeader, found: Gathered, context: DecodeContext) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#header = header;
    this.#found = found;
    this.#context = context;
  }

  read(count: number): void {
    const { signals, firstRecord, recordSeconds } = this.#header;
    const onsets = Array.from({ length: count }, (_, i) => (firstRecord + i) * recordSeconds);
    for (const signal of signals) if (signal.label === ANNOTATIONS) this.#annotations(signal, onsets);
    for (const signal of signals) {
      if (signal.label === ANNOTATIONS) continue;
      const own = OWN.exec(signal.transducer);
      if (own && signal.scale !== 0) {
        const [, name = "", ucum = ""] = own;
        const kind = findSignal(name)?.kind;
        if (kind === "waveform") this.#waveform(signal, name, ucum, onsets);
        else if (kind !== undefined && kind !== "event") this.#numeric(signal, name, ucum, onsets);
        else this.#found.ignore(`channel ${name}`, 0);
        continue;
      }
      const key = signal.label.toLowerCase();
      const unit = units.get(signal.unit.toLowerCase());
      const [waveform, numeric] = [waveforms.get(key), numerics.get(key)];
      const isKnown = (waveform ?? numeric) !== undefined && unit !== undefined;
      if (!isKnown || signal.scale === 0)
        this.#found.ignore(`channel ${signal.label} in ${signal.unit || "no unit"}`, 0);
      else if (waveform !== undefined) this.#waveform(signal, waveform, unit, onsets);
      else this.#numeric(signal, numeric as string, unit, onsets);
    }
  }

  #sample(signal: EdfSignal, record: number, i: number): number {
    const { bytes, recordBytes } = this.#header;
    return this.#view.getInt16(bytes + record * recordBytes + signal.at + 2 * i, true);
  }

  #waveform(signal: EdfSignal, key: string, unit: string, onsets: readonly number[]): void {
    const { recordSeconds } = this.#header;
    const each = signal.samplesPerRecord;
    const rateHz = each / recordSeconds;
    if (!(rateHz > 0 && Number.isFinite(rateHz)))
      return void this.#found.ignore(`channel ${signal.label} without a rate`, 0);
    let from = 0;
    while (from < onsets.length) {
      let to = from + 1;
      const isNext = () => Math.abs((onsets[to] as number) - (onsets[to - 1] as number) - recordSeconds) < 0.5 / rateHz;
      while (to < onsets.length && (to - from + 1) * each <= MAX_SAMPLES && isNext()) to++;
      const samples = new Int32Array((to - from) * each);
      for (let record = from, n = 0; record < to; record++) {
        for (let i = 0; i < each; i++) {
          const sample = this.#sample(signal, record, i);
          samples[n++] = sample === this.#header.absent ? ABSENT_SAMPLE : sample;
        }
      }
      const { time, utcOffsetMinutes, quality } = this.#at(onsets[from] as number);
      const { scale, origin } = signal;
      this.#found.waveform({
        item: from,
        signal: key,
        start: time,
        utcOffsetMinutes,
        rateHz,
        unit,
        scale,
        origin,
        samples,
        quality,
      });
      from = to;
    }
  }

  #numeric(signal: EdfSignal, key: string, unit: string, onsets: readonly number[]): void {
    const each = signal.samplesPerRecord;
    for (const [record, onset] of onsets.entries()) {
      for (let i = 0; i < each; i++) {
        const sample = this.#sample(signal, record, i);
        if (sample === this.#header.absent) continue;
        const value = sample * signal.scale + signal.origin;
        const at = this.#at(onset + (i * this.#header.recordSeconds) / each);
        this.#found.reading(record, key, unit, Number(value.toPrecision(9)), at);
      }
    }
  }

  /** The first list of a record says when the record began; the others, what was noted. */
  #annotations(signal: EdfSignal, onsets: number[]): void {
    const text = new TextDecoder();
    for (const record of onsets.keys()) {
      const start = this.#header.bytes + record * this.#header.recordBytes + signal.at;
      const lists = text.decode(this.#bytes.subarray(start, start + 2 * signal.samplesPerRecord)).split("\u0000");
      for (const list of lists) {
        const [times = "", ...notes] = list.split("\u0014");
        const [onset = "", duration = "0"] = times.split("\u0015");
        if (!ONSET.test(onset) || !DURATION.test(duration)) continue;
        if (notes[0] === "") onsets[record] = Number(onset);
        for (const note of notes) if (note !== "") this.#note(note, Number(onset), Number(duration), start);
      }
    }
  }

  #note(note: string, onset: number, seconds: number, offset: number): void {
    const stage = stages.get(/^Sleep stage (\w{1,2})$/i.exec(note)?.[1]?.toLowerCase() ?? "");
    // What somebody wrote can be anything.
    if (stage === undefined) return void this.#found.ignore("annotation", Math.min(offset, this.#bytes.length));
    const until = new Date(Math.round(this.#at(onset + seconds).time)).toISOString();
    this.#found.event("sleep", this.#at(onset), { stage, until, minutes: Math.round(seconds / 0.6) / 100 });
  }

  #at(seconds: number) {
    const { time, ...rest } = instantOf(this.#header.shownMs, this.#context);
    // An onset that a damaged file invents stays within what a time can be.
    const at = time + Math.max(-1e12, Math.min(1e12, seconds * 1000));
    return { time: at, ...rest };
  }
}

/** Some records each, behind the header, which then says how many they are and which of the file is the first. */
async function* cutEdf(source: AsyncIterable<Uint8Array>): AsyncGenerator<Piece> {
  const window = new Window();
  let head: Uint8Array | null = null;
  let header: EdfHeader | null = null;
  let record = 0;
  const pieceOf = (known: EdfHeader, count: number): Piece => {
    const length = count * known.recordBytes;
    const own = (head as Uint8Array).slice();
    own.set(new TextEncoder().encode(String(count).padEnd(8)), EDF_RECORDS);
    if (record > 0) own.set(new TextEncoder().encode(`first ${record}`.padEnd(26)), EDF_FIRST);
    const bytes = concat([own, window.bytes.subarray(0, length)], own.length + length);
    const piece: Piece = { bytes, from: window.base, to: window.base + length, left: null };
    record += count;
    window.drop(length);
    return piece;
  };
  for await (const chunk of source) {
    window.append(chunk);
    if (header === null) {
      if (window.length < EDF_MAIN) continue;
      const size = Number(new TextDecoder("latin1").decode(window.bytes.subarray(184, 192)));
      if (size <= 65_792 && window.length < size) continue;
      header = readEdfHeader(window.bytes.subarray(0, window.length), NAME);
      if (header.recordBytes + header.bytes > MAX_PIECE_BYTES)
        throw malformed(NAME, "samples", EDF_MAIN, `records of less than ${MAX_PIECE_BYTES} bytes`);
      head = window.bytes.slice(0, header.bytes);
      window.drop(header.bytes);
    }
    const each = header.recordBytes;
    const some = Math.max(1, Math.floor(PIECE_BYTES / Math.max(each, 1)));
    while (each > 0 && window.length >= some * each) yield pieceOf(header, some);
  }
  if (header === null)
    throw new RefusedInput("FILE_TRUNCATED", { expected: "the header of EDF", received: `${window.length} bytes` });
  const rest = header.recordBytes === 0 ? 0 : Math.floor(window.length / header.recordBytes);
  if (rest > 0) yield pieceOf(header, rest);
  const missing = header.records >= 0 && record < header.records;
  if (missing || window.length > 0) {
    throw new RefusedInput("FILE_TRUNCATED", { expected: `${header.records} whole records`, received: `${record}` });
  }
}
