import type { RefusalCode } from "@openward/errors";
import type { DeviceMessage, SignedInDevice } from "./ports.ts";

export const DEVICE_ID = /^[A-Za-z0-9._-]{1,64}$/;
const CODEC = /^[A-Za-z0-9._-]{1,64}(?:\/[A-Za-z0-9._-]{1,64}){0,3}$/;

/** Where a message of a device goes. */
export interface Route {
  readonly deviceId: string;
  readonly kind: DeviceMessage["kind"];
  /** For raw. */
  readonly codec: string | null;
}

export interface TopicRefusal {
  readonly refusal: RefusalCode & ("TOPIC_FORBIDDEN" | "TOPIC_MALFORMED");
  readonly expected: string;
}

export interface TopicLimits {
  readonly topicBytes: number;
  readonly topicLevels: number;
}

const EXPECTED = "devices/{device}/readings, waveform, event, status or raw/{codec}";

/** What stands behind `devices/{device}/`, as the kind of message it carries. */
export function routeOf(deviceId: string, leaf: string): Route | undefined {
  switch (leaf) {
    case "readings":
    case "waveform":
    case "event":
    case "status":
      return { deviceId, kind: leaf, codec: null };
    default: {
      if (!leaf.startsWith("raw/")) return undefined;
      const codec = leaf.slice(4);
      return CODEC.test(codec) ? { deviceId, kind: "raw", codec } : undefined;
    }
  }
}

/** The route of a topic that this device may publish to, or why it may not. Costs no more than `topicBytes`. */
export function placeTopic(topic: string, device: SignedInDevice, limits: TopicLimits): Route | TopicRefusal {
  if (topic.length === 0 || topic.length > limits.topicBytes || levelsOf(topic) > limits.topicLevels) {
    return {
      refusal: "TOPIC_MALFORMED",
      expected: `1 to ${limits.topicBytes} bytes, at most ${limits.topicLevels} levels`,
    };
  }
  const [root = "", deviceId = ""] = topic.split("/", 2);
  if (root !== "devices" || !mayUse(device, deviceId)) {
    return { refusal: "TOPIC_FORBIDDEN", expected: `devices/${device.deviceId}/...` };
  }
  return routeOf(deviceId, topic.slice(9 + deviceId.length)) ?? { refusal: "TOPIC_MALFORMED", expected: EXPECTED };
}

/** The subtree is its own, or that of a device in its charge. */
export function mayUse(device: SignedInDevice, deviceId: string): boolean {
  return deviceId === device.deviceId || device.inCharge.has(deviceId);
}

export function levelsOf(topic: string): number {
  let levels = 1;
  for (let at = topic.indexOf("/"); at >= 0; at = topic.indexOf("/", at + 1)) levels++;
  return levels;
}
