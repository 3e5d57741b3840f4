import { RefusedInput } from "@openward/errors";
import { isRecord } from "./body.ts";
import { Columns } from "./reading-columns.ts";
import type { DecodedReadings } from "./readings.ts";
import type { Refusals } from "./refusals.ts";

/** Below this a SenML time is relative to "now". Source: RFC 8428 section 4.5.3. */
const ABSOLUTE_FROM = 2 ** 28;
const MAX_NAME = 100;

/** Where the SenML registry and UCUM write a unit differently. Source: RFC 8428 section 12.1; RFC 8798. */
const UCUM_OF: Readonly<Record<string, string>> = {
  "beat/min": "/min",
  beats: "{beats}",
  "1/min": "/min",
  "1/s": "/s",
  "%RH": "%",
  "%EL": "%",
  "/": "1",
  mmHg: "mm[Hg]",
};

/** A SenML pack: an array whose first record has fields of SenML and none of ours. */
export function isSenml(root: readonly unknown[]): boolean {
  const first = root[0];
  if (!isRecord(first) || "values" in first || "at" in first) return false;
  return "bn" in first || "n" in first || "bver" in first || "bt" in first;
}

/**
 * A SenML pack with its base fields resolved. The signal is what stands after the last ":" or "/" of the name, so that
 * a base name can carry the device. Times are seconds and absolute; 0 or none is "no time"; a relative time is refused,
 * because the reading could not be told from one that carries its own.
 *
 * @throws RefusedInput BODY_SHAPE for a version above 10 or a field that must be understood
 * @source RFC 8428
 */
export function decodeSenml(root: readonly unknown[], refusals: Refusals): DecodedReadings {
  const columns = new Columns();
  let baseName = "";
  let baseTime = 0;
  let baseValue = 0;
  let baseUnit: string | null = null;
  for (let i = 0; i < root.length; i++) {
    const record = root[i];
    if (!isRecord(record)) {
      refusals.add(i, "BODY_SHAPE", "", "a SenML record");
      continue;
    }
    for (const key in record) {
      if (key.endsWith("_")) {
        throw new RefusedInput("BODY_SHAPE", {
          at: `[${i}].${key.slice(0, 40)}`,
          expected: "no field that must be understood",
        });
      }
    }
    const { bn, bt, bu, bv, bver, n, t, u, v } = record;
    if (bver !== undefined && !(typeof bver === "number" && bver <= 10)) {
      throw new RefusedInput("BODY_SHAPE", { at: `[${i}].bver`, expected: "SenML of version 10 or below" });
    }
    if (!isText(bn) || !isText(n) || !isText(bu) || !isText(u) || !isNumber(bt) || !isNumber(t) || !isNumber(bv)) {
      refusals.add(i, "BODY_SHAPE", "", "names and units as text, times and base values as numbers");
      continue;
    }
    if (bn !== undefined) baseName = bn;
    if (bt !== undefined) baseTime = bt;
    if (bv !== undefined) baseValue = bv;
    if (bu !== undefined) baseUnit = bu;
    const isBaseOnly = v === undefined && n === undefined && !hasOtherValue(record);
    if (isBaseOnly) continue;
    const name = baseName + (n ?? "");
    const signal = name.slice(Math.max(name.lastIndexOf(":"), name.lastIndexOf("/")) + 1);
    const seconds = baseTime + (t ?? 0);
    if (signal === "" || signal.length > MAX_NAME) {
      refusals.add(i, "SIGNAL_UNKNOWN", "n", "a name that ends in a signal's key");
    } else if (typeof v !== "number" || !Number.isFinite(v + baseValue)) {
      refusals.add(i, "VALUE_NOT_A_NUMBER", "v", "a finite number");
    } else if (seconds !== 0 && seconds < ABSOLUTE_FROM) {
      refusals.add(i, "TIME_MALFORMED", "t", "seconds since 1970, or no time");
    } else {
      const unit = u ?? baseUnit;
      const time = seconds === 0 ? Number.NaN : Math.round(seconds * 1000);
      columns.add(0, signal, unit ? (UCUM_OF[unit] ?? unit) : null, null, time, sum(v, baseValue), i);
    }
  }
  return { columns: columns.list, refused: refusals.close() };
}

/** 22 + 0.1 is 22.1 to the device: the dust of binary fractions is taken off. */
function sum(value: number, base: number): number {
  return base === 0 ? value : Number((value + base).toPrecision(15));
}

function hasOtherValue(record: Record<string, unknown>): boolean {
  return "vs" in record || "vb" in record || "vd" in record || "s" in record;
}

function isText(value: unknown): value is string | undefined {
  return value === undefined || (typeof value === "string" && value.length <= 256);
}

function isNumber(value: unknown): value is number | undefined {
  return value === undefined || (typeof value === "number" && Number.isFinite(value));
}
