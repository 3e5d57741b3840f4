import type { Codec, DecodeContext, Instant } from "../codec.ts";
import { Gathered } from "../files/gathered.ts";
import {
  type Document,
  isGiven,
  nameTheRest,
  numberIn,
  OF_THE_DOCUMENT,
  readDocuments,
  timeOf,
  wordIn,
} from "./document.ts";

const NAME = "nightscout/treatments";
const TIMES = ["date", "created_at", "mills", "timestamp", "sysTime"];
const MINUTE_MS = 60_000;
const AMOUNTS = ["insulin", "carbs", "absolute", "rate", "glucose"];
const TAKEN = new Set([
  ...OF_THE_DOCUMENT,
  ...AMOUNTS,
  "eventType",
  "glucoseType",
  "units",
  "preBolus",
  "type",
  "isBasalInsulin",
]);
/** What else an event carries: numbers and words of the document, under names of ours. */
const DETAIL: Readonly<Record<string, string>> = {
  duration: "durationMinutes",
  durationInMilliseconds: "durationMs",
  targetTop: "targetTop",
  targetBottom: "targetBottom",
  percent: "percent",
  percentage: "percentage",
  profile: "profile",
  reason: "reason",
  notes: "notes",
  mode: "mode",
  insulinNeedsScaleFactor: "insulinNeedsScaleFactor",
};
/** Doses and meals are readings; what is left of these has nothing more to tell. */
const DOSES = new Set([
  "",
  "<none>",
  "bolus",
  "bolus wizard",
  "meal bolus",
  "snack bolus",
  "correction bolus",
  "smb",
  "carb correction",
  "carbs",
  "bg check",
]);

/**
 * `treatments` of Nightscout: insulin given, carbohydrates eaten, basal rates set, glucose of the finger; and as events what
 * was done (a sensor or a cannula changed, exercise, a target, a note).
 *
 * @source nightscout/cgm-remote-monitor lib/server/treatments.js; nightscout/AndroidAPS core/nssdk; LoopKit/NightscoutKit Models/Treatments
 */
const codec: Codec = {
  name: NAME,
  display: "Nightscout, treatments",
  decode(bytes, context) {
    const found = new Gathered();
    for (const [item, document] of readDocuments(bytes, NAME).entries()) readTreatment(found, item, document, context);
    return found.close();
  },
};

export default codec;

function readTreatment(found: Gathered, item: number, document: Document, context: DecodeContext): void {
  if (document.isValid === false) return void found.ignore("document that was deleted", 0);
  const said = timeOf(found, document, TIMES, context);
  if (said === null)
    return void found.refuse(item, "TIME_MALFORMED", "created_at", "an ISO 8601 time, or milliseconds UTC");
  // A form that was filled in just now says no time.
  const at = said ?? { time: context.at, utcOffsetMinutes: context.utcOffsetMinutes, quality: context.atQuality };
  const taken = new Set(TAKEN);
  const eventType = wordIn(document.eventType).slice(0, 100);
  readInsulin(found, item, document, at);
  readCarbohydrates(found, item, document, at);
  readBasal(found, item, document, at, eventType);
  readGlucose(found, item, document, at, eventType);
  if (!DOSES.has(eventType.toLowerCase())) {
    const detail: Record<string, string | number | boolean> = { what: eventType };
    for (const [field, name] of Object.entries(DETAIL)) {
      const value = document[field];
      if (!isGiven(value) || (typeof value !== "string" && typeof value !== "number")) continue;
      detail[name] = value;
      taken.add(field);
    }
    found.event("diabetes-therapy", at, detail);
  }
  nameTheRest(found, document, taken);
}

/** A number above zero; clients fill what does not apply with zeros. */
function amountIn(found: Gathered, item: number, document: Document, field: string): number | null {
  const given = document[field];
  if (!isGiven(given)) return null;
  const value = numberIn(given);
  if (Number.isNaN(value)) found.refuse(item, "VALUE_NOT_A_NUMBER", field, "a number");
  else if (value > 0) return value;
  else if (value < 0) found.refuse(item, "VALUE_IMPLAUSIBLE", field, "not below zero");
  return null;
}

function readInsulin(found: Gathered, item: number, document: Document, at: Instant): void {
  const units = amountIn(found, item, document, "insulin");
  if (units === null) return;
  // It fills the tube of the pump, and no body.
  if (wordIn(document.type).toUpperCase() === "PRIMING") return void found.ignore("insulin: priming of the pump", 0);
  // A pen's insulin for the whole day is no bolus of that size: whoever reads the two as one sees an overdose.
  if (document.isBasalInsulin === true) return void found.event("basal-insulin-injected", at, { units });
  found.reading(item, "insulin-bolus", "[iU]", units, at);
}

function readCarbohydrates(found: Gathered, item: number, document: Document, at: Instant): void {
  const grams = amountIn(found, item, document, "carbs");
  if (grams === null) return;
  const minutes = numberIn(document.preBolus);
  const eaten = Number.isNaN(minutes) || Math.abs(minutes) > 1_440 ? at.time : at.time + minutes * MINUTE_MS;
  found.reading(item, "carbohydrate-intake", "g", grams, { ...at, time: eaten });
}

/** Zero is a rate too: the pump was stopped. */
function readBasal(found: Gathered, item: number, document: Document, at: Instant, eventType: string): void {
  const field = isGiven(document.absolute) ? "absolute" : "rate";
  if (eventType.toLowerCase() !== "temp basal" || !isGiven(document[field])) {
    for (const other of ["absolute", "rate"]) if (isGiven(document[other])) found.ignore(`field ${other}`, 0);
    return;
  }
  const rate = numberIn(document[field]);
  if (Number.isNaN(rate)) return void found.refuse(item, "VALUE_NOT_A_NUMBER", field, "a number of units an hour");
  // Some say a percentage of the profile's rate in the same field.
  if (field === "rate" && wordIn(document.temp) === "percentage")
    return void found.ignore("rate: a percentage of a profile", 0);
  found.reading(item, "insulin-basal-rate-setting", "[iU]/h", rate, at);
}

function readGlucose(found: Gathered, item: number, document: Document, at: Instant, eventType: string): void {
  if (!isGiven(document.glucose)) return;
  const from = wordIn(document.glucoseType).toLowerCase();
  const isFinger = from === "finger" || (from === "" && eventType.toLowerCase() === "bg check");
  // What the sensor said comes as an entry; by hand is what somebody read somewhere.
  if (!isFinger) return void found.ignore(`glucose: ${from === "" ? "of an unknown kind" : "not of the finger"}`, 0);
  const value = numberIn(document.glucose);
  if (Number.isNaN(value)) return void found.refuse(item, "VALUE_NOT_A_NUMBER", "glucose", "a number");
  if (value === 0) return;
  const units = wordIn(document.units).toLowerCase();
  if (units.startsWith("mmol")) found.reading(item, "glucose-blood-molar", "mmol/L", value, at);
  else if (units.startsWith("mg")) found.reading(item, "glucose-blood", "mg/dL", value, at);
  else found.refuse(item, "UNIT_UNKNOWN", "units", "mg/dl or mmol");
}
