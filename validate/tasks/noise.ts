import { join } from "node:path";
import { createLeadQuality } from "@openward/physiology/ecg";
import { percentRow } from "../percent.ts";
import { detectedBeats } from "../records/detected.ts";
import { recordNames } from "../records/rhythms.ts";
import { readBeats, readRecording } from "../records/wfdb.ts";
import { matchBeats } from "../scoring/ec57.ts";
import { BEAT_CODES, WINDOW_S } from "../scoring/ec57-classes.ts";
import { areaUnderCurve } from "../scoring/spans.ts";
import type { Row, Task } from "../task.ts";

const FOLDER = "ecg/nstdb";
/** Two minutes with noise and two without, by turns, after five minutes. Moody GB et al. Comput Cardiol 1984;11:381. */
const BEGINS_S = 300;
const TURN_S = 120;
/** What looks back over ten seconds is not asked at a change. */
const SETTLED_S = 15;

interface Found {
  readonly name: string;
  /** dB. */
  readonly ratio: number;
  readonly noisy: Counts;
  readonly clean: Counts;
  /** Of each second of each lead, and whether there was noise. */
  readonly scores: readonly number[];
  readonly isClean: readonly boolean[];
}
interface Counts {
  readonly beats: number;
  readonly missed: number;
  readonly extra: number;
}

export const noise: Task = {
  id: "noise",
  title: "QRS detection and signal quality in noise, MIT-BIH Noise Stress Test Database",
  needs: [FOLDER],
  published: null,
  async run(dir) {
    const folder = join(dir, FOLDER);
    const found: Found[] = [];
    for (const name of recordNames(folder, ".hea")) {
      const one = await scoreRecord(folder, name);
      if (one) found.push(one);
    }
    found.sort((a, b) => b.ratio - a.ratio || a.name.localeCompare(b.name));
    const ratios = [...new Set(found.map(({ ratio }) => ratio))];
    return {
      rows: ratios.flatMap((ratio) =>
        rowsOf(
          ratio,
          found.filter((one) => one.ratio === ratio),
        ),
      ),
      notes: [
        "Electrode-motion noise, both leads, windows of 150 ms; the first five minutes are for learning. With noise: the minutes to which it was added.",
        "Quality: the area under the curve of the score of each second of each lead, minutes without noise against minutes with it, 15 s after each change on; the score looks back over ten seconds.",
      ],
      records: {
        head: ["record", "dB", "beats in noise", "missed", "extra", "beats without", "missed", "extra", "score: area"],
        lines: found.map(({ name, ratio, noisy, clean, scores, isClean }) => [
          name,
          ...[ratio, noisy.beats, noisy.missed, noisy.extra, clean.beats, clean.missed, clean.extra].map(String),
          areaUnderCurve(scores, isClean).toFixed(3),
        ]),
      },
    };
  },
};

function rowsOf(ratio: number, found: readonly Found[]): Row[] {
  const sum = (drawn: readonly Found[], of: (one: Found) => number) => drawn.reduce((all, one) => all + of(one), 0);
  const sensitivity = (part: "noisy" | "clean") => (drawn: readonly Found[]) =>
    1 - sum(drawn, (one) => one[part].missed) / sum(drawn, (one) => one[part].beats);
  const predictive = (part: "noisy" | "clean") => (drawn: readonly Found[]) => {
    const hits = sum(drawn, (one) => one[part].beats - one[part].missed);
    return hits / (hits + sum(drawn, (one) => one[part].extra));
  };
  const area = areaUnderCurve(
    found.flatMap(({ scores }) => scores),
    found.flatMap(({ isClean }) => isClean),
  );
  return [
    percentRow(`${ratio} dB: sensitivity, with noise`, found, sensitivity("noisy"), null),
    percentRow(`${ratio} dB: positive predictive value, with noise`, found, predictive("noisy"), null),
    percentRow(`${ratio} dB: sensitivity, between`, found, sensitivity("clean"), null),
    percentRow(`${ratio} dB: positive predictive value, between`, found, predictive("clean"), null),
    {
      measure: `${ratio} dB: quality tells noise, area`,
      ours: area.toFixed(3),
      interval: null,
      target: null,
      isReached: null,
    },
  ];
}

const isNoisy = (seconds: number) => Math.floor((seconds - BEGINS_S) / TURN_S) % 2 === 0;
const sinceChange = (seconds: number) => (seconds - BEGINS_S) % TURN_S;

/** @returns null where the name does not say how much noise there is */
async function scoreRecord(folder: string, name: string): Promise<Found | null> {
  const said = /e(_?)(\d+)$/.exec(name);
  if (!said) return null;
  const recording = await readRecording(folder, name);
  const { rateHz } = recording;
  const reference = readBeats(join(folder, `${name}.atr`))
    .filter(({ code }) => BEAT_CODES.has(code))
    .map(({ sample }) => sample);
  const { missed, extra } = matchBeats(reference, detectedBeats(recording), Math.round(WINDOW_S * rateHz));
  const count = (is: (seconds: number) => boolean): Counts => {
    const scored = (at: number) => at >= BEGINS_S * rateHz && is(at / rateHz);
    return {
      beats: reference.filter(scored).length,
      missed: missed.filter(scored).length,
      extra: extra.filter(scored).length,
    };
  };
  const [scores, isClean]: [number[], boolean[]] = [[], []];
  for (const { samples } of recording.signals) {
    const quality = createLeadQuality(rateHz, ({ at, score }) => {
      const seconds = at / rateHz - 0.5;
      if (seconds < BEGINS_S || sinceChange(seconds) < SETTLED_S) return;
      scores.push(score);
      isClean.push(!isNoisy(seconds));
    });
    for (const sample of samples) quality.push(sample);
  }
  return {
    name,
    ratio: said[1] ? -Number(said[2]) : Number(said[2]),
    noisy: count(isNoisy),
    clean: count((seconds) => !isNoisy(seconds)),
    scores,
    isClean,
  };
}
