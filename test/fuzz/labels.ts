import type { Codec } from "@openward/codecs/raw";
import { parseUdi } from "@openward/codecs/udi";
import labels from "../../packages/codecs/udi/labels.json" with { type: "json" };

/** What is printed on devices, scanned or typed, tried like a codec. */
export const udi: Codec = {
  name: "udi",
  display: "labels of devices",
  decode(bytes) {
    const { ignored } = parseUdi(new TextDecoder("latin1").decode(bytes), 2026);
    const left = ignored.map((note) => ({ ...note, index: 0 }));
    return { readings: [], waveforms: [], events: [], status: null, facts: {}, ignored: left, refused: [] };
  },
};

export const udiSeeds: readonly Uint8Array[] = labels.map(({ text }) => new TextEncoder().encode(text));
