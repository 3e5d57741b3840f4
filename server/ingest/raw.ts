import type { DecodedEvent } from "@openward/codecs";
import type { DecodeContext, Decoded } from "@openward/codecs/raw";
import type { Directory } from "./ports.ts";
import { FROM_SERVER, type Work } from "./work.ts";

/** What is known of raw bytes besides them. The time of a message is asked for only by what says none. */
export function contextOf(work: Work, directory: Pick<Directory, "timeZoneAt">): DecodeContext {
  return {
    item: 0,
    get at() {
      return work.stamp();
    },
    atQuality: FROM_SERVER,
    utcOffsetMinutes: null,
    timeZone: directory.timeZoneAt(work.deviceId, work.receivedAt) ?? null,
    session: {},
  };
}

/** What happened, and what the device said of itself: an event as well, of no time but that of arrival. */
export function eventsOf({ events, facts }: Decoded): readonly DecodedEvent[] {
  if (Object.keys(facts).length === 0) return events;
  return [
    ...events,
    { item: 0, event: "device-information", at: Number.NaN, utcOffsetMinutes: null, id: null, detail: facts },
  ];
}
