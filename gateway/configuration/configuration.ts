import {
  type GatewayConfiguration,
  type GatewayRefusal,
  type GatewaySettings,
  gatewayConfiguration,
  gatewayRefusal,
  takeGatewaySettings,
} from "@openward/api";
import type { Runtime, Timer } from "@openward/runtime";
import { z } from "zod";
import type { HttpLine } from "../forward/http-line.ts";
import { reasonOf } from "../forward/http-uplink.ts";

/** A configuration as it is worked by: settings that are understood, the others as they were before. */
export interface Taken extends Omit<GatewayConfiguration, "settings"> {
  readonly settings: GatewaySettings;
  readonly refused: readonly GatewayRefusal[];
  /** Since when, ms UTC by the gateway's clock; null: an earlier version of the program did not write that down. */
  readonly takenUpAt: number | null;
}

/** As it is kept on the disk: with what was made of it. */
const keptConfiguration = gatewayConfiguration.extend({
  refused: gatewayRefusal.array().default([]),
  takenUpAt: z.number().nullable().default(null),
});

/** What the gateway works by: the last that was good, which it keeps for when there is no line. */
export interface Configuration {
  /** undefined: it has never had one. */
  readonly current: Taken | undefined;
  /** Asks now, and then again and again. */
  start(): void;
  /** Asks at once: the line is back. */
  look(): void;
  onChange(listener: (next: Taken, before: Taken | undefined) => void): void;
  stop(): void;
}

const EVERY_MS = 30_000;

/**
 * @param kept what was saved last
 * @param save resolves when it is on the disk; only then it is worked by
 */
export function createConfiguration({
  gatewayId,
  line,
  kept,
  save,
  runtime,
  log,
}: {
  gatewayId: string;
  line: Pick<HttpLine, "ask">;
  kept: string | undefined;
  save: (text: string) => Promise<void>;
  runtime: Pick<Runtime, "clock" | "timers">;
  log: { info(facts: object, text: string): void; warn(facts: object, text: string): void };
}): Configuration {
  const listeners: Parameters<Configuration["onChange"]>[0][] = [];
  let current: Taken | undefined;
  if (kept !== undefined) current = read(kept, null);
  // What this version of the program did not work by, another one may: it is asked for once more.
  let isToBeTakenAgain = (current?.refused.length ?? 0) > 0;
  if (kept !== undefined && !current) log.warn({}, "the kept configuration cannot be read; waiting for one");
  let isAsking = false;
  let ticking: Timer | undefined;

  function read(text: string, takenUpAt: number | null): Taken | undefined {
    try {
      const { success, data } = keptConfiguration.safeParse(JSON.parse(text));
      // Of another gateway: the disk was moved, or the id was changed.
      if (!success || data.gatewayId !== gatewayId) return undefined;
      const { settings, refused } = takeGatewaySettings(data.settings, current?.settings);
      return takenUpAt === null
        ? { ...data, settings, refused: [...data.refused, ...refused] }
        : { ...data, settings, refused, takenUpAt };
    } catch {
      return undefined;
    }
  }

  async function ask(): Promise<void> {
    if (isAsking) return;
    isAsking = true;
    try {
      const path = `/ingest/devices/${gatewayId}/configuration`;
      const headers: Record<string, string> =
        current && !isToBeTakenAgain ? { "if-none-match": `"${current.version}"` } : {};
      const { status, body } = await line.ask("GET", path, { headers });
      if (status === 200) await take(body.toString("utf8"));
      else if (status !== 304) log.warn({ status }, "the configuration could not be fetched");
    } catch (error) {
      log.info({ reason: reasonOf(error) }, "the configuration could not be fetched");
    } finally {
      isAsking = false;
    }
  }

  async function take(text: string): Promise<void> {
    const next = read(text, runtime.clock.now());
    if (!next)
      return log.warn(
        {},
        "the server's configuration is not one that this version can work by; the last good one holds",
      );
    if (next.version === current?.version && !isToBeTakenAgain) return;
    isToBeTakenAgain = false;
    await save(JSON.stringify(next));
    const before = current;
    current = next;
    log.info({ version: next.version, devices: next.devices.length }, "a new configuration holds");
    for (const { at, reason } of next.refused) log.warn({ at, reason }, "a setting that this gateway does not work by");
    for (const listener of listeners) listener(next, before);
  }

  return {
    get current() {
      return current;
    },
    start() {
      void ask();
      ticking = runtime.timers.every(EVERY_MS, () => void ask());
    },
    look: () => void ask(),
    onChange: (listener) => void listeners.push(listener),
    stop: () => ticking?.cancel(),
  };
}
