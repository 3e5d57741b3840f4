import type { Told } from "./events.ts";

/** For MQTT. */
export interface Message {
  readonly topic: string;
  readonly payload: Buffer;
  readonly retain: boolean;
}

export const rootOf = (feedId: string): string => `openward/v1/feed/${feedId}`;
/** Where a reader says from where on it wants everything once more. */
export const replayTopic = (feedId: string): string => `${rootOf(feedId)}/replay`;

/**
 * Where an event is published: by patient, kind, and what it is about, so that a filter takes what is wanted.
 *
 *     openward/v1/feed/{feed}/{patient}/readings/{device}/{signal}
 *     openward/v1/feed/{feed}/{patient}/alarm | event | device | amended | access
 *     openward/v1/feed/{feed}/gap
 */
export function messageOf(feedId: string, { event, deviceId, signal }: Told): Message {
  const root = rootOf(feedId);
  const payload = Buffer.from(JSON.stringify(event));
  const { type, patient } = event;
  if (patient === null) return { topic: `${root}/${type}`, payload, retain: false };
  const leaf = type === "readings" ? `readings/${deviceId}/${signal}` : type;
  return { topic: `${root}/${patient}/${leaf}`, payload, retain: false };
}

/** Does the filter match this topic? Source: MQTT 5.0, section 4.7. */
export function matches(filter: readonly string[], topic: readonly string[]): boolean {
  for (let i = 0; i < filter.length; i++) {
    const level = filter[i];
    if (level === "#") return true;
    if (i >= topic.length || (level !== "+" && level !== topic[i])) return false;
  }
  return filter.length === topic.length;
}
