import { QUALITY } from "@openward/model";
import type { DecodeContext } from "../codec.ts";
import type { Findings } from "../findings.ts";
import { receptionOf } from "../findings.ts";
import { wordsOf } from "../gatt/bits.ts";
import { instantOf, shownMs } from "../local-time.ts";
import { ATTRIBUTE, type MetricObject } from "./configuration.ts";
import { unitOfTerm } from "./dimensions.ts";
import type { MderReader } from "./mder.ts";
import { signalOfTerm } from "./nomenclature.ts";

/** One attribute of a report. */
export interface Attribute {
  readonly id: number;
  readonly value: MderReader;
}

export interface ReportContext {
  readonly decode: DecodeContext;
  /** The agent's relative time, in 1/8 ms, when it sent the report; null: it has none. */
  readonly eventTime: number | null;
}

/** Measurement Status: bits of 16, the first is the highest. */
const STATUS: Readonly<Record<number, string>> = {
  15: "invalid",
  14: "questionable",
  13: "not available",
  12: "calibration ongoing",
  11: "test data",
  10: "data for demonstration",
  7: "validated",
  6: "early indication",
  5: "measurement ongoing",
};
const NOBODYS = 0b1010_1100_0000_0000;
const DOUBTED = 0b0101_0000_0100_0000;

/** Adds what one object reported at one time. */
export function addObservation(
  found: Findings,
  object: MetricObject,
  attributes: readonly Attribute[],
  context: ReportContext,
): void {
  found.quality = 0;
  found.instant = receptionOf(context.decode);
  let { type, unit } = object;
  let status = 0;
  const values: Attribute[] = [];
  for (const attribute of attributes) {
    const { id, value } = attribute;
    if (id === ATTRIBUTE.timeStampAbsolute) found.instant = instantOf(absoluteTime(value), context.decode);
    else if (id === ATTRIBUTE.timeStampRelative) addRelative(found, value, context);
    else if (id === ATTRIBUTE.unit) unit = value.u16("unitCode");
    else if (id === ATTRIBUTE.physio) type = value.u16("metricId");
    else if (id === ATTRIBUTE.measurementStatus) status = value.u16("measurementStatus");
    else values.push(attribute);
  }
  if (status !== 0) found.event("measurement-remarks", { codec: "ieee11073/20601", remarks: wordsOf(status, STATUS) });
  if ((status & DOUBTED) !== 0) found.quality |= QUALITY.questionable;
  for (const { id, value } of values) {
    const { offset } = value;
    const put = (code: number, number: number, dimension: number | null, at: number) => {
      if ((status & NOBODYS) !== 0) found.ignore(at, "a value with the remark that it is invalid or nobody's");
      else if (object.isSecondView) found.ignore(at, "the same value by another averaging");
      else putValue(found, object.partition, code, number, dimension, at);
    };
    if (id === ATTRIBUTE.valueBasic) put(type, value.sfloat("basicNuObsValue"), unit, offset);
    else if (id === ATTRIBUTE.valueSimple) put(type, value.float("simpleNuObsValue"), unit, offset);
    else if (id === ATTRIBUTE.value) putObserved(value, put);
    else if (id === ATTRIBUTE.compoundBasic || id === ATTRIBUTE.compoundSimple) {
      const { count, entries } = value.list("compoundValue");
      for (let i = 0; i < count; i++) {
        const at = entries.offset;
        const part = id === ATTRIBUTE.compoundBasic ? entries.sfloat("value") : entries.float("value");
        put(object.parts[i] ?? type, part, unit, at);
      }
    } else if (id === ATTRIBUTE.compoundValue) {
      const { count, entries } = value.list("compoundValue");
      for (let i = 0; i < count; i++) putObserved(entries, put);
    } else found.ignore(offset, `attribute ${id}`);
  }
}

type Put = (code: number, number: number, dimension: number | null, at: number) => void;

/** Nu-Observed-Value: it says itself what it is. */
function putObserved(reader: MderReader, put: Put): void {
  const code = reader.u16("metricId");
  reader.u16("state");
  const dimension = reader.u16("unitCode");
  const at = reader.offset;
  put(code, reader.float("value"), dimension, at);
}

function putValue(
  found: Findings,
  partition: number,
  code: number,
  number: number,
  dimension: number | null,
  at: number,
): void {
  const signal = signalOfTerm(partition, code);
  const unit = dimension === null ? undefined : unitOfTerm(dimension);
  if (signal === undefined) found.ignore(at, `a value of the term ${partition}::${code}, which is no signal`);
  else if (unit === undefined) {
    const expected = `a dimension that is known, not 4::${dimension ?? "none"}`;
    found.refuse({ code: "UNIT_UNKNOWN", field: `values.${signal}.unit`, expected, readings: 1 });
  } else found.reading(signal, unit, number, at);
}

/** The stamp is so much before the report was sent, and that is when it came. */
function addRelative(found: Findings, value: MderReader, { decode, eventTime }: ReportContext): void {
  const { offset } = value;
  const stamp = value.u32("relativeTimeStamp");
  if (eventTime === null) found.ignore(offset, "a relative time of an agent that does not say what it is relative to");
  else {
    const instant = receptionOf(decode);
    const eighths = (eventTime - stamp + 4_294_967_296) % 4_294_967_296;
    // A stamp from after the report is none; half the range is where the counter has run over.
    if (eighths < 2_147_483_648) found.instant = { ...instant, time: instant.time - Math.round(eighths / 8) };
    else found.ignore(offset, "a relative time that lies ahead");
  }
}

/** AbsoluteTime: eight octets of binary coded decimals, of the agent's own clock. @returns ms, as if it were UTC */
export function absoluteTime(reader: MderReader): number {
  const { offset } = reader;
  const decimal = () => {
    const byte = reader.u8("absoluteTime");
    const [high, low] = [byte >> 4, byte & 0xf];
    return high > 9 || low > 9 ? Number.NaN : high * 10 + low;
  };
  const year = decimal() * 100 + decimal();
  const [month, day, hour, minute, second, hundredths] = [
    decimal(),
    decimal(),
    decimal(),
    decimal(),
    decimal(),
    decimal(),
  ] as const;
  const shown = shownMs(year, month, day, hour, minute, second, hundredths * 10);
  if (Number.isNaN(shown)) reader.refuse("absoluteTime", offset, "a date and a time that there are, in decimals");
  return shown;
}
