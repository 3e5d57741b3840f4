import type { Melody } from "@openward/tones";
import { toneOf } from "../parts/signal-display.ts";

export { type Burst, burstOf, type Melody, type Pulse } from "@openward/tones";

/** The melody tells by ear what kind of trouble it is. */
export function melodyOf(signal: string | null): Melody {
  if (signal === null) return "general";
  if (signal.startsWith("infusion-") || signal.startsWith("insulin-") || signal.startsWith("pca-")) return "delivery";
  switch (toneOf(signal)) {
    case "heart":
    case "pressure":
      return "cardiovascular";
    case "oxygen":
      return "oxygen";
    case "breath":
      return "ventilation";
    case "temperature":
      return "temperature";
    case "glucose":
    case "other":
      return "general";
  }
}
