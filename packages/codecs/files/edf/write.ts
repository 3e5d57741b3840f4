import { ABSENT_SAMPLE } from "../../waveform.ts";
import LABELS from "../edf-labels.json" with { type: "json" };
import { extremesOf, gapsOf, type Track } from "../track.ts";

const MAIN = 256;
const ABSENT = -32_768;
const MAX = 32_767;
const RECORD_BYTES_MAX = 60_000;
const ANNOTATIONS = "EDF Annotations";
const labels = new Map(
  [...Object.entries(LABELS.waveforms), ...Object.entries(LABELS.numerics)]
    .reverse()
    .map(([label, signal]) => [signal, label]),
);
/** Standard labels where there is one ("ECG II"). */
const labelOf = (signal: string) => (labels.get(signal) ?? signal).toUpperCase();
const MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"] as const;

export interface EdfFile {
  readonly bytes: Uint8Array;
  /** The physical range needed more than eight characters: samples are exact, values to some digits. */
  readonly isScaleRounded: boolean;
}

/** How our reader and others know what is absent: in the identification of the recording. */
export const absentMark = `absent=${ABSENT}`;

/**
 * One signal as EDF+C: samples as they were sent, the lowest of them standing for what is absent, and a note at each gap. Times are UTC.
 *
 * @param signal of the vocabulary. @param patient a code without spaces
 * @returns undefined where a sample has more than 16 bits: EDF cannot hold it
 * @source edfplus.info, specification of EDF+: header, time-stamped annotations lists
 */
export function writeEdf(
  track: Track,
  { signal, unit, patient }: { readonly signal: string; readonly unit: string; readonly patient: string },
): EdfFile | undefined {
  const { min, max } = extremesOf(track) ?? { min: 0, max: 0 };
  if (min <= ABSENT || max > MAX) return undefined;
  const { samplesPerRecord, seconds } = recordOf(track.rateHz);
  const records = Math.max(1, Math.ceil(track.samples.length / samplesPerRecord));
  const second = Math.floor(track.start / 1_000) * 1_000;
  const lists = listsOf(track, { records, samplesPerRecord, seconds, offset: (track.start - second) / 1_000 });
  const listBytes = 2 * Math.ceil(Math.max(...lists.map(({ length }) => length)) / 2);
  const [low, high] = [ABSENT, MAX].map((digital) => digital * track.scale + track.origin) as [number, number];
  const header = headerOf({
    second,
    patient,
    records,
    seconds,
    signals: [
      {
        label: labelOf(signal),
        transducer: `signal=${signal} unit=${unit}`,
        unit,
        low: eight(low),
        high: eight(high),
        digital: [ABSENT, MAX],
        samples: samplesPerRecord,
      },
      {
        label: ANNOTATIONS,
        transducer: "",
        unit: "",
        low: "-1",
        high: "1",
        digital: [ABSENT, MAX],
        samples: listBytes / 2,
      },
    ],
  });
  const recordBytes = 2 * samplesPerRecord + listBytes;
  const bytes = new Uint8Array(header.length + records * recordBytes);
  bytes.set(header);
  const view = new DataView(bytes.buffer);
  for (let record = 0, at = header.length; record < records; record++, at += recordBytes) {
    for (let i = 0; i < samplesPerRecord; i++) {
      const sample = track.samples[record * samplesPerRecord + i] ?? ABSENT_SAMPLE;
      view.setInt16(at + 2 * i, sample === ABSENT_SAMPLE ? ABSENT : sample, true);
    }
    bytes.set(lists[record] as Uint8Array, at + 2 * samplesPerRecord);
  }
  const isScaleRounded = Number(eight(low)) !== tidy(low) || Number(eight(high)) !== tidy(high);
  return { bytes, isScaleRounded };
}

