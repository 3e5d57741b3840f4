import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { readFile, statfs } from "node:fs/promises";
import { hostname, networkInterfaces } from "node:os";
import { join } from "node:path";
import type { TlsOptions } from "node:tls";
import { fileURLToPath } from "node:url";
import { gatewayReport, routes, type StorageState } from "@openward/api";
import { deviceTypes, findDriver, rhythmOf } from "@openward/drivers";
import { OutsideTrouble } from "@openward/errors";
import type { Alarm, Standby, Stream } from "@openward/model";
import type { Runtime } from "@openward/runtime";
import { createTurns } from "@openward/runtime/turns";
import type { ClockTrack } from "@openward/timeseries/clocks";
import {
  boundRefusals,
  createAuditQueries,
  disclosuresOf,
  inWords,
  noteCalendar,
  recordDevices,
  recordedLive,
  recordRequests,
  watched,
} from "./access/audit/index.ts";
import { relyingPartyOf } from "./access/index.ts";
import { createClients, createLaunches, createOutsideFetch, scopeInWords } from "./access/oauth/index.ts";
import { registerOAuth } from "./access/oauth/register.ts";
import { createCalendarRows, dueOf, registerCalendar } from "./calendar/index.ts";
import { keepClocks } from "./clock-keeping.ts";
import type { Config } from "./config.ts";
import { registerClaim, registerConfiguration, registerIngest, registerReenroll } from "./connect/http/index.ts";
import { createMllpEndpoint } from "./connect/mllp/index.ts";
import { createMqttEndpoint } from "./connect/mqtt/index.ts";
import type { Claims, Renewal } from "./connect/ports.ts";
import { ensureDemoWard, type RunningDemo, startDemoDevices } from "./demo.ts";
import { createCompleteness, createEndings, keepFleet } from "./fleet/index.ts";
import { createForgetting } from "./forget.ts";
import { type Foundation, openFoundation } from "./foundation.ts";
import { createGateways } from "./gateways.ts";
import { keepHouse } from "./housekeeping.ts";
import { isLoopback } from "./http/addresses.ts";
import {
  createHttp,
  createSecureHttp,
  createWebSockets,
  isInTheClear,
  serveOpenApi,
  serveOperations,
} from "./http/index.ts";
import { streamId } from "./ingest/ids.ts";
import { createIngest, sentOf } from "./ingest/index.ts";
import { createGuesses, createSpending, limitRequests, sourceOf } from "./limits/index.ts";
import {
  type Address,
  closeServer,
  explainListening,
  listenOn,
  listenTcp,
  listenTls,
  portOf,
  refuseTaken,
} from "./listen.ts";
import { createLive, type Filter, liveRoute, type Viewer } from "./live/index.ts";
import type { Logger } from "./log.ts";
import { createMail } from "./mail.ts";
import { createMetrics } from "./metrics.ts";
import { registerNightscout } from "./nightscout/index.ts";
import { createObservationIntake } from "./observation-intake.ts";
import { openFeeds } from "./open-feeds.ts";
import { openRights } from "./open-rights.ts";
import { openStore } from "./open-store.ts";
import packageJson from "./package.json" with { type: "json" };
import { createPortal, type PortalDeps } from "./portal/index.ts";
import { createReadingBack } from "./reading-back.ts";
import { registerRecord } from "./record/register.ts";
import { createQuarantineRuns, createReprocess, quarantinedRows } from "./reprocess/index.ts";
import { withSaidTimes } from "./said-times.ts";
import { createScreened } from "./screened.ts";
import { createSightings } from "./sightings.ts";
import { openAmendments } from "./store/amendments/index.ts";
import { watchFaults } from "./store/inspection/index.ts";
import type { JournalState } from "./store/journal/index.ts";
import { bindStore, createVault, eraseRows } from "./store/keys/index.ts";
import { createNightscoutDocuments } from "./store/nightscout/index.ts";
import { rowsBetween } from "./store/raw/index.ts";
import {
  createKeptAuthority,
  createObservationsReceived,
  createTables,
  type Directory,
} from "./store/registry/index.ts";
import { createResources } from "./store/resources/index.ts";
import { refuseWhenFull, type SpaceState, watchSpace } from "./store/space/index.ts";
import type { OperatorChain } from "./tls/index.ts";
import { keepAuthority } from "./tls/kept-authority.ts";
import { createWatch } from "./watch/index.ts";

