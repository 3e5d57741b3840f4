import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { frequencyDomain, nonLinear, normalIntervals, timeDomain, within } from "@openward/physiology/hrv";
import { readBeats } from "../records/wfdb.ts";
import type { Task } from "../task.ts";

const FOLDER = "ecg/rr-intervals";
const WINDOW_S = 300;
/** The reference read the annotations of 128 samples a second as 125 (its intervals are whole eights of a millisecond). */
const RATE_OF_REFERENCE_HZ = 125;
/** The reference has the first two hours. */
const SECONDS = 7_200;
const NEAR = 0.01;

export const hrv: Task = {
  id: "hrv",
  title: "Heart rate variability, windows of five minutes, beside the PhysioNet Cardiovascular Signal Toolbox",
  needs: [FOLDER],
  published: null,
  async run(dir) {
    const folder = join(dir, FOLDER);
    const [head = [], ...rows] = csv(join(folder, "toolbox_NSR_HRV_allwindows.csv.gz"));
    const cell = (row: readonly string[], name: string) => Number(row[head.indexOf(name)]);
    const names = [...new Set(rows.map(([name]) => name as string))].filter((name) =>
      existsSync(join(folder, `${name}.ecg.gz`)),
    );
    const off = new Map<string, number[]>();
    const lines: string[][] = [];
    for (const name of names) {
      const ticks = readBeats(join(folder, `${name}.ecg`)).map(({ sample }) => sample);
      // Added up interval by interval as the reference does: a beat at the very end of a window falls on the same side.
      let at = 0;
      const beats = ticks.map((tick, i) => {
        at += (tick - (ticks[Math.max(i - 1, 0)] ?? 0)) / RATE_OF_REFERENCE_HZ;
        return at;
      });
      const all = normalIntervals(beats.filter((beat) => beat < SECONDS));
      const worst = new Map<string, number>();
      for (const row of rows.filter(([of]) => of === name)) {
        for (const [measure, value] of Object.entries(
          ours(within(all, cell(row, "t_start"), cell(row, "t_start") + WINDOW_S)),
        )) {
          const expected = cell(row, measure);
          if (Number.isNaN(expected)) continue;
          const error = Math.abs((value ?? Number.POSITIVE_INFINITY) - expected) / Math.abs(expected || 1);
          off.set(measure, [...(off.get(measure) ?? []), error]);
          worst.set(measure, Math.max(worst.get(measure) ?? 0, error));
        }
      }
      lines.push([name, ...[...worst.values()].map((error) => `${(100 * error).toFixed(2)} %`)]);
    }
    return {
      rows: [...off].map(([measure, errors]) => {
        const inside = errors.filter((error) => error <= NEAR).length;
        const row = { measure: `${measure}, windows within 1 %`, interval: null, target: `${errors.length}` };
        return { ...row, ours: `${inside}`, isReached: inside === errors.length };
      }),
      notes: [
        "Powers are compared after multiplying ours with the mean rate of beats: the toolbox leaves the periodogram as sums over beats, and ours is in ms² (all bands together are about the variance).",
        "The toolbox read these annotations (128 samples a second) as 125 samples a second, as its intervals of whole 8 ms show. So do we, here alone.",
      ],
      records: { head: ["record", ...off.keys()], lines },
    };
  },
};

/** In the toolbox's names and units. */
function ours(intervals: ReturnType<typeof within>): Record<string, number | null | undefined> {
  const time = timeDomain(intervals);
  const power = frequencyDomain(intervals);
  const shape = nonLinear(intervals);
  const { times, lengths } = intervals;
  const rate = lengths.length / ((times.at(-1) ?? 0) - (times[0] ?? 0) + (lengths[0] ?? 0) / 1_000);
  return {
    NNmean: time.mean,
    NNmedian: time.median,
    NNiqr: time.interquartileRange,
    SDNN: time.sdnn,
    RMSSD: time.rmssd,
    pnn50: time.pnn50,
    ulf: power && power.ulf * rate,
    vlf: power && power.vlf * rate,
    lf: power && power.lf * rate,
    hf: power && power.hf * rate,
    SD1: shape.sd1,
    SD2: shape.sd2,
    SampEn: shape.sampleEntropy,
    ApEn: shape.approximateEntropy,
    ac: shape.accelerationCapacity,
    dc: shape.decelerationCapacity,
  };
}

function csv(file: string): string[][] {
  const text = gunzipSync(readFileSync(file)).toString();
  return text
    .trim()
    .split("\n")
    .map((line) => line.split(","));
}
