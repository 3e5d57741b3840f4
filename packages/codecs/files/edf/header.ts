import { shownMs } from "../../local-time.ts";
import { malformed } from "../../reader.ts";

export interface EdfSignal {
  readonly label: string;
  readonly unit: string;
  /** What measured it, as its writer says. */
  readonly transducer: string;
  /** physical = digital x scale + origin */
  readonly scale: number;
  readonly origin: number;
  readonly samplesPerRecord: number;
  /** Of the record's bytes. */
  readonly at: number;
}

export interface EdfHeader {
  readonly bytes: number;
  /** EDF+ with gaps. */
  readonly isAnnotated: boolean;
  /** The local date and time, read as if it were UTC, ms. */
  readonly shownMs: number;
  /** -1: as many as there are. */
  readonly records: number;
  readonly recordSeconds: number;
  readonly recordBytes: number;
  /** Of the whole file, which is the first of this piece. */
  readonly firstRecord: number;
  /** In files of ours: the digital value that stands for what is absent. */
  readonly absent: number | null;
  readonly signals: readonly EdfSignal[];
}

export const EDF_MAIN = 256;
/** Where a piece says which record of the file is its first: in the reserved field, behind what EDF+ has there. */
export const EDF_FIRST = 210;
export const EDF_RECORDS = 236;
const MAX_SIGNALS = 256;
/** In the identification of the recording, behind what EDF+ has there. */
const ABSENT = /\bOpenward UTC absent=(-?\d{1,5})\b/;
const FIRST = /first (\d{1,12})$/;

/** @throws RefusedInput MALFORMED_BYTES */
export function readEdfHeader(bytes: Uint8Array, format: string): EdfHeader {
  const latin = new TextDecoder("latin1");
  const field = (at: number, length: number) => latin.decode(bytes.subarray(at, at + length)).trim();
  const refuse = (name: string, at: number, expected: string): never => {
    throw malformed(format, name, Math.min(at, bytes.length), expected);
  };
  const number = (name: string, at: number, length: number): number => {
    const text = field(at, length);
    const value = /^[+-]?\d+(?:\.\d*)?(?:[eE][+-]?\d+)?$/.test(text) ? Number(text) : Number.NaN;
    return Number.isFinite(value) ? value : refuse(name, at, "a number");
  };
  if (bytes.length < EDF_MAIN) refuse("header", bytes.length, `${EDF_MAIN} bytes`);
  if (field(0, 8) !== "0") refuse("version", 0, "0, of EDF with 16 bits");
  const date = /^(\d\d)\.(\d\d)\.(\d\d)$/.exec(field(168, 8)) ?? refuse("startdate", 168, "dd.mm.yy");
  const time = /^(\d\d)\.(\d\d)\.(\d\d)$/.exec(field(176, 8)) ?? refuse("starttime", 176, "hh.mm.ss");
  const [day, month, short] = date.slice(1).map(Number) as [number, number, number];
  const [hour, minute, second] = time.slice(1).map(Number) as [number, number, number];
  const year = short >= 85 ? 1900 + short : 2000 + short;
  const shown = shownMs(year, month, day, hour, minute, second);
  if (Number.isNaN(shown)) refuse("startdate", 168, "a day and time that there is");
  const count = number("signals", 252, 4);
  if (!(Number.isInteger(count) && count >= 1 && count <= MAX_SIGNALS)) refuse("signals", 252, `1 to ${MAX_SIGNALS}`);
  const size = EDF_MAIN * (count + 1);
  if (number("header bytes", 184, 8) !== size) refuse("header bytes", 184, String(size));
  if (bytes.length < size) refuse("header", bytes.length, `${size} bytes`);
  const column = (before: number, length: number, i: number) => EDF_MAIN + before * count + length * i;
  const signals: EdfSignal[] = [];
  let at = 0;
  for (let i = 0; i < count; i++) {
    const low = number("physical minimum", column(104, 8, i), 8);
    const high = number("physical maximum", column(112, 8, i), 8);
    const digitalLow = number("digital minimum", column(120, 8, i), 8);
    const digitalHigh = number("digital maximum", column(128, 8, i), 8);
    if (digitalHigh <= digitalLow) refuse("digital maximum", column(128, 8, i), "more than the minimum");
    const samplesPerRecord = number("samples", column(216, 8, i), 8);
    const isCount = Number.isInteger(samplesPerRecord) && samplesPerRecord >= 0 && samplesPerRecord <= 1_000_000;
    if (!isCount) refuse("samples", column(216, 8, i), "a whole number");
    const scale = (high - low) / (digitalHigh - digitalLow);
    if (!Number.isFinite(scale)) refuse("physical maximum", column(112, 8, i), "a range");
    const label = field(column(0, 16, i), 16);
    const unit = field(column(96, 8, i), 8);
    const transducer = field(column(16, 80, i), 80);
    // Without the last digits, which are those of the division.
    const origin = Number((low - digitalLow * scale).toFixed(12)) || 0;
    signals.push({ label, unit, transducer, scale: Number(scale.toPrecision(12)), origin, samplesPerRecord, at });
    at += 2 * samplesPerRecord;
  }
  const reserved = field(192, 44);
  const absent = ABSENT.exec(field(88, 80))?.[1];
  return {
    absent: absent === undefined ? null : Number(absent),
    bytes: size,
    isAnnotated: reserved.startsWith("EDF+"),
    shownMs: shown,
    records: number("records", EDF_RECORDS, 8),
    recordSeconds: number("record duration", 244, 8),
    recordBytes: at,
    firstRecord: Number(FIRST.exec(reserved)?.[1] ?? 0),
    signals,
  };
}
