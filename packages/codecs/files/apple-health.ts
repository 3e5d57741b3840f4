import type { Codec, Instant } from "../codec.ts";
import { malformed } from "../reader.ts";
import { calendarMs } from "../time.ts";
import TYPES from "./apple-health-types.json" with { type: "json" };
import { cutXml } from "./cut-xml.ts";
import { Gathered, numberOf } from "./gathered.ts";
import type { FileFormat } from "./piece.ts";
import { readXml, type XmlPlace } from "./read-xml.ts";

const NAME = "files/apple-health";
const ROOT = "HealthData";
const SLEEP = "HKCategoryTypeIdentifierSleepAnalysis";
/** HealthKit names glucose by amount with the molar mass: mmol<180.1558800000541>/L. */
const MOLAR = /^mmol<180\.\d+>\/L$/;

interface Quantity {
  readonly signal: string;
  readonly percentOfOne?: boolean;
}

const quantities = new Map<string, Quantity>(Object.entries(TYPES.quantities));
const units = new Map(Object.entries(TYPES.units));
const counts = new Map(Object.entries(TYPES.counts));
const categories = new Map(Object.entries(TYPES.categories));
const stages = new Map(Object.entries(TYPES.sleep));

/**
 * A piece of export.xml of Apple Health: HealthData with its Records. A sum over a time (steps) is a reading at the end
 * of that time. What a Correlation holds stands in the file a second time by itself.
 */
const codec: Codec = {
  name: NAME,
  display: "Apple Health, export.xml",
  decode(bytes) {
    const found = new Gathered();
    let item = -1;
    readXml(bytes, NAME, (place) => ({
      open(name, attributes, depth) {
        if (depth === 1) {
          if (name !== ROOT) throw malformed(NAME, "root", place.offset(), ROOT);
          return;
        }
        if (depth > 2) {
          if (name !== "MetadataEntry") found.ignore(`${name} inside of another`, place.offset());
          return;
        }
        item++;
        if (name === "Record") takeRecord(found, item, attributes, place);
        else if (name === "Workout") takeWorkout(found, item, attributes);
        else if (name !== "ExportDate" && name !== "Me") found.ignore(name, place.offset());
      },
    }));
    return found.close();
  },
};

export default codec;

export const appleHealth: FileFormat = {
  codec: NAME,
  display: "Apple Health",
  isOf: (_name, head) => new TextDecoder().decode(head).includes(`<${ROOT}`),
  cut: (source) => cutXml(source, { root: ROOT, format: NAME }),
};

function takeRecord(found: Gathered, item: number, record: Readonly<Record<string, string>>, place: XmlPlace): void {
  const { type = "", value, unit = "", endDate } = record;
  const quantity = quantities.get(type);
  if (!quantity) {
    if (type === SLEEP || categories.has(type)) takeCategory(found, item, type, record);
    else found.ignore(type === "" ? "Record without a type" : type, place.offset());
    return;
  }
  const { signal, percentOfOne = false } = quantity;
  const at = instantOf(endDate);
  if (!at) return void found.refuse(item, "TIME_MALFORMED", "endDate", DATE);
  const number = numberOf(value);
  if (Number.isNaN(number)) return void found.refuse(item, "VALUE_NOT_A_NUMBER", "value", "a decimal number");
  const code = unit === "count" ? counts.get(signal) : MOLAR.test(unit) ? "mmol/L" : units.get(unit);
  if (code === undefined)
    return void found.refuse(item, "UNIT_UNKNOWN", "unit", "a unit of HealthKit that is read here");
  // A share of one, which HealthKit writes with the unit "%".
  found.reading(item, signal, code, percentOfOne && code === "%" ? scaled(number) : number, at);
}

/** 0.97 is 97, and not 97.00000000000001. */
function scaled(share: number): number {
  return Number((share * 100).toPrecision(12));
}

function takeCategory(found: Gathered, item: number, type: string, record: Readonly<Record<string, string>>): void {
  const from = instantOf(record.startDate);
  const to = instantOf(record.endDate);
  if (!from || !to) return void found.refuse(item, "TIME_MALFORMED", from ? "endDate" : "startDate", DATE);
  const span = { until: new Date(to.time).toISOString(), minutes: minutesOf(from, to) };
  if (type !== SLEEP) {
    found.event(categories.get(type) as string, from, span);
    return;
  }
  const stage = stages.get(record.value ?? "");
  if (stage === undefined) return void found.refuse(item, "FIELD_INVALID", "value", "a stage of sleep of HealthKit");
  found.event("sleep", from, { stage, ...span });
}

function takeWorkout(found: Gathered, item: number, workout: Readonly<Record<string, string>>): void {
  const from = instantOf(workout.startDate);
  const to = instantOf(workout.endDate);
  if (!from || !to) return void found.refuse(item, "TIME_MALFORMED", from ? "endDate" : "startDate", DATE);
  const detail: Record<string, string | number> = {
    activity: (workout.workoutActivityType ?? "").replace("HKWorkoutActivityType", ""),
    until: new Date(to.time).toISOString(),
    minutes: minutesOf(from, to),
  };
  for (const [name, field, unitField] of [
    ["distance", "totalDistance", "totalDistanceUnit"],
    ["energy", "totalEnergyBurned", "totalEnergyBurnedUnit"],
  ] as const) {
    const number = numberOf(workout[field]);
    if (!Number.isNaN(number)) detail[name] = `${number} ${workout[unitField] ?? ""}`.trim();
  }
  found.event("workout", from, detail);
}

function minutesOf(from: Instant, to: Instant): number {
  return Math.round((to.time - from.time) / 600) / 100;
}

const DATE = "YYYY-MM-DD hh:mm:ss +hhmm";

/** "2026-03-14 10:15:30 +0100". The offset is that of the telephone when it exported, and the instant is right. */
function instantOf(text: string | undefined): Instant | null {
  if (text === undefined || text.length !== 25) return null;
  const sign = text.charCodeAt(20);
  if (text[10] !== " " || text[4] !== "-" || text[13] !== ":" || (sign !== 43 && sign !== 45)) return null;
  const offset = (sign === 45 ? -1 : 1) * (two(text, 21) * 60 + two(text, 23));
  const year = two(text, 0) * 100 + two(text, 2);
  const time = calendarMs(year, two(text, 5), two(text, 8), two(text, 11), two(text, 14), two(text, 17), 0, offset);
  return Number.isNaN(time) ? null : { time, utcOffsetMinutes: offset, quality: 0 };
}

function two(text: string, at: number): number {
  const tens = text.charCodeAt(at) - 48;
  const ones = text.charCodeAt(at + 1) - 48;
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : Number.NaN;
}
