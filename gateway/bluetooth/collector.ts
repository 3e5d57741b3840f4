import { encodeReportRecords } from "@openward/codecs/raw";
import type { Runtime, Timer } from "@openward/runtime";
import type { KeptValue } from "../keep/message.ts";
import { type Bluez, type Interfaces, type Signal, Variant } from "./bus.ts";
import {
  CHARACTERISTIC,
  type Characteristic,
  characteristicsOf,
  DEVICE,
  hasSession,
  RECORD_ACCESS,
  SESSION_START,
} from "./characteristics.ts";

/** A device that is to be found on the air. */
export interface Wanted {
  readonly deviceId: string;
  /** "C0:FF:EE:00:00:01". */
  readonly address: string;
}

export interface BluetoothState {
  readonly connected: number;
  readonly fault: string | null;
}

export interface Bluetooth {
  /** Other devices are wanted: those that are not any more are left alone. */
  reconfigured(): void;
  readonly state: BluetoothState;
  stop(): Promise<void>;
}

const ADAPTER = "org.bluez.Adapter1";
const LOOK_MS = 5_000;
/** Values of one visit are gathered until so long nothing came. */
const QUIET_MS = 1_000;
const GATHERED_MAX = 200;
const WANTS_PAIRING = /^org\.bluez\.Error\.(NotAuthorized|NotPermitted|AuthenticationFailed)$/;

interface Visit {
  readonly deviceId: string;
  readonly path: string;
  readonly byPath: Map<string, Characteristic>;
  readonly isInSession: boolean;
  sessionStart: KeptValue | undefined;
  gathered: KeptValue[];
  quiet: Timer | undefined;
  isPaired: boolean;
}

/**
 * Finds the wanted devices, connects to them, subscribes to what we have a format for, and hands on what they say, as they say it.
 * Which records a meter has stored is asked for at each visit: the server knows those that it has.
 */
