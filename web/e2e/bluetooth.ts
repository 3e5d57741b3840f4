import type { Page } from "playwright-core";

/** A characteristic of an emulated device. */
export interface EmulatedCharacteristic {
  /** "2a37". */
  readonly uuid: string;
  /** What it says when it is read; left out: it cannot be read. */
  readonly reads?: Uint8Array;
  /** It sends by itself. */
  readonly notifies?: boolean;
  /** What is done with what is written to it. */
  readonly writes?: (bytes: Uint8Array) => void;
}

export interface EmulatedDevice {
  readonly address: string;
  readonly name: string;
  /** Of each service, by "180d", its characteristics. */
  readonly services: Readonly<Record<string, readonly EmulatedCharacteristic[]>>;
}

export interface EmulatedBluetooth {
  add(device: EmulatedDevice): Promise<void>;
  /** What the person does in the browser's chooser next: the address of the device that they take; null: they close it. */
  answerNext(address: string | null): void;
  /** Has the device send this, as soon as somebody has subscribed to it. */
  say(address: string, uuid: string, bytes: Uint8Array): Promise<void>;
  /** Out of range: the connection ends, and none comes about until `comeBack`. */
  leave(address: string): Promise<void>;
  comeBack(address: string): void;
  /** Before any device is added. */
  switchAdapter(state: "powered-on" | "absent"): Promise<void>;
  /** "2a37 subscribe-to-notifications": what the page did, in order. */
  readonly asked: readonly string[];
}

/** Browsers on Linux have Web Bluetooth behind a switch, and the list of devices that were allowed behind another. */
export const WEB_BLUETOOTH = ["--enable-features=WebBluetooth,WebBluetoothNewPermissionsBackend"];

const whole = (short: string) => `0000${short}-0000-1000-8000-00805f9b34fb`;
const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString("base64");
/** Connection failed to be established. @source Bluetooth Core, volume 1 part F */
const NOT_THERE = 0x3e;
const PATIENCE_MS = 120_000;

/**
 * The emulation answers what it is asked and has no way to send by itself. What the browser does with a notification and with the answer
 * to a read is the same event on the same object: so the page is made to read what it has subscribed to.
 */
const REMEMBER_SUBSCRIBED = `(() => {
  const start = BluetoothRemoteGATTCharacteristic.prototype.startNotifications;
  window.subscribed = new Map();
  BluetoothRemoteGATTCharacteristic.prototype.startNotifications = async function () {
    const started = await start.call(this);
    const key = this.service.device.name + " " + this.uuid.slice(4, 8);
    window.subscribed.set(key, this);
    this.service.device.addEventListener("gattserverdisconnected", () => window.subscribed.delete(key), { once: true });
    return started;
  };
})()`;

