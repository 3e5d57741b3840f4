import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { Message, sessionBus, Variant } from "@jellybrick/dbus-next";

const PYTHON = "/usr/bin/python3";

/** Why there can be none on this machine; undefined: there can. */
export function whyNoMockBluez(): string | undefined {
  if (spawnSync("dbus-daemon", ["--version"]).status !== 0) return "no dbus-daemon (Debian: apt-get install dbus)";
  if (spawnSync(PYTHON, ["-c", "import dbusmock"]).status !== 0)
    return "no python3-dbusmock (Debian: apt-get install python3-dbusmock)";
  return undefined;
}

/** BlueZ as python-dbusmock has it, on a bus of its own, with devices and characteristics that the test makes. */
export interface MockBluez {
  readonly address: string;
  addDevice(address: string, name: string): Promise<string>;
  /**
   * @param flags "read", "notify", "indicate", "write"
   * @param onNotify what the mock does then, in Python
   */
  addCharacteristic(
    device: string,
    short: string,
    flags: readonly string[],
    readValue?: string,
    onNotify?: string,
  ): Promise<string>;
  /** The device's services are known now, as they are some time after connecting. */
  resolve(device: string): Promise<void>;
  /** @param hex what the characteristic says */
  say(characteristic: string, hex: string): Promise<void>;
  leave(device: string): Promise<void>;
  /** Methods that were called of an object, in their order. */
  calls(path: string): Promise<string[]>;
  stop(): Promise<void>;
}

const MOCK = "org.freedesktop.DBus.Mock";
const DEVICE = "org.bluez.Device1";
const CHARACTERISTIC = "org.bluez.GattCharacteristic1";

export async function startMockBluez(): Promise<MockBluez> {
  const daemon = spawn("dbus-daemon", ["--session", "--nofork", "--print-address=1"], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  const [line] = (await once(daemon.stdout, "data")) as [Buffer];
  const address = line.toString().split("\n")[0]?.split(",guid=")[0] ?? "";
  const env = { ...process.env, DBUS_SYSTEM_BUS_ADDRESS: address };
  const mock = spawn(PYTHON, ["-m", "dbusmock", "--system", "--template", "bluez5"], { env, stdio: "ignore" });
  const bus = sessionBus({ busAddress: address });
  await new Promise((resolve) => bus.once("connect", resolve as () => void));
  const call = async (path: string, name: string, member: string, signature = "", body: unknown[] = []) =>
    (await bus.call(new Message({ destination: "org.bluez", path, interface: name, member, signature, body })))
      ?.body?.[0];
  for (let tries = 0; ; tries++) {
    try {
      await call("/", "org.bluez.Mock", "AddAdapter", "ss", ["hci0", "bedside"]);
      break;
    } catch (error) {
      if (tries > 200) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
  const update = (path: string, name: string, properties: Record<string, Variant>) =>
    call(path, MOCK, "UpdateProperties", "sa{sv}", [name, properties]);
  return {
    address,
    addDevice: async (mac, name) => String(await call("/", "org.bluez.Mock", "AddDevice", "sss", ["hci0", mac, name])),
    async addCharacteristic(device, short, flags, readValue = "", onNotify = "") {
      const path = `${device}/service0001/char${short}`;
      const bytes = [...Buffer.from(readValue, "hex")].join(", ");
      await call("/", MOCK, "AddObject", "ssa{sv}a(ssss)", [
        path,
        CHARACTERISTIC,
        { UUID: new Variant("s", `0000${short}-0000-1000-8000-00805f9b34fb`), Flags: new Variant("as", [...flags]) },
        [
          ["StartNotify", "", "", onNotify],
          ["StopNotify", "", "", ""],
          ["ReadValue", "a{sv}", "ay", `ret = dbus.Array([${bytes}], signature="y")`],
          ["WriteValue", "aya{sv}", "", ""],
        ],
      ]);
      return path;
    },
    resolve: async (device) => void (await update(device, DEVICE, { ServicesResolved: new Variant("b", true) })),
    async say(path, hex) {
      const changed = { Value: new Variant("ay", Buffer.from(hex, "hex")) };
      await call(path, MOCK, "EmitSignal", "sssav", [
        "org.freedesktop.DBus.Properties",
        "PropertiesChanged",
        "sa{sv}as",
        [new Variant("s", CHARACTERISTIC), new Variant("a{sv}", changed), new Variant("as", [])],
      ]);
    },
    async leave(device) {
      await call(device, DEVICE, "Disconnect");
    },
    async calls(path) {
      const found = (await call(path, MOCK, "GetCalls")) as [unknown, string, unknown[]][];
      return found.map(([, name]) => name);
    },
    async stop() {
      bus.disconnect();
      await Promise.all([mock, daemon].map(end));
    },
  };
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill("SIGTERM");
  await once(child, "exit");
}
