import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import type { About } from "@openward/physiology/deterioration";

export const FOLDER = "icu/challenge2012";

/** A stay in intensive care. */
export interface Stay {
  readonly id: string;
  readonly about: About;
  readonly died: boolean;
  /** Of the first day, as the Challenge's own; null where there is none. */
  readonly saps: number | null;
  readonly sofa: number | null;
  /** In the units of the inputs of the index; hours since admission, ascending. */
  readonly readings: readonly { readonly hours: number; readonly id: string; readonly value: number }[];
}

const UNITS = ["coronary", "cardiac surgery", "medical", "surgical"] as const;
/** Parameters of the Challenge, and what we call them. What is not here is in no index. */
const INPUTS: Readonly<Record<string, string>> = {
  HR: "pulse",
  SysABP: "systolic",
  NISysABP: "systolic",
  DiasABP: "diastolic",
  NIDiasABP: "diastolic",
  MAP: "mean-pressure",
  NIMAP: "mean-pressure",
  RespRate: "respiratory-rate",
  Temp: "temperature",
  SaO2: "spo2",
  GCS: "gcs",
  FiO2: "fio2",
  MechVent: "ventilation",
  Urine: "urine",
  Weight: "weight",
  BUN: "urea-nitrogen",
  Creatinine: "creatinine",
  Bilirubin: "bilirubin",
  Albumin: "albumin",
  ALP: "alkaline-phosphatase",
  ALT: "alanine-transaminase",
  AST: "aspartate-transaminase",
  Lactate: "lactate",
  pH: "ph",
  PaCO2: "paco2",
  PaO2: "pao2",
  HCO3: "bicarbonate",
  Na: "sodium",
  K: "potassium",
  Mg: "magnesium",
  Glucose: "glucose",
  WBC: "white-cells",
  Platelets: "platelets",
  HCT: "haematocrit",
  TroponinI: "troponin-i",
  TroponinT: "troponin-t",
};
/** The fraction is one of 1 there, and a per cent here. */
const FACTORS: Readonly<Record<string, number>> = { FiO2: 100 };

/** @param dir the folder of recordings */
export function readStays(dir: string): readonly Stay[] {
  const rows = csv(gunzipSync(readFileSync(join(dir, FOLDER, "records.csv.gz"))).toString());
  const outcomes = csv(readFileSync(join(dir, FOLDER, "outcomes.csv"), "utf8"));
  const byStay = Map.groupBy(rows, ([id]) => id as string);
  return outcomes.map(([id = "", saps, sofa, , , died]) => {
    const own = byStay.get(id) ?? [];
    const first = (name: string) => Number(own.find(([, , parameter]) => parameter === name)?.[3] ?? -1);
    const unit = UNITS[first("ICUType") - 1];
    const age = first("Age");
    const readings = own.flatMap(([, time = "", parameter = "", value]) => {
      const input = INPUTS[parameter];
      const [hours = 0, minutes = 0] = time.split(":").map(Number);
      return input === undefined
        ? []
        : [{ hours: hours + minutes / 60, id: input, value: Number(value) * (FACTORS[parameter] ?? 1) }];
    });
    return {
      id,
      about: { ...(age >= 0 ? { ageYears: age } : {}), ...(unit ? { unit } : {}) },
      died: died === "1",
      saps: scoreOf(saps),
      sofa: scoreOf(sofa),
      readings: readings.toSorted((a, b) => a.hours - b.hours),
    };
  });
}

const scoreOf = (text: string | undefined) => (text === undefined || Number(text) < 0 ? null : Number(text));

const csv = (text: string): string[][] =>
  text
    .trim()
    .split("\n")
    .slice(1)
    .map((line) => line.trim().split(","));