/** Bluetooth as the browser's DevTools session emulates it, for one page: an adapter that is on, and no device yet. */
export async function emulateBluetooth(page: Page): Promise<EmulatedBluetooth> {
  const browser = page.context().browser();
  if (!browser) throw new Error("a context without a browser");
  // The adapter is the browser's, the chooser is the page's.
  const session = await browser.newBrowserCDPSession();
  const chooser = await page.context().newCDPSession(page);
  await session.send("BluetoothEmulation.enable", { state: "powered-on", leSupported: true });
  await chooser.send("DeviceAccess.enable");
  await page.addInitScript(REMEMBER_SUBSCRIBED);
  const devices = new Map<string, EmulatedDevice>();
  const byId = new Map<string, EmulatedCharacteristic>();
  const next = new Map<string, Uint8Array>();
  const away = new Set<string>();
  const asked: string[] = [];
  const answers: (string | null)[] = [];

  chooser.on("DeviceAccess.deviceRequestPrompted", ({ id, devices: found }) => {
    // A prompt is told again with every device that is found: it is answered once.
    const [wanted] = answers;
    if (wanted === undefined || (wanted !== null && !found.some((one) => one.id === wanted))) return;
    answers.shift();
    if (wanted === null) void quietly(chooser.send("DeviceAccess.cancelPrompt", { id }));
    else void quietly(chooser.send("DeviceAccess.selectPrompt", { id, deviceId: wanted }));
  });
  session.on("BluetoothEmulation.gattOperationReceived", ({ address, type }) => {
    const isAway = away.has(address);
    const answer = () =>
      session.send("BluetoothEmulation.simulateGATTOperationResponse", { address, type, code: isAway ? NOT_THERE : 0 });
    void quietly(type === "connection" && !isAway ? addServices(address).then(answer) : answer());
  });
  session.on("BluetoothEmulation.characteristicOperationReceived", ({ characteristicId, type, data }) => {
    const is = byId.get(characteristicId);
    if (!is) return;
    asked.push(`${is.uuid} ${type}`);
    const said = next.get(characteristicId) ?? is.reads ?? new Uint8Array();
    const more = type === "read" ? { data: base64(said) } : {};
    const answer = { characteristicId, type, code: 0, ...more };
    void quietly(session.send("BluetoothEmulation.simulateCharacteristicOperationResponse", answer)).then(() => {
      if (type === "write") is.writes?.(Buffer.from(data ?? "", "base64"));
    });
  });
  session.on("BluetoothEmulation.descriptorOperationReceived", ({ descriptorId, type }) => {
    const answer = { descriptorId, type, code: 0, ...(type === "read" && { data: base64(new Uint8Array(2)) }) };
    void quietly(session.send("BluetoothEmulation.simulateDescriptorOperationResponse", answer));
  });

  /** They are gone with each connection. */
  async function addServices(address: string): Promise<void> {
    for (const [service, characteristics] of Object.entries(devices.get(address)?.services ?? {})) {
      const serviceUuid = whole(service);
      const { serviceId } = await session.send("BluetoothEmulation.addService", { address, serviceUuid });
      for (const is of characteristics) {
        const properties = {
          read: is.reads !== undefined || is.notifies === true,
          notify: is.notifies === true,
          write: is.writes !== undefined,
        };
        const characteristicUuid = whole(is.uuid);
        const made = await session.send("BluetoothEmulation.addCharacteristic", {
          serviceId,
          characteristicUuid,
          properties,
        });
        const { characteristicId } = made;
        byId.set(characteristicId, is);
        // Where a device is told that its notifications are wanted.
        if (is.notifies)
          await session.send("BluetoothEmulation.addDescriptor", { characteristicId, descriptorUuid: whole("2902") });
      }
    }
  }

  return {
    asked,
    async add(device) {
      const { address, name, services } = device;
      devices.set(address, device);
      await session.send("BluetoothEmulation.simulatePreconnectedPeripheral", {
        address,
        name,
        manufacturerData: [],
        knownServiceUuids: Object.keys(services).map(whole),
      });
    },
    answerNext: (address) => void answers.push(address),
    async say(address, uuid, bytes) {
      const device = devices.get(address);
      const is = Object.values(device?.services ?? {})
        .flat()
        .find((one) => one.uuid === uuid);
      if (!is) throw new Error(`no ${uuid} at ${address}`);
      const key = `${device?.name} ${uuid}`;
      await page.waitForFunction((name) => (window as unknown as Subscribed).subscribed?.has(name), key, {
        timeout: PATIENCE_MS,
      });
      for (const [id, one] of byId) if (one === is) next.set(id, bytes);
      await page.evaluate(
        async (name) => void (await (window as unknown as Subscribed).subscribed.get(name)?.readValue()),
        key,
      );
    },
    async leave(address) {
      away.add(address);
      await session.send("BluetoothEmulation.simulateGATTDisconnection", { address });
    },
    comeBack: (address) => void away.delete(address),
    async switchAdapter(state) {
      // One adapter takes the place of the other.
      await session.send("BluetoothEmulation.disable");
      await session.send("BluetoothEmulation.enable", { state, leSupported: true });
    },
  };
}

interface Subscribed {
  readonly subscribed: Map<string, { readValue(): Promise<unknown> }>;
}

/** A page that closes takes its session along. */
const quietly = (work: Promise<unknown>): Promise<void> =>
  work.then(
    () => {},
    () => {},
  );
