import { deviceTypes, findDriver, rhythmOf } from "@openward/drivers";
import { createAuditQueries, disclosuresOf, inWords } from "./access/audit/index.ts";
import { relyingPartyOf } from "./access/index.ts";
import { createClients, createLaunches, scopeInWords } from "./access/oauth/index.ts";
import { createCalendarRows, dueOf } from "./calendar/index.ts";
import { createCompleteness, createEndings } from "./fleet/index.ts";
import { createGateways } from "./gateways.ts";
import type { Ground } from "./ground.ts";
import type { Live } from "./live/index.ts";
import { createCertify, ownEndings } from "./open-certificates.ts";
import { openFeeds } from "./open-feeds.ts";
import type { OpenIngest } from "./open-ingest.ts";
import { openRights } from "./open-rights.ts";
import type { Storage } from "./open-storage.ts";
import type { OpenWatch } from "./open-watch.ts";
import packageJson from "./package.json" with { type: "json" };
import { createPortal } from "./portal/index.ts";
import { reachable, signInLink } from "./reachable.ts";
import { createNightscoutDocuments } from "./store/nightscout/index.ts";

export type OpenPortal = Awaited<ReturnType<typeof openPortal>>;

/**
 * The portals' side, and what it is answered from besides the store: rights, fleet, feeds, calendars.
 *
 * @param live asked when there is something to show, never before
 */
export async function openPortal(
  ground: Ground,
  rooms: { readonly opened: Storage; readonly watching: OpenWatch; readonly intake: OpenIngest },
  live: () => Live,
) {
  const { config, isDemo, runtime, log, foundation, keys, audit, access, turn, report, where, onStop } = ground;
  const { store, space, storage, tables, amendments, screened } = rooms.opened;
  const { watch, readingBack } = rooms.watching;
  const { ingest, connected, twinned, sightings, door, reprocess, quarantineRuns } = rooms.intake;
  const { archive, telemetry } = store;
  const { directory } = foundation;
  const { smtpUrl: url, mailFrom: from } = config;
  const mail = url === null ? null : (await import("./mail.ts")).createMail({ url, from });
  if (mail) onStop(mail.close);
  const auditQueries = createAuditQueries(audit.read(tables));
  const nightscoutDocuments = createNightscoutDocuments({ tables, keys });
  const rights = openRights({
    documents: nightscoutDocuments,
    foundation,
    tables,
    telemetry: amendments.telemetry,
    amendments,
    audit: auditQueries,
    onEnded: access.onEnded,
    typeOf: directory.deviceType,
    runtime,
    turn,
    publicUrl: () => where.url,
    report,
  });
  const endings = createEndings({
    runtime,
    registry: foundation.endings,
    organisations: foundation.wards.organisations,
    ownEndings: () => ownEndings(config),
    send: mail && ((to, what) => mail.sendEndings(to, what, `${where.url}/devices`)),
    log,
    report,
  });
  onStop(endings.stop);
  const typeOf = (deviceId: string) => directory.deviceType(deviceId) ?? "generic";
  const completeness = createCompleteness({
    clock: runtime.clock,
    tables: foundation.fleetEvidence,
    measured: { streams: amendments.telemetry.streams, ...amendments.telemetry.queries },
    rhythms: {
      of: (deviceId, signal) => rhythmOf(typeOf(deviceId), signal),
      ofDevice: (deviceId) =>
        Object.entries(findDriver(typeOf(deviceId))?.signals ?? {}).map(([signal, intervalMs]) => ({
          signal,
          intervalMs,
        })),
    },
  });
  const { feeds, told, ...feeding } = await openFeeds({
    config,
    foundation,
    access,
    store,
    keys,
    tables,
    amendments,
    recorder: audit.writer,
    expectationOf: watch.expectationOf,
    runtime,
    version: packageJson.version,
    publicUrl: () => where.url,
    log,
  });
  onStop(() => feeding.close());
  const calendarRows = createCalendarRows({ tables, runtime });
  const gateways = createGateways({ directory, limitsOf: watch.watchedLimits, registry: foundation.gateways });
  const portal = createPortal({
    ...rights,
    runtime,
    access,
    patients: foundation.patients,
    wards: foundation.wards,
    devices: foundation.devices,
    people: foundation.people,
    relations: foundation.relations,
    applications: { ...createClients({ tables, runtime }), scopeInWords },
    feeds,
    calendars: { ...calendarRows, dueOf: (...asked) => dueOf(amendments.telemetry, ...asked) },
    launches: createLaunches({ tables, runtime, issuer: () => where.url }),
    quarantine: foundation.quarantine,
    quarantineRuns: {
      ...quarantineRuns,
      list: foundation.quarantineRuns.list,
      counts: foundation.quarantineRuns.counts,
    },
    history: screened.history(foundation.alarms),
    certify: createCertify({ config, runtime }),
    devicesNow: {
      isConnected: (deviceId) => connected.has(deviceId),
      hasTwin: (deviceId) => twinned.has(deviceId),
      lastSeenAt: sightings.lastSeenAt,
      patientOf: (deviceId) => directory.currentAssociation(deviceId)?.patientId,
      async decideClock(organisationId, decision) {
        const { deviceId, by, seen, leadsTo } = decision;
        await foundation.clocks.note(organisationId, deviceId, by, { seen, leadsTo });
        await foundation.clocks.decided(await ingest.decideClock(decision));
      },
    },
    gateways: { ...foundation.gateways, ...gateways },
    completeness,
    endings,
    deviceTypes,
    ingest: door,
    reprocess: ingest.reprocess,
    reprocessing: reprocess,
    watch: screened.alarms(watch),
    telemetry: amendments.telemetry,
    shown: readingBack.shown,
    amendments,
    audit: {
      ...auditQueries,
      disclosures: (organisationId, query) => disclosuresOf(auditQueries, organisationId, query),
      inWords,
    },
    screens: { patientChanged: (patientId, organisationId) => live().patientChanged(patientId, organisationId) },
    streams: {
      ...amendments.telemetry.queries,
      async newest(view, patientIds) {
        await telemetry.waitForWhole();
        return amendments.telemetry.queries.newest(view, patientIds);
      },
    },
    changes: {
      onPatient: (listener) =>
        void directory.on((change) => {
          if (change.kind === "patient") listener(change.organisationId);
        }),
    },
    system: {
      version: packageJson.version,
      isDemo,
      publicUrl: () => where.url,
      mqtt: () => ({ host: reachable(config.bind), port: where.mqttPort }),
      storage,
      disks: space.places,
      archive: () => archive.state,
    },
    publicUrl: () => config.publicUrl,
    mail,
    stepUpMs: config.stepUpMinutes * 60_000,
    externalRedirect: () => `${where.url}/sign-in/external`,
    relyingParty: () => relyingPartyOf(where.url),
    signInLink: (token) => signInLink(where.url, token),
    kioskLink: (code) => `${where.url}/kiosk#code=${code}`,
  });
  return { portal, mail, auditQueries, nightscoutDocuments, feeds, feeding, told, calendarRows, gateways };
}
