import type { Codec } from "../codec.ts";
import { Findings } from "../findings.ts";
import { ByteReader } from "../reader.ts";

const NAME = "gatt/2a37";
const WIDE = 0b1;
const CONTACT = 0b110;
const CONTACT_NONE = 0b100;
const CONTACT_MADE = 0b110;
const ENERGY = 0b1000;
const RR = 0b10000;
const RESERVED = 0b11100000;

export interface HeartRate {
  readonly flags: number;
  /** Per minute. */
  readonly heartRate: number;
  readonly contact: "not-supported" | "not-detected" | "detected";
  /** kJ since it was reset. */
  readonly energyKj: number | null;
  /** In 1/1024 s, the oldest first. */
  readonly rrIntervals: readonly number[];
}

const NO_INTERVALS: readonly number[] = [];

/** @throws RefusedInput MALFORMED_BYTES */
export function parseHeartRate(reader: ByteReader): HeartRate {
  const flags = reader.u8("flags");
  const heartRate = (flags & WIDE) !== 0 ? reader.u16("heartRate") : reader.u8("heartRate");
  const energyKj = (flags & ENERGY) !== 0 ? reader.u16("energyExpended") : null;
  const contact = flags & CONTACT;
  return {
    flags,
    heartRate,
    contact: contact === CONTACT_MADE ? "detected" : contact === CONTACT_NONE ? "not-detected" : "not-supported",
    energyKj,
    rrIntervals: (flags & RR) !== 0 ? intervals(reader) : NO_INTERVALS,
  };
}

function intervals(reader: ByteReader): readonly number[] {
  const found: number[] = [];
  while (reader.left >= 2) found.push(reader.u16("rrInterval"));
  return found;
}

/** Bluetooth SIG Heart Rate Measurement. */
const codec: Codec = {
  name: NAME,
  display: "Heart rate",
  decode(bytes, context) {
    const reader = new ByteReader(bytes, NAME);
    const { flags, heartRate, contact, energyKj, rrIntervals } = parseHeartRate(reader);
    const found = new Findings(context);
    if (contact !== "not-supported") found.reading("wear-state", "1", contact === "detected" ? 1 : 0, 0);
    // A strap that lies on the table goes on sending its last rate, or zero: neither is anybody's heart.
    if (contact === "not-detected") found.ignore(1, "heart rate without skin contact");
    else found.reading("heart-rate", "/min", heartRate, 1);
    if (energyKj !== null) found.reading("energy-burned", "kJ", energyKj, (flags & WIDE) !== 0 ? 3 : 2);
    if (rrIntervals.length > 0) {
      const offset = reader.offset - 2 * rrIntervals.length;
      if (contact === "not-detected") found.ignore(offset, "R-R intervals without skin contact");
      else addIntervals(found, rrIntervals, offset);
    }
    if ((flags & RESERVED) !== 0) found.ignore(0, "flags that are reserved");
    found.ignoreRest(bytes, reader.offset);
    return found;
  },
};

/** The last beat came when the value did; those before it, as long before as the intervals say. */
function addIntervals(found: Findings, intervals: readonly number[], offset: number): void {
  let { time } = found.instant;
  for (let i = intervals.length - 1; i >= 0; i--) {
    const ms = ((intervals[i] as number) * 1000) / 1024;
    found.reading("rr-interval", "ms", ms, offset + 2 * i, Math.round(time));
    time -= ms;
  }
}

export default codec;
