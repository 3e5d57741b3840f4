import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, readFileSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { crc32 } from "node:zlib";
import { flushFolder } from "./durable-file.ts";
import type { Erasure } from "./ports.ts";

export interface LedgerContents {
  readonly erasures: readonly Erasure[];
  /** Lines that fail their checksum; the last one may be a write that was never confirmed. */
  readonly damaged: number;
}

/** One erasure a line: CRC-32 in hex, a space, JSON. Only ever added to. */
export function readLedger(path: string): LedgerContents {
  const erasures: Erasure[] = [];
  let damaged = 0;
  const text = existsSync(path) ? readFileSync(path, "utf8") : "";
  for (const line of text.split("\n")) {
    if (line === "") continue;
    const json = line.slice(9);
    if (line[8] === " " && line.slice(0, 8) === checksum(json)) erasures.push(JSON.parse(json) as Erasure);
    else damaged++;
  }
  return { erasures, damaged };
}

/** On the disk when this returns. */
export function addToLedger(path: string, { patientId, organisationId, keyId, at, by, reason }: Erasure): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const isCutOff = existsSync(path) && !readFileSync(path, "utf8").endsWith("\n");
  const json = JSON.stringify({ patientId, organisationId, keyId, at, by, reason });
  const handle = openSync(path, "a", 0o600);
  try {
    writeSync(handle, `${isCutOff ? "\n" : ""}${checksum(json)} ${json}\n`);
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
  flushFolder(dirname(path));
}

const checksum = (text: string) => crc32(text).toString(16).padStart(8, "0");