/** The shortest whole number of seconds that holds a whole number of samples, of one sample where they are rarer than that. */
function recordOf(rateHz: number): { readonly samplesPerRecord: number; readonly seconds: number } {
  for (let seconds = 1; seconds <= 60; seconds++) {
    const samples = rateHz * seconds;
    if (samples >= 1 && Math.abs(samples - Math.round(samples)) < 1e-6 && samples * 2 <= RECORD_BYTES_MAX)
      return { samplesPerRecord: Math.round(samples), seconds };
  }
  if (rateHz < 1) return { samplesPerRecord: 1, seconds: Number((1 / rateHz).toPrecision(9)) };
  // A rate that no minute holds: a record of so many samples, as long as they last.
  const samplesPerRecord = Math.max(1, Math.min(Math.floor(rateHz), RECORD_BYTES_MAX / 2));
  return { samplesPerRecord, seconds: Number((samplesPerRecord / rateHz).toPrecision(7)) };
}

/** Of each record when it began, and the gaps that begin in it. */
function listsOf(
  track: Track,
  {
    records,
    samplesPerRecord,
    seconds,
    offset,
  }: { records: number; samplesPerRecord: number; seconds: number; offset: number },
): Uint8Array[] {
  const texts = Array.from({ length: records }, (_, i) => `${onset(offset + i * seconds)}\u0014\u0014\u0000`);
  for (const { at, length } of gapsOf(track)) {
    const record = Math.floor(at / samplesPerRecord);
    const lasts = Number((length / track.rateHz).toPrecision(9));
    texts[record] += `${onset(offset + at / track.rateHz)}\u0015${decimal(lasts)}\u0014gap\u0014\u0000`;
  }
  return texts.map((text) => new TextEncoder().encode(text));
}

const onset = (seconds: number): string => `${seconds < 0 ? "-" : "+"}${decimal(Math.abs(seconds))}`;
const decimal = (value: number): string => value.toFixed(6).replace(/\.?0+$/, "");

interface SignalHeader {
  readonly label: string;
  readonly transducer: string;
  readonly unit: string;
  readonly low: string;
  readonly high: string;
  readonly digital: readonly [number, number];
  readonly samples: number;
}

function headerOf(facts: {
  readonly second: number;
  readonly patient: string;
  readonly records: number;
  readonly seconds: number;
  readonly signals: readonly SignalHeader[];
}): Uint8Array {
  const { second, patient, records, seconds, signals } = facts;
  const at = new Date(second);
  const two = (n: number) => String(n).padStart(2, "0");
  const [year, month, day] = [at.getUTCFullYear(), at.getUTCMonth(), at.getUTCDate()];
  const started = `Startdate ${two(day)}-${MONTHS[month]}-${year} X X Openward UTC ${absentMark}`;
  const column = (length: number, of: (signal: SignalHeader) => string) =>
    signals.map((one) => fixed(of(one), length)).join("");
  const text = [
    fixed("0", 8),
    fixed(`${patient} X X X`, 80),
    fixed(started, 80),
    fixed(`${two(day)}.${two(month + 1)}.${two(year % 100)}`, 8),
    fixed(`${two(at.getUTCHours())}.${two(at.getUTCMinutes())}.${two(at.getUTCSeconds())}`, 8),
    fixed(String(MAIN * (signals.length + 1)), 8),
    fixed("EDF+C", 44),
    fixed(String(records), 8),
    fixed(String(seconds).slice(0, 8), 8),
    fixed(String(signals.length), 4),
    column(16, ({ label }) => label),
    column(80, ({ transducer }) => transducer),
    column(8, ({ unit }) => unit),
    column(8, ({ low }) => low),
    column(8, ({ high }) => high),
    column(8, ({ digital }) => String(digital[0])),
    column(8, ({ digital }) => String(digital[1])),
    column(80, () => ""),
    column(8, ({ samples }) => String(samples)),
    column(32, () => ""),
  ].join("");
  return new TextEncoder().encode(text);
}

/** ASCII of this length; what is longer is cut, and what is no printable ASCII is a question mark. */
const fixed = (text: string, length: number) =>
  text
    .replaceAll(/[^\x20-\x7e]/g, "?")
    .slice(0, length)
    .padEnd(length);

const tidy = (value: number) => Number(value.toPrecision(12));

/** As many digits as eight characters hold. */
function eight(value: number): string {
  const plain = String(tidy(value));
  if (plain.length <= 8 && !plain.includes("e")) return plain;
  for (let digits = 6; digits >= 0; digits--) {
    const text = value.toFixed(digits);
    if (text.length <= 8) return text;
  }
  return value.toPrecision(2).slice(0, 8);
}
