import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { root } from "../support/ward.ts";

/**
 * Builds the library that is preloaded.
 *
 * @returns its path, or why there is none
 */
export function buildShim(folder: string): { readonly library: string } | { readonly missing: string } {
  if (process.platform !== "linux") return { missing: "the loss of power is simulated on Linux only" };
  const library = join(folder, "powerloss.so");
  const source = join(root, "test/powerloss/powerloss.c");
  const { error, status, stderr } = spawnSync("cc", ["-O2", "-shared", "-fPIC", "-o", library, source, "-ldl"], {
    encoding: "utf8",
  });
  if (error) return { missing: "no C compiler (cc): install gcc and the C library's headers" };
  if (status !== 0) return { missing: `the compiler refused powerloss.c: ${stderr.split("\n")[0]}` };
  return { library };
}
