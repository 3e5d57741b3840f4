import { spawnSync } from "node:child_process";
import { constants, zstdCompressSync, zstdDecompressSync } from "node:zlib";
import { ABSENT_SAMPLE } from "@openward/model";
import { type Compressor, decodeWaveformBlock, encodeWaveformBlock, type WaveformRun } from "@openward/timeseries";
import { type Row, round } from "../support.ts";
import { ECG_FOLDERS, type Recording, recordingsOf, sharedEcg } from "./recordings.ts";

export const zstd: Compressor = {
  id: 1,
  compress: (bytes) => zstdCompressSync(bytes, { params: { [constants.ZSTD_c_compressionLevel]: 3 } }),
  decompress: (bytes, length) => zstdDecompressSync(bytes, { maxOutputLength: Math.max(length, 1) }),
};
export const ORIGIN = { unit: "mV", associationId: "018f0000-0000-7000-8000-00000000abcd" };
const START = Date.UTC(2026, 10, 22);
const PERIOD_SECONDS = 300;

/** MIT-BIH 100 by itself, then each database: bytes a sample in five-minute blocks, beside what others make of it. */
export async function waveformRows(): Promise<Row[]> {
  const root = sharedEcg();
  if (!root) return [{ what: "the recordings of ../shared/data are not here" }];
  const hasFlac = spawnSync("flac", ["--version"]).status === 0;
  const rows: Row[] = [];
  for (const folder of ECG_FOLDERS) {
    const total = new Total(hasFlac);
    for await (const recording of recordingsOf(root + folder)) {
      const one = new Total(hasFlac);
      one.add(recording);
      total.join(one, recording.name);
      if (folder === "mitdb" && recording.name === "100") rows.push(one.row("mitdb, record 100"));
    }
    rows.push(total.row(folder));
  }
  return rows;
}

class Total {
  readonly #hasFlac: boolean;
  #records = 0;
  #samples = 0;
  #bytes = 0;
  #raw = 0;
  #delta = 0;
  #flac = 0;
  #worst = { name: "", ratio: 0 };
  #encodeUs = 0;
  #decodeUs = 0;

  constructor(hasFlac: boolean) {
    this.#hasFlac = hasFlac;
  }

  add({ rateHz, channels }: Recording): void {
    this.#records = 1;
    for (const samples of channels) {
      // A sample a minute is a reading to us, and five of them are no block.
      const period = rateHz < 1 ? samples.length : Math.round(PERIOD_SECONDS * rateHz);
      for (let from = 0; from < samples.length; from += period) {
        const run = runOf(samples.subarray(from, from + period), rateHz);
        const before = process.cpuUsage().user;
        const file = encodeWaveformBlock([run], ORIGIN, zstd);
        const between = process.cpuUsage().user;
        const [back] = decodeWaveformBlock(file, zstd).runs;
        this.#decodeUs += process.cpuUsage().user - between;
        this.#encodeUs += between - before;
        if (!back?.samples.every((sample, i) => sample === run.samples[i])) throw new Error("not what went in");
        this.#bytes += file.length;
        this.#raw += zstd.compress(bytesOf(run.samples)).length;
        this.#delta += zstd.compress(bytesOf(run.samples.map((s, i) => s - (run.samples[i - 1] ?? 0)))).length;
      }
      this.#samples += samples.length;
      // Of whole records: flac is not held to five minutes.
      if (this.#hasFlac) this.#flac += flacBytes(samples);
    }
  }

  join(one: Total, name: string): void {
    this.#records += one.#records;
    this.#samples += one.#samples;
    this.#bytes += one.#bytes;
    this.#raw += one.#raw;
    this.#delta += one.#delta;
    this.#flac += one.#flac;
    this.#encodeUs += one.#encodeUs;
    this.#decodeUs += one.#decodeUs;
    const ratio = one.#bytes / one.#flac;
    if (ratio > this.#worst.ratio) this.#worst = { name, ratio };
  }

  row(what: string): Row {
    const perSample = (bytes: number) => round(bytes / this.#samples, 4);
    return {
      what,
      records: this.#records,
      samples: this.#samples,
      "bytes/sample": perSample(this.#bytes),
      "zstd of samples": perSample(this.#raw),
      "differences + zstd": perSample(this.#delta),
      "flac -8": this.#hasFlac ? perSample(this.#flac) : "not installed",
      "most against flac -8": this.#worst.ratio > 0 ? `${round(this.#worst.ratio, 3)} (${this.#worst.name})` : "",
      "encoded M/s": round(this.#samples / this.#encodeUs, 2),
      "decoded M/s": round(this.#samples / this.#decodeUs, 2),
    };
  }
}

export function runOf(samples: Int32Array, rateHz: number): WaveformRun {
  const rest = { scale: 1 / 200, origin: 0, quality: 0, utcOffsetMinutes: null, receivedAt: START };
  return { start: START, rateHz, ...rest, samples };
}

/** In two bytes each where they fit, as recordings are kept. */
function bytesOf(samples: Int32Array): Uint8Array {
  const isNarrow = samples.every((sample) => sample === (sample << 16) >> 16);
  const own = isNarrow ? Int16Array.from(samples) : samples.slice();
  return new Uint8Array(own.buffer);
}

function flacBytes(samples: Int32Array): number {
  const present = samples.map((sample) => (sample === ABSENT_SAMPLE ? 0 : sample));
  const bytes = bytesOf(present);
  const bits = bytes.length === 2 * samples.length ? 16 : 32;
  const form = ["--force-raw-format", "--endian=little", "--sign=signed", "--channels=1", `--bps=${bits}`];
  const plain = ["--sample-rate=8000", "--no-padding", "--no-seektable"];
  const run = spawnSync("flac", ["-8", "--totally-silent", "-f", ...form, ...plain, "-o", "-", "-"], {
    input: bytes,
    maxBuffer: 1 << 28,
  });
  if (run.status !== 0) throw new Error(`flac: ${run.stderr}`);
  return run.stdout.length;
}
