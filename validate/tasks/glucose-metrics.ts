import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { type GlucoseMetrics, glucoseMetrics } from "@openward/physiology/glucose";
import { cgmStudies, readCgm } from "../records/cgm.ts";
import type { Task } from "../task.ts";

type Expected = Readonly<Record<string, number | string>>;
type Study = Readonly<Record<string, Expected>>;

/** By the names of the expected values. */
const MEASURES: Readonly<Record<string, (ours: GlucoseMetrics) => number>> = {
  n: ({ count }) => count,
  mean_mg_dl: ({ mean }) => mean,
  sd_mg_dl: ({ sd }) => sd,
  cv_percent: ({ cv }) => cv,
  gmi_percent: ({ gmi }) => gmi,
  ea1c_percent: ({ estimatedA1c }) => estimatedA1c,
  pct_below_54: ({ times }) => times.veryLow,
  pct_54_69: ({ times }) => times.low,
  pct_70_180: ({ times }) => times.target,
  pct_181_250: ({ times }) => times.high,
  pct_above_250: ({ times }) => times.veryHigh,
  pct_70_140: ({ tight }) => tight,
  lbgi: ({ lbgi }) => lbgi,
  hbgi: ({ hbgi }) => hbgi,
  j_index: ({ jIndex }) => jIndex,
  median: ({ median }) => median,
  min: ({ lowest }) => lowest,
  max: ({ highest }) => highest,
};
/** Half of the last digit that is told, and what adding up in another order makes of it. */
const ROUNDING = 0.5e-4 + 1e-8;

export const glucoseMetricsTask: Task = {
  id: "glucose-metrics",
  title: "Glucose: consensus metrics of every person of every study",
  needs: ["cgm"],
  published: "CGM consensus targets",
  async run(dir) {
    const equal = new Map(Object.keys(MEASURES).map((measure) => [measure, { right: 0, all: 0 }]));
    const lines: string[][] = [];
    let absent = 0;
    for (const study of cgmStudies(dir)) {
      const expected = expectedOf(dir, study);
      if (!expected) continue;
      const people = new Map(readCgm(dir, study).map((record) => [record.person, record]));
      const wrong: string[] = [];
      for (const [person, wanted] of Object.entries(expected)) {
        const record = people.get(person);
        if (!record) absent++;
        if (!record) continue;
        const ours = glucoseMetrics(record.values);
        for (const [measure, of] of Object.entries(MEASURES)) {
          const sum = equal.get(measure);
          if (wanted[measure] === undefined || !sum) continue;
          sum.all++;
          const told = ours ? of(ours) : Number.NaN;
          if (Math.abs(told - Number(wanted[measure])) <= ROUNDING) sum.right++;
          else wrong.push(`${person} ${measure} ${told}, expected ${wanted[measure]}`);
        }
      }
      lines.push([study, String(Object.keys(expected).length), wrong.join("; ")]);
    }
    return {
      rows: [...equal].map(([measure, { right, all }]) => {
        const row = { measure: `${measure}, people equal within rounding`, interval: null, target: `${all}` };
        return { ...row, ours: `${right}`, isReached: right === all };
      }),
      notes: [
        `Readings count alike, those in words ("Low", "High") do not. ${absent} people of the expected values have no readings in the folder.`,
      ],
      records: { head: ["study", "people", "not equal"], lines },
    };
  },
};

function expectedOf(dir: string, study: string): Study | undefined {
  const all = join(dir, "cgm/expected-metrics.json.gz");
  const own = join(dir, "cgm", study, "expected-metrics.json");
  if (existsSync(own)) return JSON.parse(readFileSync(own, "utf8")) as Study;
  if (!existsSync(all)) return undefined;
  return (JSON.parse(gunzipSync(readFileSync(all)).toString()) as Record<string, Study>)[study];
}
