import { leftOut, type NamedChannel, planByName, unitOfChannel } from "@openward/codecs/files";
import { RefusedInput } from "@openward/errors";
import { findSignal, isNumeric, similarSignals } from "@openward/signals";
import { checkUnit } from "@openward/signals/units";
import type { ReplayChannel } from "./source.ts";

/** Channel or column to "signal", "signal:unit" (UCUM), or "-" to leave it out. */
export type ChannelMap = Readonly<Record<string, string>>;

/**
 * Decide what each channel is: by `map`, else by its name, else, for a waveform in a unit of voltage, an ECG of
 * unspecified lead. What cannot be placed is left out with its reason.
 *
 * @throws RefusedInput FIELD_INVALID, SIGNAL_UNKNOWN, SIGNAL_KIND, UNIT_UNKNOWN, UNIT_MISMATCH with `at` "map.MLII"; FIELD_INVALID
 *   where two channels would be the same signal, or none is left
 */
export function planChannels(channels: readonly NamedChannel[], map: ChannelMap): readonly ReplayChannel[] {
  for (const key of Object.keys(map)) {
    if (channels.some((c) => isNamed(c, key))) continue;
    const expected = `a channel of the recording: ${channels.map((c) => c.name).join(", ")}`;
    throw new RefusedInput("FIELD_INVALID", { at: `map.${key}`, expected, received: key });
  }
  const planned = channels.map((channel) => {
    const key = Object.keys(map).find((k) => isNamed(channel, k));
    return key === undefined ? planByName(channel, true) : byMap(channel, map[key]!, key);
  });
  for (const [i, one] of planned.entries()) {
    if (one.signal === null) continue;
    const other = planned.findIndex((p, k) => k > i && p.signal === one.signal);
    if (other < 0) continue;
    const expected = `one channel for ${one.signal}; name another signal, or leave one out with "-"`;
    throw new RefusedInput("FIELD_INVALID", {
      at: "map",
      expected,
      received: `${one.name} and ${planned[other]!.name}`,
    });
  }
  if (!planned.some((p) => p.signal !== null)) {
    const received = planned.map((p) => `${p.name} (${p.reason})`).join(", ");
    throw new RefusedInput("FIELD_INVALID", { at: "map", expected: "at least one channel that is a signal", received });
  }
  return planned;
}

function byMap(channel: NamedChannel, to: string, key: string): ReplayChannel {
  if (to === "-") return leftOut(channel, "left out by the map");
  const [name = "", ...unitParts] = to.split(":");
  const at = `map.${key}`;
  const signal = findSignal(name);
  if (!signal) {
    const near = similarSignals(name);
    throw new RefusedInput("SIGNAL_UNKNOWN", {
      at,
      received: name,
      ...(near.length > 0 ? { expected: `a signal, such as ${near.join(", ")}` } : {}),
    });
  }
  if (channel.kind === "waveform" ? signal.kind !== "waveform" : !isNumeric(signal)) {
    throw new RefusedInput("SIGNAL_KIND", {
      at,
      expected: `a signal of kind ${channel.kind}`,
      received: `${name} (${signal.kind})`,
    });
  }
  const unit = unitParts.length > 0 ? unitParts.join(":") : unitOfChannel(channel, signal.key);
  const verdict = unit === null ? null : checkUnit(signal, unit);
  if (verdict && !verdict.ok) {
    throw new RefusedInput(verdict.code, {
      at,
      expected: `${verdict.expected}, as in "${name}:UNIT"`,
      received: unit ?? "",
    });
  }
  return { name: channel.name, signal: name, unit, reason: null };
}

function isNamed(channel: NamedChannel, key: string): boolean {
  return channel.name.trim().toLowerCase() === key.trim().toLowerCase();
}
