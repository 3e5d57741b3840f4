import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createRhythm, createWaves, type RhythmKind } from "@openward/physiology/rhythm";
import { percentRow } from "../percent.ts";
import { recordNames, rhythmChanges } from "../records/rhythms.ts";
import { readBeats, readRecording } from "../records/wfdb.ts";
import { BEAT_CODES, VENTRICULAR_CODES } from "../scoring/ec57-classes.ts";
import { type Span, touched } from "../scoring/spans.ts";
import type { Task } from "../task.ts";

const FOLDER = "ecg/mitdb";
const ALARMS = "ecg/challenge2015";
/** Names of the annotators, and ours. */
const NAMES: readonly (readonly [string, RhythmKind])[] = [
  ["B", "bigeminy"],
  ["T", "trigeminy"],
  ["VT", "ventricular-run"],
];
const FLUTTER = "VFL";
/** Of an alarm, before it: definitions of the Challenge 2015. */
const ALARM_S = 300;
const BEFORE_ALARM_S = 14;

interface Found {
  readonly name: string;
  /** By our name: episodes of the annotators, of these found; ours, of these right. */
  readonly episodes: Readonly<Record<string, readonly [number, number, number, number]>>;
  /** Seconds of flutter, of these told; all other seconds, of these told as well. */
  readonly flutter: readonly [number, number, number, number];
}
interface Alarm {
  readonly isTrue: boolean;
  readonly isTold: boolean;
}

export const rhythm: Task = {
  id: "rhythm",
  title: "Rhythms, MIT-BIH Arrhythmia Database: from beats, and ventricular flutter from the waveform",
  needs: [FOLDER],
  published: null,
  async run(dir) {
    const folder = join(dir, FOLDER);
    const found: Found[] = [];
    for (const name of recordNames(folder, ".hea")) found.push(await scoreRecord(folder, name));
    const share = (of: (one: Found) => readonly [number, number]) => (drawn: readonly Found[]) => {
      const all = drawn.map(of);
      return all.reduce((sum, [, part]) => sum + part, 0) / all.reduce((sum, [whole]) => sum + whole, 0);
    };
    const { alarms, others } = await scoreAlarms(join(dir, ALARMS));
    const told = (drawn: readonly Alarm[]) => drawn.filter(({ isTold }) => isTold).length / drawn.length;
    const alarmRows = [
      ["flutter and fibrillation alarms, true: told", alarms.filter(({ isTrue }) => isTrue)],
      ["flutter and fibrillation alarms, false: told all the same", alarms.filter(({ isTrue }) => !isTrue)],
      ["alarms of other kinds: told as flutter or fibrillation", others],
    ] as const;
    return {
      rows: [
        ...NAMES.flatMap(([, kind]) => [
          percentRow(
            `${kind}: episodes found`,
            found,
            share(({ episodes: { [kind]: one } }) => (one ? [one[0], one[1]] : [0, 0])),
            null,
          ),
          percentRow(
            `${kind}: ours that are one`,
            found,
            share(({ episodes: { [kind]: one } }) => (one ? [one[2], one[3]] : [0, 0])),
            null,
          ),
        ]),
        percentRow(
          "flutter: seconds told",
          found,
          share(({ flutter: [all, part] }) => [all, part]),
          null,
        ),
        percentRow(
          "flutter: other seconds not told",
          found,
          share(({ flutter: [, , all, part] }) => [all, all - part]),
          null,
        ),
        ...alarmRows.flatMap(([measure, drawn]) => (drawn.length > 0 ? [percentRow(measure, drawn, told, null)] : [])),
      ],
      notes: [
        "Bigeminy, trigeminy and runs are of the annotators' beats and their classes: what the definitions miss, not what a classifier does. An episode counts where it has a moment in common with one of the other side. Annotators call a rhythm so when most of it is; ours begins when the pattern was there three times.",
        "A run is three ventricular beats and more at any rate; the annotators' VT has a rate as well, and idioventricular rhythm (IVR) counts as right.",
        "Flutter is told from the first lead alone, each second, over the last four. In ventricular tachycardia and with a moved electrode the waveform is much the same: an alarm asks another lead or a pulse as well.",
        `Alarms: any ECG lead in the ${BEFORE_ALARM_S} s before it. Limits of the waveform were chosen on records of both folders: figures on others may be lower.`,
      ],
      records: {
        head: [
          "record",
          ...NAMES.map(([, kind]) => `${kind}: all, found, ours, right`),
          "flutter: s, told, other s, told",
        ],
        lines: found.map(({ name, episodes, flutter }) => [
          name,
          ...NAMES.map(([, kind]) => (episodes[kind] ?? []).join(", ")),
          flutter.join(", "),
        ]),
      },
    };
  },
};

