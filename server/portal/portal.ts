import type { AlarmBody, StandbyBody } from "@openward/api";
import type { Alarm, Standby } from "@openward/model";
import type { Runtime } from "@openward/runtime";
import type { FastifyInstance } from "fastify";
import type { PublicUrl } from "../http/index.ts";
import { accountHandlers } from "./account.ts";
import { alarmHandlers } from "./alarms.ts";
import { amendmentHandlers } from "./amendments.ts";
import { applicationHandlers } from "./applications.ts";
import { auditHandlers } from "./audit.ts";
import type { Handlers } from "./call.ts";
import { completenessHandlers } from "./completeness.ts";
import { consentHandlers } from "./consents.ts";
import { deviceCredentialHandlers } from "./device-credentials.ts";
import { deviceHandlers } from "./devices.ts";
import { registerRoutes } from "./door.ts";
import { externalHandlers } from "./external.ts";
import { feedHandlers } from "./feeds.ts";
import { fleetHandlers } from "./fleet.ts";
import { gatewayHandlers } from "./gateways.ts";
import { grantHandlers } from "./grants.ts";
import { kioskHandlers } from "./kiosks.ts";
import { launchHandlers } from "./launch.ts";
import { limitHandlers } from "./limits.ts";
import { meHandlers } from "./me.ts";
import { createNames } from "./names.ts";
import { nightscoutHandlers } from "./nightscout.ts";
import { ownDeviceHandlers } from "./own-devices.ts";
import { patientHandlers } from "./patients.ts";
import { peopleHandlers } from "./people.ts";
import type {
  Access,
  AlarmHistory,
  Amendments,
  Applications,
  AuditLog,
  Calendars,
  Certify,
  Changes,
  Completeness,
  Devices,
  DevicesNow,
  DeviceType,
  Endings,
  Everything,
  Feeds,
  Gateways,
  Holds,
  Ingest,
  Launches,
  Mail,
  Patients,
  People,
  Quarantine,
  QuarantineRuns,
  Records,
  Relations,
  RelyingParty,
  Reprocess,
  Reprocessing,
  Screens,
  StreamQueries,
  SystemState,
  Telemetry,
  Wards,
  Watch,
} from "./ports/index.ts";
import { alarmBody, standbyBody } from "./present.ts";
import { proofHandlers } from "./proof.ts";
import { quarantineHandlers } from "./quarantine.ts";
import { quarantineRunHandlers } from "./quarantine-runs.ts";
import { relationHandlers } from "./relations.ts";
import { reprocessingHandlers } from "./reprocessing.ts";
import { rightsHandlers } from "./rights.ts";
import { createRoster } from "./roster.ts";
import { screenHandlers } from "./screen.ts";
import { sessionHandlers } from "./session.ts";
import { sharingHandlers } from "./sharing.ts";
import { streamHandlers } from "./streams.ts";
import { systemHandlers } from "./system.ts";
import { taskHandlers } from "./tasks.ts";
import { telemetryHandlers } from "./telemetry.ts";
import { createTiles, type Tiles } from "./tiles.ts";
import { wallHandlers } from "./wall.ts";

export interface PortalDeps {
  readonly runtime: Pick<Runtime, "clock" | "random">;
  readonly access: Access;
  readonly patients: Patients;
  readonly wards: Wards;
  readonly devices: Devices;
  readonly certify: Certify;
  readonly devicesNow: DevicesNow;
  readonly gateways: Gateways;
  readonly completeness: Completeness;
  readonly endings: Endings;
  readonly deviceTypes: readonly DeviceType[];
  readonly quarantine: Quarantine;
  readonly ingest: Ingest;
  readonly quarantineRuns: QuarantineRuns;
  readonly reprocess: Reprocess;
  readonly reprocessing: Reprocessing;
  readonly history: AlarmHistory;
  readonly people: People;
  readonly relations: Relations;
  readonly applications: Applications;
  readonly launches: Launches;
  readonly feeds: Feeds;
  readonly calendars: Calendars;
  readonly watch: Watch;
  readonly telemetry: Telemetry;
  /** What tiles show of it: never waited for. Left out: the same. */
  readonly shown?: Pick<Telemetry, "streams" | "latest">;
  readonly amendments: Amendments;
  readonly audit: AuditLog;
  readonly everything: Everything;
  readonly holds: Holds;
  readonly records: Records;
  readonly screens: Screens;
  readonly streams: StreamQueries;
  readonly changes: Changes;
  readonly system: SystemState;
  /** The operator's public address, against which Origin is checked; null: the Host header speaks. */
  readonly publicUrl: PublicUrl;
  /** null: at this address nobody can have a passkey. */
  readonly relyingParty: () => RelyingParty | null;
  /** The page that takes a one-time token: "https://ward.example/sign-in#token=...". */
  readonly signInLink: (token: string) => string;
  /** The page of screens on walls: "https://ward.example/kiosk#code=...". */
  readonly kioskLink: (code: string) => string;
  /** Where an identity provider outside sends the browser back to. */
  readonly externalRedirect: () => string;
  /** null: links are handed over. */
  readonly mail: Mail | null;
  /** How long a proof of who somebody is lasts. */
  readonly stepUpMs: number;
}

