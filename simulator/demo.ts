import type { Runtime, Timer } from "@openward/runtime";
import type { ConnectionState } from "./connection.ts";
import { createDevice, deviceTypeOf, type SimulatedDevice } from "./device.ts";
import { createPatient, type SimulatedPatient } from "./physiology/patient.ts";
import { type AgeKind, profileOf, type Vitals } from "./physiology/vitals.ts";
import { findScenario } from "./scenarios/index.ts";
import type { Scenario } from "./scenarios/load.ts";
import { momentOf } from "./scenarios/timeline.ts";

export { type DemoPatient, type DemoWard, demoWard } from "./demo-ward.ts";

/** A device of the demo. Devices with the same seed, scenario, age and baseline are on the same patient. */
export interface DemoDevice {
  readonly deviceId: string;
  readonly token: string;
  /** Name of a file in simulator/scenarios, without ".json". */
  readonly scenario: string;
  readonly seed: number;
  readonly deviceType: string;
  readonly age?: AgeKind;
  readonly baseline?: Partial<Vitals>;
  /** Other intervals than the device type's own, seconds by signal. */
  readonly everyS?: Readonly<Record<string, number>>;
}

export interface DemoOptions {
  /** Where devices connect: mqtt://127.0.0.1:1883 */
  readonly url: string;
  readonly devices: readonly DemoDevice[];
  readonly runtime: Runtime;
  /** Ends the demo. */
  readonly signal: AbortSignal;
  readonly onState?: (deviceId: string, state: ConnectionState) => void;
}

export interface DemoReport {
  readonly sent: number;
  readonly acknowledged: number;
  readonly quarantined: number;
  readonly dropped: number;
}

interface Bed {
  readonly patient: SimulatedPatient;
  readonly scenario: Scenario;
  readonly baseline: Vitals;
  readonly devices: SimulatedDevice[];
  /** Start of the next second to live, ms UTC. */
  next: number;
  elapsedS: number;
  timer: Timer | null;
}

const SECOND_MS = 1000;
/** Further behind than this, the machine has slept: the time between stays empty. */
const CATCH_UP_MS = 15_000;

/**
 * Run a ward of simulated devices until `signal` aborts. Resolves when all have signed off.
 *
 * @throws RefusedInput FIELD_INVALID naming `devices[i].scenario`, `.deviceType`, `url`: nothing was started then
 */
export async function runDemo({ url, devices, runtime, signal, onState }: DemoOptions): Promise<DemoReport> {
  const checked = devices.map((device, i) => ({
    device,
    scenario: findScenario(device.scenario, `devices[${i}].scenario`),
    deviceType: deviceTypeOf(device.deviceType, `devices[${i}].deviceType`),
  }));
  const beds = new Map<string, Bed>();
  const all: SimulatedDevice[] = [];
  const { clock, timers } = runtime;

  for (const { device, scenario, deviceType } of checked) {
    const { seed, age = "adult", baseline = {}, everyS } = device;
    const key = JSON.stringify([seed, device.scenario, age, baseline]);
    const bed = beds.get(key) ?? {
      patient: createPatient({ seed, age, baseline }),
      scenario,
      baseline: { ...profileOf(age).baseline, ...baseline },
      devices: [],
      next: 0,
      elapsedS: 0,
      timer: null,
    };
    beds.set(key, bed);
    let made: SimulatedDevice;
    try {
      made = createDevice({
        url,
        deviceId: device.deviceId,
        token: device.token,
        deviceType,
        runtime,
        ...(everyS ? { everyS } : {}),
        ...(onState ? { onState: (state: ConnectionState) => onState(device.deviceId, state) } : {}),
      });
    } catch (error) {
      await Promise.all(all.map((one) => one.stop(0)));
      throw error;
    }
    bed.devices.push(made);
    all.push(made);
  }

  const live = (bed: Bed): void => {
    if (signal.aborted) return;
    const now = clock.now();
    // Behind by sleep, or ahead because the clock was set back: go on from now.
    if (now - bed.next > CATCH_UP_MS || bed.next - now > 2 * SECOND_MS) bed.next = now - SECOND_MS;
    while (bed.next + SECOND_MS <= now) {
      const moment = momentOf(bed.scenario, bed.elapsedS, bed.baseline);
      const second = bed.patient.step({
        at: bed.next,
        rhythm: moment.rhythm,
        set: moment.set,
        artefacts: moment.artefacts,
      });
      for (const device of bed.devices) device.measure(second, moment);
      bed.next += SECOND_MS;
      bed.elapsedS++;
    }
    bed.timer = timers.after(Math.min(SECOND_MS, Math.max(1, bed.next + SECOND_MS - clock.now())), () => live(bed));
  };

  // Spread over the second, so that the ward does not speak all at once.
  const start = clock.now();
  let index = 0;
  for (const bed of beds.values()) {
    bed.next = start - SECOND_MS + Math.floor((index * SECOND_MS) / beds.size);
    index++;
    live(bed);
  }

  await new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
  for (const bed of beds.values()) bed.timer?.cancel();
  await Promise.all(all.map((device) => device.stop()));
  const report = { sent: 0, acknowledged: 0, quarantined: 0, dropped: 0 };
  for (const { counts } of all) {
    report.sent += counts.sent;
    report.acknowledged += counts.acknowledged;
    report.quarantined += counts.quarantined;
    report.dropped += counts.dropped;
  }
  return report;
}
