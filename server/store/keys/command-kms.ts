import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { OutsideTrouble, RefusedInput } from "@openward/errors";
import type { Kms } from "./master.ts";

/** How long a key management service may take; the server waits for it at a start. */
const PATIENCE_MS = 30_000;
const KEY_BYTES = 32;
/** Bytes of a key's hash that stand before what the program gave, so that a wrong key is told at once. */
const CHECK_BYTES = 8;

/**
 * A master key that stays where it is, in a cloud's key management service, an HSM or a smart card: a program of the
 * operator's is run as `program wrap` and `program unwrap`, gets a key, or what it made of it, in base64 on standard input,
 * and answers in base64 on standard output. No shell is between.
 *
 * The errors are OutsideTrouble KEY_MASTER_UNREACHABLE and RefusedInput KEY_MASTER_WRONG.
 *
 * @param program its path; without a slash it is looked for in PATH
 */
export function commandKms(program: string, patienceMs = PATIENCE_MS): Kms {
  const at = "OPENWARD_MASTER_KEY_COMMAND";

  const run = (operation: "wrap" | "unwrap", bytes: Uint8Array) =>
    new Promise<Buffer>((resolve, reject) => {
      const unreachable = (received: string, cause?: unknown) =>
        reject(
          new OutsideTrouble(
            "KEY_MASTER_UNREACHABLE",
            true,
            { at, expected: `\`${program} ${operation}\` to answer in base64 within ${patienceMs} ms`, received },
            { cause },
          ),
        );
      const options = { timeout: patienceMs, killSignal: "SIGKILL", maxBuffer: 1 << 16 } as const;
      const child = execFile(program, [operation], options, (error, answer, complaint) => {
        if (error) return unreachable(complaint.trim().slice(-300) || error.message, error);
        const answered = Buffer.from(answer.trim(), "base64");
        // What is no base64 is left out by the decoder: told by what it would be again.
        if (answered.length === 0 || answered.toString("base64") !== answer.trim().replaceAll(/\s/g, ""))
          return unreachable("no base64");
        resolve(answered);
      });
      // A program that does not read its input has answered, or failed, in its own way.
      child.stdin?.on("error", () => {});
      child.stdin?.end(`${Buffer.from(bytes).toString("base64")}\n`);
    });

  return {
    name: "command",
    wrap: async (key) => Buffer.concat([checkOf(key), await run("wrap", key)]),
    async unwrap(wrapped) {
      const key = await run("unwrap", wrapped.subarray(CHECK_BYTES));
      if (key.length !== KEY_BYTES || !checkOf(key).equals(wrapped.subarray(0, CHECK_BYTES)))
        throw new RefusedInput("KEY_MASTER_WRONG", {
          at,
          expected: "the key that was wrapped when the store was made",
        });
      return key;
    },
  };
}

function checkOf(key: Uint8Array): Buffer {
  return createHash("sha256").update("openward store key check 1").update(key).digest().subarray(0, CHECK_BYTES);
}