async function scoreRecord(folder: string, name: string): Promise<Found> {
  const { rateHz, signals } = await readRecording(folder, name);
  const annotations = readBeats(join(folder, `${name}.atr`));
  const end = (signals[0]?.samples.length ?? 0) / rateHz;
  const changes = rhythmChanges(annotations);
  const spansOf = (...names: readonly string[]): Span[] =>
    changes.flatMap(([sample, rhythmOf], i): Span[] =>
      names.includes(rhythmOf) ? [[sample / rateHz, (changes[i + 1]?.[0] ?? end * rateHz) / rateHz]] : [],
    );
  const ours = new Map<RhythmKind, Span[]>();
  const watch = createRhythm({
    onBegin: () => {},
    onEnd: ({ kind, from }, to) => ours.set(kind, [...(ours.get(kind) ?? []), [from, to]]),
  });
  for (const { code, sample } of annotations)
    if (BEAT_CODES.has(code)) watch.beat(sample / rateHz, VENTRICULAR_CODES.has(code));
  watch.lost(end);
  const episodes = NAMES.map(([theirs, kind]) => {
    const all = spansOf(theirs);
    const mine = ours.get(kind) ?? [];
    const right = kind === "ventricular-run" ? spansOf(theirs, "IVR", FLUTTER) : all;
    return [kind, [all.length, touched(all, mine), mine.length, touched(mine, right)]] as const;
  });
  const flutter = spansOf(FLUTTER);
  const counts: [number, number, number, number] = [0, 0, 0, 0];
  const waves = createWaves(rateHz, ({ at, isOscillation }) => {
    // The window is four seconds: a second that is half of one and half of the other is not asked.
    const [from, to] = [at / rateHz - 4, at / rateHz];
    const isInside = flutter.some(([start, stop]) => start <= from + 1 && stop >= to - 1);
    const isOutside = !flutter.some(([start, stop]) => start < to && stop > from);
    if (isInside) counts[0]++;
    if (isInside && isOscillation) counts[1]++;
    if (isOutside) counts[2]++;
    if (isOutside && isOscillation) counts[3]++;
  });
  for (const sample of signals[0]?.samples ?? []) waves.push(sample);
  return { name, episodes: Object.fromEntries(episodes), flutter: counts };
}

async function scoreAlarms(folder: string): Promise<{ alarms: Alarm[]; others: Alarm[] }> {
  const [alarms, others]: [Alarm[], Alarm[]] = [[], []];
  const list = join(folder, "ALARMS.csv");
  if (!existsSync(list)) return { alarms, others };
  for (const line of readFileSync(list, "utf8").trim().split(/\r?\n/)) {
    const [name = "", kind = "", isTrue] = line.split(",");
    if (!existsSync(join(folder, `${name}.hea`))) continue;
    const { rateHz, signals } = await readRecording(folder, name);
    let isTold = false;
    for (const { name: signal, samples } of signals) {
      if (!isEcg(signal)) continue;
      const from = Math.round((ALARM_S - BEFORE_ALARM_S - 4) * rateHz);
      const waves = createWaves(rateHz, ({ isOscillation }) => {
        isTold ||= isOscillation;
      });
      for (const sample of samples.subarray(from, ALARM_S * rateHz)) waves.push(sample);
    }
    (/flutter|fib/i.test(kind) ? alarms : others).push({ isTrue: isTrue === "1", isTold });
  }
  return { alarms, others };
}

/** Names of leads in the Challenge 2015; anything else is a pulse wave or respiration. */
const isEcg = (name: string): boolean => !/pleth|abp|resp|art|co2|cvp|pap/i.test(name);
