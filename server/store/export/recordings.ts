import { createHash } from "node:crypto";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { type Track, trackOfReadings, tracksOfRuns, writeEdf, writeWfdb } from "@openward/codecs/files";
import type { Stream } from "@openward/model";
import type { NumericColumns, WaveformRun } from "@openward/timeseries";
import type { Naming } from "./columns.ts";
import type { WrittenFile } from "./parquet-parts.ts";
import type { Sink } from "./sink.ts";

/** One track: a day of a stream at most, on one grid. */
export interface WrittenTrack {
  /** Of its files, without the ending; null: this format cannot hold it. */
  readonly name: string | null;
  readonly patient: string;
  readonly device: string;
  readonly signal: string;
  readonly unit: string;
  readonly start: string;
  readonly rateHz: number;
  readonly samples: number;
  /** Readings that stand up to half a step from when they were measured. */
  readonly moved: number;
  /** Readings with more digits than there is room for. */
  readonly rounded: number;
  /** Readings that have no place in it. */
  readonly left: number;
  /** The samples are exact, and the values of EDF's header to some digits. */
  readonly isScaleRounded?: boolean;
}

/** EDF's samples have 16 bits, of which the lowest stands for what is absent. */
const INT16_MAX = 32_767;

/** EDF+ or WFDB: a file for each track, whole numbers as they were sent. */
export class Recordings implements Sink {
  readonly files: WrittenFile[] = [];
  readonly tracks: WrittenTrack[] = [];
  readonly #folder: string;
  readonly #format: "edf" | "wfdb";
  readonly #counts = new Map<string, number>();
  readonly #names: string[] = [];

  constructor(folder: string, format: "edf" | "wfdb") {
    this.#folder = folder;
    this.#format = format;
  }

  get names(): readonly string[] {
    return this.#names;
  }

  async waveform(stream: Stream, runs: readonly WaveformRun[], naming: Naming): Promise<void> {
    for (const track of tracksOfRuns(runs)) await this.#write(stream, track, naming);
  }

  async numeric(stream: Stream, { times, values }: NumericColumns, naming: Naming): Promise<void> {
    const track = trackOfReadings(times, values, this.#format === "edf" ? INT16_MAX : undefined);
    if (track) await this.#write(stream, track, naming);
  }

  async close(): Promise<void> {}

  async abandon(): Promise<void> {}

  async #write({ signal, unit, patientId, deviceId }: Stream, track: Track, naming: Naming): Promise<void> {
    const count = (this.#counts.get(signal) ?? 0) + 1;
    const name = `${signal}-${String(count).padStart(4, "0")}`;
    const [patient, device] = [naming.patient(patientId), naming.device(deviceId)];
    const { start, rateHz, samples, moved, rounded, left } = track;
    const told = {
      patient,
      device,
      signal,
      unit,
      start: new Date(start).toISOString(),
      rateHz,
      samples: samples.length,
      moved,
      rounded,
      left,
    };
    if (this.#format === "edf") {
      const file = writeEdf(track, { signal, unit, patient });
      if (!file) return void this.tracks.push({ name: null, ...told });
      await this.#save(`${name}.edf`, file.bytes, samples.length);
      this.tracks.push({ name, ...told, ...(file.isScaleRounded && { isScaleRounded: true }) });
    } else {
      const notes = [`patient ${patient}`, `device ${device}`, `unit ${unit} (UCUM)`];
      const record = writeWfdb(name, track, { description: signal, unit, notes });
      await this.#save(`${name}.dat`, record.samples, samples.length);
      if (record.gaps) await this.#save(`${name}.gap`, record.gaps, 0);
      // Last: a record whose header is there is whole.
      await this.#save(`${name}.hea`, record.header, 0);
      this.tracks.push({ name, ...told });
    }
    this.#counts.set(signal, count);
  }

  async #save(name: string, bytes: Uint8Array, rows: number): Promise<void> {
    this.#names.push(name);
    const file = await open(join(this.#folder, name), "wx", 0o600);
    try {
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    this.files.push({ name, rows, bytes: bytes.length, sha256 });
  }
}
