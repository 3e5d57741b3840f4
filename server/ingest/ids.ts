import { createHash } from "node:crypto";
import type { Stream } from "@openward/model";
import { formatUuid } from "@openward/runtime";

/** A UUID of version 8 (RFC 9562) from the SHA-256 of what is named, so that it is the same after a crash. */
export function hashId(...parts: readonly (string | number)[]): string {
  const bytes = hashBytes(parts.join("\n"), 16);
  bytes[6] = 0x80 | ((bytes[6] ?? 0) & 0x0f);
  bytes[8] = 0x80 | ((bytes[8] ?? 0) & 0x3f);
  return formatUuid(bytes);
}

export function hashBytes(text: string, length: number): Uint8Array {
  return new Uint8Array(createHash("sha256").update(text).digest().subarray(0, length));
}

/** The stream's name: whoever derives it from the same facts, in whatever process, names it alike. */
export function streamId(stream: Omit<Stream, "id">): string {
  const { organisationId, deviceId, patientId, signal, unit, kind } = stream;
  return hashId(organisationId, deviceId, patientId, signal, unit, kind);
}
