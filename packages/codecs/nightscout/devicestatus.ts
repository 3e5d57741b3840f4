import { isRecord } from "../body.ts";
import type { Codec, DecodeContext, DecodedRawStatus } from "../codec.ts";
import { Gathered } from "../files/gathered.ts";
import {
  type Document,
  instantOf,
  isGiven,
  nameTheRest,
  numberIn,
  OF_THE_DOCUMENT,
  readDocuments,
  timeOf,
} from "./document.ts";

const NAME = "nightscout/devicestatus";
const TIMES = ["date", "created_at", "mills", "timestamp"];
const TAKEN = new Set([...OF_THE_DOCUMENT, "uploader", "uploaderBattery", "pump", "openaps", "loop"]);

interface Heard {
  readonly at: number;
  readonly battery: number;
}

/**
 * `devicestatus` of Nightscout: the battery of the telephone that uploads, what is left in the pump's reservoir, and insulin on
 * board as the loop computed it. Predictions and suggestions of a loop are its own thoughts, and no measurements.
 *
 * @source LoopKit/NightscoutKit Models/DeviceStatus.swift; nightscout/AndroidAPS core/nssdk RemoteDeviceStatus.kt
 */
const codec: Codec = {
  name: NAME,
  display: "Nightscout, state of devices",
  decode(bytes, context) {
    const found = new Gathered();
    let newest: Heard | null = null;
    for (const [item, document] of readDocuments(bytes, NAME).entries()) {
      const heard = readStatus(found, item, document, context);
      if (heard && (!newest || heard.at >= newest.at)) newest = heard;
    }
    const status: DecodedRawStatus | null = newest && { state: "online", battery: newest.battery, clock: null };
    return { ...found.close(), status };
  },
};

export default codec;

function readStatus(found: Gathered, item: number, document: Document, context: DecodeContext): Heard | null {
  if (document.isValid === false) {
    found.ignore("document that was deleted", 0);
    return null;
  }
  const said = timeOf(found, document, TIMES, context);
  if (said === null) {
    found.refuse(item, "TIME_MALFORMED", "created_at", "an ISO 8601 time, or milliseconds UTC");
    return null;
  }
  const at = said ?? { time: context.at, utcOffsetMinutes: context.utcOffsetMinutes, quality: context.atQuality };
  const instant = (value: unknown) => (isGiven(value) ? instantOf(value, document, context) : null) ?? at;
  const pump = recordIn(document.pump);
  readReservoir(found, item, pump, instant(pump.clock));
  // Several algorithms tell of the same insulin: the one that steers is believed.
  const { iob, time } = onBoard(document);
  if (!Number.isNaN(iob)) found.reading(item, "insulin-on-board", "[iU]", iob, instant(time));
  for (const loop of ["openaps", "loop"] as const) {
    for (const field of Object.keys(recordIn(document[loop])))
      if (field !== "iob") found.ignore(`${loop}.${field.slice(0, 40)}`, 0);
  }
  for (const field of Object.keys(pump)) {
    if (!["reservoir", "clock", "reservoir_display_override"].includes(field))
      found.ignore(`pump.${field.slice(0, 40)}`, 0);
  }
  nameTheRest(found, document, TAKEN);
  const battery = numberIn(document.uploaderBattery ?? recordIn(document.uploader).battery);
  return battery >= 0 && battery <= 100 ? { at: at.time, battery } : null;
}

function readReservoir(found: Gathered, item: number, pump: Document, at: ReturnType<typeof instantOf> & object): void {
  if (!isGiven(pump.reservoir)) return;
  const units = numberIn(pump.reservoir);
  if (Number.isNaN(units)) return void found.refuse(item, "VALUE_NOT_A_NUMBER", "pump.reservoir", "a number of units");
  // "50+": a patch pump does not know how much more there is.
  if (/\+/.test(String(pump.reservoir_display_override ?? "")))
    return void found.ignore("pump.reservoir: above what the pump can tell", 0);
  found.reading(item, "insulin-reservoir", "[iU]", units, at);
}

function onBoard({ openaps, loop, pump }: Document): { readonly iob: number; readonly time: unknown } {
  const { iob: ofOpenaps } = recordIn(openaps);
  for (const one of [Array.isArray(ofOpenaps) ? ofOpenaps[0] : ofOpenaps, recordIn(loop).iob, recordIn(pump).iob]) {
    const { iob, bolusiob, time, timestamp } = recordIn(one);
    const value = numberIn(iob ?? bolusiob);
    if (!Number.isNaN(value)) return { iob: value, time: time ?? timestamp };
  }
  return { iob: Number.NaN, time: undefined };
}

const recordIn = (value: unknown): Document => (isRecord(value) ? value : {});