export interface RunningServer {
  readonly url: string;
  readonly httpPort: number;
  readonly mqttPort: number;
  /** null: not listening. */
  readonly httpsPort: number | null;
  readonly mqttsPort: number | null;
  readonly mllpPort: number | null;
  readonly mllpsPort: number | null;
  /** One-time sign-in links by role; empty where everybody has signed in before. */
  readonly links: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

export interface ServerOptions {
  readonly config: Config;
  readonly isDemo: boolean;
  readonly newLinks: boolean;
  readonly runtime: Runtime;
  readonly log: Logger;
  readonly progress: (text: string) => void;
  /** Another server writes to the database now: the process must end. */
  readonly onSuperseded: (error: OutsideTrouble) => void;
  /** Opens what everything stands on; left out: as it is. */
  readonly open?: typeof openFoundation;
}

const WEB_DIST = fileURLToPath(new URL("../web/dist", import.meta.url));

/** Reads nothing but what it is given, builds every room, introduces them, starts them; `stop` goes backwards. */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const { config, isDemo, runtime, log, progress, onSuperseded, open = openFoundation } = options;
  const stops: (() => Promise<void> | void)[] = [];
  const stop = async () => {
    for (const step of stops.reverse()) await step();
  };
  try {
    await refuseTaken(Object.values(addressesOf(config)).filter((address) => address !== null));
    progress("starting the database ...");
    const foundation = await open({ config, mode: "serve", runtime, log, onSuperseded });
    stops.push(() => foundation.close());
    progress("opening the journal ...");
    const rooms = await openRooms({ ...options, foundation, stops });
    const ports = await rooms.listen();
    const { mqttPort, url } = ports;
    const devices = isDemo
      ? await ensureDemoWard(foundation, config.dataDir, runtime)
      : await ensureOrganisation(foundation);
    if (foundation.keys) await bindStore(foundation.database.worker, foundation.keys, runtime.clock.now());
    const links = await firstLinks(foundation, options, url);
    const { mail } = rooms;
    await foundation.access.watchMonitoring(
      mail && {
        sendMonitoring: (to, what) => mail.sendMonitoring(to, what, `${url}${what.isPatient ? "/mine" : "/"}`),
      },
    );
    if (devices) {
      const demo: RunningDemo = startDemoDevices({
        url: `mqtt://${reachable(config.bind)}:${mqttPort}`,
        devices,
        runtime,
        report: (text) => log.warn({}, text),
      });
      stops.push(() => demo.stop());
    }
    return { ...ports, links, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function addressesOf({ bind, httpPort, mqttPort, httpsPort, mqttsPort, mllpPort, mllpsPort }: Config) {
  return {
    mllps: mllpsPort === null ? null : { host: bind, port: mllpsPort, setting: "OPENWARD_MLLPS_PORT" },
    // Whoever reaches it is believed to be the gateway: it is open to this machine and to nobody else.
    mllp:
      mllpPort === null
        ? null
        : { host: isLoopback(bind) ? bind : "127.0.0.1", port: mllpPort, setting: "OPENWARD_MLLP_PORT" },
    https: httpsPort === null ? null : { host: bind, port: httpsPort, setting: "OPENWARD_HTTPS_PORT" },
    mqtts: mqttsPort === null ? null : { host: bind, port: mqttsPort, setting: "OPENWARD_MQTTS_PORT" },
    http: { host: bind, port: httpPort, setting: "OPENWARD_HTTP_PORT" },
    mqtt: { host: bind, port: mqttPort, setting: "OPENWARD_MQTT_PORT" },
  } satisfies Record<string, Address | null>;
}

/** Looking again at what is done is cheap; a server that was away for longer is looked after by people. */
const LATELY_MS = 86_400_000;

interface RoomsOptions extends ServerOptions {
  readonly foundation: Foundation;
  readonly stops: (() => Promise<void> | void)[];
}

async function openRooms({ config, isDemo, runtime, log, foundation, stops }: RoomsOptions) {
  const { database, directory, keys, audit } = foundation;
  if (!keys || !audit) throw new Error("a server has keys and an audit log");
  const report = (error: unknown, doing: string) => log.error({ err: error }, doing);
  const recording = { recorder: audit.writer, runtime, report };
  const access = watched(foundation.access);
  const recordedDevices = recordDevices({
    ...recording,
    patientOf: (deviceId) => directory.currentAssociation(deviceId)?.patientId,
  });

  const { worker } = database;
  // All long answers share one: however many there are, alarms come between any two pieces of them.
  const turn = createTurns(runtime);
  const store = await openStore({ config, foundation, keys, runtime, turn, log });
  const { archive, telemetry, journal, spoolFolder } = store;
  stops.push(() => store.close());
  if (config.housekeepingMs > 0) {
    const { compact } = telemetry;
    const seal = async (due: { readonly everything: boolean }) => telemetry.isWhole && telemetry.seal(due);
    const house = keepHouse({
      everyMs: config.housekeepingMs,
      timers: runtime.timers,
      telemetry: { seal, compact },
      archive,
      report,
    });
    stops.push(() => house.stop());
  }

  const space = await watchSpace({
    places: [
      { name: "data directory", folder: config.dataDir },
      { name: "spool", folder: spoolFolder },
    ],
    freeOf: freeBytesOf,
    warnBytes: config.diskWarnMegabytes * 1_000_000,
    floorBytes: config.diskFloorMegabytes * 1_000_000,
    timers: runtime.timers,
    log,
  });
  stops.push(() => space.stop());
  const faults = await watchFaults(worker, runtime.timers, report);
  stops.push(faults.stop);
  const storage = () => storageState(journal.state, space.state, faults.count(), telemetry.isWhole);

  // From here on nobody reads what was measured but through what people said of it since.
  const tables = createTables(database, runtime.clock);
  const amendments = await openAmendments({ runtime, tables, keys, received: telemetry, streamIdOf: streamId, log });
  store.onCommitted((entries) => amendments.committed(entries));
  telemetry.settled.then(() => amendments.settle()).catch((error: unknown) => report(error, "amending"));
  const screened = createScreened(amendments);

  // Watch tells screens, live takes its screens' beginnings from what watch knows: one of the two is introduced late.
  const screens = {
    alarm: (alarm: Alarm) => live.alarm(amendments.screenAlarm(alarm)),
    standby: (standby: Standby, signal: string | null) => live.standby(standby, signal),
  };
  const watch = createWatch({
    runtime,
    journal,
    screens,
    patients: directory,
    devices: directory,
    memory: {
      ...foundation.watchMemory,
      lastHeard: telemetry.lastHeard,
      recent: (id, from, windowMs) => amendments.screenRecent(id, telemetry.recent(id, from, windowMs)),
    },
    report,
  });

  const now = () => runtime.clock.now();
  const readingBack = createReadingBack({
    startedAt: now(),
    memory: telemetry,
    whole: amendments.telemetry,
    live: {
      readings: (readings) => live.readings(readings),
      waveform: (waveform) => live.waveform(waveform),
    },
  });
  let url = "";
  let mqttPort = 0;
  const counted = { accepted: 0, quarantined: 0, ignored: 0 };
  const ingest = createIngest({
    runtime,
    journal: refuseWhenFull(journal, space),
    watch: screened.feed(watch),
    directory: {
      ...directory,
      knowsStream: telemetry.knowsStream,
      addStream(stream) {
        telemetry.addStream(stream);
        // Screens that are open get a tile that has the new stream in it, a waveform above all.
        live.patientChanged(stream.patientId, stream.organisationId);
      },
    },
    deliveries: telemetry.deliveries,
    live: screened.feed(readingBack.live),
    report,
    onDecided: (state) => clocks.decided(state),
    onHeard: (deviceId, at) => sightings.saw(deviceId, at),
    onReceipt(receipt) {
      counted.accepted += receipt.accepted;
      counted.quarantined += receipt.quarantined.length;
      counted.ignored += receipt.ignored?.length ?? 0;
    },
  });
  const fleetKeeper = keepFleet({
    runtime,
    keeping: foundation.fleetKeeping,
    reportOf: (detail) => gatewayReport.safeParse(detail).data,
    report,
  });
  stops.push(fleetKeeper.stop);
  const connected = new Set<string>();
  const twinned = new Set<string>();
  const sightings = createSightings(runtime.clock, telemetry.lastHeard());
  const door = {
    accept: ingest.accept,
    connection(deviceId: string, organisationId: string, isConnected: boolean) {
      sightings.saw(deviceId);
      recordedDevices.connection(deviceId, organisationId, isConnected);
      fleetKeeper.connection(deviceId, organisationId, isConnected);
      if (isConnected) connected.add(deviceId);
      else connected.delete(deviceId);
      ingest.connection(deviceId, organisationId, isConnected);
    },
    twin(deviceId: string, _organisationId: string, hasTwin: boolean) {
      if (hasTwin) twinned.add(deviceId);
      else twinned.delete(deviceId);
      watch.twin(deviceId, hasTwin, now());
    },
  };

  const { quarantine, reprocessing } = foundation;
  const reprocess = createReprocess({
    runtime,
    kept: (span) => rowsBetween(worker, keys, span),
    quarantined: (organisationId, ids) =>
      quarantinedRows(ids, (some) => foundation.quarantineRuns.entries(organisationId, some)),
    ingest: { rerunner: ingest.rerunner, take: ingest.take, sentOf },
    telemetry: telemetry.queries,
    records: {
      ...reprocessing,
      async claimed(organisationId, quarantineId, patientId, by, reason, runId) {
        const told = { patientId, reason, ...(runId === null ? {} : { runId }) };
        await quarantine.resolve(organisationId, quarantineId, "claimed", by, told);
      },
    },
    amendments: amendments.reprocessed,
    wearerAt: (deviceId, at) => directory.associationAt(deviceId, at)?.patientId,
  });

  const quarantineRuns = createQuarantineRuns({
    runtime,
    reprocess,
    runs: foundation.quarantineRuns,
    telemetry: telemetry.queries,
    amendments: amendments.reprocessed,
    report,
  });

  const clocks = keepClocks({
    timers: runtime.timers,
    learnt: ingest.clocksLearnt,
    save: foundation.clocks.save,
    reprocess,
    whole: () => telemetry.whole(),
    report,
  });
  stops.push(clocks.stop);

  const mail = config.smtpUrl === null ? null : createMail({ url: config.smtpUrl, from: config.mailFrom });
  if (mail) stops.push(mail.close);
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
    publicUrl: () => url,
    report,
  });
  const endings = createEndings({
    runtime,
    registry: foundation.endings,
    organisations: foundation.wards.organisations,
    ownEndings: () => ownEndings(config),
    send: mail && ((to, what) => mail.sendEndings(to, what, `${url}/devices`)),
    log,
    report,
  });
  stops.push(endings.stop);
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
  const { feeds, ...feeding } = await openFeeds({
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
    publicUrl: () => url,
    log,
  });
  stops.push(() => feeding.close());
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
    launches: createLaunches({ tables, runtime, issuer: () => url }),
    quarantine,
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
    screens: { patientChanged: (patientId, organisationId) => live.patientChanged(patientId, organisationId) },
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
      publicUrl: () => url,
      mqtt: () => ({ host: reachable(config.bind), port: mqttPort }),
      storage,
      disks: space.places,
      archive: () => archive.state,
    },
    publicUrl: () => config.publicUrl,
    mail,
    stepUpMs: config.stepUpMinutes * 60_000,
    externalRedirect: () => `${url}/sign-in/external`,
    relyingParty: () => relyingPartyOf(url),
    signInLink: (token) => signInLink(url, token),
    kioskLink: (code) => `${url}/kiosk#code=${code}`,
  });
  const live = createLive({ runtime, tiles: portal.tiles, bodies: portal, report });

  const forgetting = createForgetting({
    refresh: keys.refresh,
    watch,
    telemetry: {
      ...telemetry,
      forget(patientId) {
        amendments.forget(patientId);
        return telemetry.forget(patientId);
      },
    },
    eraseRows: (erased, streamIds) => eraseRows(worker, erased, streamIds, now()),
    timers: runtime.timers,
    report,
  });
  stops.push(forgetting.stop);
  const following = screened.follow({ watch, live, timers: runtime.timers, report });
  stops.push(following.stop);
  directory.on((change) => {
    if (change.kind === "amendment") following.look();
    // Of any grant: changes were not heard for a while, and one of them may have been an erasure.
    if (change.kind === "patient" || (change.kind === "grant" && change.organisationId === null)) forgetting.look();
    if (change.kind === "patient") watch.patientChanged(change.patientId);
    if (change.kind === "association") watch.associationChanged(change.deviceId);
    if (change.kind === "patient" || change.kind === "association")
      live.patientChanged(change.patientId, change.organisationId);
  });
  access.onEnded(live.ended);
  access.onSeen((organisationId, patientIds) => {
    for (const patientId of patientIds) live.patientChanged(patientId, organisationId);
  });
  const tellStorage = () => live.storageState(storage());
  journal.onStateChange(tellStorage);
  space.onChange(tellStorage);
  faults.onChange(tellStorage);
  tellStorage();

  for (const told of await foundation.watchMemory.deviceClocks()) ingest.clockTold(told);
  await watch.start();
  const knownClocks = await foundation.clocks.known<ClockTrack>();
  ingest.clocksKnown(knownClocks);
  // What was decided shortly before the last stop may not have been looked at again.
  const lately = now() - LATELY_MS;
  for (const { states } of knownClocks) for (const state of states) if (state.decidedAt > lately) clocks.decided(state);
  const whenWhole = () => {
    watch.recovered();
    const heard = telemetry.lastHeard();
    sightings.recall(heard);
    readingBack.end();
    for (const { patientId, organisationId } of patientsOf(heard)) live.patientChanged(patientId, organisationId);
    tellStorage();
  };
  // Rejects when the server stops before: then nobody needs to hear of it.
  telemetry
    .whole()
    .then(whenWhole, () => {})
    .catch((error: unknown) => report(error, "looking at what was read back"));
  stops.push(() => watch.stop());

  const guesses = createGuesses(runtime);
  const spending = createSpending(runtime);
  const allowance = { perSecond: config.rateLimit, atOnce: config.rateLimit * 10 };
  const pace = {
    spend: (deviceId: string, cost: number) => spending.spend(`device ${deviceId}`, cost, allowance),
    charge: (deviceId: string, cost: number) => spending.charge(`device ${deviceId}`, cost, allowance),
  };
  const kept = await keepAuthority({
    folder: join(config.dataDir, "tls"),
    vault: createVault(keys),
    rows: createKeptAuthority(worker),
    runtime,
    log,
  });
  stops.push(() => kept.close());
  const operators = await openOperators({ config, runtime, log });
  stops.push(() => operators?.chain.close());
  const deviceAccess = operators ? operators.admit(directory) : directory;
  const overHttp = recordedDevices.watched(deviceAccess, "http");
  const overMqtt = recordedDevices.watched(deviceAccess, "mqtt");
  const overMllp = recordedDevices.watched(deviceAccess, "mllp");
  const mqtt = createMqttEndpoint({ ingest: door, access: overMqtt, runtime, log, guesses, feeds });
  stops.push(() => mqtt.stop());
  const mllpDoor = {
    ...door,
    connection(deviceId: string, organisationId: string, isConnected: boolean) {
      sightings.saw(deviceId);
      recordedDevices.connection(deviceId, organisationId, isConnected, "mllp");
      fleetKeeper.connection(deviceId, organisationId, isConnected);
      if (isConnected) connected.add(deviceId);
      else connected.delete(deviceId);
      ingest.connection(deviceId, organisationId, isConnected);
    },
  };
  const mllp = createMllpEndpoint({ ingest: mllpDoor, access: overMllp, runtime, log });
  stops.push(() => mllp.stop());
  const metrics = createMetrics({
    mqtt: mqtt.stats,
    mllp: mllp.stats,
    live: live.counts,
    storage,
    disks: space.places,
    archive,
    damagedBlocks: () => telemetry.statistics().damagedBlocks,
    unsavedAlarms: watch.unsaved,
    tails: () => {
      const { tailBytes, tailBytesMax } = telemetry.statistics();
      return { bytes: tailBytes, bytesMax: tailBytesMax, waitingBytes: journal.statistics().waitingBytes };
    },
    counted,
  });

  const { trustProxy: proxies } = config;
  let httpsPort: number | null = null;
  let mqttsPort: number | null = null;
  const app = await createHttp({
    log,
    ids: runtime.ids,
    portals: { dist: WEB_DIST, random: runtime.random },
    proxies,
    httpsUrl: (host) => httpsUrl(config.publicUrl, host, httpsPort),
  });
  const bounded = boundRefusals(audit.writer, { runtime, sourceOf, report });
  stops.push(() => bounded.close());
  recordRequests(app, { ...recording, recorder: bounded });
  limitRequests(app, { spending, allowance, identityOf: access.identityOf });
  serveOperations(app, {
    live: () => true,
    ready: () => ({
      isReady: journal.state !== "failed" && space.state !== "full",
      checks: {
        journal: journal.state,
        tails: telemetry.isWhole ? "ok" : "recovering",
        disk: space.state,
        archive: archive.state,
      },
    }),
    metrics,
    ...(config.metricsTokenFile === "" ? {} : { metricsToken: metricsTokenOf(config.metricsTokenFile) }),
  });
  serveOpenApi(app, routes, { version: packageJson.version });
  const oauth = registerOAuth(app, {
    tables,
    access,
    patients: foundation.patients,
    people: foundation.people,
    relations: foundation.relations,
    vault: createVault(keys),
    fetchOutside: createOutsideFetch(config.keyNetworks),
    runtime,
    issuer: () => url,
    log,
  });
  stops.push(() => oauth.close());
  registerIngest(app, { ingest: door, access: overHttp, runtime, guesses, pace });
  registerConfiguration(app, { access: overHttp, gateways, guesses, pace });
  registerClaim(app, { guesses, claims: createClaims({ config, devices: foundation.devices, runtime }) });
  registerReenroll(app, {
    access: deviceAccess,
    pace,
    renewal: createRenewal({ config, devices: foundation.devices, runtime }),
  });
  registerNightscout(app, {
    access,
    guesses,
    devices: deviceAccess,
    pace,
    ingest: door,
    telemetry: amendments.telemetry,
    amendments,
    documents: nightscoutDocuments,
    runtime,
  });
  registerCalendar(app, {
    rows: calendarRows,
    measured: amendments.telemetry,
    viewOf: access.viewOf,
    note: noteCalendar,
    clock: runtime.clock,
    publicUrl: () => url,
  });
  registerRecord(app, {
    access,
    patients: foundation.patients,
    people: foundation.people,
    relations: foundation.relations,
    devices: foundation.devices,
    uses: foundation.devices,
    typeOf: directory.deviceType,
    telemetry: withSaidTimes(amendments.telemetry, ingest.said),
    amendments,
    audit: auditQueries,
    consents: access.consents,
    intake: createObservationIntake({
      directory,
      devices: foundation.devices,
      ingest: door,
      received: createObservationsReceived({ tables, now }),
      now,
    }),
    written: { resources: createResources({ tables, clock: runtime.clock }), ids: runtime.ids },
    clock: runtime.clock,
    turn,
    version: packageJson.version,
    publicUrl: config.publicUrl ?? undefined,
  });
  await portal.register(app);
  const webSockets = createWebSockets({ server: app.server, publicUrl: () => config.publicUrl, log, proxies });
  stops.push(async () => {
    live.close();
    webSockets.close();
    await app.close();
  });
  const shownTo = (viewer: Viewer, filter: Filter) => portal.tiles.patientIds(viewer.view(), filter);
  const becauseOf = ({ principal }: Viewer, patientId: string) => access.becauseOf(principal, patientId);
  const seenLive = { ...recording, shownTo, becauseOf };
  webSockets.route("/live", recordedLive(liveRoute({ live, access }), seenLive));
  webSockets.route("/live/kiosk", recordedLive(liveRoute({ live, access, kiosk: true }), seenLive));
  webSockets.route("/mqtt", {
    subprotocol: "mqtt",
    maxPayloadBytes: 2 * 1_048_576,
    onConnection: (socket, request) =>
      mqtt.handleWebSocket(socket, { address: request.socket.remoteAddress ?? "", transport: request.socket }),
  });

  return {
    mail,
    /** Readiness is the last thing: whoever can connect is served. */
    async listen() {
      const { http, mqtt: mqttAddress, https, mqtts, mllp: mllpAddress, mllps } = addressesOf(config);
      let mllpPort: number | null = null;
      let mllpsPort: number | null = null;
      const tls = await openListening({ config, runtime, log, operators: operators?.chain ?? null });
      stops.push(() => tls?.close());
      await kept.look();
      try {
        await app.listen({ host: http.host, port: http.port, backlog: 1024 });
      } catch (error) {
        throw explainListening(error, http);
      }
      const httpPort = portOf(app.server);
      url = (config.publicUrl ?? `http://${reachable(config.bind)}:${httpPort}`).replace(/\/+$/, "");
      const listener = await listenTcp(mqttAddress, (socket) =>
        mqtt.handleStream(socket, socket.remoteAddress, { isInTheClear: isInTheClear(socket, proxies) }),
      );
      mqttPort = listener.port;
      const closing = [listener.server];
      if (mllpAddress) {
        const plain = await listenTcp(mllpAddress, (socket) => mllp.handlePlain(socket, config.mllpGateway));
        closing.push(plain.server);
        mllpPort = plain.port;
      }
      stops.push(async () => {
        const closed = Promise.all(closing.map(closeServer));
        // Its connections are the endpoint's to end, and the listener is closed when they are.
        await Promise.all([mqtt.stop(), mllp.stop()]);
        await closed;
      });
      if (tls && mqtts) {
        const secure = await listenTls(mqtts, tls.options(), (socket) =>
          mqtt.handleStream(socket, socket.remoteAddress),
        );
        closing.push(secure.server);
        tls.show(secure.server);
        mqttsPort = secure.port;
      }
      if (tls && mllps) {
        const secure = await listenTls(mllps, tls.options(), (socket) => mllp.handleSecure(socket));
        closing.push(secure.server);
        tls.show(secure.server);
        mllpsPort = secure.port;
      }
      if (tls && https) {
        const secure = createSecureHttp(app, tls.options());
        webSockets.listenOn(secure);
        await listenOn(secure, https);
        tls.show(secure);
        httpsPort = portOf(secure);
        stops.push(() => {
          secure.close();
          // Requests that run are let finish with those of the plain listener.
          secure.closeIdleConnections();
        });
      }
      await feeding.start();
      log.info({ httpPort, mqttPort, httpsPort, mqttsPort, mllpPort, mllpsPort, at: now() }, "ready");
      return { httpPort, mqttPort, httpsPort, mqttsPort, mllpPort, mllpsPort, url };
    },
  };
}

