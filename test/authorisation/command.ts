import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { compareTwins } from "./interference.ts";

/** Two servers, one with a record that nobody who asks may see: every answer must be the same to the byte. */
export async function campaignOfInterference([
  count = "10000",
  seed = String(Date.now() % 2 ** 31),
]: string[]): Promise<number> {
  const { differences, asked, refused } = await compareTwins(Number(count), Number(seed));
  console.log(`seed ${seed}: ${asked} requests, ${refused} of them refused, ${differences.length} answers differ`);
  for (const difference of differences) console.log(JSON.stringify(difference, null, 2));
  return differences.length === 0 ? 0 : 1;
}

/** Every cell of the matrix, also those that are refused for the role before it is looked at whom they ask about. */
export function campaignOfAuthorisation(): Promise<number> {
  const file = fileURLToPath(new URL("matrix.int.test.ts", import.meta.url));
  const child = spawn(process.execPath, ["--test", file], {
    stdio: "inherit",
    env: { ...process.env, AUTHORISATION: "whole" },
  });
  return new Promise((resolve) => child.on("exit", (code) => resolve(code ?? 1)));
}
