import { createCipheriv, createDecipheriv, createHash, createHmac } from "node:crypto";
import { RefusedInput } from "@openward/errors";
import type { OutboxPlace } from "@openward/model";

/** Cursors as receivers are given them. */
export interface Cursors {
  of(feedId: string, place: OutboxPlace): string;
  /** @throws RefusedInput FIELD_INVALID: it is none of this feed */
  placeOf(feedId: string, cursor: string): OutboxPlace;
}

export const isBefore = (a: OutboxPlace, b: OutboxPlace): boolean =>
  a.position < b.position || (a.position === b.position && a.number < b.number);

const CURSOR = /^[A-Za-z0-9_-]{22}$/;

/**
 * A place counts everything that the house took in: shown as it is, it would tell how much is measured of others. So it is one block
 * under a key of the installation, bound to its feed.
 *
 * @param secret the same over restarts
 */
export function createCursors(secret: string): Cursors {
  const key = createHash("sha256").update(`openward cursor ${secret}`).digest().subarray(0, 16);
  const tagOf = (feedId: string) => createHmac("sha256", key).update(feedId).digest().subarray(0, 4);
  return {
    of(feedId, { position, number }) {
      const block = Buffer.alloc(16);
      block.writeBigUInt64BE(BigInt(position), 0);
      block.writeUInt32BE(number, 8);
      tagOf(feedId).copy(block, 12);
      const cipher = createCipheriv("aes-128-ecb", key, null).setAutoPadding(false);
      return Buffer.concat([cipher.update(block), cipher.final()]).toString("base64url");
    },
    placeOf(feedId, cursor) {
      if (CURSOR.test(cursor)) {
        const cipher = createDecipheriv("aes-128-ecb", key, null).setAutoPadding(false);
        const block = Buffer.concat([cipher.update(Buffer.from(cursor, "base64url")), cipher.final()]);
        if (block.subarray(12).equals(tagOf(feedId)))
          return { position: Number(block.readBigUInt64BE(0)), number: block.readUInt32BE(8) };
      }
      throw new RefusedInput("FIELD_INVALID", { at: "from", expected: "a cursor of this feed" });
    },
  };
}
