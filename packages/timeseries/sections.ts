import { RefusedInput } from "@openward/errors";
import { ByteReader, ByteWriter } from "./bytes.ts";
import { RangeDecoder, RangeEncoder } from "./range-coder.ts";

/** A payload in two sections: what is read as whole bytes, and one stream of coded bits behind it. */
export class SectionWriter {
  readonly head = new ByteWriter(64);
  readonly #bits: ByteWriter;
  readonly body: RangeEncoder;

  constructor(capacity: number) {
    this.#bits = new ByteWriter(capacity);
    this.body = new RangeEncoder(this.#bits);
  }

  finish(): Uint8Array {
    this.body.finish();
    const out = new ByteWriter(this.head.length + this.#bits.length + 8);
    out.varint(this.head.length);
    out.raw(this.head.written());
    out.raw(this.#bits.written());
    return out.written();
  }
}

export interface Sections {
  readonly head: ByteReader;
  readonly body: RangeDecoder;
}

/** @throws RefusedInput BLOCK_CORRUPT */
export function readSections(payload: ByteReader): Sections {
  const length = payload.varint();
  const start = payload.position;
  if (start + length > payload.end) throw new RefusedInput("BLOCK_CORRUPT", { at: "sections" });
  return {
    head: new ByteReader(payload.bytes, start, start + length),
    body: new RangeDecoder(payload.bytes, start + length, payload.end),
  };
}