async function firstLinks(
  { wards, access }: Foundation,
  { isDemo, newLinks }: ServerOptions,
  url: string,
): Promise<Record<string, string>> {
  const links: Record<string, string> = {};
  for (const organisation of await wards.organisations()) {
    if (organisation.isDemo !== isDemo) continue;
    for (const { person, link } of await access.ensureFirstPeople(organisation, { again: newLinks })) {
      if (link) links[person.role] = signInLink(url, link.token);
    }
  }
  return links;
}

/** Somewhere to admit the first patient; names are changed on the Administration page. */
async function ensureOrganisation({ wards }: Foundation): Promise<null> {
  const real = (await wards.organisations()).filter((organisation) => !organisation.isDemo);
  if (real.length > 0) return null;
  const organisation = await wards.createOrganisation("Hospital", false);
  await wards.create(organisation.id, "Ward 1", Intl.DateTimeFormat().resolvedOptions().timeZone, "system");
  return null;
}

/** Once each. */
function patientsOf(heard: readonly { readonly stream: Stream }[]): Iterable<Stream> {
  return new Map(heard.map(({ stream }) => [stream.patientId, stream])).values();
}

/** What must be known on every screen: the worst of what is so. */
function storageState(journal: JournalState, disk: SpaceState, faults: number, isWhole: boolean): StorageState {
  if (journal === "failed") return "failed";
  if (disk === "full") return "full";
  if (journal === "spooling") return "spooling";
  if (!isWhole) return "recovering";
  return disk === "ok" && faults > 0 ? "damaged" : disk;
}

