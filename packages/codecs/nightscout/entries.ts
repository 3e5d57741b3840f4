import { QUALITY } from "@openward/model";
import type { Codec, DecodeContext } from "../codec.ts";
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

const NAME = "nightscout/entries";
const TAKEN = new Set([...OF_THE_DOCUMENT, "type", "sgv", "mbg", "units", "noise", "trendRate"]);
const TIMES = ["date", "mills", "dateString", "sysTime", "created_at"];
/** Below this a sensor's value says what state it is in (1: not active, 5: not calibrated, 10: power ...). */
const SENSOR_CODES_BELOW = 13;
/** 4 is "heavy": the sensor's signal jumps. */
const HEAVY_NOISE = 4;

export type EntryType = "sgv" | "mbg" | "other";

/** Of the oldest clients the type is known by what is in it. */
export function entryType(document: Document): EntryType {
  const type = wordIn(document.type);
  if (type === "sgv" || type === "mbg") return type;
  if (type !== "") return "other";
  return isGiven(document.sgv) ? "sgv" : isGiven(document.mbg) ? "mbg" : "other";
}

/** It says what the glucose was, and not only how the sensor is. */
export function saysGlucose(document: Document): boolean {
  const type = entryType(document);
  if (type === "mbg") return !Number.isNaN(numberIn(document.mbg));
  return type === "sgv" && numberIn(document.sgv) >= SENSOR_CODES_BELOW;
}

/**
 * `entries` of Nightscout: glucose of the sensor (`sgv`) and of the finger (`mbg`), always in mg/dL.
 *
 * @source nightscout/cgm-remote-monitor lib/server/entries.js, lib/api3/doc; NightscoutFoundation/xDrip NightscoutUploader.java
 */
const codec: Codec = {
  name: NAME,
  display: "Nightscout, glucose",
  decode(bytes, context) {
    const found = new Gathered();
    for (const [item, document] of readDocuments(bytes, NAME).entries()) readEntry(found, item, document, context);
    return found.close();
  },
};

export default codec;

function readEntry(found: Gathered, item: number, document: Document, context: DecodeContext): void {
  const type = entryType(document);
  if (document.isValid === false) return void found.ignore("document that was deleted", 0);
  if (type === "other") return void found.ignore(`document: ${wordIn(document.type).slice(0, 60) || "no type"}`, 0);
  const at = timeOf(found, document, TIMES, context);
  if (!at) return void found.refuse(item, "TIME_MALFORMED", "date", "milliseconds UTC, or an ISO 8601 time");
  const value = numberIn(document[type]);
  if (Number.isNaN(value)) return void found.refuse(item, "VALUE_NOT_A_NUMBER", type, "a number in mg/dL");
  // What an app shows beside it is its screen's unit; the value is in mg/dL, or the client is not one that we know.
  if (/mmol/i.test(wordIn(document.units)) && value < 36)
    return void found.refuse(item, "UNIT_MISMATCH", "units", "mg/dL, as all entries of Nightscout are");
  if (!saysGlucose(document)) return void found.ignore("sgv: a code of how the sensor is", 0);
  const isHeavy = type === "sgv" && numberIn(document.noise) >= HEAVY_NOISE;
  const quality = isHeavy ? QUALITY.questionable : 0;
  found.reading(item, type === "sgv" ? "glucose-interstitial" : "glucose-blood", "mg/dL", value, at, quality);
  const slope = type === "sgv" ? numberIn(document.trendRate) : Number.NaN;
  if (!Number.isNaN(slope)) found.reading(item, "glucose-trend", "mg/dL/min", slope, at, quality);
  nameTheRest(found, document, TAKEN);
}
