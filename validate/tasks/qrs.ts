import { readdirSync } from "node:fs";
import { join } from "node:path";
import { percentRow } from "../percent.ts";
import { detectedBeats } from "../records/detected.ts";
import { readBeats, readRecording } from "../records/wfdb.ts";
import { matchBeats } from "../scoring/ec57.ts";
import { BEAT_CODES, flutterOf, LEARNING_S, WINDOW_S } from "../scoring/ec57-classes.ts";
import type { Task } from "../task.ts";

const FOLDER = "ecg/mitdb";
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
  const recording = await readRecording(folder, name);
  const { rateHz } = recording;
  const annotations = readBeats(join(folder, `${name}.atr`));
  const beats = detectedBeats(recording);
  const flutter = flutterOf(annotations);
  const isScored = (at: number) => at >= LEARNING_S * rateHz && !flutter.some(([from, to]) => from <= at && at <= to);
  const reference = annotations.filter(({ code }) => BEAT_CODES.has(code)).map(({ sample }) => sample);
  const { missed, extra } = matchBeats(reference, beats, Math.round(WINDOW_S * rateHz));
  return {
    name,
    beats: reference.filter(isScored).length,
    missed: missed.filter(isScored).length,
    extra: extra.filter(isScored).length,
  };
}
