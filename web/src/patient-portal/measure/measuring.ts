import type { NewOwnDeviceBody, OwnDeviceBody } from "@openward/api";
import type { KeptValue, KnownDevice, Outbox } from "./outbox.ts";
import { createSender, type SenderDeps, type SendState } from "./sender.ts";
import { CONTINUOUS, isMeasured } from "./services.ts";
import { readingOf, type Shown } from "./shown.ts";
import { beginVisit, type Received, type Says } from "./visit.ts";
import type { BluetoothDevice } from "./web-bluetooth.ts";

/** Of whom a device measures. */
export interface Person {
  readonly patientId: string;
  readonly timeZone: string;
}

/** Values of a device that others use as well: the person has not said yet whose they are. */
export interface Asked {
  readonly id: number;
  readonly shown: readonly Shown[];
  readonly values: readonly Received[];
  /** It goes on by itself: the answer is for as long as the device is connected. */
  readonly isContinuous: boolean;
}

export interface DeviceState {
  readonly browserId: string;
  readonly patientId: string;
  readonly deviceId: string | null;
  readonly display: string;
  readonly isShared: boolean;
  readonly connection: "away" | "connecting" | "connected" | "lost";
  readonly shown: readonly Shown[];
  readonly isOff: boolean;
  readonly battery: number | null;
  readonly isUnreadable: boolean;
  readonly asked: readonly Asked[];
  /** What went wrong last, in words. */
  readonly trouble: string | null;
  /** Of what it sent, the ward has to look at some first. */
  readonly quarantined: number;
}

export interface MeasuringState {
  readonly devices: readonly DeviceState[];
  /** Values that are not at the server yet. */
  readonly unsent: number;
  /** Values that wait for somebody else to sign in here. */
  readonly ofOthers: number;
  readonly sending: SendState;
  /** The browser's store does not take anything: what is measured would be lost. */
  readonly isNotKept: boolean;
}

/** Who else measures with it: asked before anything is taken. null: the person leaves it. */
export type AskWhose = (what: {
  readonly name: string;
  readonly isUsedByOthers: boolean;
}) => Promise<"mine" | "shared" | null>;

export interface MeasuringDeps extends Omit<SenderDeps, "onState" | "onQuarantined" | "onSent" | "outbox"> {
  readonly outbox: Outbox;
  register(patientId: string, body: NewOwnDeviceBody): Promise<OwnDeviceBody>;
  isSharedRefusal(error: unknown): boolean;
  problemText(error: unknown): string;
  askWhose: AskWhose;
}

const RECONNECT_MS_MIN = 1_000;
const RECONNECT_MS_MAX = 30_000;

