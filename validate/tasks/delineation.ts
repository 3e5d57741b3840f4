import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createEcgMonitor, type DelineatedBeat } from "@openward/physiology/ecg";
import { median } from "@openward/physiology/statistics";
import { percentRow } from "../percent.ts";
import { readRecording } from "../records/wfdb.ts";
import type { Task } from "../task.ts";

const FOLDER = "ecg/cinc2021-12lead";

/** SNOMED CT, as the headers' Dx. */
const SINUS = ["426783006", "426177001", "427084000", "427393009"];
const BUNDLE_BRANCH_BLOCK = ["164909002", "733534002", "59118001", "713427006"];
/** QRS may be wide without either: incomplete blocks, other conduction delay, pacing, pre-excitation, ventricular rhythms. */
const MAYBE_WIDE = ["713426002", "251120003", "698252002", "6374002", "10370003", "251266004", "74390002", "164934002"];
const FIRST_DEGREE_BLOCK = ["270492004"];
const LONG_QT = ["111975006"];
/** Beats that do not belong to the rhythm. */
const ECTOPIC = ["284470004", "427172004", "17338001", "63593006", "164884008"];

interface Measured {
  readonly name: string;
  readonly dx: readonly string[];
  /** Seconds, medians over the recording; NaN: absent. */
  readonly pr: number;
  readonly qrs: number;
  readonly qtc: number;
}

export const delineation: Task = {
  id: "delineation",
  title: "Delineation: intervals beside the diagnoses of 12-lead ECGs, Challenge 2021",
  needs: [FOLDER],
  published: "Delineation",
  async run(dir) {
    const folder = join(dir, FOLDER);
    const names = readdirSync(folder).flatMap((file) => (file.endsWith(".hea") ? [file.slice(0, -4)] : []));
    const all: Measured[] = [];
    for (const name of names) all.push(await measure(folder, name));
    const share = (
      measure: string,
      among: (one: Measured) => boolean,
      isSo: (one: Measured) => boolean,
      least: number | null = null,
    ) => {
      const chosen = all.filter(among);
      if (chosen.length === 0) return [];
      return [
        percentRow(`${measure} (${chosen.length})`, chosen, (drawn) => drawn.filter(isSo).length / drawn.length, least),
      ];
    };
    const has = (codes: readonly string[]) => (one: Measured) => codes.some((code) => one.dx.includes(code));
    const isSinus = (one: Measured) => has(SINUS)(one) && !has(ECTOPIC)(one);
    return {
      rows: [
        ...share("bundle branch block: QRS >= 120 ms", has(BUNDLE_BRANCH_BLOCK), ({ qrs }) => qrs >= 0.12),
        ...share(
          "nothing said of conduction: QRS 60 to 119 ms",
          (one) => !has(BUNDLE_BRANCH_BLOCK)(one) && !has(MAYBE_WIDE)(one),
          ({ qrs }) => qrs >= 0.06 && qrs < 0.12,
        ),
        ...share("first-degree block: PR > 200 ms", has(FIRST_DEGREE_BLOCK), ({ pr }) => pr > 0.2),
        ...share(
          "sinus rhythm without block: P found, PR 100 to 200 ms",
          (one) => isSinus(one) && !has(FIRST_DEGREE_BLOCK)(one),
          ({ pr }) => pr >= 0.1 && pr <= 0.2,
        ),
        ...share("long QT: QTc (Bazett) > 450 ms", has(LONG_QT), ({ qtc }) => qtc > 0.45),
        ...share(
          "sinus rhythm, nothing said of QT or conduction: QTc 350 to 470 ms",
          (one) => isSinus(one) && !has(LONG_QT)(one) && !has(BUNDLE_BRANCH_BLOCK)(one),
          ({ qtc }) => qtc >= 0.35 && qtc <= 0.47,
        ),
      ],
      notes: [
        `${all.length} recordings of ten seconds. No reference marks of waves are there: diagnoses of the whole recording (Dx) say which intervals are to be expected, and a diagnosis that nobody wrote is no proof that there is none. Marks themselves are tested on made ECGs.`,
      ],
      records: {
        head: ["record", "PR ms", "QRS ms", "QTc ms", "Dx"],
        lines: all.map(({ name, pr, qrs, qtc, dx }) => [name, ms(pr), ms(qrs), ms(qtc), dx.join(" ")]),
      },
    };
  },
};

const ms = (seconds: number) => (Number.isNaN(seconds) ? "" : String(Math.round(1_000 * seconds)));

async function measure(folder: string, name: string): Promise<Measured> {
  const header = readFileSync(join(folder, `${name}.hea`), "utf8");
  const dx =
    /^#\s*Dx:\s*(.*)$/m
      .exec(header)?.[1]
      ?.split(",")
      .map((code) => code.trim()) ?? [];
  const { rateHz, signals } = await readRecording(folder, name);
  const found: DelineatedBeat[] = [];
  const monitor = createEcgMonitor({
    ...{ rateHz, leads: signals.length },
    onBeat() {},
    onWaves: (beat) => found.push(beat),
  });
  const frame = new Float64Array(signals.length);
  for (let i = 0; i < (signals[0]?.samples.length ?? 0); i++) {
    for (const [lead, { samples }] of signals.entries()) frame[lead] = samples[i] as number;
    monitor.push(frame);
  }
  monitor.finish();
  const middle = (of: (beat: DelineatedBeat) => number | null | undefined) =>
    median(found.flatMap((beat) => of(beat) ?? []));
  return {
    name,
    dx,
    pr: middle(({ durations }) => durations?.pr),
    qrs: middle(({ durations }) => durations?.qrs),
    qtc: middle(({ durations }) => durations?.qtcBazett),
  };
}
