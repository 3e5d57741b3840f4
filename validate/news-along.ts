import { type Input, score } from "@openward/physiology/scores";
import type { Stay } from "./records/challenge2012.ts";

const HOUR_MS = 3_600_000;
/** What stands in a chart counts until the next round. */
const MAX_AGE_H = 12;

/** Inputs of the index that NEWS2 has too, by its names. */
const NUMBERS: Readonly<Record<string, string>> = {
  pulse: "pulse",
  systolic: "systolic",
  "respiratory-rate": "respiratory-rate",
  temperature: "temperature",
  spo2: "spo2",
};

/** NEWS2 of what is measured, at the end of each hour: it is no lower, whatever is missing. */
export function newsAlong(stay: Stay, untilHours: number): { readonly most: number; readonly last: number } {
  const inputs: Record<string, Input> = {};
  let most = 0;
  let last = 0;
  let next = 0;
  for (let hour = 1; hour <= untilHours; hour++) {
    for (; next < stay.readings.length; next++) {
      const reading = stay.readings[next];
      if (!reading || reading.hours > hour) break;
      const { id, value, hours } = reading;
      const at = hours * HOUR_MS;
      const number = NUMBERS[id];
      // 0 is a sensor that fell off.
      if (number !== undefined && value > 0) inputs[number] = { value, at };
      if (id === "gcs") inputs.consciousness = { value: value === 15 ? "A" : "C", at };
      if (id === "fio2") inputs.oxygen = { value: value > 21 ? "oxygen" : "air", at };
      if (id === "ventilation" && value === 1) inputs.oxygen = { value: "oxygen", at };
    }
    const question = { inputs, now: hour * HOUR_MS, maxAgeMs: () => MAX_AGE_H * HOUR_MS };
    last = score("news2", question).least;
    most = Math.max(most, last);
  }
  return { most, last };
}
