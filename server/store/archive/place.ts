import { createHash } from "node:crypto";
import type { Range } from "./ports.ts";

/** Of the columns in file.ts; stands in the file and in archive_file. */
export const FILE_FORMAT = 1;

/** A range of the file, and how to know that it is the right one. */
export interface Place extends Range {
  readonly check: Buffer;
}

/** Eight bytes of SHA-256: enough to tell whether bytes are those that were written, short enough for a row each. */
export function checkOf(bytes: Uint8Array): Buffer {
  return createHash("sha256").update(bytes).digest().subarray(0, 8);
}

/** @param pause lets others have their turn */
export async function sha256Of(bytes: Buffer, pause: () => Promise<void>): Promise<Buffer> {
  const STEP = 2 << 20;
  const hash = createHash("sha256");
  for (let at = 0; at < bytes.length; at += STEP) {
    hash.update(bytes.subarray(at, at + STEP));
    await pause();
  }
  return hash.digest();
}
