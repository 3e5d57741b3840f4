import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Organisation } from "@openward/model";
import type { Runtime } from "@openward/runtime";
import { type DemoDevice, type DemoWard, demoWard } from "@openward/simulator";
import type { Foundation } from "./foundation.ts";

const SYSTEM = "demo";
/** Tokens of simulated devices; nothing real signs in with them. */
const FILE = "demo-devices.json";
/** The slowest of them, a glucose sensor, speaks every five minutes. */
const WORN_BEFORE_MS = 600_000;

/** The invented ward, an organisation of its own marked as a demo. Made at the first start, found at later ones. */
export async function ensureDemoWard(foundation: Foundation, dataDir: string, runtime: Runtime): Promise<DemoDevice[]> {
  const { wards } = foundation;
  const invented = demoWard(runtime.clock.now());
  let organisation = (await wards.organisations()).find((one) => one.isDemo);
  if (!organisation) {
    organisation = await wards.createOrganisation(invented.organisation, true);
    await admitAll(foundation, organisation, invented, runtime.clock.now());
  }
  const path = join(dataDir, FILE);
  const tokens: Record<string, string> = existsSync(path) ? JSON.parse(readFileSync(path, "utf8")) : {};
  const simulated: DemoDevice[] = [];
  for (const { id, simulation } of invented.patients.flatMap((patient) => patient.devices)) {
    const found = await foundation.devices.find(organisation.id, id);
    if (!found || found.device.revokedAt !== null) continue;
    // A token is kept as a hash only: where the file has none, the device gets a new one.
    tokens[id] ??= await foundation.devices.rotateToken(organisation.id, id, SYSTEM);
    simulated.push({ deviceId: id, token: tokens[id], ...simulation });
  }
  writeFileSync(path, JSON.stringify(tokens), { mode: 0o600 });
  return simulated;
}

async function admitAll(
  foundation: Foundation,
  organisation: Organisation,
  invented: DemoWard,
  now: number,
): Promise<void> {
  const { wards, patients, devices } = foundation;
  const ward = await wards.create(organisation.id, invented.ward, invented.timeZone, SYSTEM);
  let unknown = 0;
  for (const { name, birthDate, sex, mrn, isUnknown, bed, devices: worn } of invented.patients) {
    const patient = await patients.create(
      organisation.id,
      {
        name: name ?? `Unknown, Amber ${++unknown}`,
        birthDate,
        sex,
        mrn,
        isUnknown,
        timeZone: invented.timeZone,
        ageGroup: null,
      },
      SYSTEM,
      { wardId: ward.id, bed },
    );
    for (const { id, type, display } of worn) {
      await devices.create(
        organisation.id,
        { id, type, display, manufacturer: null, model: null, serial: null },
        SYSTEM,
      );
      // Worn since before the first reading: the simulated devices begin with the second that is under way.
      await devices.assign(organisation.id, id, patient.id, now - WORN_BEFORE_MS, SYSTEM);
    }
  }
}

export interface RunningDemo {
  stop(): Promise<void>;
}

const simulatorMain = fileURLToPath(import.meta.resolve("@openward/simulator/main"));
const RESTART_AFTER_MS = 2_000;

/** The simulated devices, in a process of their own: they come in by MQTT like any other. */
export function startDemoDevices(options: {
  url: string;
  devices: readonly DemoDevice[];
  runtime: Runtime;
  report: (text: string) => void;
}): RunningDemo {
  const { url, devices, runtime, report } = options;
  let isStopping = false;
  let child: ChildProcess;
  const start = () => {
    child = spawn(process.execPath, [simulatorMain], { stdio: ["pipe", "ignore", "inherit"] });
    child.stdin?.on("error", () => {});
    child.stdin?.write(`${JSON.stringify({ url, devices, untilInputEnds: true })}\n`);
    child.on("exit", (code) => {
      if (isStopping) return;
      report(`the simulated devices ended (${code}); starting them again`);
      runtime.timers.after(RESTART_AFTER_MS, () => !isStopping && start());
    });
  };
  start();
  return {
    stop() {
      isStopping = true;
      if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
      return new Promise((resolve) => {
        child.once("exit", () => resolve());
        child.kill("SIGTERM");
      });
    },
  };
}
