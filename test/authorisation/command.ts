import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

/** Every cell of the matrix, also those that are refused for the role before it is looked at whom they ask about. */
export function campaignOfAuthorisation(): Promise<number> {
  const file = fileURLToPath(new URL("matrix.int.test.ts", import.meta.url));
  const child = spawn(process.execPath, ["--test", file], {
    stdio: "inherit",
    env: { ...process.env, AUTHORISATION: "whole" },
  });
  return new Promise((resolve) => child.on("exit", (code) => resolve(code ?? 1)));
}
