import type { Runtime } from "@openward/runtime";
import { createTurns, type Turn } from "@openward/runtime/turns";
import { recordDevices, watched } from "./access/audit/index.ts";
import type { Config } from "./config.ts";
import type { Foundation } from "./foundation.ts";
import type { Logger } from "./log.ts";

/** What every room of a server is opened on. */
export type Ground = ReturnType<typeof createGround>;

/** Where this server is found; known when it listens. */
export interface Where {
  url: string;
  mqttPort: number;
  httpsPort: number | null;
}

export function createGround(options: {
  readonly config: Config;
  readonly isDemo: boolean;
  readonly runtime: Runtime;
  readonly log: Logger;
  readonly foundation: Foundation;
  /** What is to be done when the server stops; the last is done first. */
  readonly onStop: (step: () => Promise<void> | void) => void;
}) {
  const { config, isDemo, runtime, log, foundation, onStop } = options;
  const { directory, keys, audit } = foundation;
  if (!keys || !audit) throw new Error("a server has keys and an audit log");
  const report = (error: unknown, doing: string) => log.error({ err: error }, doing);
  const recording = { recorder: audit.writer, runtime, report };
  const access = watched(foundation.access);
  const recordedDevices = recordDevices({
    ...recording,
    patientOf: (deviceId) => directory.currentAssociation(deviceId)?.patientId,
  });
  // All long answers share one: however many there are, alarms come between any two pieces of them.
  const turn: Turn = createTurns(runtime);
  const where: Where = { url: "", mqttPort: 0, httpsPort: null };
  const now = () => runtime.clock.now();
  return {
    config,
    isDemo,
    runtime,
    log,
    foundation,
    onStop,
    keys,
    audit,
    report,
    recording,
    access,
    recordedDevices,
    turn,
    where,
    now,
  };
}
