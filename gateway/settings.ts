import { readFileSync } from "node:fs";
import { RefusedInput } from "@openward/errors";

/** What stands in the environment, checked. */
export interface Settings {
  readonly server: URL;
  readonly id: string;
  /** null: a client certificate does instead. */
  readonly tokenFile: string | null;
  readonly certFile: string | null;
  readonly keyFile: string | null;
  readonly caFile: string | null;
  readonly dataDir: string;
  readonly bytesMax: number;
  /** null: it does not listen. */
  readonly mqttPort: number | null;
  readonly mqttBind: string;
  readonly localCertFile: string | null;
  readonly localKeyFile: string | null;
  readonly mllpPort: number | null;
  readonly mllpBind: string;
  /** Addresses from which monitors may speak in the clear, beside this machine. */
  readonly mllpFrom: readonly string[];
  /** Address of the D-Bus on which BlueZ is; null: no Bluetooth. */
  readonly bluetoothBus: string | null;
  /** "bell", "off", or a command that takes a WAV file on its standard input. */
  readonly sound: string;
  readonly logLevel: string;
}

const PREFIX = "OPENWARD_GATEWAY_";
const NAMES = [
  "SERVER",
  "ID",
  "TOKEN_FILE",
  "CERT",
  "KEY",
  "CA",
  "DATA_DIR",
  "MEGABYTES",
  "MQTT_PORT",
  "MQTT_BIND",
  "TLS_CERT",
  "TLS_KEY",
  "MLLP_PORT",
  "MLLP_BIND",
  "MLLP_FROM",
  "BLUETOOTH",
  "SOUND",
  "LOG_LEVEL",
] as const;
const SYSTEM_BUS = "unix:path=/run/dbus/system_bus_socket";
const LOOPBACK = new Set(["127.0.0.1", "::1", "localhost"]);
const LEVELS = ["debug", "info", "warn", "error"];

/** @throws RefusedInput CONFIG_UNKNOWN, CONFIG_INVALID naming the setting */
export function readSettings(env: Readonly<Record<string, string | undefined>>): Settings {
  for (const name of Object.keys(env)) {
    if (name.startsWith(PREFIX) && !NAMES.some((known) => name === PREFIX + known))
      throw new RefusedInput("CONFIG_UNKNOWN", { at: name, expected: NAMES.map((known) => PREFIX + known).join(", ") });
  }
  const text = (name: (typeof NAMES)[number], fallback = "") => env[PREFIX + name]?.trim() || fallback;
  const orNull = (name: (typeof NAMES)[number]) => text(name) || null;
  const wrong = (name: (typeof NAMES)[number], expected: string) =>
    new RefusedInput("CONFIG_INVALID", { at: PREFIX + name, expected });
  const integer = (name: (typeof NAMES)[number], fallback: string, min: number, max: number) => {
    const value = Number(text(name, fallback));
    if (!Number.isInteger(value) || value < min || value > max)
      throw wrong(name, `a whole number from ${min} to ${max}`);
    return value;
  };
  const port = (name: (typeof NAMES)[number], fallback: string) =>
    text(name, fallback) === "off" ? null : integer(name, fallback, 0, 65_535);

  const server = text("SERVER");
  if (!/^https?:\/\//.test(server) || !URL.canParse(server)) throw wrong("SERVER", "the server's address, https://...");
  const url = new URL(server);
  if (url.protocol === "http:" && !LOOPBACK.has(url.hostname))
    throw wrong("SERVER", "https:// for a server on another machine: secrets do not travel in the clear");
  const id = text("ID");
  if (!/^[A-Za-z0-9._-]{1,64}$/.test(id)) throw wrong("ID", "the gateway's device id");
  const [tokenFile, certFile, keyFile] = [orNull("TOKEN_FILE"), orNull("CERT"), orNull("KEY")];
  if (tokenFile === null && (certFile === null || keyFile === null))
    throw wrong("TOKEN_FILE", `a file with its token, or ${PREFIX}CERT and ${PREFIX}KEY`);
  const mqttBind = text("MQTT_BIND", "127.0.0.1");
  const [localCertFile, localKeyFile] = [orNull("TLS_CERT"), orNull("TLS_KEY")];
  if (!LOOPBACK.has(mqttBind) && (localCertFile === null || localKeyFile === null))
    throw wrong("MQTT_BIND", `a loopback address, or ${PREFIX}TLS_CERT and ${PREFIX}TLS_KEY with it`);
  const bluetooth = text("BLUETOOTH", "off");
  const logLevel = text("LOG_LEVEL", "info");
  if (!LEVELS.includes(logLevel)) throw wrong("LOG_LEVEL", LEVELS.join(", "));
  return {
    server: url,
    id,
    tokenFile,
    certFile,
    keyFile,
    caFile: orNull("CA"),
    dataDir: text("DATA_DIR", "./gateway-data"),
    bytesMax: integer("MEGABYTES", "1000", 1, 1_000_000) * 1_000_000,
    mqttPort: port("MQTT_PORT", "1883"),
    mqttBind,
    localCertFile,
    localKeyFile,
    mllpPort: port("MLLP_PORT", "off"),
    mllpBind: text("MLLP_BIND", "127.0.0.1"),
    mllpFrom: text("MLLP_FROM")
      .split(",")
      .map((part) => part.trim())
      .filter(Boolean),
    bluetoothBus: bluetooth === "off" ? null : bluetooth === "on" ? SYSTEM_BUS : bluetooth,
    sound: text("SOUND", "bell"),
    logLevel,
  };
}

/** Files are read again when they may have been renewed. @throws RefusedInput FILE_UNREADABLE */
export function readSecret(path: string, setting: string): Buffer {
  try {
    return readFileSync(path);
  } catch (cause) {
    throw new RefusedInput("FILE_UNREADABLE", { at: PREFIX + setting, received: path }, { cause });
  }
}
