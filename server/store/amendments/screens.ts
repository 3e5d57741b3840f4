import type { Readings, Stream, Waveform } from "@openward/model";
import { type Book, holds, isAbout, overlaps } from "./book.ts";
import { countsToday } from "./newest.ts";
import type { Amendments } from "./ports.ts";

/**
 * What came just now is shown and watched before it is stored. Late data of an amended span is caught here: it never reaches
 * a screen of the patient whose it is not, nor raises their alarm.
 */
export function createScreens(
  book: Book,
  streamOf: (streamId: string) => Stream | undefined,
): Pick<Amendments, "screenReadings" | "screenWaveform" | "screenRecent" | "screenAlarm"> {
  return {
    screenRecent(streamId, recent) {
      const stream = book.isEmpty ? undefined : streamOf(streamId);
      if (!stream || book.of(stream).length === 0) return recent;
      const { times, values, receivedAt } = recent;
      const kept = [...times.keys()].filter((i) => countsToday(book, stream, times[i] as number, values[i] as number));
      if (kept.length === times.length) return recent;
      return {
        times: Float64Array.from(kept, (i) => times[i] as number),
        values: Float64Array.from(kept, (i) => values[i] as number),
        receivedAt: Float64Array.from(kept, (i) => receivedAt[i] as number),
      };
    },
    screenAlarm(alarm) {
      const { patientId, deviceId, onsetAt, raisedAt, value } = alarm;
      if (value === null || deviceId === null) return alarm;
      const isOfAnother = book.of({ id: "", patientId, deviceId }).some(
        (record) =>
          record.amendment.kind === "re-attributed" &&
          record.amendment.patientId === patientId &&
          // The value that decided came between the two.
          overlaps(record.amendment, onsetAt, Math.max(onsetAt, raisedAt) + 1) &&
          holds(record),
      );
      return isOfAnother ? { ...alarm, value: null } : alarm;
    },
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
