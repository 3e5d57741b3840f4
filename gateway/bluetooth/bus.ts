import { Message, MessageType, sessionBus, Variant } from "@jellybrick/dbus-next";

/** Properties of one interface, as plain values. */
export type Properties = Readonly<Record<string, unknown>>;
/** Interfaces of one object. */
export type Interfaces = Readonly<Record<string, Properties>>;

export interface Signal {
  readonly path: string;
  readonly interface: string;
  readonly member: string;
  readonly body: readonly unknown[];
}

/** BlueZ over D-Bus, as far as a gateway needs it. */
export interface Bluez {
  /** Every object that BlueZ has now: adapters, devices, services, characteristics. */
  objects(): Promise<ReadonlyMap<string, Interfaces>>;
  /** @throws Error with the D-Bus name of what was wrong in `type` */
  call(path: string, interfaceName: string, member: string, signature?: string, body?: unknown[]): Promise<unknown>;
  set(path: string, interfaceName: string, name: string, signature: string, value: unknown): Promise<void>;
  onSignal(listener: (signal: Signal) => void): void;
  /** The bus is gone: nothing more comes. */
  onGone(listener: (reason: string) => void): void;
  close(): void;
}

const BLUEZ = "org.bluez";
const PROPERTIES = "org.freedesktop.DBus.Properties";

export { Variant };

/** @param busAddress "unix:path=/run/dbus/system_bus_socket" */
export async function openBluez(busAddress: string): Promise<Bluez> {
  const bus = sessionBus({ busAddress });
  let isClosed = false;
  const gone: ((reason: string) => void)[] = [];
  await new Promise<void>((resolve, reject) => {
    bus.once("connect", () => resolve());
    bus.once("error", (error: Error) => reject(error));
  });
  bus.on("error", (error: Error) => {
    if (!isClosed) for (const listener of gone) listener(error.message);
  });
  const call = async (
    destination: string,
    path: string,
    name: string,
    member: string,
    signature = "",
    body: unknown[] = [],
  ) => {
    const asked = new Message({ destination, path, interface: name, member, signature, body });
    return (await bus.call(asked))?.body?.[0];
  };
  await call("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", "AddMatch", "s", [
    `type='signal',sender='${BLUEZ}'`,
  ]);
  return {
    async objects() {
      const found = await call(BLUEZ, "/", "org.freedesktop.DBus.ObjectManager", "GetManagedObjects");
      return new Map(Object.entries(plain(found) as Record<string, Interfaces>));
    },
    async call(path, name, member, signature, body) {
      return plain(await call(BLUEZ, path, name, member, signature, body));
    },
    async set(path, name, property, signature, value) {
      await call(BLUEZ, path, PROPERTIES, "Set", "ssv", [name, property, new Variant(signature, value)]);
    },
    onSignal(listener) {
      bus.on("message", (message: Message) => {
        if (message.type !== MessageType.SIGNAL) return;
        const { path = "", interface: name = "", member = "", body = [] } = message;
        listener({ path: path ?? "", interface: name ?? "", member: member ?? "", body: plain(body) as unknown[] });
      });
    },
    onGone: (listener) => void gone.push(listener),
    close() {
      isClosed = true;
      bus.disconnect();
    },
  };
}

/** Without the variants, in which D-Bus wraps what may be of any type. */
function plain(value: unknown): unknown {
  if (value instanceof Variant) return plain(value.value);
  if (ArrayBuffer.isView(value)) return value;
  if (Array.isArray(value)) return value.map(plain);
  if (value instanceof Map) return Object.fromEntries([...value].map(([key, member]) => [key, plain(member)]));
  if (typeof value === "object" && value !== null)
    return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, plain(member)]));
  return value;
}
