import type { Millis } from "./telemetry.ts";

/** From `from` (inclusive) to `to` (exclusive). */
export interface Span {
  readonly from: Millis;
  readonly to: Millis;
}
