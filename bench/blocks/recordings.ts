import { existsSync, readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import { openWfdbRecord } from "../../simulator/wfdb/record.ts";

export const ECG_FOLDERS = [
  "mitdb",
  "nstdb",
  "challenge2015",
  "challenge2017",
  "cinc2021-12lead",
  "cpsc2021-af",
  "wfdb-samples",
  "wfdb-samples/multi-segment/041s",
  "wfdb-samples/multi-segment/s25047",
] as const;

/** Real recordings beside the repository; null where they are not on this machine. */
export function sharedEcg(): string | null {
  const folder = fileURLToPath(new URL("../../../shared/data/ecg/", import.meta.url));
  return existsSync(folder) ? folder : null;
}

export interface Recording {
  readonly name: string;
  readonly rateHz: number;
  readonly channels: readonly Int32Array[];
}

/** The records of a folder, one after the other; of each all that is here, or the first `frames`. */
export async function* recordingsOf(folder: string, frames = Number.POSITIVE_INFINITY): AsyncGenerator<Recording> {
  if (folder.endsWith("challenge2017")) {
    yield* withoutChecksums(folder);
    return;
  }
  for (const name of readdirSync(folder).filter((file) => file.endsWith(".hea"))) {
    const record = await openWfdbRecord(`${folder}/${name}`);
    const parts: Int32Array[][] = [];
    const isHere = (file: string) => [file, `${file}.gz`].some((each) => existsSync(`${folder}/${each}`));
    for await (const block of record.blocks({ blockFrames: 4096, choose: (signal) => isHere(signal.fileName) })) {
      for (const [i, channel] of block.channels.entries()) {
        const part = Int32Array.from(channel.samples);
        if (parts[i]) parts[i].push(part);
        else parts[i] = [part];
      }
      if (block.startFrame + block.frames >= frames) break;
    }
    const channels = parts.map((some) => Int32Array.from({ length: some.reduce((n, each) => n + each.length, 0) }));
    for (const [i, some] of parts.entries()) {
      let at = 0;
      for (const part of some) {
        channels[i]?.set(part, at);
        at += part.length;
      }
    }
    if (channels.some((channel) => channel.length > 0)) {
      yield { name: name.replace(".hea", ""), rateHz: record.frameRateHz, channels };
    }
  }
}

/** The headers of challenge2017 have no checksums, some a wrong first value: the samples as they are, 16 bits behind 24 bytes. */
function* withoutChecksums(folder: string): Generator<Recording> {
  for (const file of readdirSync(folder).filter((each) => each.endsWith(".mat.gz"))) {
    const bytes = gunzipSync(readFileSync(`${folder}/${file}`)).subarray(24);
    const samples = Int32Array.from({ length: bytes.length >> 1 }, (_, i) => bytes.readInt16LE(2 * i));
    yield { name: file.replace(".mat.gz", ""), rateHz: 300, channels: [samples] };
  }
}
