import type { LimitsBody } from "@openward/api";
import { formatValue, unitText } from "../../parts/format.ts";
import { ownUnit } from "../../parts/signal-display.ts";

/** "50 to 120 /min, critical 40 to 160", "below 90 %", "alarm off". */
export function boundsText(l: LimitsBody): string {
  if (!l.enabled) return "alarm off";
  const unit = unitText(ownUnit(l.signal));
  const ordinary = rangeText(l.low, l.high, l.signal);
  const critical = rangeText(l.criticalLow, l.criticalHigh, l.signal);
  if (!ordinary && !critical) return "no limits";
  return [ordinary && `${ordinary} ${unit}`.trim(), critical && `critical ${critical}`].filter(Boolean).join(", ");
}

function rangeText(low: number | null, high: number | null, signal: string): string {
  if (low !== null && high !== null) return `${formatValue(low, signal)} to ${formatValue(high, signal)}`;
  if (low !== null) return `below ${formatValue(low, signal)}`;
  return high === null ? "" : `above ${formatValue(high, signal)}`;
}
