import type { DeviceProperty } from "@medplum/fhirtypes";
import type { ClockState } from "@openward/model";
import { UCUM } from "./quantity.ts";

/** What is known of a device's clock: "state" and, in milliseconds and parts per million, offset and drift with their bounds. */
export const CLOCK_SYSTEM = "urn:openward:device-clock";

/** Before the drift can be told. */
const DRIFT_UNKNOWN = 1e-3;

/** The offset is that of `decidedAt`; it is ahead by that less "offset-less" at least, and by "offset-more" more at most. */
export function clockProperties(state: ClockState): DeviceProperty[] {
  const { kind, leadsTo, isCertain, aheadMs, drift, at, decidedAt, driftBound, belowMs, aboveMs } = state;
  const code = kind ?? "right";
  const properties: DeviceProperty[] = [
    { type: typeOf("state"), valueCode: [conceptOf(code)] },
    { type: typeOf("times-are"), valueCode: [conceptOf(leadsTo)] },
    { type: typeOf("confidence"), valueCode: [conceptOf(isCertain ? "certain" : "uncertain")] },
    quantityOf("offset", aheadMs + drift * (decidedAt - at), "ms"),
    quantityOf("offset-less", Math.ceil(belowMs), "ms"),
    quantityOf("offset-more", Math.ceil(aboveMs), "ms"),
  ];
  if (driftBound >= DRIFT_UNKNOWN) return properties;
  const [ppm, bound] = [drift, driftBound].map((each) => Math.round(each * 1e8) / 100) as [number, number];
  return [...properties, quantityOf("drift", ppm, "[ppm]"), quantityOf("drift-bound", bound, "[ppm]")];
}

/** ISO/IEEE 11073-10101. */
const MDC = "urn:iso:std:iso:11073:10101";
const SYNC_PROTOCOL = { system: MDC, code: "68220", display: "MDC_TIME_SYNC_PROTOCOL" };
const SYNC_NONE = { system: MDC, code: "532224", display: "MDC_TIME_SYNC_NONE" };
const SYNC_ACCURACY = { system: MDC, code: "68221", display: "MDC_TIME_SYNC_ACCURACY" };

/**
 * The same in terms of 11073: how far off the clock is at most, in microseconds; a device without one is synchronised by nothing.
 * Of a clock by which protocol it is set is not known here, and not said.
 */
export function syncProperties(state: ClockState | null, isClockless: boolean): DeviceProperty[] {
  if (isClockless) return [{ type: { coding: [SYNC_PROTOCOL] }, valueCode: [{ coding: [SYNC_NONE] }] }];
  if (!state) return [];
  const { aheadMs, drift, at, decidedAt, belowMs, aboveMs } = state;
  const ahead = aheadMs + drift * (decidedAt - at);
  const offMs = Math.max(Math.abs(ahead - belowMs), Math.abs(ahead + aboveMs));
  const quantity = { value: Math.ceil(offMs) * 1000, unit: "us", system: UCUM, code: "us" };
  return [{ type: { coding: [SYNC_ACCURACY] }, valueQuantity: [quantity] }];
}

const typeOf = (code: string) => conceptOf(`clock-${code}`);

function conceptOf(code: string): { coding: [{ system: string; code: string }]; text: string } {
  return { coding: [{ system: CLOCK_SYSTEM, code }], text: code.replaceAll("-", " ") };
}

function quantityOf(code: string, value: number, unit: string): DeviceProperty {
  const rounded = unit === "ms" ? Math.round(value) : value;
  return { type: typeOf(code), valueQuantity: [{ value: rounded, unit, system: UCUM, code: unit }] };
}