/** What a user who is not root may still write. */
async function freeBytesOf(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}

const signInLink = (url: string, token: string) => `${url}/sign-in#token=${token}`;

/** The authority is opened for the first device that asks for a certificate, listeners with TLS or none. */
function createClaims({
  config,
  devices,
  runtime,
}: Pick<ServerOptions, "config" | "runtime"> & Pick<Foundation, "devices">): Claims {
  return {
    async claim(code, csr) {
      if (csr === null) return { ...(await devices.claim(code, null)), certificate: null };
      const { openAuthority } = await import("./tls/index.ts");
      const authority = await openAuthority(join(config.dataDir, "tls"), runtime);
      const claimed = await devices.claim(code, (deviceId) =>
        authority.issueDevice(deviceId, { csr, days: CLAIMED_DAYS }),
      );
      const { certificate } = claimed;
      return { ...claimed, certificate: certificate && { ...certificate, authority: authority.cert } };
    },
  };
}

/** The same authority, for a device that has a certificate of it. */
function createRenewal({
  config,
  devices,
  runtime,
}: Pick<ServerOptions, "config" | "runtime"> & Pick<Foundation, "devices">): Renewal {
  const open = async () => {
    const { certsOnly, openAuthority } = await import("./tls/index.ts");
    return { certsOnly, authority: await openAuthority(join(config.dataDir, "tls"), runtime) };
  };
  return {
    async authorities() {
      const { certsOnly, authority } = await open();
      return certsOnly([authority.cert]);
    },
    async renew(device, csr) {
      const { certsOnly, authority } = await open();
      const issued = await authority.issueDevice(device.deviceId, { csr, days: CLAIMED_DAYS, isRenewal: true });
      await devices.renewCertificate(device, issued, RENEWAL_OVERLAP_MS);
      return certsOnly([issued.cert]);
    },
  };
}

