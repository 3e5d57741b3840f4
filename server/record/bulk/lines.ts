import type { Organisation, Stream } from "@openward/model";
import { NO_UTC_OFFSET, type NumericColumns } from "@openward/timeseries";
import type { DeviceTypes } from "../resources/containment.ts";
import { createObservationTexts } from "../resources/observation-text.ts";

/** The line of one reading of columns; undefined: it is none of the plain ones, and has to be mapped. */
export type LineOf = (columns: NumericColumns, i: number) => string | undefined;

/** @returns undefined: of this stream every reading has to be mapped */
export function createLineMaker(stream: Stream, organisation: Organisation, typeOf: DeviceTypes): LineOf | undefined {
  const texts = createObservationTexts(stream, organisation, typeOf);
  if (!texts) return undefined;
  return ({ times, values, quality, ordinals, receivedAt, utcOffsets }, i) => {
    const number = values[i] as number;
    if (quality[i] !== 0 || !Number.isFinite(number)) return undefined;
    const at = times[i] as number;
    const offset = utcOffsets[i] as number;
    const id = texts.idOf(at, ordinals[i] as number);
    return `${texts.textOf(id, at, receivedAt[i] as number, number, offset === NO_UTC_OFFSET ? null : offset)}\n`;
  };
}
