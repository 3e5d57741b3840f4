import type { SignedInDevice } from "../ports.ts";
import { levelsOf, mayUse, type TopicLimits } from "../topic.ts";
import { REASON } from "./packets.ts";

/** A filter inside one device's subtree, in parts. */
export interface Subscription {
  readonly deviceId: string;
  readonly levels: readonly string[];
  readonly qos: 0 | 1;
}

/**
 * A filter that this device may use, or the reason code that refuses it. What goes down is under
 * `devices/{device}/commands`: a filter that could never match anything is refused rather than left to wait in silence.
 */
export function parseFilter(
  filter: string,
  qos: number,
  device: SignedInDevice,
  limits: TopicLimits,
): Subscription | number {
  if (filter.length === 0 || Buffer.byteLength(filter) > limits.topicBytes || levelsOf(filter) > limits.topicLevels) {
    return REASON.topicFilterInvalid;
  }
  const levels = filter.split("/");
  for (let i = 0; i < levels.length; i++) {
    const level = levels[i] ?? "";
    if (level === "+" || (level === "#" && i === levels.length - 1)) continue;
    if (level.includes("+") || level.includes("#") || level.includes("\0")) return REASON.topicFilterInvalid;
  }
  if (levels[0] === "$share") return REASON.sharedNotSupported;
  const [root, deviceId = "", branch] = levels;
  if (root !== "devices" || !mayUse(device, deviceId)) return REASON.notAuthorised;
  if (branch !== "commands" && branch !== "+" && branch !== "#") return REASON.notAuthorised;
  return { deviceId, levels, qos: qos > 0 ? 1 : 0 };
}

/** Does the filter match this topic? Source: MQTT 5.0 section 4.7. */
export function matches(levels: readonly string[], topic: readonly string[]): boolean {
  for (let i = 0; i < levels.length; i++) {
    const level = levels[i];
    if (level === "#") return true;
    if (i >= topic.length || (level !== "+" && level !== topic[i])) return false;
  }
  return levels.length === topic.length;
}