/** The same authority, for whoever looks after the devices. */
function createCertify({ config, runtime }: Pick<ServerOptions, "config" | "runtime">): PortalDeps["certify"] {
  return async (deviceId, options) => {
    const { openAuthority } = await import("./tls/index.ts");
    const authority = await openAuthority(join(config.dataDir, "tls"), runtime);
    return { ...(await authority.issueDevice(deviceId, options)), authority: authority.cert };
  };
}

/** What the listeners show, where it is the operator's (ours renews itself), and the authority of devices. */
async function ownEndings({ tlsCert, dataDir }: Config) {
  const found = async (kind: "server-certificate" | "authority", path: string) => {
    try {
      const { subject, validToDate } = new X509Certificate(await readFile(path));
      return [{ kind, display: subject.replaceAll("\n", ", "), endsAt: validToDate.getTime() }];
    } catch {
      // There is none, or it is being replaced.
      return [];
    }
  };
  const own = tlsCert === "" ? [] : await found("server-certificate", tlsCert);
  return [...own, ...(await found("authority", join(dataDir, "tls", "ca.crt")))];
}

const CLAIMED_DAYS = 90;
/** A device that lost the new certificate asks with the old one again. */
const RENEWAL_OVERLAP_MS = 7 * 86_400_000;

/** The operator's own authorities, whose certificates devices may show; null where there are none. */
async function openOperators({ config, runtime, log }: Pick<ServerOptions, "config" | "runtime" | "log">) {
  if (config.deviceCa === "") return null;
  const { admitOperatorCertificates, openOperatorChain } = await import("./tls/index.ts");
  const files = { authorities: config.deviceCa, lists: config.deviceCrl === "" ? null : config.deviceCrl };
  const chain = await openOperatorChain({ files, runtime, log });
  return { chain, admit: <D extends Directory>(door: D) => admitOperatorCertificates(door, chain, log) };
}

