import type { Codec } from "../codec.ts";
import { Findings } from "../findings.ts";
import { ByteReader } from "../reader.ts";
import { noteStatus } from "./cgm-status.ts";
import { checkCrc } from "./crc.ts";

export interface CgmStatus {
  readonly minutes: number;
  readonly status: number;
  readonly crc: number | null;
}

/** @throws RefusedInput MALFORMED_BYTES */
export function parseCgmStatus(reader: ByteReader): CgmStatus {
  const minutes = reader.u16("timeOffset");
  const status = reader.u24("status");
  return { minutes, status, crc: reader.left >= 2 ? checkCrc(reader, 0) : null };
}

/** Bluetooth SIG CGM Status: how the sensor is now. */
export const cgmStatus: Codec = {
  name: "gatt/2aa9",
  display: "Continuous glucose, status",
  decode(bytes, context) {
    const reader = new ByteReader(bytes, "gatt/2aa9");
    const { minutes, status } = parseCgmStatus(reader);
    const found = new Findings(context);
    const { cgmStart } = context.session;
    if (cgmStart) found.instant = { ...cgmStart, time: cgmStart.time + minutes * 60_000 };
    noteStatus(found, status, "gatt/2aa9");
    if (!cgmStart) found.ignore(0, "minutes since a session start that was not sent");
    found.ignoreRest(bytes, reader.offset);
    return found;
  },
};

export interface CgmFeature {
  readonly features: number;
  readonly type: number;
  readonly location: number;
  /** null: 0xFFFF, the device has no CRC. */
  readonly crc: number | null;
}

const NO_CRC = 0xffff;

/** @throws RefusedInput MALFORMED_BYTES */
export function parseCgmFeature(reader: ByteReader): CgmFeature {
  const features = reader.u24("features");
  const sample = reader.u8("typeAndLocation");
  const hasCrc = ((features >>> 12) & 1) === 1;
  const crc = hasCrc ? checkCrc(reader, 0) : reader.u16("crc");
  return { features, type: sample & 0xf, location: sample >> 4, crc: !hasCrc && crc === NO_CRC ? null : crc };
}

/** Bluetooth SIG CGM Feature: what the device can do, and what it measures in. */
export const cgmFeature: Codec = {
  name: "gatt/2aa8",
  display: "Continuous glucose, feature",
  decode(bytes, context) {
    const reader = new ByteReader(bytes, "gatt/2aa8");
    const { type, location } = parseCgmFeature(reader);
    const found = new Findings(context);
    found.fact("measures", `glucose, sample type ${type}, location ${location}`);
    found.ignore(0, "features that are supported");
    found.ignoreRest(bytes, reader.offset);
    return found;
  },
};

export interface CgmRunTime {
  readonly hours: number;
  readonly crc: number | null;
}

/** @throws RefusedInput MALFORMED_BYTES */
export function parseCgmRunTime(reader: ByteReader): CgmRunTime {
  const hours = reader.u16("sessionRunTime");
  return { hours, crc: reader.left >= 2 ? checkCrc(reader, 0) : null };
}

/** Bluetooth SIG CGM Session Run Time: how long the sensor is expected to run. */
export const cgmRunTime: Codec = {
  name: "gatt/2aab",
  display: "Continuous glucose, session run time",
  decode(bytes, context) {
    const reader = new ByteReader(bytes, "gatt/2aab");
    const { hours } = parseCgmRunTime(reader);
    const found = new Findings(context);
    found.event("sensor-run-time", { codec: "gatt/2aab", hours });
    found.ignoreRest(bytes, reader.offset);
    return found;
  },
};
