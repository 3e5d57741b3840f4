import type { Evidence } from "./judge.ts";
import { type Steadiness, steadinessOf } from "./steadiness.ts";

/** A signal that shows beats of the heart, and what they say. */
export interface Beating {
  readonly name: string;
  readonly isPulse: boolean;
  readonly steadiness: Steadiness;
}

/** Pulses are known a second after they come, beats of an ECG half a second. */
const PULSE_DELAY_S = 1;
const LEAD_DELAY_S = 0.6;
/** Faster than a pulse that can be told from a monitor's test signal, and than a QRS from noise, /min. */
const FASTEST_PULSE = 180;
const FASTEST_LEAD = 215;

/** Signals of which enough beats look like the usual one. @param least part of them that must */
export function beatingSignals(
  { leads, pulses, now }: Evidence,
  from: number,
  until: number,
  least: number,
): Beating[] {
  const found: Beating[] = [];
  const look = (
    name: string,
    isPulse: boolean,
    channel: { beats: Evidence["leads"][number]["beats"] },
    delay: number,
  ) => {
    const end = Math.min(until, now - delay);
    const steadiness = steadinessOf(channel.beats.between(from, end), from, end);
    const rate = (60 * steadiness.count) / (end - from);
    if (steadiness.trusted >= least && rate < (isPulse ? FASTEST_PULSE : FASTEST_LEAD))
      found.push({ name, isPulse, steadiness });
  };
  for (const pulse of pulses) look(pulse.kind, true, pulse, PULSE_DELAY_S);
  for (const [i, lead] of leads.entries()) look(`lead ${i + 1}`, false, lead, LEAD_DELAY_S);
  return found;
}
