import { createSecretKey, type KeyObject } from "node:crypto";
import { readFileSync } from "node:fs";
import { OutsideTrouble, RefusedInput } from "@openward/errors";
import type { Random } from "@openward/runtime";
import { open, seal } from "./cipher.ts";
import { writeNewFile } from "./durable-file.ts";
import { createIvs } from "./iv.ts";

/** Wraps the store's own key; the master key never leaves it. */
export interface Kms {
  /** Stands in the store, so that a start with another one is told which it was. */
  readonly name: string;
  wrap(key: Uint8Array): Promise<Uint8Array>;
  /** @throws RefusedInput KEY_MASTER_WRONG */
  unwrap(wrapped: Uint8Array): Promise<Uint8Array>;
}

const KEY_BYTES = 32;
const BOUND = new TextEncoder().encode("openward store key 1");

export function masterKms(name: string, at: string, master: KeyObject, random: Random): Kms {
  const nextIv = createIvs(random);
  return {
    name,
    async wrap(key) {
      return seal(master, nextIv, key, BOUND);
    },
    async unwrap(wrapped) {
      try {
        return open(master, wrapped, BOUND);
      } catch (error) {
        throw new RefusedInput(
          "KEY_MASTER_WRONG",
          { at, expected: "the master key that the key store was made with" },
          { cause: error },
        );
      }
    },
  };
}

/** @param text the setting OPENWARD_MASTER_KEY: 32 bytes in base64 */
export function environmentKms(text: string, random: Random): Kms {
  const at = "OPENWARD_MASTER_KEY";
  const bytes = Buffer.from(text, "base64");
  if (bytes.length !== KEY_BYTES) throw new RefusedInput("CONFIG_INVALID", { at, expected: "32 bytes in base64" });
  return masterKms("environment", at, createSecretKey(bytes), random);
}

/**
 * @param mayMake when there is no file: make one; false where a store is there already, whose master key this must be
 * @throws OutsideTrouble KEY_MASTER_MISSING, RefusedInput KEY_MASTER_WRONG
 */
export function fileKms(path: string, mayMake: boolean, random: Random): Kms {
  const at = "OPENWARD_MASTER_KEY_FILE";
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    const isMissing = (error as NodeJS.ErrnoException).code === "ENOENT";
    if (!isMissing || !mayMake) {
      throw new OutsideTrouble(
        "KEY_MASTER_MISSING",
        false,
        { at, expected: "the file of the master key that the key store was made with", received: path },
        { cause: error },
      );
    }
    text = `${Buffer.from(random.bytes(KEY_BYTES)).toString("base64")}\n`;
    writeNewFile(path, Buffer.from(text));
  }
  const bytes = Buffer.from(text.trim(), "base64");
  if (bytes.length !== KEY_BYTES)
    throw new RefusedInput("KEY_MASTER_WRONG", { at, expected: "a file of 32 bytes in base64", received: path });
  return masterKms("file", at, createSecretKey(bytes), random);
}
