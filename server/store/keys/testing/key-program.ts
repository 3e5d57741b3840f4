import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/**
 * A program as an operator would write one for a key management service: it holds a master key of its own, and wraps and
 * unwraps by it.
 *
 * @returns its path
 */
export function keyProgram(folder: string): string {
  const script = join(folder, "key-program.mjs");
  writeFileSync(
    script,
    `import { createCipheriv, createDecipheriv, createHash, randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
const master = createHash("sha256").update(import.meta.url).digest();
const input = Buffer.from(readFileSync(0, "utf8"), "base64");
let output;
if (process.argv[2] === "wrap") {
  const iv = randomBytes(12);
  const cipher = createCipheriv("aes-256-gcm", master, iv);
  const wrapped = Buffer.concat([cipher.update(input), cipher.final()]);
  output = Buffer.concat([iv, cipher.getAuthTag(), wrapped]);
} else {
  const cipher = createDecipheriv("aes-256-gcm", master, input.subarray(0, 12));
  cipher.setAuthTag(input.subarray(12, 28));
  output = Buffer.concat([cipher.update(input.subarray(28)), cipher.final()]);
}
console.log(output.toString("base64"));
`,
  );
  return programOf(folder, "key-program", `exec "${process.execPath}" "${script}" "$@"`);
}

/** @param line of a shell */
export function programOf(folder: string, name: string, line: string): string {
  const path = join(folder, name);
  writeFileSync(path, `#!/bin/sh\n${line}\n`);
  chmodSync(path, 0o700);
  return path;
}
