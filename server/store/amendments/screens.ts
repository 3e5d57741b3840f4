import type { Readings, Waveform } from "@openward/model";
import { type Book, holds, isAbout, overlaps } from "./book.ts";
import { countsToday } from "./newest.ts";
import type { Amendments } from "./ports.ts";

/**
 * What came just now is shown and watched before it is stored. Late data of an amended span is caught here: it never reaches
 * a screen of the patient whose it is not, nor raises their alarm.
 */
export function createScreens(book: Book): Pick<Amendments, "screenReadings" | "screenWaveform"> {
  return {
    screenReadings(readings: Readings): Readings | undefined {
      const { stream, times, values, quality } = readings;
      if (book.of(stream).length === 0) return readings;
      const kept: number[] = [];
      for (let i = 0; i < times.length; i++) {
        if (countsToday(book, stream, times[i] as number, values[i] as number)) kept.push(i);
      }
      if (kept.length === times.length) return readings;
      if (kept.length === 0) return undefined;
      return {
        ...readings,
        times: Float64Array.from(kept, (i) => times[i] as number),
        values: Float64Array.from(kept, (i) => values[i] as number),
        quality: Uint8Array.from(kept, (i) => quality[i] as number),
      };
    },
    screenWaveform(waveform: Waveform): Waveform | undefined {
      const { stream, start, rateHz, samples } = waveform;
      const records = book.of(stream);
      if (records.length === 0) return waveform;
      const end = start + (samples.length * 1000) / rateHz;
      const isTaken = records.some(
        (record) =>
          record.amendment.patientId === stream.patientId &&
          overlaps(record.amendment, start, end) &&
          isAbout(record.amendment, stream) &&
          holds(record),
      );
      return isTaken ? undefined : waveform;
    },
  };
}
