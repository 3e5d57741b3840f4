import { QUALITY } from "@openward/model";
import type { Codec, DecodeContext, Instant } from "../codec.ts";
import { Findings } from "../findings.ts";
import { unitOfTerm } from "../ieee11073/dimensions.ts";
import { signalOfTerm } from "../ieee11073/nomenclature.ts";
import { ByteReader } from "../reader.ts";
import { hasAny, wordsOf } from "./bits.ts";
import { readElapsedTime } from "./elapsed-time.ts";
import { joinSegments } from "./segments.ts";

const NUMERIC = 1;
const DISCRETE = 2;
const TEXT = 3;
const SAMPLES = 4;
const COMPOUND_DISCRETE = 5;
const COMPOUND_STATE = 6;
const COMPOUND = 7;
const CODED = 8;
const BUNDLE = 0xff;
/** A bundle holds observations, and no bundles. */
const MOST = 255;

const STATUS: Readonly<Record<number, string>> = {
  0: "invalid",
  1: "questionable",
  2: "not available",
  3: "calibration ongoing",
  4: "test data",
  5: "data for demonstration",
  8: "validated",
  9: "early indication",
  10: "measurement ongoing",
};

interface Header {
  readonly type: number | null;
  readonly instant: Instant | null;
  readonly status: number;
}

/**
 * Observations of Bluetooth's Generic Health Sensor service (IEEE 11073-10206), live or stored, put together of their segments.
 *
 * @source layout as the open simulator of the service writes it (philips-labs/BLE-GHS-Server-Simulator, MIT); one source
 */
function observations(name: string, display: string, isStored: boolean): Codec {
  return {
    name,
    display,
    decode(bytes, context) {
      const found = new Findings(context);
      const whole = joinSegments(bytes, context, name);
      if (!whole) return found;
      const reader = new ByteReader(whole, name);
      if (isStored) reader.u32("recordNumber");
      readObservation(found, reader, context, null, 0);
      found.ignoreRest(whole, reader.offset);
      return found;
    },
  };
}

export const liveObservations = observations("gatt/2b8b", "Generic health sensor, live observations", false);
export const storedObservations = observations("gatt/2bdd", "Generic health sensor, stored observations", true);

function readObservation(
  found: Findings,
  reader: ByteReader,
  context: DecodeContext,
  bundled: Instant | null,
  depth: number,
): void {
  const { offset } = reader;
  const kind = reader.u8("observationClass");
  const length = reader.u16("length");
  // The length counts from the class on; some count from behind the length.
  const end = reader.bytes.length - offset === length + 3 && depth === 0 ? offset + length + 3 : offset + length;
  if (end > reader.bytes.length || length < 5) reader.refuse("length", offset + 1, "the length of the observation");
  const header = readHeader(found, reader, context);
  if (header === undefined) {
    reader.offset = end;
    return;
  }
  const instant = header.instant ?? bundled;
  if (kind === BUNDLE) {
    if (depth > 0) reader.refuse("observationClass", offset, "no bundle in a bundle");
    const count = reader.u8("count");
    for (let i = 0; i < Math.min(count, MOST); i++) readObservation(found, reader, context, instant, depth + 1);
  } else {
    found.quality = 0;
    if (instant) found.instant = instant;
    readValue(found, reader, kind, header);
  }
  if (reader.offset > end) reader.refuse("length", offset + 1, "the length of the observation");
  if (reader.offset < end) found.ignore(reader.offset, `${end - reader.offset} bytes of the observation`);
  reader.offset = end;
}