export function createBluetooth({
  bluez,
  wanted,
  keep,
  runtime,
  log,
  lookMs = LOOK_MS,
}: {
  bluez: Bluez;
  wanted: () => readonly Wanted[];
  /** Values of one device, in the order in which they came. */
  keep: (deviceId: string, values: readonly KeptValue[]) => Promise<void>;
  runtime: Pick<Runtime, "clock" | "timers">;
  log: { info(facts: object, text: string): void; warn(facts: object, text: string): void };
  /** How often it looks for those that are not there. */
  lookMs?: number;
}): Bluetooth {
  const { clock, timers } = runtime;
  const visits = new Map<string, Visit>();
  const connecting = new Set<string>();
  let fault: string | null = null;
  let isLooking = false;
  let isStopped = false;
  let isDiscovering = false;

  function handOn(visit: Visit): void {
    visit.quiet?.cancel();
    visit.quiet = undefined;
    const values = visit.gathered;
    visit.gathered = [];
    if (values.length === 0) return;
    const start = visit.sessionStart;
    const isMeantBy = start !== undefined && !values.some(({ codec }) => codec === SESSION_START);
    keep(visit.deviceId, isMeantBy && visit.isInSession ? [start, ...values] : values).catch((error: unknown) => {
      fault = "a value could not be kept";
      log.warn({ deviceId: visit.deviceId, reason: (error as Error).message }, fault);
    });
  }

  function take(visit: Visit, codec: string, bytes: Uint8Array): void {
    const value = { codec, at: clock.now(), bytes };
    if (codec === SESSION_START) visit.sessionStart = value;
    visit.gathered.push(value);
    if (!visit.isInSession || visit.gathered.length >= GATHERED_MAX) {
      handOn(visit);
      return;
    }
    visit.quiet?.cancel();
    visit.quiet = timers.after(QUIET_MS, () => handOn(visit));
  }

  async function begin(deviceId: string, path: string, all: readonly Characteristic[]): Promise<void> {
    const visit: Visit = {
      deviceId,
      path,
      byPath: new Map(all.map((one) => [one.path, one])),
      isInSession: hasSession(all),
      sessionStart: undefined,
      gathered: [],
      quiet: undefined,
      isPaired: false,
    };
    visits.set(path, visit);
    log.info({ deviceId, characteristics: all.length }, "a Bluetooth device is connected");
    for (const { path: at, codec, isNotified } of all) {
      if (isNotified) await attempt(visit, codec, () => bluez.call(at, CHARACTERISTIC, "StartNotify"));
    }
    for (const { path: at, codec, isRead } of all) {
      if (!isRead || codec === RECORD_ACCESS) continue;
      await attempt(visit, codec, async () => {
        const bytes = await bluez.call(at, CHARACTERISTIC, "ReadValue", "a{sv}", [{}]);
        take(visit, codec, bytesOf(bytes));
      });
    }
    const control = all.find(({ codec }) => codec === RECORD_ACCESS);
    if (!control) return;
    const asked = [...encodeReportRecords({ kind: "all" })];
    await attempt(visit, RECORD_ACCESS, () =>
      bluez.call(control.path, CHARACTERISTIC, "WriteValue", "aya{sv}", [
        Buffer.from(asked),
        { type: new Variant("s", "request") },
      ]),
    );
  }

  /** One characteristic that does not do what it says keeps nobody from the others; one that wants pairing gets it, once a visit. */
  async function attempt(visit: Visit, codec: string, work: () => Promise<unknown>): Promise<void> {
    const { deviceId, path } = visit;
    try {
      try {
        await work();
      } catch (error) {
        if (visit.isPaired || !WANTS_PAIRING.test((error as { type?: string }).type ?? "")) throw error;
        visit.isPaired = true;
        await bluez.call(path, DEVICE, "Pair");
        await work();
      }
    } catch (error) {
      log.warn({ deviceId, codec, reason: (error as Error).message }, "a characteristic could not be used");
    }
  }

  function leave(path: string): void {
    const visit = visits.get(path);
    if (!visit) return;
    handOn(visit);
    visits.delete(path);
    log.info({ deviceId: visit.deviceId }, "a Bluetooth device is gone");
  }

  async function look(): Promise<void> {
    if (isLooking || isStopped) return;
    isLooking = true;
    try {
      const objects = await bluez.objects();
      const adapter = [...objects].find(([, interfaces]) => interfaces[ADAPTER]);
      if (!adapter) throw new Error("no Bluetooth adapter");
      if (adapter[1][ADAPTER]?.Powered !== true) await bluez.set(adapter[0], ADAPTER, "Powered", "b", true);
      const asked = wanted();
      for (const [path, visit] of visits) {
        if (!asked.some(({ deviceId }) => deviceId === visit.deviceId) || !objects.has(path)) await disconnect(path);
      }
      await Promise.all(asked.map((one) => visitOne(one, objects)));
      await discover(adapter[0], visits.size < asked.length);
      fault = null;
    } catch (error) {
      fault = (error as Error).message.slice(0, 200);
    } finally {
      isLooking = false;
    }
  }

  async function discover(adapter: string, shouldLook: boolean): Promise<void> {
    if (shouldLook === isDiscovering) return;
    if (shouldLook) {
      await bluez.call(adapter, ADAPTER, "SetDiscoveryFilter", "a{sv}", [{ Transport: new Variant("s", "le") }]);
      await bluez.call(adapter, ADAPTER, "StartDiscovery");
    } else await bluez.call(adapter, ADAPTER, "StopDiscovery");
    isDiscovering = shouldLook;
  }

  async function visitOne({ deviceId, address }: Wanted, objects: ReadonlyMap<string, Interfaces>): Promise<void> {
    const found = [...objects].find(([, interfaces]) => interfaces[DEVICE]?.Address === address);
    if (!found || visits.has(found[0])) return;
    const [path, interfaces] = found;
    const all = characteristicsOf(objects, path);
    const isResolved = interfaces[DEVICE]?.ServicesResolved === true;
    if (connected.has(path) && isResolved && all.length > 0) return begin(deviceId, path, all);
    if (connecting.has(path)) return;
    connecting.add(path);
    try {
      if (interfaces[DEVICE]?.Connected === true) connected.add(path);
      else await bluez.call(path, DEVICE, "Connect");
      connected.add(path);
    } catch (error) {
      const { type, message } = error as { type?: string; message?: string };
      if (type === "org.bluez.Error.AlreadyConnected") connected.add(path);
      else log.info({ deviceId, reason: type ?? message ?? "" }, "a Bluetooth device did not answer");
    } finally {
      connecting.delete(path);
    }
  }

  async function disconnect(path: string): Promise<void> {
    leave(path);
    connected.delete(path);
    await bluez.call(path, DEVICE, "Disconnect").catch(() => {});
  }

  function heard({ path, interface: name, member, body }: Signal): void {
    if (name === "org.freedesktop.DBus.ObjectManager") return void look();
    if (name !== "org.freedesktop.DBus.Properties" || member !== "PropertiesChanged") return;
    const [of, changed] = body as [string, Record<string, unknown>];
    if (of === CHARACTERISTIC && changed.Value !== undefined) {
      for (const visit of visits.values()) {
        const characteristic = visit.byPath.get(path);
        if (characteristic) take(visit, characteristic.codec, bytesOf(changed.Value));
      }
      return;
    }
    if (of !== DEVICE) return;
    if (changed.Connected === false) {
      leave(path);
      connected.delete(path);
    }
    if (changed.ServicesResolved === true || changed.Connected === true) void look();
  }

  const connected = new Set<string>();
  bluez.onSignal(heard);
  bluez.onGone((reason) => {
    fault = reason.slice(0, 200);
    for (const path of [...visits.keys()]) leave(path);
  });
  const looking = timers.every(lookMs, () => void look());
  void look();

  return {
    reconfigured: () => void look(),
    get state() {
      return { connected: visits.size, fault };
    },
    async stop() {
      isStopped = true;
      looking.cancel();
      for (const path of [...visits.keys()]) leave(path);
      bluez.close();
    },
  };
}

/** D-Bus gives an array of bytes as one, or as numbers. */
function bytesOf(value: unknown): Uint8Array {
  return value instanceof Uint8Array ? value : Uint8Array.from((value as number[] | undefined) ?? []);
}
