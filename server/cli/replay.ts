import { RefusedInput } from "@openward/errors";
import { systemRuntime } from "@openward/runtime/system";
import type { Command } from "commander";
import { readConfig } from "../config.ts";
import { EXIT, print, tell } from "./output.ts";

interface Options {
  device: string;
  token: string;
  url?: string;
  speed: string;
  start?: string;
  map: Record<string, string>;
  json?: boolean;
}

export function addReplayCommand(program: Command): void {
  program
    .command("replay <file>")
    .description("send a real recording as a device would: a WFDB record (.hea) or a CSV")
    .requiredOption("--device <id>", "the device that sends it")
    .requiredOption("--token <token>", "its token")
    .option("--url <address>", "where devices connect; this machine's Openward when left out")
    .option("--speed <factor>", "1 is real time, 10 is ten times faster, max is as fast as it is acknowledged", "1")
    .option("--start <time>", "time of the first sample; when left out, such that nothing comes from the future")
    .option("--map <column=signal>", "what a column or channel is; may be given several times", collect, {})
    .option("--json", "print one JSON object: what was sent and acknowledged")
    .action(run);
}

async function run(file: string, options: Options): Promise<void> {
  const { replay } = await import("@openward/simulator");
  const { mqttPort } = readConfig(process.env);
  const stop = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => stop.abort());
  let told = 0;
  const report = await replay({
    source: file,
    url: options.url ?? `mqtt://127.0.0.1:${mqttPort}`,
    deviceId: options.device,
    token: options.token,
    speed: parseSpeed(options.speed),
    map: options.map,
    ...(options.start === undefined ? {} : { startAt: parseStart(options.start) }),
    runtime: systemRuntime,
    signal: stop.signal,
    onProgress(progress) {
      const percent = Math.floor((progress.sentMs / progress.durationMs) * 10) * 10;
      if (options.json || percent <= told) return;
      told = percent;
      tell(`${percent} % sent`);
    },
  });
  print(options.json ?? false, { ...report }, [JSON.stringify(report, null, 2)]);
  if (report.quarantined === 0 && report.isComplete) return;
  process.exitCode = EXIT.failed;
  if (report.quarantined > 0) tell(`${report.quarantined} of ${report.messages} messages are in quarantine`);
  if (report.quarantineReasons.some(({ reason }) => reason.includes("NO_ASSOCIATION"))) {
    const since = new Date(report.startAt).toISOString();
    tell(`the device was on no patient then: openward device assign ${options.device} PATIENT --from ${since}`);
  }
}

function collect(pair: string, all: Record<string, string>): Record<string, string> {
  const cut = pair.lastIndexOf("=");
  if (cut < 1) throw new RefusedInput("FIELD_INVALID", { at: "--map", expected: "column=signal", received: pair });
  return { ...all, [pair.slice(0, cut).trim()]: pair.slice(cut + 1).trim() };
}

function parseSpeed(text: string): number | "max" {
  if (text === "max") return "max";
  const speed = Number(text);
  if (!(speed > 0 && speed <= 100_000)) {
    throw new RefusedInput("FIELD_INVALID", { at: "--speed", expected: "a number above 0, or max", received: text });
  }
  return speed;
}

function parseStart(text: string): number {
  const time = Date.parse(text);
  if (Number.isNaN(time))
    throw new RefusedInput("FIELD_INVALID", {
      at: "--start",
      expected: "a time such as 2026-11-22T06:00:00Z",
      received: text,
    });
  return time;
}
