/**
 * The demo ward as a program of its own. Its configuration is one line of JSON on standard input, so that tokens stand
 * neither on the command line nor in a file:
 *
 *   {"url": "mqtt://127.0.0.1:1883", "devices": [{"deviceId", "token", "scenario", "seed", "deviceType", ...}],
 *    "untilInputEnds": true}
 *
 * It ends on SIGTERM, SIGINT, when the channel to its parent closes, and, with `untilInputEnds`, when standard input does.
 * On standard output: one JSON line at the start and one at the end. Exit: 0 done, 2 configuration refused.
 */
import { describeRefusal, RefusedInput } from "@openward/errors";
import { systemRuntime } from "@openward/runtime/system";
import { runDemo } from "./demo.ts";
import { parseDemoConfig } from "./demo-config.ts";

const stopping = new AbortController();
const stop = () => stopping.abort();
process.on("SIGTERM", stop);
process.on("SIGINT", stop);
process.on("disconnect", stop);

const CONFIG_CHARACTERS_MAX = 10_000_000;
let hasInputEnded = false;

/** The first line, or everything where there is no line break. */
const text = await new Promise<string>((resolve) => {
  let have = "";
  process.stdin.setEncoding("utf8");
  process.stdin.on("data", (chunk: string) => {
    if (have.length > CONFIG_CHARACTERS_MAX) return;
    have += chunk;
    const end = have.indexOf("\n");
    if (end >= 0 || have.length > CONFIG_CHARACTERS_MAX) resolve(have.slice(0, end < 0 ? have.length : end));
  });
  process.stdin.on("close", () => {
    hasInputEnded = true;
    resolve(have);
  });
});

try {
  const { url, devices, untilInputEnds } = parseDemoConfig(text);
  if (!untilInputEnds) process.stdin.destroy();
  else if (hasInputEnded) stop();
  else process.stdin.on("close", stop);
  console.log(JSON.stringify({ state: "running", devices: devices.length }));
  const report = await runDemo({ url, devices, runtime: systemRuntime, signal: stopping.signal });
  console.log(JSON.stringify({ state: "ended", ...report }));
  process.exitCode = 0;
} catch (error) {
  if (!(error instanceof RefusedInput)) throw error;
  console.error(describeRefusal(error.code, error.facts));
  process.exitCode = 2;
} finally {
  process.stdin.destroy();
  if (process.connected) process.disconnect?.();
}
