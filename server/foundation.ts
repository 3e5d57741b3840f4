import { readFileSync } from "node:fs";
import { type OutsideTrouble, RefusedInput } from "@openward/errors";
import type { Runtime } from "@openward/runtime";
import type { ProviderSettings } from "./access/external/ports.ts";
import { createAccess, loadWebAuthn } from "./access/index.ts";
import { createClients } from "./access/oauth/index.ts";
import type { Config } from "./config.ts";
import type { Logger } from "./log.ts";
import type { Audit } from "./open-audit.ts";
import { openDatabase } from "./store/database/index.ts";
import { becomeOnlyWriter, type OnlyWriter } from "./store/database/only-writer.ts";
import type { Database } from "./store/database/ports.ts";
import { bindStore, createVault, type KeyStore, openKeysOf, openRaw } from "./store/keys/index.ts";
import { createRegistry, createTables, type Directory, openDirectory } from "./store/registry/index.ts";
import { followPatients } from "./store/resources/index.ts";

/** What the server and the command line both stand on: database, registries, who is allowed what. */
export type Foundation = Awaited<ReturnType<typeof openFoundation>>;

export async function openFoundation(options: {
  config: Config;
  mode: "serve" | "command";
  runtime: Runtime;
  log: Logger;
  /** Another server writes to the database now: this one must stop. */
  onSuperseded?: (error: OutsideTrouble) => void;
}) {
  const { config, mode, runtime, log, onSuperseded = () => {} } = options;
  const database = await openDatabase({
    dataDir: config.dataDir,
    url: config.databaseUrl,
    mode,
    runtime,
    log,
    allowUndurable: config.undurable === "yes",
  });
  let writer: OnlyWriter | undefined;
  let keys: KeyStore | undefined;
  let audit: Audit | undefined;
  try {
    const { worker, owner } = database;
    // Not while the first person signs in: loading holds everything up.
    if (mode === "serve") await loadWebAuthn();
    if (mode === "serve") writer = await becomeOnlyWriter({ owner, timers: runtime.timers, log, onSuperseded });
    // A command reads nothing that is encrypted, and makes no keys.
    const opened = mode === "serve" ? await openKeysOf(worker, { settings: config, runtime, log }) : undefined;
    keys = opened;
    // Most commands end sooner than what only a server needs is read.
    const { openAudit } = opened ? await import("./open-audit.ts") : {};
    if (opened) audit = await openAudit?.({ config, database, keys: opened, runtime, log });
    const opening = audit;
    const directory = await openDirectory({ worker, listen: database.connectionConfig("worker"), runtime, log });
    const registry = createRegistry({
      api: database.api,
      worker,
      runtime,
      changed: directory.changed,
      // Loaded with the first patient who was written by FHIR.
      followPatient: followPatients(async (content, change) =>
        (await import("./record/written/patient.ts")).textAfter(content, change, `${config.publicUrl ?? ""}/fhir`),
      ),
      ...(opened ? { openRaw: (entry) => unlessExpired(() => openRaw(opened, entry)) } : {}),
    });
    const expiring = opened && keepKeys(opened, { config, runtime, directory, worker, log });
    const access = createAccess({
      tables: createTables(database, runtime.clock),
      changes: directory,
      people: registry.people,
      runtime,
      ...(opened ? { vault: createVault(opened) } : {}),
      provider: mode === "serve" ? providerOf(config) : null,
      breakGlassMs: config.breakGlassMinutes * 60_000,
      isSecure: config.publicUrl?.startsWith("https:") ?? false,
      log,
    });
    return {
      database,
      directory,
      access,
      clients: createClients({ tables: createTables(database), runtime }),
      keys: opened,
      audit: opening,
      ...registry,
      async close() {
        await access.close();
        expiring?.cancel();
        await directory.close();
        await opening?.close();
        opened?.close();
        writer?.release();
        await database.close();
      },
    };
  } catch (error) {
    await audit?.close();
    keys?.close();
    writer?.release();
    await database.close();
    throw error;
  }
}

const DAY_MS = 86_400_000;

interface KeepOptions {
  readonly config: Config;
  readonly runtime: Runtime;
  readonly directory: Directory;
  readonly worker: Database["worker"];
  readonly log: Logger;
}

/** A key for each new patient, before the first reading wants one; and those of old quarantined input expire. */
function keepKeys(keys: KeyStore, options: KeepOptions) {
  const { config, runtime, directory, worker, log } = options;
  // Whether somebody is held must be known before anything is destroyed: while the database does not answer, nothing is.
  const expire = async () => {
    try {
      const { rows } = await worker.query<{ organisation_id: string }>(
        "SELECT DISTINCT organisation_id FROM legal_hold WHERE ended_at IS NULL AND (to_at IS NULL OR to_at > $1)",
        [runtime.clock.now()],
      );
      keys.expire(runtime.clock.now(), config.quarantineMonths, new Set(rows.map((row) => row.organisation_id)));
    } catch (error) {
      log.warn(
        { reason: (error as Error).message },
        "keys of old quarantined input could not expire; trying again in a day",
      );
    }
  };
  const tellDatabase = () =>
    bindStore(worker, keys, runtime.clock.now()).catch((error: Error) =>
      log.warn({ reason: error.message }, "the database was not told how many keys there are; the next one tells it"),
    );
  directory.on((change) => {
    if (change.kind !== "patient" || !directory.watched(change.patientId)) return;
    const { organisationId, patientId } = change;
    const before = keys.keys;
    keys.ensure([{ kind: "patient", organisationId, patientId }]);
    if (keys.keys > before) void tellDatabase();
  });
  void expire();
  return runtime.timers.every(DAY_MS, () => void expire());
}

/** undefined when its key was destroyed. */
function unlessExpired<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof RefusedInput && error.code === "KEY_DESTROYED") return undefined;
    throw error;
  }
}

/** @throws RefusedInput CONFIG_INVALID where the secret cannot be read */
function providerOf({ oidcIssuer, oidcClientId, oidcSecretFile, oidcName }: Config): ProviderSettings | null {
  if (oidcIssuer === null) return null;
  try {
    const secret = readFileSync(oidcSecretFile, "utf8").trim();
    if (secret !== "")
      return { issuer: oidcIssuer, clientId: oidcClientId, secret, name: oidcName || new URL(oidcIssuer).hostname };
  } catch (cause) {
    throw new RefusedInput(
      "CONFIG_INVALID",
      { at: "OPENWARD_OIDC_SECRET_FILE", expected: "a file that can be read" },
      { cause },
    );
  }
  throw new RefusedInput("CONFIG_INVALID", { at: "OPENWARD_OIDC_SECRET_FILE", expected: "a file that is not empty" });
}
