import type { Stream } from "@openward/model";
import type { NumericColumns, WaveformRun } from "@openward/timeseries";
import type { Naming } from "./columns.ts";
import { ParquetParts, type WrittenFile } from "./parquet-parts.ts";
import { READINGS_PER_GROUP, READINGS_SCHEMA, writeReadings } from "./readings.ts";
import { SAMPLES_PER_GROUP, WAVEFORMS_SCHEMA, writeWaveforms } from "./waveforms.ts";

/** Where values go, a day of a stream at a time. */
export interface Sink {
  readonly files: readonly WrittenFile[];
  /** Of files that were begun, whole or not. */
  readonly names: readonly string[];
  waveform(stream: Stream, runs: readonly WaveformRun[], naming: Naming): Promise<void>;
  numeric(stream: Stream, columns: NumericColumns, naming: Naming): Promise<void>;
  close(): Promise<void>;
  abandon(): Promise<void>;
}

const FILE_ROWS_MAX = { readings: 20_000_000, waveforms: 100_000 };

export function createParquetSink(folder: string, metadata: Readonly<Record<string, string>>): Sink {
  const readings = new ParquetParts({
    ...{ folder, name: "readings", schema: READINGS_SCHEMA, metadata },
    ...{ rowsMax: FILE_ROWS_MAX.readings, groupWeight: READINGS_PER_GROUP },
  });
  const waveforms = new ParquetParts({
    ...{ folder, name: "waveforms", schema: WAVEFORMS_SCHEMA, metadata },
    ...{ rowsMax: FILE_ROWS_MAX.waveforms, groupWeight: SAMPLES_PER_GROUP },
  });
  return {
    get files() {
      return [...readings.files, ...waveforms.files];
    },
    get names() {
      return [...readings.names, ...waveforms.names];
    },
    waveform: (stream, runs, naming) => writeWaveforms(waveforms, stream, runs, naming),
    numeric: (stream, columns, naming) => writeReadings(readings, stream, columns, naming),
    async close() {
      await readings.close();
      await waveforms.close();
    },
    async abandon() {
      await readings.abandon();
      await waveforms.abandon();
    },
  };
}