interface ListeningOptions extends Pick<ServerOptions, "config" | "runtime" | "log"> {
  readonly operators: OperatorChain | null;
}

/** @throws OutsideTrouble CONFIG_INVALID */
function metricsTokenOf(path: string): string {
  const at = "OPENWARD_METRICS_TOKEN_FILE";
  const expected = "a file with a token of 16 characters or more";
  let token = "";
  try {
    token = readFileSync(path, "utf8").trim();
  } catch (cause) {
    throw new OutsideTrouble("CONFIG_INVALID", false, { at, expected }, { cause });
  }
  if (token.length < 16) throw new OutsideTrouble("CONFIG_INVALID", false, { at, expected });
  return token;
}

/** What the listeners with TLS show; null where there are none. */
async function openListening({ config, runtime, log, operators }: ListeningOptions) {
  if (config.httpsPort === null && config.mqttsPort === null && config.mllpsPort === null) return null;
  // A server without these listeners does not wait for what makes certificates.
  const { openAuthority, openMaterial } = await import("./tls/index.ts");
  const material = await openMaterial({
    files: config.tlsCert === "" ? null : { cert: config.tlsCert, key: config.tlsKey },
    dataDir: config.dataDir,
    names: namesOf(config),
    runtime,
    log,
  });
  const devices = await openAuthority(join(config.dataDir, "tls"), runtime);
  // Who shows no certificate, or one that is not good, may still have a token; which it is, is asked at sign-in.
  const options = (): TlsOptions => ({
    ...material.now(),
    minVersion: "TLSv1.2",
    requestCert: true,
    rejectUnauthorized: false,
    ca: [devices.cert, ...(operators?.certs ?? [])],
  });
  return {
    options,
    show(server: { setSecureContext(context: object): void }) {
      const change = () => server.setSecureContext(options());
      material.onChange(change);
      operators?.onChange(change);
    },
    close: () => material.close(),
  };
}

