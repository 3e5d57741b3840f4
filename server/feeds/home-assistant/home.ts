import type { Feed, PatientView, Stream } from "@openward/model";
import type { Clock } from "@openward/runtime";
import { iso, type Told } from "../events.ts";
import type { Message } from "../messages.ts";
import { discoverDevice, expireSeconds, keysOf, stateTopic } from "./discovery.ts";
import type { HomeFacts } from "./facts.ts";

const DEFAULT_PREFIX = "homeassistant";
/** Of what nobody expects at a time: what is older is not news. */
const CLOCK_AHEAD_MS = 5 * 60_000;

export const prefixOf = ({ target }: Pick<Feed, "target">): string => target.discoveryPrefix ?? DEFAULT_PREFIX;

/**
 * A patient's devices and newest values for Home Assistant. A value goes there when it is news: one that is older than the newest, or
 * that would have expired there, is not shown as if it were now.
 */
export function createHome(
  feed: Feed,
  deps: { readonly facts: HomeFacts; readonly version: string; readonly clock: Pick<Clock, "now"> },
) {
  const { facts, version, clock } = deps;
  const newest = new Map<string, number>();
  let streams = new Map<string, { readonly stream: Stream; readonly key: string }>();
  const patientId = feed.patientId ?? "";
  const isWanted = ({ signal }: Stream) => feed.signals === null || feed.signals.includes(signal);

  function stateMessage(streamId: string, time: number, value: number | null): Message | undefined {
    const known = streams.get(streamId);
    if (!known) return undefined;
    const { stream, key } = known;
    const payload = Buffer.from(JSON.stringify({ value, measured_at: iso(time), unit: stream.unit }));
    // Not retained: what a broker kept would be shown as new after each of its restarts.
    return { topic: stateTopic(feed.id, stream.deviceId, key), payload, retain: false };
  }

  function isNews(streamId: string, time: number): boolean {
    const now = clock.now();
    const expires = expireSeconds(facts.intervalMs(streamId));
    if (time > now + CLOCK_AHEAD_MS) return false;
    if (expires !== null && now - time > expires * 1_000) return false;
    return time > (newest.get(streamId) ?? Number.NEGATIVE_INFINITY);
  }

  function newestOf(view: PatientView): Message[] {
    const messages: Message[] = [];
    for (const { stream, time, value } of facts.latest(view, patientId)) {
      if (!streams.has(stream.id)) continue;
      newest.delete(stream.id);
      if (!isNews(stream.id, time)) continue;
      newest.set(stream.id, time);
      const message = stateMessage(stream.id, time, value);
      if (message) messages.push(message);
    }
    return messages;
  }

  return {
    /** Everything that is there now, and the newest of each; topics of before that are not among them are to be emptied. */
    async all(view: PatientView): Promise<{ readonly discovery: Message[]; readonly states: Message[] }> {
      if (!view.has(patientId)) return { discovery: [], states: [] };
      const seen = (await facts.streams(view, patientId)).filter(isWanted);
      const byDevice = Map.groupBy(seen, ({ deviceId }) => deviceId);
      const found = new Map<string, { stream: Stream; key: string }>();
      const discovery: Message[] = [];
      for (const [deviceId, own] of byDevice) {
        const keys = keysOf(own);
        for (const stream of own) found.set(stream.id, { stream, key: keys.get(stream.id) ?? stream.signal });
        const { topic, config } = discoverDevice({
          feedId: feed.id,
          prefix: prefixOf(feed),
          version,
          deviceId,
          device: await facts.device(deviceId, feed.organisationId),
          streams: own,
          intervalMs: facts.intervalMs,
        });
        discovery.push({ topic, payload: Buffer.from(JSON.stringify(config)), retain: true });
      }
      streams = found;
      return { discovery, states: newestOf(view) };
    },

    /** @returns what is to be shown there now; `isNew`: a stream came that Home Assistant does not know */
    statesOf({ event, stream }: Told): { readonly messages: Message[]; readonly isNew: boolean } {
      if (event.type !== "readings" || !stream) return { messages: [], isNew: false };
      if (!streams.has(stream.id)) return { messages: [], isNew: isWanted(stream) };
      let last: { at: string; value: number | null } | undefined;
      for (const one of event.readings as { at: string; value: number | null }[])
        if (!last || one.at > last.at) last = one;
      if (!last || event.because !== undefined) return { messages: [], isNew: false };
      const time = Date.parse(last.at);
      if (!isNews(stream.id, time)) return { messages: [], isNew: false };
      newest.set(stream.id, time);
      const message = stateMessage(stream.id, time, last.value);
      return { messages: message ? [message] : [], isNew: false };
    },

    /** What was amended is shown as it counts now, or not at all. */
    amended(view: PatientView, deviceId: string): Message[] {
      const counts = new Map(facts.latest(view, patientId).map((one) => [one.stream.id, one]));
      const messages: Message[] = [];
      for (const { stream } of streams.values()) {
        if (stream.deviceId !== deviceId) continue;
        const now = counts.get(stream.id);
        const isShown = now !== undefined && !Number.isNaN(now.value);
        newest.set(stream.id, isShown ? now.time : Number.NEGATIVE_INFINITY);
        const message = stateMessage(stream.id, now?.time ?? clock.now(), isShown ? now.value : null);
        if (message) messages.push(message);
      }
      return messages;
    },
  };
}

export type Home = ReturnType<typeof createHome>;