export interface Portal {
  /** Registers every route of /api. */
  register(app: FastifyInstance): Promise<void>;
  /** What live begins its screens with. */
  readonly tiles: Tiles;
  /** How live shows an alarm and a standby: at once, with the names that memory has. */
  alarmBody(alarm: Alarm): AlarmBody;
  standbyBody(standby: Standby): StandbyBody;
}

/** The portals' own API: what people do and see, over HTTP. */
export function createPortal(deps: PortalDeps): Portal {
  const { runtime, access, patients, telemetry, watch, devicesNow } = deps;
  const { clock } = runtime;
  const names = createNames(deps);
  const ofDevices = deviceHandlers({
    devices: deps.devices,
    devicesNow,
    deviceTypes: deps.deviceTypes,
    patients,
    clock,
  });
  const handlers: Handlers = {
    ...sessionHandlers({ access, clock }),
    ...accountHandlers({ access, relyingParty: deps.relyingParty, clock, stepUpMs: deps.stepUpMs }),
    ...proofHandlers({ access, relyingParty: deps.relyingParty, clock, stepUpMs: deps.stepUpMs }),
    ...externalHandlers({ access, clock, redirect: deps.externalRedirect }),
    ...screenHandlers({ access, relyingParty: deps.relyingParty }),
    ...kioskHandlers({ access, wards: deps.wards, clock, kioskLink: deps.kioskLink }),
    ...wallHandlers({ access, watch, names, relyingParty: deps.relyingParty }),
    ...systemHandlers({
      hasMail: deps.mail !== null,
      externalName: access.external.name,
      relyingParty: deps.relyingParty,
      system: deps.system,
      wards: deps.wards,
      clock,
    }),
    ...patientHandlers({ patients, wards: deps.wards, watch, runtime }),
    ...telemetryHandlers({ telemetry, watch, devices: deps.devices }),
    ...streamHandlers({ ...deps, clock }),
    ...alarmHandlers({ watch, history: deps.history, names }),
    ...amendmentHandlers({ amendments: deps.amendments, streams: deps.streams }),
    ...auditHandlers(deps),
    ...rightsHandlers({ ...deps, names, clock }),
    ...limitHandlers({ watch, patients, screens: deps.screens, names, clock }),
    ...ofDevices.handlers,
    ...fleetHandlers({ bodies: ofDevices.bodies, endings: deps.endings, clock }),
    ...completenessHandlers(deps),
    ...deviceCredentialHandlers({ ...deps, names }),
    ...gatewayHandlers({ ...deps, names }),
    ...quarantineHandlers({ quarantine: deps.quarantine, reprocess: deps.reprocess, names }),
    ...quarantineRunHandlers({ quarantineRuns: deps.quarantineRuns, names }),
    ...reprocessingHandlers({ reprocessing: deps.reprocessing }),
    ...meHandlers({ ...deps, clock }),
    ...taskHandlers({ ...deps, names, clock }),
    ...feedHandlers({ ...deps, names, clock }),
    ...nightscoutHandlers({ ...deps, clock }),
    ...ownDeviceHandlers({ ...deps, clock }),
    ...relationHandlers({ relations: deps.relations, names, clock }),
    ...consentHandlers({ consents: access.consents, people: deps.people, names, clock }),
    ...sharingHandlers({ ...deps, consents: access.consents, grants: access.grants, names, clock }),
    ...grantHandlers({ ...access, applications: deps.applications, names }),
    ...peopleHandlers({ people: deps.people, access, signInLink: deps.signInLink, mail: deps.mail }),
    ...applicationHandlers(deps),
    ...launchHandlers(deps),
  };
  return {
    register: (app) =>
      registerRoutes(app, { access, names, handlers, clock, publicUrl: deps.publicUrl, stepUpMs: deps.stepUpMs }),
    tiles: createTiles({
      clock,
      roster: createRoster({ patients }),
      telemetry: deps.shown ?? telemetry,
      watch,
      devicesNow,
      names,
    }),
    alarmBody: (alarm) => alarmBody(alarm, names),
    standbyBody: (standby) => standbyBody(standby, names),
  };
}
