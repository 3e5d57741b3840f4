import { ABSENT_SAMPLE } from "../../waveform.ts";
import { extremesOf, gapsOf, type Track } from "../track.ts";

export interface WfdbRecord {
  /** `NAME.hea`, `NAME.dat` and, where there are gaps, `NAME.gap`. */
  readonly header: Uint8Array;
  readonly samples: Uint8Array;
  /** Annotations in MIT's format: a note at the beginning of each gap. */
  readonly gaps: Uint8Array | null;
  /** Of how many bits the samples are. */
  readonly format: 212 | 16 | 32;
}

const FORMATS = [
  { format: 212, bits: 12, absent: -2_048, limit: 2_047 },
  { format: 16, bits: 16, absent: -32_768, limit: 32_767 },
  { format: 32, bits: 32, absent: ABSENT_SAMPLE, limit: 2_147_483_647 },
] as const;
const NAME = /^[A-Za-z0-9_-]{1,80}$/;
const NOTE = 22;
const SKIP = 59;
const AUX = 63;

/**
 * One signal as a record of WFDB: samples as they were sent, in the shortest format that holds them, with its own value for what is absent.
 * Times of the header are UTC, and a line of it says so.
 *
 * @param name of the record and of its files. @param notes lines of words for the header
 * @param description "ecg-lead-ii": what is measured
 * @throws Error for a name that WFDB does not know
 * @source WFDB Applications Guide: header(5), signal(5), annot(5)
 */
export function writeWfdb(
  name: string,
  track: Track,
  {
    description,
    unit,
    notes = [],
  }: { readonly description: string; readonly unit: string; readonly notes?: readonly string[] },
): WfdbRecord {
  if (!NAME.test(name)) throw new Error("a record of WFDB is named by letters, digits, - and _");
  const { min, max } = extremesOf(track) ?? { min: 0, max: 0 };
  const form = FORMATS.find(({ limit }) => min >= -limit && max <= limit) ?? FORMATS[2];
  const stored = track.samples.map((sample) => (sample === ABSENT_SAMPLE ? form.absent : sample));
  const bytes = packed(stored, form.format);
  const gaps = gapsOf(track);
  const { start, rateHz, scale, origin, moved, rounded, left } = track;
  // Physical = (digital - baseline) / gain. A baseline that is no whole number WFDB does not have.
  const baseline = -origin / scale;
  const whole = Math.round(baseline);
  const at = new Date(Math.floor(start));
  const time = `${at.toISOString().slice(11, 23)}`;
  const [year, month, day] = at.toISOString().slice(0, 10).split("-");
  const gain = `${Number((1 / scale).toPrecision(15))}(${whole})`;
  const units = unit.replaceAll(/\s+/g, "_") || "NU";
  const sum = stored.reduce((all, sample) => (all + sample) & 0xffff, 0);
  const checksum = sum > 32_767 ? sum - 65_536 : sum;
  const lines = [
    `${name} 1 ${Number(rateHz.toPrecision(15))} ${stored.length} ${time} ${day}/${month}/${year}`,
    `${name}.dat ${form.format} ${gain}/${units} ${form.bits} 0 ${stored[0] ?? 0} ${checksum} 0 ${description}`,
    ...notes.map((note) => `# ${note.replaceAll(/[^\x20-\x7e]/g, "?")}`),
    "# times are UTC",
    `# start_ms ${start} rate_hz ${rateHz} scale ${scale} origin ${origin}: value = sample x scale + origin`,
    `# absent ${form.absent}`,
    ...(Math.abs(whole - baseline) > 1e-9 ? ["# the baseline is rounded: the line before the last is exact"] : []),
    ...(moved > 0 ? [`# moved ${moved}: readings that were measured up to half a step earlier or later`] : []),
    ...(rounded > 0 ? [`# rounded ${rounded}: readings with more digits`] : []),
    ...(left > 0 ? [`# left ${left}: readings that have no place here`] : []),
  ];
  return {
    header: new TextEncoder().encode(`${lines.join("\n")}\n`),
    samples: bytes,
    gaps:
      gaps.length === 0
        ? null
        : annotations(gaps.map(({ at: from, length }) => ({ at: from, text: gapText(length, rateHz) }))),
    format: form.format,
  };
}

const gapText = (length: number, rateHz: number) => `gap ${Number((length / rateHz).toPrecision(9))} s`;

function packed(samples: Int32Array, format: 212 | 16 | 32): Uint8Array {
  if (format === 212) return packed212(samples);
  const bytes = new Uint8Array(samples.length * (format / 8));
  const view = new DataView(bytes.buffer);
  for (const [i, sample] of samples.entries()) {
    if (format === 16) view.setInt16(2 * i, sample, true);
    else view.setInt32(4 * i, sample, true);
  }
  return bytes;
}

/** Two samples of 12 bits in three bytes; of the last one alone two. */
function packed212(samples: Int32Array): Uint8Array {
  const bytes = new Uint8Array(Math.ceil(samples.length * 1.5));
  for (let i = 0, at = 0; i < samples.length; i += 2, at += 3) {
    const first = (samples[i] as number) & 0xfff;
    const second = i + 1 < samples.length ? (samples[i + 1] as number) & 0xfff : 0;
    bytes[at] = first & 0xff;
    bytes[at + 1] = (first >> 8) | ((second >> 8) << 4);
    if (i + 1 < samples.length) bytes[at + 2] = second & 0xff;
  }
  return bytes;
}

/** MIT's format: code and interval in 16 bits, longer intervals behind a SKIP, text behind an AUX. */
function annotations(notes: readonly { readonly at: number; readonly text: string }[]): Uint8Array {
  const bytes: number[] = [];
  const word = (value: number) => bytes.push(value & 0xff, (value >> 8) & 0xff);
  let before = 0;
  for (const { at, text } of notes) {
    let interval = at - before;
    before = at;
    if (interval > 1_023) {
      word(SKIP << 10);
      // A PDP-11's long: the high half first.
      word(interval >>> 16);
      word(interval & 0xffff);
      interval = 0;
    }
    word((NOTE << 10) | interval);
    const aux = new TextEncoder().encode(text).slice(0, 254);
    word((AUX << 10) | aux.length);
    bytes.push(...aux, ...(aux.length % 2 === 1 ? [0] : []));
  }
  word(0);
  return Uint8Array.from(bytes);
}
