import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Input, score } from "@openward/physiology/scores";
import type { Task } from "../task.ts";

interface Case {
  readonly input: {
    readonly respiratory_rate: number;
    readonly spo2: number;
    readonly spo2_scale: 1 | 2;
    readonly supplemental_oxygen: boolean;
    readonly systolic_bp: number;
    readonly pulse: number;
    readonly consciousness: string;
    readonly temperature_c: number;
  };
  readonly expected: { readonly total: number; readonly risk: string };
}

export const news2: Task = {
  id: "news2",
  title: "NEWS2, every boundary of the chart",
  needs: ["icu/news2"],
  published: null,
  async run(dir) {
    const cases: readonly Case[] = JSON.parse(readFileSync(join(dir, "icu/news2/news2-cases.json"), "utf8"));
    const lines = cases.map((one, i) => {
      const { total, level } = scored(one);
      return [String(i), String(total), String(one.expected.total), String(level), one.expected.risk];
    });
    const right = lines.filter(([, ours, expected, level, risk]) => ours === expected && level === risk).length;
    const row = { measure: "cases with total and level right", interval: null, target: `${cases.length}` };
    return {
      rows: [{ ...row, ours: `${right}`, isReached: right === cases.length }],
      notes: [],
      records: { head: ["case", "total", "expected", "level", "expected"], lines },
    };
  },
};

function scored({ input }: Case) {
  const values = {
    "respiratory-rate": input.respiratory_rate,
    spo2: input.spo2,
    oxygen: input.supplemental_oxygen ? "oxygen" : "air",
    systolic: input.systolic_bp,
    pulse: input.pulse,
    consciousness: input.consciousness,
    temperature: input.temperature_c,
  };
  const inputs = Object.entries(values).map(([id, value]): [string, Input] => [id, { value, at: 0 }]);
  const question = { inputs: Object.fromEntries(inputs), now: 0, maxAgeMs: () => 1, spo2Scale: input.spo2_scale };
  return score("news2", question);
}
