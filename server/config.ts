import { statSync } from "node:fs";
import { totalmem } from "node:os";
import { dirname, join, resolve } from "node:path";
import { RefusedInput } from "@openward/errors";
import { isLoopback, parseProxies, type TrustedProxies } from "./http/addresses.ts";

interface Setting<T> {
  readonly env: string;
  readonly fallback: string;
  readonly about: string;
  readonly parse: (text: string) => T | undefined;
  readonly expected: string;
  /** What was given is not shown. */
  readonly isSecret?: boolean;
}

const text = (
  env: string,
  fallback: string,
  about: string,
  expected = "text",
  isRight: (value: string) => boolean = () => true,
): Setting<string> => ({
  env,
  fallback,
  about,
  expected,
  parse: (value) => (isRight(value) ? value : undefined),
});

const S3_ADDRESS = /^s3:\/\/[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](\/|$)/;

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

/** null: not listening. Left out, it is `onNetwork` off loopback, where secrets travel over TLS only. */
const tlsPort = (env: string, onNetwork: number, about: string): Setting<number | null> => ({
  ...port(env, onNetwork, about),
  fallback: "",
  about: `${about}; left out, ${onNetwork} where \`OPENWARD_BIND\` is not loopback; 0 picks a free one`,
  expected: "a whole number from 0 to 65535, or off",
  parse: (value) => (value === "off" || value === "" ? null : port(env, onNetwork, about).parse(value)),
});

