import { ABSENT_SAMPLE } from "@openward/model";
import { type CborValue, encodeCbor } from "./cbor.ts";
import type { MessageKind, Outgoing } from "./connection.ts";

export type Encoding = "json" | "cbor";

/** Equidistant samples as they go over the wire: value = sample x scale + origin. */
export interface WaveformPiece {
  readonly signal: string;
  /** Time of the first sample, ms UTC. */
  readonly start: number;
  readonly rateHz: number;
  readonly unit: string;
  readonly scale: number;
  readonly origin: number;
  /** ABSENT_SAMPLE where there is none. */
  readonly samples: Int16Array | Int32Array;
}

const utf8 = new TextEncoder();

export function encodeBody(
  kind: MessageKind,
  body: { readonly [key: string]: CborValue | undefined },
  encoding: Encoding,
): Outgoing {
  if (encoding === "cbor") return { kind, body: encodeCbor(body), contentType: "application/cbor" };
  return { kind, body: utf8.encode(JSON.stringify(body)), contentType: "application/json" };
}

/** A waveform's body: RFC 8746 typed array in CBOR; where samples are missing, a plain list with null. */
export function waveformBody(piece: WaveformPiece, encoding: Encoding): Outgoing {
  const hasGap = piece.samples instanceof Int32Array && piece.samples.includes(ABSENT_SAMPLE);
  const list = () => Array.from(piece.samples, (sample) => (sample === ABSENT_SAMPLE ? null : sample));
  const samples = encoding === "cbor" && !hasGap ? narrowest(piece.samples) : list();
  const { signal, start, rateHz, unit, scale, origin } = piece;
  return encodeBody("waveform", { signal, start, rate: rateHz, unit, scale, origin, samples }, encoding);
}

function narrowest(samples: Int16Array | Int32Array): Int16Array | Int32Array {
  if (samples instanceof Int16Array || samples.some((s) => s < -32768 || s > 32767)) return samples;
  return Int16Array.from(samples);
}
