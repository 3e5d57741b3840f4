import { RefusedInput } from "@openward/errors";
import type { Codec, DecodeContext, Instant } from "../codec.ts";
import { Findings } from "../findings.ts";
import { ByteReader } from "../reader.ts";
import { noteStatus } from "./cgm-status.ts";
import { checkCrc } from "./crc.ts";

const NAME = "gatt/2aa7";
const TREND = 0b1;
const QUALITY_FIELD = 0b10;
const WARNING = 0b100000;
const CALIBRATION = 0b1000000;
const STATUS = 0b10000000;
const SHORTEST = 6;

export interface CgmRecord {
  /** Where the record begins. */
  readonly offset: number;
  readonly size: number;
  readonly flags: number;
  /** mg/dL */
  readonly glucose: number;
  readonly minutes: number;
  readonly status: number | null;
  readonly calibration: number | null;
  readonly warning: number | null;
  /** mg/dL/min */
  readonly trend: number | null;
  /** Percent. */
  readonly quality: number | null;
  readonly crc: number | null;
}

/** @throws RefusedInput MALFORMED_BYTES */
export function parseCgm(reader: ByteReader): readonly CgmRecord[] {
  const records: CgmRecord[] = [];
  do records.push(parseRecord(reader));
  while (reader.left > 0);
  return records;
}

function parseRecord(reader: ByteReader): CgmRecord {
  const { offset } = reader;
  const size = reader.u8("size");
  if (size < SHORTEST) reader.refuse("size", offset, `at least ${SHORTEST}`);
  if (reader.left < size - 1) reader.refuse("size", offset, `${size} bytes, ${reader.left + 1} are there`);
  const flags = reader.u8("flags");
  const glucose = reader.sfloat("glucoseConcentration");
  const minutes = reader.u16("timeOffset");
  const status = (flags & STATUS) !== 0 ? reader.u8("sensorStatus") : null;
  const calibration = (flags & CALIBRATION) !== 0 ? reader.u8("calibrationStatus") : null;
  const warning = (flags & WARNING) !== 0 ? reader.u8("warning") : null;
  const trend = (flags & TREND) !== 0 ? reader.sfloat("trend") : null;
  const quality = (flags & QUALITY_FIELD) !== 0 ? reader.sfloat("quality") : null;
  // Whether there is a CRC stands in the CGM Feature; the size of the record says it as well.
  const left = offset + size - reader.offset;
  if (left !== 0 && left !== 2) reader.refuse("size", offset, "the size of the fields that the flags name");
  const crc = left === 2 ? checkCrc(reader, offset) : null;
  return { offset, size, flags, glucose, minutes, status, calibration, warning, trend, quality, crc };
}

/**
 * Bluetooth SIG CGM Measurement: one or more records, with minutes since the session began. When that was must stand
 * before it in the same capture: a stored record and one of this minute look the same.
 *
 * @throws RefusedInput CONTEXT_MISSING
 */
const codec: Codec = {
  name: NAME,
  display: "Continuous glucose",
  decode(bytes, context) {
    const reader = new ByteReader(bytes, NAME);
    const records = parseCgm(reader);
    const start = startOf(context);
    const found = new Findings(context);
    for (const record of records) {
      const { offset, flags, status, calibration, warning, trend, quality } = record;
      found.instant = { ...start, time: start.time + record.minutes * 60_000 };
      found.quality = 0;
      noteStatus(found, (status ?? 0) | ((calibration ?? 0) << 8) | ((warning ?? 0) << 16), NAME);
      found.reading("glucose-interstitial", "mg/dL", record.glucose, offset + 2);
      const behind =
        offset + 6 + (status === null ? 0 : 1) + (calibration === null ? 0 : 1) + (warning === null ? 0 : 1);
      if (trend !== null) found.reading("glucose-trend", "mg/dL/min", trend, behind);
      if (quality !== null) found.ignore(behind + (trend === null ? 0 : 2), "quality in percent");
      if ((flags & 0b11100) !== 0) found.ignore(offset + 1, "flags that are reserved");
    }
    return found;
  },
};

function startOf({ session }: DecodeContext): Instant {
  if (session.cgmStart) return session.cgmStart;
  throw new RefusedInput("CONTEXT_MISSING", {
    at: "timeOffset",
    format: NAME,
    offset: 4,
    expected: "the session start time (gatt/2aaa) before it in the same capture",
  });
}

export default codec;
