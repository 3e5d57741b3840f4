import type { Runtime } from "@openward/runtime";
import type { Pool } from "pg";
import { createAlarmRegistry } from "./alarms.ts";
import type { FollowPatient, PatientChange, RegistryContext } from "./context.ts";
import { createDeviceClocks, type DeviceClockMemory } from "./device-clocks.ts";
import { createDeviceRegistry } from "./devices.ts";
import { createEndings, type EndingRegistry } from "./endings.ts";
import { createFleetEvidence, type FleetEvidenceRegistry } from "./fleet-evidence.ts";
import { createFleetKeeping, type FleetKeeping } from "./fleet-keeping.ts";
import { createGatewayRegistry, type GatewayRegistry } from "./gateways.ts";
import { createPatientRegistry } from "./patients.ts";
import { createPeopleRegistry } from "./people.ts";
import type {
  AlarmRegistry,
  DeviceRegistry,
  PatientRegistry,
  PeopleRegistry,
  QuarantineRegistry,
  RegistryChange,
  RelationRegistry,
  ReprocessingRegistry,
  WardRegistry,
} from "./ports.ts";
import { createQuarantineRegistry } from "./quarantine.ts";
import { createQuarantineRuns, type QuarantineRuns } from "./quarantine-runs.ts";
import { createRelationRegistry } from "./relations.ts";
import { createReprocessingRegistry } from "./reprocessing.ts";
import { createWardRegistry } from "./wards.ts";
import { createWatchMemory, type RegistryWatchMemory } from "./watch-memory.ts";

export { type Directory, openDirectory } from "./directory.ts";
export { createHappenings } from "./happenings.ts";
export { createKeptAuthority } from "./kept-authority.ts";
export { createObservationsReceived } from "./observations-received.ts";
export { type Asker, createTables, statement, type Tables } from "./transaction.ts";
export type { RegistryWatchMemory } from "./watch-memory.ts";
export type { FollowPatient, PatientChange };

export interface Registry {
  readonly wards: WardRegistry;
  readonly patients: PatientRegistry;
  readonly devices: DeviceRegistry;
  readonly people: PeopleRegistry;
  readonly relations: RelationRegistry;
  readonly quarantine: QuarantineRegistry;
  readonly alarms: AlarmRegistry;
  readonly reprocessing: ReprocessingRegistry;
  readonly watchMemory: RegistryWatchMemory;
  readonly gateways: GatewayRegistry;
  readonly clocks: DeviceClockMemory;
  readonly quarantineRuns: QuarantineRuns;
  readonly endings: EndingRegistry;
  readonly fleetKeeping: FleetKeeping;
  readonly fleetEvidence: FleetEvidenceRegistry;
}

/**
 * What people have written down: organisations, wards, patients, devices, people, limits. Every change is in the audit
 * log, in the same transaction.
 *
 * @param changed told after each commit, and waited for: the directory's `changed`. Left out on the command line, where
 *   nobody keeps anything in memory; the running server hears of it from the database.
 */
export function createRegistry(deps: {
  readonly api: Pool;
  readonly worker: Pool;
  readonly runtime: Runtime;
  /** Left out where nobody reads raw input: it is given as it is stored. */
  readonly openRaw?: RegistryContext["openRaw"];
  readonly changed?: (change: RegistryChange) => Promise<void>;
  readonly followPatient?: RegistryContext["followPatient"];
}): Registry {
  const context: RegistryContext = {
    ...deps,
    api: { pool: deps.api, clock: deps.runtime.clock },
    openRaw: deps.openRaw ?? (({ raw }) => raw),
    changed: deps.changed ?? (async () => {}),
  };
  return {
    wards: createWardRegistry(context),
    patients: createPatientRegistry(context),
    devices: createDeviceRegistry(context),
    people: createPeopleRegistry(context),
    relations: createRelationRegistry(context),
    quarantine: createQuarantineRegistry(context),
    alarms: createAlarmRegistry(context),
    reprocessing: createReprocessingRegistry(context),
    watchMemory: createWatchMemory(context),
    gateways: createGatewayRegistry(context),
    clocks: createDeviceClocks(context),
    quarantineRuns: createQuarantineRuns(context),
    endings: createEndings(context),
    fleetKeeping: createFleetKeeping(context),
    fleetEvidence: createFleetEvidence(context),
  };
}