/** @returns undefined where its time is of a clock that was set since: it was refused */
function readHeader(found: Findings, reader: ByteReader, context: DecodeContext): Header | undefined {
  const flags = reader.u16("flags");
  const has = (bit: number) => ((flags >> bit) & 1) === 1;
  const type = has(0) ? reader.u32("observationType") : null;
  let instant: Instant | null = null;
  if (has(1)) {
    const { offset } = reader;
    const time = readElapsedTime(reader, context);
    if (time.kind === "instant") instant = time.instant;
    else if (time.kind === "ticks") found.ignore(offset, "a count of ticks in place of a time");
    else {
      const expected = "a time of the clock as it is now";
      found.refuse({ code: "CONTEXT_MISSING", field: "timeFlags", expected, readings: 1 });
      return undefined;
    }
  }
  if (has(2)) {
    found.ignore(reader.offset, "how long the measurement took");
    reader.float("measurementDuration");
  }
  const status = has(3) ? reader.u16("measurementStatus") : 0;
  if (has(4)) {
    found.ignore(reader.offset, "the number of the observation");
    reader.u32("objectId");
  }
  if (has(5)) found.ignore(reader.offset, `user ${reader.u8("patient")} of the device`);
  for (const [bit, field] of [
    [6, "supplementalInformation"],
    [7, "derivedFrom"],
    [8, "hasMember"],
  ] as const) {
    if (!has(bit)) continue;
    found.ignore(
      reader.offset,
      field === "supplementalInformation" ? "supplemental information" : "other observations",
    );
    for (let count = reader.u8(field); count > 0; count--) reader.u32(field);
  }
  if (has(9)) skipCoded(found, reader);
  if (flags >> 10 !== 0) found.ignore(reader.offset, "flags that are reserved");
  return { type, instant, status };
}

/** Type, length, format and value. */
function skipCoded(found: Findings, reader: ByteReader): void {
  found.ignore(reader.offset, "further attributes");
  for (let count = reader.u8("tlvCount"); count > 0; count--) {
    reader.u32("tlvType");
    const length = reader.u16("tlvLength");
    reader.u8("tlvFormat");
    reader.take(length, "tlvValue");
  }
}

function readValue(found: Findings, reader: ByteReader, kind: number, { type, status }: Header): void {
  if (status !== 0) {
    if (hasAny(status, 1, 3, 9)) found.quality |= QUALITY.questionable;
    found.event("measurement-remarks", { codec: reader.format, remarks: wordsOf(status, STATUS) });
  }
  const counts = !hasAny(status, 0, 2, 4, 5);
  const { offset } = reader;
  switch (kind) {
    case NUMERIC:
      readNumeric(found, reader, type, counts);
      return;
    case COMPOUND:
      for (let count = reader.u8("componentCount"); count > 0; count--) {
        const at = reader.offset;
        const part = reader.u32("componentType");
        const valueKind = reader.u8("componentValueType");
        if (valueKind !== NUMERIC) {
          reader.refuse("componentValueType", at + 4, "a numeric component");
        }
        readNumeric(found, reader, part, counts);
      }
      return;
    case DISCRETE:
      found.event("device-observation", { codec: reader.format, type, value: reader.u32("value") });
      return;
    case COMPOUND_DISCRETE: {
      const values = Array.from({ length: reader.u8("count") }, () => reader.u32("value"));
      found.event("device-observation", { codec: reader.format, type, value: values });
      return;
    }
    case TEXT:
      reader.take(reader.u16("textLength"), "text");
      found.ignore(offset, "a text");
      return;
    case SAMPLES:
    case COMPOUND_STATE:
    case CODED:
      found.ignore(offset, kind === SAMPLES ? "an array of samples" : "states and coded attributes");
      return;
    default:
      reader.refuse("observationClass", 0, "a class of 11073-10206");
  }
}

function readNumeric(found: Findings, reader: ByteReader, type: number | null, counts: boolean): void {
  const unit = unitOfTerm(reader.u16("unit"));
  const { offset } = reader;
  const value = reader.float("value");
  const signal = type === null ? undefined : signalOfTerm(type >>> 16, type & 0xffff);
  if (signal === undefined) found.ignore(offset, `a value of the term ${type ?? "none"}, which is no signal`);
  else if (!counts) found.ignore(offset, "a value with the remark that it is invalid or nobody's");
  else if (unit === undefined) {
    const expected = "a dimension that is known";
    found.refuse({ code: "UNIT_UNKNOWN", field: `values.${signal}.unit`, expected, readings: 1 });
  } else found.reading(signal, unit, value, offset);
}
