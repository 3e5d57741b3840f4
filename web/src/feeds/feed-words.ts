import type { FeedBody } from "@openward/api";

export const wayWord: Readonly<Record<FeedBody["way"], string>> = {
  webhook: "calls an address",
  mqtt: "is read over MQTT",
  broker: "brings it to a broker",
};

const KIND_WORDS: Readonly<Record<FeedBody["kinds"][number], string>> = {
  readings: "measurements",
  alarms: "alarms",
  events: "calls and events",
  devices: "devices that come and go",
};

export function whatWords({ kinds, signals }: Pick<FeedBody, "kinds" | "signals">): string {
  const words = kinds.map((kind) => KIND_WORDS[kind]);
  return `${words.join(", ")}${signals === null ? "" : ` of ${signals.length} ${signals.length === 1 ? "signal" : "signals"}`}`;
}

/** How it goes, in a word and a line. */
export function stateWords(feed: FeedBody): { readonly word: string; readonly isBad: boolean; readonly line: string } {
  const { state, way, isConnected, hasBacklog, lastError } = feed;
  if (state === "paused") return { word: "Paused", isBad: false, line: "nothing is sent" };
  if (state === "gave-up") return { word: "Stopped", isBad: true, line: lastError ?? "it took nothing for three days" };
  if (state === "failing")
    return { word: "Failing", isBad: true, line: `${lastError ?? "not taken"}; tried again by itself` };
  if (way === "mqtt" && !isConnected) return { word: "Waiting", isBad: false, line: "nobody reads it now" };
  if (way === "broker" && !isConnected)
    return { word: "Connecting", isBad: false, line: "not connected to the broker" };
  return hasBacklog
    ? { word: "Catching up", isBad: false, line: "there is more than was taken" }
    : { word: "Up to date", isBad: false, line: "everything was taken" };
}
