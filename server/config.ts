import { statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { RefusedInput } from "@openward/errors";

interface Setting<T> {
  readonly env: string;
  readonly fallback: string;
  readonly about: string;
  readonly parse: (text: string) => T | undefined;
  readonly expected: string;
  /** What was given is not shown. */
  readonly isSecret?: boolean;
}

const text = (env: string, fallback: string, about: string, expected = "text"): Setting<string> => ({
  env,
  fallback,
  about,
  expected,
  parse: (value) => value,
});

const integer = (env: string, fallback: number, [min, max]: [number, number], about: string): Setting<number> => ({
  env,
  fallback: String(fallback),
  about,
  expected: `a whole number from ${min} to ${max}`,
  parse: (value) => {
    const number = Number(value);
    return /^\d+$/.test(value) && number >= min && number <= max ? number : undefined;
  },
});

const port = (env: string, fallback: number, about: string) =>
  integer(env, fallback, [0, 65535], `${about}; 0 picks a free one`);

const choice = <T extends string>(env: string, fallback: T, options: readonly T[], about: string): Setting<T> => ({
  env,
  fallback,
  about,
  expected: options.join(", "),
  parse: (value) => options.find((option) => option === value),
});

const url = (env: string, schemes: readonly string[], about: string): Setting<string | null> => ({
  env,
  fallback: "",
  about,
  expected: `an address that begins with ${schemes.join(" or ")}`,
  parse: (value) => {
    if (value === "") return null;
    return schemes.some((scheme) => value.startsWith(scheme)) && URL.canParse(value) ? value : undefined;
  },
});

/** Every setting there is; the README's table is checked against this one. */
export const settings = {
  dataDir: text(
    "OPENWARD_DATA_DIR",
    "",
    "where everything is kept; `./data`, or `/var/lib/openward` for root in a folder that others cannot reach",
    "a folder",
  ),
  databaseUrl: url(
    "OPENWARD_DATABASE_URL",
    ["postgres://", "postgresql://"],
    "your own PostgreSQL (15 or newer) instead of the embedded one",
  ),
  bind: text("OPENWARD_BIND", "127.0.0.1", "address to listen on; off loopback, put TLS in front"),
  httpPort: port("OPENWARD_HTTP_PORT", 8080, "portals, API, FHIR, ingest, live"),
  mqttPort: port("OPENWARD_MQTT_PORT", 1883, "MQTT"),
  publicUrl: url(
    "OPENWARD_PUBLIC_URL",
    ["http://", "https://"],
    "the address people use, for links; made from bind and port when left out",
  ),
  logLevel: choice(
    "OPENWARD_LOG_LEVEL",
    "warn",
    ["debug", "info", "warn", "error", "silent"],
    "how much is logged, as JSON lines on standard error",
  ),
  spoolMegabytes: integer(
    "OPENWARD_SPOOL_MB",
    1024,
    [1, 1_000_000],
    "room for readings while the database does not answer",
  ),
  journalDays: integer(
    "OPENWARD_JOURNAL_DAYS",
    7,
    [2, 3650],
    "how long the journal is kept after its readings are in blocks",
  ),
  rawDays: integer(
    "OPENWARD_RAW_DAYS",
    7,
    [0, 3650],
    "how long what devices sent is kept as they sent it, for `openward reprocess`; 0 keeps none",
  ),
  keyDir: text(
    "OPENWARD_KEY_DIR",
    "",
    "where the wrapped keys of patients are kept; `keys` in the data directory when left out",
  ),
  masterKeyFile: text(
    "OPENWARD_MASTER_KEY_FILE",
    "",
    "the file of the master key, made at the first start; `master.key` beside the wrapped keys when left out",
  ),
  masterKey: {
    ...text(
      "OPENWARD_MASTER_KEY",
      "",
      "the master key itself, 32 bytes in base64, instead of a file",
      "32 bytes in base64",
    ),
    isSecret: true,
    parse: (value: string) => (value === "" || Buffer.from(value, "base64").length === 32 ? value : undefined),
  },
  quarantineMonths: integer(
    "OPENWARD_QUARANTINE_MONTHS",
    12,
    [1, 1200],
    "how long quarantined input can be read; after that its key is destroyed",
  ),
  undurable: choice(
    "OPENWARD_TEST_UNDURABLE",
    "no",
    ["no", "yes"],
    "tests only: accept a database that does not flush",
  ),
} as const;

type Settings = typeof settings;
export type Config = { readonly [K in keyof Settings]: Settings[K] extends Setting<infer T> ? T : never };

/**
 * The settings of an environment.
 *
 * @throws RefusedInput CONFIG_UNKNOWN for an OPENWARD_ name that there is not, CONFIG_INVALID for a wrong value
 */
export function readConfig(
  environment: Readonly<Record<string, string | undefined>>,
  isRoot = process.getuid?.() === 0,
): Config {
  const known = new Set(Object.values(settings).map((setting) => setting.env));
  for (const name of Object.keys(environment)) {
    if (!name.startsWith("OPENWARD_") || known.has(name) || name === "OPENWARD_TEST_BROWSER") continue;
    throw new RefusedInput("CONFIG_UNKNOWN", { at: name, expected: `one of ${[...known].join(", ")}` });
  }
  const config: Record<string, unknown> = {};
  for (const [key, setting] of Object.entries<Setting<unknown>>(settings)) {
    const given = environment[setting.env] ?? setting.fallback;
    const value = setting.parse(given);
    if (value === undefined)
      throw new RefusedInput("CONFIG_INVALID", {
        at: setting.env,
        expected: setting.expected,
        ...(setting.isSecret ? {} : { received: given }),
      });
    config[key] = value;
  }
  config.dataDir = resolve((config.dataDir as string) || defaultDataDir(isRoot));
  config.keyDir = resolve((config.keyDir as string) || join(config.dataDir as string, "keys"));
  config.masterKeyFile = resolve((config.masterKeyFile as string) || join(config.keyDir as string, "master.key"));
  if (environment.OPENWARD_MASTER_KEY && environment.OPENWARD_MASTER_KEY_FILE)
    throw new RefusedInput("CONFIG_INVALID", { at: "OPENWARD_MASTER_KEY", expected: "either the key or its file" });
  return config as Config;
}

/**
 * `./data`; or, for root in a folder that other users cannot reach (the embedded database runs as a user of its own),
 * `/var/lib/openward`.
 */
function defaultDataDir(isRoot: boolean): string {
  const here = resolve("data");
  return !isRoot || isReachable(dirname(here)) ? here : ROOT_DATA_DIR;
}

export const ROOT_DATA_DIR = "/var/lib/openward";

/** May any user pass through every folder down to this one? */
function isReachable(folder: string): boolean {
  const passable = (statSync(folder).mode & 0o001) !== 0;
  return passable && (dirname(folder) === folder || isReachable(dirname(folder)));
}
