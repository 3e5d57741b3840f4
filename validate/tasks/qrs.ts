import { readdirSync } from "node:fs";
import { join } from "node:path";
import { createQrsDetector } from "@openward/physiology/ecg";
import { percentRow } from "../percent.ts";
import { readBeats, readRecording } from "../records/wfdb.ts";
import { matchBeats } from "../scoring/ec57.ts";
import type { Task } from "../task.ts";

const FOLDER = "ecg/mitdb";
/** ANSI/AAMI EC57. */
const WINDOW_S = 0.15;
const LEARNING_S = 300;
const FLUTTER_BEGINS = 32;
const FLUTTER_ENDS = 33;
/** Codes of beats, as WFDB counts them. */
const BEATS: ReadonlySet<number> = new Set([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 25, 30, 34, 35, 38, 41]);

interface Found {
  readonly name: string;
  readonly beats: number;
  readonly missed: number;
  readonly extra: number;
}

export const qrs: Task = {
  id: "qrs",
  title: "QRS detection, MIT-BIH Arrhythmia Database, both leads",
  needs: [FOLDER],
  published: "QRS detection, MIT-BIH",
  async run(dir) {
    const folder = join(dir, FOLDER);
    const names = readdirSync(folder).flatMap((file) => (file.endsWith(".hea") ? [file.slice(0, -4)] : []));
    const found: Found[] = [];
    for (const name of names) found.push(await scoreRecord(folder, name));
    const sum = (of: (one: Found) => number) => (drawn: readonly Found[]) =>
      drawn.reduce((all, one) => all + of(one), 0);
    const hits = sum(({ beats, missed }) => beats - missed);
    const all = sum(({ beats }) => beats);
    const extras = sum(({ extra }) => extra);
    return {
      rows: [
        percentRow("sensitivity, gross", found, (drawn) => hits(drawn) / all(drawn), 0.998),
        percentRow(
          "positive predictive value, gross",
          found,
          (drawn) => hits(drawn) / (hits(drawn) + extras(drawn)),
          0.998,
        ),
      ],
      notes: [
        `${names.length} records, ${all(found)} beats; the first five minutes are for learning, and ventricular flutter has no beats (EC57). Window 150 ms.`,
        "No constant was fitted to a record; those of the detector were chosen on these records as a whole: figures on others may be lower.",
      ],
      records: {
        head: ["record", "beats", "missed", "extra"],
        lines: found.map(({ name, beats, missed, extra }) => [name, ...[beats, missed, extra].map(String)]),
      },
    };
  },
};

async function scoreRecord(folder: string, name: string): Promise<Found> {
  const { rateHz, signals } = await readRecording(folder, name);
  const annotations = readBeats(join(folder, `${name}.atr`));
  const beats: number[] = [];
  const detector = createQrsDetector({ rateHz, leads: signals.length, onBeat: ({ at }) => beats.push(at) });
  const frame = new Float64Array(signals.length);
  for (let i = 0; i < (signals[0]?.samples.length ?? 0); i++) {
    for (const [lead, { samples }] of signals.entries()) frame[lead] = samples[i] as number;
    detector.push(frame);
  }
  detector.finish();
  beats.sort((a, b) => a - b);
  const flutter = episodes(annotations);
  const isScored = (at: number) => at >= LEARNING_S * rateHz && !flutter.some(([from, to]) => from <= at && at <= to);
  const reference = annotations.filter(({ code }) => BEATS.has(code)).map(({ sample }) => sample);
  const { missed, extra } = matchBeats(reference, beats, Math.round(WINDOW_S * rateHz));
  return {
    name,
    beats: reference.filter(isScored).length,
    missed: missed.filter(isScored).length,
    extra: extra.filter(isScored).length,
  };
}

function episodes(annotations: ReturnType<typeof readBeats>): [number, number][] {
  const found: [number, number][] = [];
  for (const { code, sample } of annotations) {
    if (code === FLUTTER_BEGINS) found.push([sample, Number.POSITIVE_INFINITY]);
    const last = found.at(-1);
    if (code === FLUTTER_ENDS && last) last[1] = sample;
  }
  return found;
}