const portOrOff = (env: string, about: string): Setting<number | null> => ({
  ...port(env, 0, ""),
  fallback: "",
  about,
  expected: "a whole number from 0 to 65535, or off",
  parse: (value) => (value === "off" || value === "" ? null : port(env, 0, "").parse(value)),
});

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
  bind: text(
    "OPENWARD_BIND",
    "127.0.0.1",
    "address to listen on; off loopback, devices and people are served over TLS only",
  ),
  httpPort: port("OPENWARD_HTTP_PORT", 8080, "portals, API, FHIR, ingest, live"),
  mqttPort: port("OPENWARD_MQTT_PORT", 1883, "MQTT"),
  httpsPort: tlsPort("OPENWARD_HTTPS_PORT", 8443, "the same over TLS"),
  mqttsPort: tlsPort("OPENWARD_MQTTS_PORT", 8883, "MQTT over TLS"),
  mllpPort: portOrOff(
    "OPENWARD_MLLP_PORT",
    "HL7 v2 over MLLP (2575 is usual), on loopback only, for `OPENWARD_MLLP_GATEWAY`; left out, none; 0 picks a free one",
  ),
  mllpGateway: text(
    "OPENWARD_MLLP_GATEWAY",
    "",
    "id of the device that speaks there: a gateway with others in its charge, or a monitor for itself",
  ),
  mllpsPort: portOrOff(
    "OPENWARD_MLLPS_PORT",
    "the same over TLS, for whoever shows a client certificate; left out, none; 0 picks a free one",
  ),
  tlsCert: text(
    "OPENWARD_TLS_CERT",
    "",
    "file of the certificate and its chain, PEM; left out, one of our own authority, `tls/ca.crt` in the data directory",
  ),
  tlsKey: text("OPENWARD_TLS_KEY", "", "file of its private key, PEM; both are read again when they change"),
  deviceCa: text(
    "OPENWARD_DEVICE_CA",
    "",
    "file of your own authorities, up to the root, PEM, whose client certificates devices may show (CN = device id) beside ours",
  ),
  deviceCrl: text(
    "OPENWARD_DEVICE_CRL",
    "",
    "file of their revocation lists, one of each, PEM; both are read again when they change",
  ),
  metricsTokenFile: text(
    "OPENWARD_METRICS_TOKEN_FILE",
    "",
    "file of the token with which `/metrics` is read from elsewhere; left out, from this machine only",
  ),
  keyNetworks: {
    env: "OPENWARD_KEY_NETWORKS",
    fallback: "",
    about:
      "networks inside, with commas between, from which keys of applications (`jwks_uri`) may be fetched; else public ones only",
    expected: "addresses and networks such as 10.0.0.5,10.1.0.0/16",
    parse: parseProxies,
  } satisfies Setting<TrustedProxies>,
  feedNetworks: {
    env: "OPENWARD_FEED_NETWORKS",
    fallback: "",
    about:
      "networks inside, with commas between, to which webhooks, subscriptions and brokers of feeds may lead; else public ones",
    expected: "addresses and networks such as 10.0.0.5,10.1.0.0/16",
    parse: parseProxies,
  } satisfies Setting<TrustedProxies>,
  importNetworks: {
    env: "OPENWARD_IMPORT_NETWORKS",
    fallback: "",
    about: "networks inside, with commas between, from which `$import` of FHIR may fetch files; else public ones only",
    expected: "addresses and networks such as 10.0.0.5,10.1.0.0/16",
    parse: parseProxies,
  } satisfies Setting<TrustedProxies>,
  trustProxy: {
    env: "OPENWARD_TRUST_PROXY",
    fallback: "",
    about: "addresses and networks of proxies in front, with commas between, whose `X-Forwarded-*` are believed",
    expected: "addresses and networks such as 10.0.0.5,10.1.0.0/16",
    parse: parseProxies,
  } satisfies Setting<TrustedProxies>,
  publicUrl: url(
    "OPENWARD_PUBLIC_URL",
    ["http://", "https://"],
    "the address people use, for links; made from bind and port when left out",
  ),
  rateLimit: integer(
    "OPENWARD_RATE_LIMIT",
    500,
    [0, 1_000_000],
    "what one person, program or device may ask for a second, in reads of a row, ten times that at once; 0: no limit",
  ),
  stepUpMinutes: integer(
    "OPENWARD_STEP_UP_MINUTES",
    5,
    [1, 720],
    "how long somebody who has shown who they are may do what is dangerous before they show it again",
  ),
  oidcIssuer: {
    ...url(
      "OPENWARD_OIDC_ISSUER",
      ["https://", "http://localhost", "http://127.0.0.1"],
      "identity provider outside (OpenID Connect) at which people may sign in",
    ),
  },
  oidcClientId: text("OPENWARD_OIDC_CLIENT_ID", "", "as whom this server is known there"),
  oidcSecretFile: text(
    "OPENWARD_OIDC_SECRET_FILE",
    "",
    "file of the secret that it shares with the provider",
    "a file",
  ),
  oidcName: text(
    "OPENWARD_OIDC_NAME",
    "",
    "what people know the provider by; left out, its address",
    "up to 60 characters",
    (value) => value.length <= 60,
  ),
  smtpUrl: {
    ...url(
      "OPENWARD_SMTP_URL",
      ["smtp://", "smtps://"],
      "mail server, `smtp://user:password@host:587`: sign-in links, and that nobody watches; without it links are handed over",
    ),
    isSecret: true,
  },
  mailFrom: text("OPENWARD_MAIL_FROM", "", "from whom mails are, with `OPENWARD_SMTP_URL`", "a mail address", (value) =>
    /^[^\r\n]*$/.test(value),
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
  tailMegabytes: integer(
    "OPENWARD_TAIL_MB",
    0,
    [0, 1_000_000],
    "memory for recent readings; 0: an eighth of the machine's. Near it they are sealed early, at it devices wait",
  ),
  queryCacheMegabytes: integer(
    "OPENWARD_QUERY_CACHE_MB",
    64,
    [0, 100_000],
    "memory for what was asked of blocks lately; 0: each question reads the database",
  ),
  searchReadingsMax: integer(
    "OPENWARD_SEARCH_READINGS_MAX",
    200_000,
    [1_000, 1_000_000_000],
    "readings that one FHIR search may look at one by one; more is refused before it is run",
  ),
  searchCostMax: integer(
    "OPENWARD_SEARCH_COST_MAX",
    1_000_000,
    [1_000, 1_000_000_000],
    "work of the database, in its planner's units, that one FHIR search for written Observations may cost",
  ),
  diskWarnMegabytes: integer(
    "OPENWARD_DISK_WARN_MB",
    2048,
    [0, 100_000_000],
    "less room than this on a disk that is written to is told on every screen",
  ),
  diskFloorMegabytes: integer(
    "OPENWARD_DISK_FLOOR_MB",
    512,
    [0, 100_000_000],
    "less room than this: devices get no acks until there is more; 0: until nothing can be written",
  ),
  journalDays: integer(
    "OPENWARD_JOURNAL_DAYS",
    7,
    [2, 3650],
    "how long the journal is kept after its readings are in blocks",
  ),
  breakGlassMinutes: integer(
    "OPENWARD_BREAK_GLASS_MINUTES",
    240,
    [5, 1440],
    "after so long somebody who saw a patient in an emergency sees them no more",
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
  masterKeyCommand: text(
    "OPENWARD_MASTER_KEY_COMMAND",
    "",
    "a program that wraps and unwraps by a master key that stays in a key management service, instead of a file",
  ),
  quarantineMonths: integer(
    "OPENWARD_QUARANTINE_MONTHS",
    12,
    [1, 1200],
    "how long quarantined input can be read; after that its key is destroyed",
  ),
  archive: text(
    "OPENWARD_ARCHIVE",
    "",
    "where older blocks go: a folder, `s3://bucket/prefix`, or `off`; `archive` in the data directory when left out",
    "a folder, s3://bucket/prefix, or off",
    (value) => !value.startsWith("s3://") || S3_ADDRESS.test(value),
  ),
  archiveS3Endpoint: url(
    "OPENWARD_ARCHIVE_S3_ENDPOINT",
    ["http://", "https://"],
    "address of an S3 service that is not Amazon's; keys come from `AWS_ACCESS_KEY_ID` and the like",
  ),
  archiveS3Region: text("OPENWARD_ARCHIVE_S3_REGION", "us-east-1", "region of the bucket"),
  archiveNumericDays: integer(
    "OPENWARD_ARCHIVE_NUMERIC_DAYS",
    90,
    [1, 36_500],
    "how long readings stay in the database before they move to the archive",
  ),
  archiveWaveformDays: integer("OPENWARD_ARCHIVE_WAVEFORM_DAYS", 14, [1, 36_500], "the same for waveforms"),
  archiveNumericKeepDays: integer(
    "OPENWARD_ARCHIVE_NUMERIC_KEEP_DAYS",
    0,
    [0, 36_500],
    "after how long readings are deleted, wherever they are; 0: never",
  ),
  archiveWaveformKeepDays: integer("OPENWARD_ARCHIVE_WAVEFORM_KEEP_DAYS", 0, [0, 36_500], "the same for waveforms"),
  archiveCacheMegabytes: integer(
    "OPENWARD_ARCHIVE_CACHE_MB",
    64,
    [0, 100_000],
    "memory for blocks that were read from the archive",
  ),
  undurable: choice(
    "OPENWARD_TEST_UNDURABLE",
    "no",
    ["no", "yes"],
    "tests only: accept a database that does not flush",
  ),
  housekeepingMs: integer(
    "OPENWARD_TEST_HOUSEKEEPING_MS",
    0,
    [0, 60_000],
    "tests only: seal, put days together and archive everything so often; 0: when it is due",
  ),
  recoveryPauseMs: integer(
    "OPENWARD_TEST_RECOVERY_PAUSE_MS",
    0,
    [0, 3_600_000],
    "tests only: after a start, pause so long after each row of the journal that is read back",
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
  const [warn, floor] = [config.diskWarnMegabytes as number, config.diskFloorMegabytes as number];
  if (floor > warn) {
    const expected = `at most OPENWARD_DISK_WARN_MB, which is ${warn}`;
    throw new RefusedInput("CONFIG_INVALID", {
      at: settings.diskFloorMegabytes.env,
      expected,
      received: String(floor),
    });
  }
  if (config.smtpUrl !== null && !(config.mailFrom as string).includes("@"))
    throw new RefusedInput("CONFIG_INVALID", { at: settings.mailFrom.env, expected: "a mail address" });
  config.dataDir = resolve((config.dataDir as string) || defaultDataDir(isRoot));
  config.keyDir = resolve((config.keyDir as string) || join(config.dataDir as string, "keys"));
  config.masterKeyFile = resolve((config.masterKeyFile as string) || join(config.keyDir as string, "master.key"));
  const places = ["masterKey", "masterKeyFile", "masterKeyCommand"] as const;
  if (places.filter((place) => environment[settings[place].env]).length > 1)
    throw new RefusedInput("CONFIG_INVALID", {
      at: places.map((place) => settings[place].env).join(", "),
      expected: "one of them",
    });
  for (const [key, onNetwork] of Object.entries({ httpsPort: 8443, mqttsPort: 8883 })) {
    const isLeftOut = (environment[settings[key as "httpsPort" | "mqttsPort"].env] ?? "") === "";
    if (isLeftOut && !isOwnMachine(config.bind as string)) config[key] = onNetwork;
  }
  if ((config.mllpPort === null) !== (config.mllpGateway === "")) {
    throw new RefusedInput("CONFIG_INVALID", {
      at: "OPENWARD_MLLP_PORT, OPENWARD_MLLP_GATEWAY",
      expected: "both, or neither",
    });
  }
  if ((config.tlsCert === "") !== (config.tlsKey === "")) {
    throw new RefusedInput("CONFIG_INVALID", {
      at: "OPENWARD_TLS_CERT, OPENWARD_TLS_KEY",
      expected: "both, or neither",
    });
  }
  if (config.deviceCrl !== "" && config.deviceCa === "")
    throw new RefusedInput("CONFIG_INVALID", { at: "OPENWARD_DEVICE_CRL", expected: "OPENWARD_DEVICE_CA beside it" });
  const oidc = ["oidcIssuer", "oidcClientId", "oidcSecretFile"] as const;
  const given = oidc.filter((key) => (config[key] ?? "") !== "");
  if (given.length > 0 && given.length < oidc.length)
    throw new RefusedInput("CONFIG_INVALID", {
      at: oidc.map((key) => settings[key].env).join(", "),
      expected: "all of them, or none",
    });
  const archive = config.archive as string;
  if (archive === "") config.archive = join(config.dataDir as string, "archive");
  else if (archive !== "off" && !archive.startsWith("s3://")) config.archive = resolve(archive);
  for (const kind of ["Numeric", "Waveform"]) {
    const [hot, keep] = [config[`archive${kind}Days`] as number, config[`archive${kind}KeepDays`] as number];
    if (keep === 0 || keep > hot) continue;
    const at = settings[`archive${kind as "Numeric" | "Waveform"}KeepDays`].env;
    throw new RefusedInput("CONFIG_INVALID", { at, expected: `0, or more than ${hot}`, received: String(keep) });
  }
  return config as Config;
}

const isOwnMachine = (bind: string) => bind === "localhost" || isLoopback(bind);

/** Bytes that the tails may take. */
export function tailBudget({ tailMegabytes }: Pick<Config, "tailMegabytes">): number {
  if (tailMegabytes > 0) return tailMegabytes * 1_000_000;
  // In a container its limit counts; without one it is 0, or larger than the machine.
  const limit = process.constrainedMemory() || Number.POSITIVE_INFINITY;
  return Math.max(64_000_000, Math.min(totalmem(), limit) / 8);
}

export const archiveAddress = (config: Config) => ({
  place: config.archive,
  s3Endpoint: config.archiveS3Endpoint,
  s3Region: config.archiveS3Region,
});

export const archiveRetention = (config: Config) => ({
  hotDays: { numeric: config.archiveNumericDays, waveform: config.archiveWaveformDays },
  keepDays: { numeric: config.archiveNumericKeepDays, waveform: config.archiveWaveformKeepDays },
});

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
