import type { Codec } from "../codec.ts";
import { Findings } from "../findings.ts";
import { ByteReader } from "../reader.ts";
import { wordsOf } from "./bits.ts";
import { checkCrc, e2eCrc } from "./crc.ts";

const THERAPY: Readonly<Record<number, string>> = { 15: "undetermined", 51: "stop", 60: "pause", 85: "run" };
const OPERATION: Readonly<Record<number, string>> = {
  15: "undetermined",
  51: "off",
  60: "standby",
  85: "preparing",
  90: "priming",
  102: "waiting",
  150: "ready",
};

/** A counter and a CRC stand behind the fields where the pump protects them, which the length tells. */
function skipProtection(reader: ByteReader): void {
  if (reader.left < 3) return;
  reader.u8("e2eCounter");
  checkCrc(reader, 0);
}

export interface PumpStatus {
  readonly therapy: string;
  readonly operation: string;
  /** [iU] */
  readonly reservoir: number;
  readonly isAttached: boolean;
}

/** @throws RefusedInput MALFORMED_BYTES */
export function parsePumpStatus(reader: ByteReader): PumpStatus {
  const therapy = THERAPY[reader.u8("therapyControlState")];
  if (therapy === undefined) reader.refuse("therapyControlState", 0, "a state of the Insulin Delivery Service");
  const operation = OPERATION[reader.u8("operationalState")];
  if (operation === undefined) reader.refuse("operationalState", 1, "a state of the Insulin Delivery Service");
  const reservoir = reader.sfloat("reservoirRemaining");
  return { therapy, operation, reservoir, isAttached: (reader.u8("flags") & 1) !== 0 };
}

/** Bluetooth SIG IDD Status: does the pump run, and what is left in it. */
export const pumpStatus: Codec = {
  name: "gatt/2b21",
  display: "Insulin pump, status",
  decode(bytes, context) {
    const reader = new ByteReader(bytes, "gatt/2b21");
    const { therapy, operation, reservoir, isAttached } = parsePumpStatus(reader);
    skipProtection(reader);
    const found = new Findings(context);
    found.event("insulin-pump-status", { codec: "gatt/2b21", therapy, operation, reservoirAttached: isAttached });
    if (isAttached) found.reading("insulin-reservoir", "[iU]", reservoir, 2);
    else found.ignore(2, "what is left in a reservoir that is not attached");
    found.ignoreRest(bytes, reader.offset);
    return found;
  },
};

const CHANGED: Readonly<Record<number, string>> = {
  0: "therapy control state",
  1: "operational state",
  2: "reservoir",
  3: "annunciation",
  4: "total daily insulin",
  5: "active basal rate",
  6: "active bolus",
  7: "history event recorded",
};

/** Bluetooth SIG IDD Status Changed: what is to be read anew. */
export const pumpChanged: Codec = {
  name: "gatt/2b20",
  display: "Insulin pump, status changed",
  decode(bytes, context) {
    const reader = new ByteReader(bytes, "gatt/2b20");
    const flags = reader.u16("flags");
    skipProtection(reader);
    const found = new Findings(context);
    found.event("insulin-pump-changed", { codec: "gatt/2b20", changed: wordsOf(flags, CHANGED) });
    found.ignoreRest(bytes, reader.offset);
    return found;
  },
};

const ANNUNCIATION: Readonly<Record<number, string>> = {
  15: "system issue",
  51: "mechanical issue",
  60: "occlusion detected",
  85: "reservoir issue",
  90: "reservoir empty",
  102: "reservoir low",
  105: "priming issue",
  150: "infusion set incomplete",
  153: "infusion set detached",
  165: "power source insufficient",
  170: "battery empty",
  195: "battery low",
  204: "battery medium",
  240: "battery full",
  255: "temperature out of range",
  771: "air pressure out of range",
  780: "bolus cancelled",
  816: "temporary basal over",
  831: "temporary basal cancelled",
  854: "max delivery",
  857: "date time issue",
  869: "temperature measurement",
};
const ANSWER: Readonly<Record<number, string>> = {
  15: "undetermined",
  51: "pending",
  60: "snoozed",
  85: "confirmed",
};

/** Bluetooth SIG IDD Annunciation Status: what the pump itself alarms for. */
export const pumpAnnunciation: Codec = {
  name: "gatt/2b22",
  display: "Insulin pump, annunciation",
  decode(bytes, context) {
    const reader = new ByteReader(bytes, "gatt/2b22");
    const flags = reader.u8("flags");
    const found = new Findings(context);
    if ((flags & 1) !== 0) {
      const instance = reader.u16("annunciationInstanceId");
      const type = reader.u16("annunciationType");
      const status = reader.u8("annunciationStatus");
      found.event("insulin-pump-annunciation", {
        codec: "gatt/2b22",
        instance,
        type: ANNUNCIATION[type] ?? `0x${type.toString(16)}`,
        status: ANSWER[status] ?? `0x${status.toString(16)}`,
      });
    }
    for (let bit = 1; bit <= 5; bit++) {
      if (((flags >>> bit) & 1) === 0) continue;
      found.ignore(reader.offset, `auxiliary information ${bit}`);
      reader.u16("auxiliaryInfo");
    }
    skipProtection(reader);
    found.ignoreRest(bytes, reader.offset);
    return found;
  },
};

const NO_CRC = 0xffff;

/** Bluetooth SIG IDD Features. Its CRC stands before what it is of. */
export const pumpFeatures: Codec = {
  name: "gatt/2b23",
  display: "Insulin pump, features",
  decode(bytes, context) {
    const reader = new ByteReader(bytes, "gatt/2b23");
    const crc = reader.u16("e2eCrc");
    reader.u8("e2eCounter");
    const concentration = reader.sfloat("insulinConcentration");
    reader.u24("flags");
    if (crc !== NO_CRC && crc !== e2eCrc(bytes, 2, bytes.length)) {
      reader.refuse("e2eCrc", 0, "the CRC of the bytes behind it");
    }
    const found = new Findings(context);
    found.reading("insulin-concentration", "[iU]/mL", concentration, 3);
    found.ignore(5, "features that are supported");
    found.ignoreRest(bytes, reader.offset);
    return found;
  },
};
