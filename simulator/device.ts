import { RefusedInput } from "@openward/errors";
import type { Runtime } from "@openward/runtime";
import { type Encoding, encodeBody, waveformBody } from "./bodies.ts";
import { type ConnectionState, createConnection, type Outcome, type Outgoing } from "./connection.ts";
import table from "./device-types.json" with { type: "json" };
import { type MeasuredSignal, type Second, WAVEFORMS, type WaveformSignal } from "./physiology/patient.ts";
import type { Moment } from "./scenarios/timeline.ts";

/** Types that can be simulated; keys of packages/drivers. */
export const DEVICE_TYPES = ["bedside-monitor", "wearable-patch", "pulse-oximeter", "cgm", "sos-pendant"] as const;
export type SimulatedType = (typeof DEVICE_TYPES)[number];

interface Datasheet {
  readonly readings: readonly {
    readonly signals: readonly string[];
    readonly everyS: number;
    readonly firstAtS: number;
  }[];
  readonly waveforms: readonly string[];
  readonly events: readonly string[];
  readonly batteryHours: number | null;
}

export interface DeviceOptions {
  readonly url: string;
  readonly deviceId: string;
  readonly token: string;
  readonly deviceType: SimulatedType;
  readonly runtime: Runtime;
  readonly encoding?: Encoding;
  readonly protocolVersion?: 4 | 5;
  /** Other intervals than the type's own, seconds: {"glucose-interstitial": 60}. */
  readonly everyS?: Readonly<Record<string, number>>;
  /** How much is kept while the server is away. */
  readonly bufferBytesMax?: number;
  readonly onState?: (state: ConnectionState) => void;
}

export interface DeviceCounts {
  readonly sent: number;
  readonly acknowledged: number;
  readonly quarantined: number;
  readonly dropped: number;
}

/** A device on a simulated patient. */
export interface SimulatedDevice {
  /** Measure and send one second of the patient it is on; the second ends now. */
  measure(second: Second, moment: Moment): void;
  readonly counts: DeviceCounts;
  readonly isOnline: boolean;
  /** Say goodbye (state "offline", then DISCONNECT) and stop, waiting at most `patienceMs` for acknowledgements. */
  stop(patienceMs?: number): Promise<void>;
}

const STATUS_EVERY_S = 60;

/** @throws RefusedInput FIELD_INVALID for an address, id or type that cannot be */
export function createDevice(options: DeviceOptions): SimulatedDevice {
  const { runtime, deviceId, deviceType, encoding = "cbor" } = options;
  const datasheet = datasheetOf(deviceType);
  const counts = { sent: 0, acknowledged: 0, quarantined: 0, dropped: 0 };
  const events = new Set(datasheet.events);
  let ageS = 0;

  const connection = createConnection({
    url: options.url,
    deviceId,
    token: options.token,
    runtime,
    ...(options.protocolVersion ? { protocolVersion: options.protocolVersion } : {}),
    ...(options.bufferBytesMax ? { bufferBytesMax: options.bufferBytesMax } : {}),
    onState: (state) => {
      // Sent at each connection: the last will has said "offline" in the meantime.
      if (state.state === "online") publish(status("online"));
      options.onState?.(state);
    },
  });

  const publish = (message: Outgoing): void => {
    counts.sent++;
    void connection.publish(message).then((outcome: Outcome) => {
      counts[outcome.state]++;
    });
  };

  const status = (state: "online" | "offline"): Outgoing => {
    const hours = datasheet.batteryHours;
    // Charged every time it runs down to a tenth.
    const battery = hours === null ? undefined : Math.round(100 - ((ageS / 3600 / hours) % 0.9) * 100);
    return encodeBody("status", { state, battery, clock: runtime.clock.now() }, "json");
  };

  const readings = (second: Second, silent: ReadonlySet<string>): Record<string, number> | null => {
    let values: Record<string, number> | null = null;
    for (const { signals, everyS, firstAtS } of datasheet.readings) {
      for (const signal of signals) {
        const interval = options.everyS?.[signal] ?? everyS;
        if (ageS < firstAtS || (ageS - firstAtS) % interval !== 0 || silent.has(signal)) continue;
        const value = second.values[signal as MeasuredSignal];
        if (value === null || value === undefined) continue;
        values ??= {};
        values[signal] = value;
      }
    }
    return values;
  };

  return {
    measure(second, moment) {
      const end = second.at + 1000;
      for (const signal of datasheet.waveforms) {
        const samples = second.waveforms[signal as WaveformSignal];
        if (!samples || moment.silent.has(signal)) continue;
        publish(waveformBody({ signal, start: second.at, ...WAVEFORMS[signal as WaveformSignal], samples }, encoding));
      }
      const values = readings(second, moment.silent);
      if (values) publish(encodeBody("readings", { at: end, values }, encoding));
      for (const { event, detail } of moment.events) {
        if (!events.has(event)) continue;
        const body = { ...(detail as Record<string, string>), event, at: end, id: runtime.ids.uuid() };
        publish(encodeBody("event", body, encoding));
      }
      if (ageS > 0 && ageS % STATUS_EVERY_S === 0) publish(status("online"));
      if (moment.disconnectForS > 0) connection.breakFor(moment.disconnectForS * 1000);
      ageS++;
    },
    counts,
    get isOnline() {
      return connection.isOnline;
    },
    async stop(patienceMs = 2000) {
      if (connection.isOnline) {
        publish(status("offline"));
        await new Promise<void>((resolve) => {
          const patience = runtime.timers.after(patienceMs, resolve);
          void connection.drained(0).then(() => {
            patience.cancel();
            resolve();
          });
        });
      }
      await connection.close();
    },
  };
}

/** @throws RefusedInput FIELD_INVALID that lists the types there are */
export function deviceTypeOf(name: string, at = "deviceType"): SimulatedType {
  const found = DEVICE_TYPES.find((type) => type === name);
  if (found) return found;
  throw new RefusedInput("FIELD_INVALID", { at, expected: `one of ${DEVICE_TYPES.join(", ")}`, received: name });
}

function datasheetOf(type: SimulatedType): Datasheet {
  return table[type];
}
