import { captureOf } from "./capture.ts";
import type { Codec } from "./codec.ts";
import batteryLevel from "./gatt/2a19-battery-level.ts";
import heartRate from "./gatt/2a37-heart-rate.ts";

/** Every format that the raw door reads: a line each. */
const formats: readonly Codec[] = [batteryLevel, heartRate];

const byName = new Map<string, Codec>();
/** Values of all of them, each with the time at which a gateway received it. */
const capture = captureOf((name) => byName.get(name));

export const codecs: readonly Codec[] = [...formats, capture];
for (const codec of codecs) {
  if (byName.has(codec.name)) throw new Error(`two codecs are named ${codec.name}`);
  byName.set(codec.name, codec);
}

export function findCodec(name: string): Codec | undefined {
  return byName.get(name);
}