/** Devices that are measured with while this page is open, what they say, and how much of it is at the server. */
export function createMeasuring(deps: MeasuringDeps) {
  const { outbox, personId, now, after } = deps;
  let state: MeasuringState = { devices: [], unsent: 0, ofOthers: 0, sending: { state: "going" }, isNotKept: false };
  const listeners = new Set<() => void>();
  const handles = new Map<string, BluetoothDevice>();
  const heard = new Set<string>();
  const wanted = new Set<string>();
  /** Of shared devices: the person has said that it is they, for as long as it is connected. */
  const confirmed = new Set<string>();
  let askedId = 0;
  let isStopped = false;

  const set = (more: Partial<MeasuringState>) => {
    state = { ...state, ...more };
    for (const listener of listeners) listener();
  };
  const find = (browserId: string) => state.devices.find((one) => one.browserId === browserId);
  const change = (browserId: string, more: Partial<DeviceState>) =>
    set({ devices: state.devices.map((one) => (one.browserId === browserId ? { ...one, ...more } : one)) });

  const sender = createSender({
    ...deps,
    onState: (sending) => set({ sending }),
    onQuarantined(deviceId, problems) {
      const device = state.devices.find((one) => one.deviceId === deviceId);
      if (device) change(device.browserId, { quarantined: device.quarantined + problems.length });
    },
    onSent: () => void count(),
  });

  async function count(): Promise<void> {
    const { own, others } = await outbox.waiting(personId);
    const unsent = own.reduce((sum, { values }) => sum + values.filter(({ codec }) => isMeasured(codec)).length, 0);
    set({ unsent, ofOthers: others });
  }

  async function keep(device: DeviceState, values: readonly Received[]): Promise<void> {
    const { patientId, deviceId } = device;
    if (deviceId === null) return;
    try {
      await outbox.add({ personId, patientId, deviceId, values: values.map(keptOf) });
      if (state.isNotKept) set({ isNotKept: false });
    } catch {
      set({ isNotKept: true });
      return;
    }
    await count();
    sender.poke();
  }

  function take(browserId: string, values: readonly Received[], timeZone: string): void {
    const device = find(browserId);
    if (!device) return;
    const { shown, isOff, battery, isUnreadable } = readingOf(values, now(), timeZone);
    const isOfPerson = values.some(({ codec }) => isMeasured(codec));
    const isContinuous = values.every(({ codec }) => CONTINUOUS.has(codec) || !isMeasured(codec));
    const told = {
      battery: battery ?? device.battery,
      trouble: null,
      ...(isOfPerson && { isOff, isUnreadable }),
    };
    if (device.isShared && isOfPerson && !(isContinuous && confirmed.has(browserId))) {
      change(browserId, { ...told, asked: withAsked(device.asked, { shown, values, isContinuous }) });
      return;
    }
    change(browserId, { ...told, shown: withNewest(device.shown, shown) });
    void keep(device, values);
  }

  function withAsked(before: readonly Asked[], more: Omit<Asked, "id">): readonly Asked[] {
    const running = more.isContinuous ? before.find((one) => one.isContinuous) : undefined;
    if (!running) return [...before, { ...more, id: ++askedId }];
    const grown = {
      ...running,
      shown: withNewest(running.shown, more.shown),
      values: [...running.values, ...more.values],
    };
    return before.map((one) => (one === running ? grown : one));
  }

  async function admit(
    device: BluetoothDevice,
    person: Person,
    says: Says,
    services: readonly string[],
  ): Promise<boolean> {
    const known = (await outbox.devices(personId)).find(
      (one) => one.browserId === device.id && one.patientId === person.patientId,
    );
    if (known) {
      change(device.id, { deviceId: known.deviceId, display: known.display, isShared: known.isShared });
      return true;
    }
    const name = device.name ?? null;
    const called = name ?? says.model ?? "This device";
    const about = { browserId: device.id, name: name?.trim().slice(0, 120) || null, services: [...services], says };
    let whose = await deps.askWhose({ name: called, isUsedByOthers: false });
    for (;;) {
      if (whose === null) return false;
      try {
        const made = await deps.register(person.patientId, { ...about, isShared: whose === "shared" });
        const { patientId, deviceId, display, isShared } = made;
        await outbox.remember({ browserId: device.id, personId, patientId, deviceId, display, isShared });
        change(device.id, { deviceId, display, isShared });
        return true;
      } catch (error) {
        if (!deps.isSharedRefusal(error)) throw error;
        whose = await deps.askWhose({ name: called, isUsedByOthers: true });
      }
    }
  }

  async function connect(device: BluetoothDevice, person: Person): Promise<void> {
    change(device.id, { connection: "connecting", trouble: null });
    confirmed.delete(device.id);
    try {
      const isAdmitted = await beginVisit(device, {
        now,
        after,
        timeZone: person.timeZone,
        admit: (says, services) => admit(device, person, says, services),
        take: (values) => take(device.id, values, person.timeZone),
        onTrouble: () => change(device.id, { trouble: "Some of what this device offers could not be used." }),
      });
      if (isAdmitted) change(device.id, { connection: "connected" });
      else drop(device.id);
    } catch (error) {
      wanted.delete(device.id);
      device.gatt?.disconnect();
      change(device.id, { connection: "away", trouble: deps.problemText(error) });
      if (find(device.id)?.deviceId === null) return;
      throw error;
    }
  }

  function drop(browserId: string): void {
    wanted.delete(browserId);
    set({ devices: state.devices.filter((one) => one.browserId !== browserId) });
  }

  /** It was connected and is not any more: it may come back by itself. */
  function lost(device: BluetoothDevice, person: Person): void {
    if (!wanted.has(device.id) || isStopped || find(device.id)?.connection === "connecting") return;
    change(device.id, { connection: "lost" });
    let retryMs = RECONNECT_MS_MIN;
    const again = () => {
      if (!wanted.has(device.id) || isStopped) return;
      connect(device, person).catch(() => {
        wanted.add(device.id);
        change(device.id, { connection: "lost", trouble: null });
        retryMs = Math.min(retryMs * 2, RECONNECT_MS_MAX);
        after(retryMs, again);
      });
    };
    after(retryMs, again);
  }

  /** A device of the chooser, or one that the browser remembers. */
  async function begin(device: BluetoothDevice, person: Person): Promise<void> {
    wanted.add(device.id);
    if (!heard.has(device.id)) {
      heard.add(device.id);
      device.addEventListener("gattserverdisconnected", () => {
        const of = find(device.id);
        if (of) lost(device, { ...person, patientId: of.patientId });
      });
    }
    handles.set(device.id, device);
    const before = find(device.id);
    if (!before || before.patientId !== person.patientId) {
      const fresh = stateOf({ browserId: device.id, patientId: person.patientId, display: device.name ?? "Device" });
      set({ devices: [fresh, ...state.devices.filter((one) => one.browserId !== device.id)] });
    }
    await connect(device, person).catch(() => {});
  }

  return {
    state: () => state,
    subscribe(listener: () => void) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    begin,

    /** Those that were measured with before, which the browser may still reach without asking. */
    async recall(devices: readonly BluetoothDevice[]): Promise<void> {
      const known = await outbox.devices(personId);
      for (const device of devices) if (!handles.has(device.id)) handles.set(device.id, device);
      const fresh = known.filter(({ browserId }) => !find(browserId)).map(stateOf);
      set({ devices: [...state.devices, ...fresh] });
      await count();
      sender.poke();
    },
    /** undefined: the browser has to ask the person first. */
    handleOf: (browserId: string) => handles.get(browserId),

    end(browserId: string): void {
      wanted.delete(browserId);
      handles.get(browserId)?.gatt?.disconnect();
      change(browserId, { connection: "away" });
    },

    /** This browser does not know it any more; what it has measured stays where it is. */
    async forget(browserId: string): Promise<void> {
      const device = find(browserId);
      drop(browserId);
      handles.get(browserId)?.gatt?.disconnect();
      await handles
        .get(browserId)
        ?.forget?.()
        .catch(() => {});
      handles.delete(browserId);
      if (device?.deviceId) await outbox.forget(personId, device.deviceId);
    },

    /** Whose the values are that are asked about. */
    answer(browserId: string, id: number, isMine: boolean): void {
      const device = find(browserId);
      const asked = device?.asked.find((one) => one.id === id);
      if (!device || !asked) return;
      const rest = device.asked.filter((one) => one !== asked);
      if (!isMine) {
        change(browserId, { asked: rest });
        // Nobody who is asked again and again says what is so.
        if (asked.isContinuous) this.end(browserId);
        return;
      }
      if (asked.isContinuous) confirmed.add(browserId);
      change(browserId, { asked: rest, shown: withNewest(device.shown, asked.shown) });
      void keep(device, asked.values);
    },

    /** What the server does not take is not kept for ever. */
    async discard(deviceId: string): Promise<void> {
      await outbox.discard(personId, deviceId);
      await count();
      sender.poke();
    },
    send: () => sender.poke(),

    stop(): void {
      isStopped = true;
      sender.stop();
      for (const browserId of wanted) handles.get(browserId)?.gatt?.disconnect();
      wanted.clear();
    },
  };
}

export type Measuring = ReturnType<typeof createMeasuring>;

function stateOf(known: Pick<KnownDevice, "browserId" | "patientId" | "display"> & Partial<KnownDevice>): DeviceState {
  return {
    browserId: known.browserId,
    patientId: known.patientId,
    deviceId: known.deviceId ?? null,
    display: known.display,
    isShared: known.isShared ?? false,
    connection: "away",
    shown: [],
    isOff: false,
    battery: null,
    isUnreadable: false,
    asked: [],
    trouble: null,
    quarantined: 0,
  };
}

/** The newest of each stands; what was stored and comes late does not take its place. */
function withNewest(before: readonly Shown[], more: readonly Shown[]): readonly Shown[] {
  const byKey = new Map(before.map((one) => [one.key, one]));
  for (const one of more) if (one.at >= (byKey.get(one.key)?.at ?? Number.NEGATIVE_INFINITY)) byKey.set(one.key, one);
  return [...byKey.values()];
}

const keptOf = ({ codec, at, bytes }: Received): KeptValue => ({
  codec,
  at: Math.round(at),
  hex: [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join(""),
});
