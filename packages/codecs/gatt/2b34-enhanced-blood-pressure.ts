import { QUALITY } from "@openward/model";
import type { Codec } from "../codec.ts";
import { Findings } from "../findings.ts";
import { instantOf } from "../local-time.ts";
import { ByteReader } from "../reader.ts";
import { REMARKS } from "./2a35-blood-pressure.ts";
import { hasAny, wordsOf } from "./bits.ts";

const NAME = "gatt/2b34";
const KILOPASCAL = 0b1;
const TIME = 0b10;
const PULSE = 0b100;
const USER = 0b1000;
const STATUS = 0b10000;
const USER_TIME = 0b100000;
const EPOCH_2000 = 0b1000000;

/** Bluetooth SIG Enhanced Blood Pressure Measurement: seconds since 1900 or 2000 in place of a date. */
const codec: Codec = {
  name: NAME,
  display: "Blood pressure, enhanced",
  decode(bytes, context) {
    const reader = new ByteReader(bytes, NAME);
    const found = new Findings(context);
    const flags = reader.u8("flags");
    const unit = (flags & KILOPASCAL) !== 0 ? "kPa" : "mm[Hg]";
    const systolic = reader.sfloat("systolic");
    const diastolic = reader.sfloat("diastolic");
    const mean = reader.sfloat("meanArterialPressure");
    const epoch = (flags & EPOCH_2000) !== 0 ? Date.UTC(2000, 0, 1) : Date.UTC(1900, 0, 1);
    if ((flags & TIME) !== 0) found.instant = instantOf(epoch + reader.u32("timeStamp") * 1000, context);
    const pulseAt = reader.offset;
    const pulseRate = (flags & PULSE) !== 0 ? reader.sfloat("pulseRate") : null;
    if ((flags & USER) !== 0) found.ignore(reader.offset, `user ${reader.u8("userId")} of the device`);
    const status = (flags & STATUS) !== 0 ? reader.u16("measurementStatus") : 0;
    if ((flags & USER_TIME) !== 0) {
      found.ignore(reader.offset, "the time that the device shows to its user");
      reader.u32("userFacingTime");
    }
    if (hasAny(status, 0, 1, 5)) found.quality |= QUALITY.questionable;
    if (status !== 0) found.event("measurement-remarks", { codec: NAME, remarks: wordsOf(status, REMARKS) });
    found.reading("nibp-systolic", unit, systolic, 1);
    found.reading("nibp-diastolic", unit, diastolic, 3);
    found.reading("nibp-mean", unit, mean, 5);
    if (pulseRate !== null) found.reading("pulse-rate-nibp", "/min", pulseRate, pulseAt);
    if ((flags & 0x80) !== 0) found.ignore(0, "flags that are reserved");
    found.ignoreRest(bytes, reader.offset);
    return found;
  },
};

export default codec;
