import { findSignal } from "@openward/signals";
import table from "./channels.json" with { type: "json" };

/** A channel of a recording, or a column of a table of one. */
export interface NamedChannel {
  readonly name: string;
  /** As the recording writes it; null where it writes none. */
  readonly unit: string | null;
  readonly kind: "waveform" | "numeric";
  /** A numeric of a CSV has no other way to say its unit: the signal's own is taken. */
  readonly ownUnit: boolean;
}

/** What becomes of one channel. */
export interface ChannelPlan {
  readonly name: string;
  /** null: left out, for the reason given. */
  readonly signal: string | null;
  /** UCUM code as sent; null: the signal's own. */
  readonly unit: string | null;
  readonly reason: string | null;
}

const waveforms = new Map(Object.entries(table.waveforms));
const numerics = new Map(Object.entries(table.numerics));
const units = new Map(Object.entries(table.units));
const leads = new Set(table.unspecifiedLeads);

/**
 * What a channel is by its name: a key of our vocabulary, or a name that recordings use.
 *
 * @param guess a waveform of another name, in a unit of voltage, is taken as an ECG of unspecified lead
 */
export function planByName(channel: NamedChannel, guess: boolean): ChannelPlan {
  const upper = channel.name.trim().toUpperCase();
  const isLead = leads.has(upper) || (guess && !table.otherThanSignals.includes(upper));
  const key = known(channel, upper) ?? (channel.kind === "waveform" && isLead ? UNSPECIFIED : undefined);
  if (key === undefined) {
    return leftOut(channel, "no signal of that name is known; name one in the map");
  }
  if (channel.unit === null && key === "resp-waveform") {
    return leftOut(channel, "the recording names no unit; name one in the map");
  }
  const unit = unitOfChannel(channel, key);
  const signal = findSignal(key);
  const isMeasured = signal !== undefined && (unit === null || isLike(unit, signal.ucum ?? ""));
  if (!isMeasured)
    return leftOut(channel, `its unit "${unit}" does not measure ${key}; name signal and unit in the map`);
  return { name: channel.name, signal: key, unit, reason: null };
}

/** Units that recordings use in place of one another. The table of all of them is too large for a browser. */
const LIKE = [
  ["mV", "uV", "nV", "V"],
  ["mm[Hg]", "kPa", "cm[H2O]"],
  ["Cel", "[degF]", "K"],
];

function isLike(unit: string, own: string): boolean {
  return unit === own || LIKE.some((units) => units.includes(unit) && units.includes(own));
}

const UNSPECIFIED = "ecg-unspecified";

function known({ name, kind }: NamedChannel, upper: string): string | undefined {
  const own = findSignal(name.trim());
  if (own) return (own.kind === "waveform") === (kind === "waveform") && own.kind !== "event" ? own.key : undefined;
  return (kind === "waveform" ? waveforms : numerics).get(upper);
}

export function unitOfChannel(channel: NamedChannel, signal: string): string | null {
  if (channel.unit !== null) return units.get(channel.unit) ?? channel.unit;
  if (channel.ownUnit) return null;
  // WFDB: no unit written means millivolts. That is true of ECGs; of a pulse wave it means nothing was calibrated.
  return signal === "pleth" ? "1" : "mV";
}

export function leftOut(channel: NamedChannel, reason: string): ChannelPlan {
  return { name: channel.name, signal: null, unit: null, reason };
}
