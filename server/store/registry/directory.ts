import type { Runtime } from "@openward/runtime";
import type { ClientConfig, Pool } from "pg";
import { createAdoption } from "./adopted-certificates.ts";
import { startChangeFeed } from "./change-feed.ts";
import { createDirectoryMemory, type DirectoryMemory } from "./directory-memory.ts";
import { loadDevices, loadPatients } from "./directory-rows.ts";
import type { RegistryChange, RegistryChanges } from "./ports.ts";
import { createRefreshQueue, createTurns } from "./refresh-queue.ts";
import { everywhere } from "./transaction.ts";

export interface DirectoryLog {
  warn(facts: object, text: string): void;
}

type Lookups = Pick<
  DirectoryMemory,
  | "signIn"
  | "signInByCertificate"
  | "signInBySetting"
  | "isActive"
  | "inCharge"
  | "tokensOf"
  | "onRevoked"
  | "associationAt"
  | "associations"
  | "currentAssociation"
  | "runningAssociations"
  | "deviceType"
  | "timeZoneAt"
  | "recordNumbersOf"
  | "watched"
>;

/**
 * Devices, associations and patients in memory. Kept as the database has them by what other processes announce and,
 * without waiting for that, by what this process writes itself.
 *
 * It is connect's DeviceAccess, ingest's Directory but for the streams, and watch's Patients and Devices.
 */
export interface Directory extends RegistryChanges, Lookups {
  /** For the registries: something was committed. Resolves when memory has it and the listeners were told. */
  changed(change: RegistryChange): Promise<void>;
  close(): Promise<void>;
}

/** Loads everything, then listens. @throws OutsideTrouble DATABASE_UNREACHABLE when it cannot load at the start */
export async function openDirectory(options: {
  readonly worker: Pool;
  /** For the connection that listens. */
  readonly listen: ClientConfig;
  readonly runtime: Runtime;
  readonly log: DirectoryLog;
}): Promise<Directory> {
  const { worker, runtime, log } = options;
  const adoption = createAdoption({ worker, runtime, log });
  const memory = createDirectoryMemory(() => runtime.clock.now(), adoption.keep);
  const listeners = new Set<(change: RegistryChange) => void>();
  const refresh = createRefreshQueue();
  const turns = createTurns();
  let isClosed = false;

  const tell = (change: RegistryChange) => {
    for (const listener of listeners) {
      try {
        listener(change);
      } catch (error) {
        log.warn({ err: error, kind: change.kind }, "a listener failed on a change of the registry");
      }
    }
  };

  // One connection for the whole load: devices and patients as of one moment.
  const loadAll = () =>
    refresh("all", () =>
      turns.alone(async () => {
        const { devices, patients } = await everywhere(worker, async (tx) => {
          await tx.run("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY");
          return { devices: await loadDevices(tx), patients: await loadPatients(tx) };
        });
        const changed = memory.replaceAll(devices, patients);
        for (const { id, organisationId } of changed.patients) tell({ kind: "patient", organisationId, patientId: id });
        for (const { id, organisationId, associations } of changed.devices) {
          tell({ kind: "device", organisationId, deviceId: id });
          const patientId = associations.at(-1)?.patientId;
          if (patientId) tell({ kind: "association", organisationId, deviceId: id, patientId });
        }
      }),
    );

  const loadDevice = (deviceId: string) =>
    refresh(`device ${deviceId}`, () =>
      turns.together(async () => {
        const [device] = await everywhere(worker, (tx) => loadDevices(tx, deviceId));
        memory.setDevice(deviceId, device);
      }),
    );

  const loadPatient = (patientId: string) =>
    refresh(`patient ${patientId}`, () =>
      turns.together(async () => {
        const [patient] = await everywhere(worker, (tx) => loadPatients(tx, patientId));
        memory.setPatient(patientId, patient);
      }),
    );

  const catchUp = async (change: RegistryChange): Promise<void> => {
    try {
      if (change.kind === "patient") await loadPatient(change.patientId);
      else if (change.kind === "device" || change.kind === "association") await loadDevice(change.deviceId);
    } catch (error) {
      // The change is committed all the same. Memory is behind until the database answers again.
      log.warn({ reason: (error as Error).message }, "a change could not be loaded");
      reloadSoon();
    }
    tell(change);
  };

  const reloadSoon = () => {
    if (isClosed) return;
    runtime.timers.after(RELOAD_AFTER_MS, () => {
      if (isClosed) return;
      loadAll().catch(reloadSoon);
    });
  };

  await loadAll();
  const feed = startChangeFeed({
    config: options.listen,
    runtime,
    onListening() {
      loadAll().catch(reloadSoon);
      // Grants are not kept here: whoever keeps views reads them again.
      tell({ kind: "grant", organisationId: null, principalId: null });
    },
    onChange: (change) => void catchUp(change),
    onTrouble: (error) => log.warn({ reason: error.message }, "changes of other processes are not heard; reconnecting"),
  });

  const expiry = runtime.timers.every(EXPIRE_EVERY_MS, () => memory.expire());
  const {
    signIn,
    signInByCertificate,
    signInBySetting,
    isActive,
    inCharge,
    tokensOf,
    onRevoked,
    deviceType,
    timeZoneAt,
    recordNumbersOf,
    watched,
  } = memory;
  const { associationAt, associations, currentAssociation, runningAssociations } = memory;
  return {
    signIn,
    signInByCertificate,
    signInBySetting,
    isActive,
    inCharge,
    tokensOf,
    onRevoked,
    associationAt,
    associations,
    currentAssociation,
    runningAssociations,
    deviceType,
    timeZoneAt,
    recordNumbersOf,
    watched,
    on(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    changed: catchUp,
    async close() {
      isClosed = true;
      expiry.cancel();
      listeners.clear();
      await adoption.close();
      await feed.close();
    },
  };
}

const RELOAD_AFTER_MS = 1_000;
const EXPIRE_EVERY_MS = 1_000;