/** Every name and address under which somebody may know this server. */
function namesOf({ bind, publicUrl }: Config): string[] {
  const isWildcard = bind === "0.0.0.0" || bind === "::";
  const addresses = Object.values(networkInterfaces()).flatMap((all) => all ?? []);
  // An address of one link only has a zone, and no certificate can name it.
  const own = addresses.map(({ address }) => address).filter((address) => !address.startsWith("fe80:"));
  const names = [hostname(), "localhost", "127.0.0.1", "::1", ...(isWildcard ? own : [bind])];
  if (publicUrl) names.unshift(new URL(publicUrl).hostname.replace(/^\[|\]$/g, ""));
  return [...new Set(names)];
}

/** The https address of a page that was asked for under this Host header; null where there is none. */
function httpsUrl(publicUrl: string | null, host: string | undefined, port: number | null): string | null {
  if (publicUrl?.startsWith("https:")) return new URL(publicUrl).origin;
  const name = /^(\[[0-9a-f:.]+\]|[a-z0-9.-]+)(:\d+)?$/i.exec(host ?? "")?.[1];
  return port === null || name === undefined ? null : `https://${name}:${port}`;
}

/** An address that somebody on this machine can connect to. */
function reachable(bind: string): string {
  if (bind === "0.0.0.0" || bind === "::") return "127.0.0.1";
  return bind.includes(":") ? `[${bind}]` : bind;
}
