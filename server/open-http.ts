import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { routes } from "@openward/api";
import { OutsideTrouble } from "@openward/errors";
import {
  boundRefusals,
  noteCalendar,
  recordExports,
  recordedLive,
  recordImports,
  recordRequests,
} from "./access/audit/index.ts";
import { createOutsideFetch, smartConfiguration } from "./access/oauth/index.ts";
import { registerOAuth } from "./access/oauth/register.ts";
import { createStanding } from "./access/standing.ts";
import { registerCalendar } from "./calendar/index.ts";
import { registerClaim, registerConfiguration, registerIngest, registerReenroll } from "./connect/http/index.ts";
import type { Ground } from "./ground.ts";
import { createDownloads, createHttp, createWebSockets, serveOpenApi, serveOperations } from "./http/index.ts";
import { streamId } from "./ingest/index.ts";
import { limitRequests, sourceOf } from "./limits/index.ts";
import { type Filter, type Live, liveRoute, type Viewer } from "./live/index.ts";
import { createMetrics } from "./metrics.ts";
import { registerNightscout } from "./nightscout/index.ts";
import { createObservationIntake } from "./observation-intake.ts";
import { createClaims, createRenewal } from "./open-certificates.ts";
import type { OpenDoors } from "./open-doors.ts";
import type { OpenIngest } from "./open-ingest.ts";
import type { OpenPortal } from "./open-portal.ts";
import type { Storage } from "./open-storage.ts";
import { openSubscriptions, SUBSCRIPTIONS_PATH } from "./open-subscriptions.ts";
import type { OpenWatch } from "./open-watch.ts";
import packageJson from "./package.json" with { type: "json" };
import { httpsUrl } from "./reachable.ts";
import { createGraphQl } from "./record/graphql/index.ts";
import { type RecordDeps, registerRecord } from "./record/register.ts";
import { keepInLine } from "./record/write/catch-up.ts";
import { withSaidTimes } from "./said-times.ts";
import { bulkFiles, createBulkStore } from "./store/bulk/index.ts";
import { createSearchCost } from "./store/cost/index.ts";
import { createImportStore } from "./store/imports/index.ts";
import { createVault } from "./store/keys/index.ts";
import { createHappenings, createObservationsReceived } from "./store/registry/index.ts";
import { createForms, createReservations, createResources, openOverlays } from "./store/resources/index.ts";

const WEB_DIST = fileURLToPath(new URL("../web/dist", import.meta.url));

/** Every route and every WebSocket; nothing listens yet. @throws OutsideTrouble CONFIG_INVALID */
export async function openHttp(
  ground: Ground,
  rooms: {
    readonly opened: Storage;
    readonly watching: OpenWatch;
    readonly intake: OpenIngest;
    readonly portals: OpenPortal;
    readonly doors: OpenDoors;
    readonly live: Live;
  },
) {
  const { config, runtime, log, foundation, keys, audit, recording, access, turn, report, where, now, onStop } = ground;
  const { store, space, storage, tables, amendments } = rooms.opened;
  const { archive, telemetry, journal } = store;
  const { watch } = rooms.watching;
  const { ingest, door, counted } = rooms.intake;
  const { portal, mail, auditQueries, nightscoutDocuments, calendarRows, gateways, told } = rooms.portals;
  const { guesses, spending, allowance, pace, deviceAccess, overHttp, mqtt, mllp } = rooms.doors;
  const { live } = rooms;
  const { directory } = foundation;
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
  const app = await createHttp({
    log,
    ids: runtime.ids,
    portals: { dist: WEB_DIST, random: runtime.random },
    proxies,
    httpsUrl: (host) => httpsUrl(config.publicUrl, host, where.httpsPort),
  });
  const bounded = boundRefusals(audit.writer, { runtime, sourceOf, report });
  onStop(() => bounded.close());
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
    issuer: () => where.url,
    log,
  });
  onStop(() => oauth.close());
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
    publicUrl: () => where.url,
  });
  const graphql = createGraphQl({
    timers: runtime.timers,
    report: (error) => log.error({ err: error }, "the thread of GraphQL ended"),
  });
  onStop(() => graphql.close());
  const overlays = await openOverlays({ tables, timers: runtime.timers });
  onStop(() => overlays.close());
  const reservations = createReservations();
  const forms = createForms({ tables, clock: runtime.clock, timers: runtime.timers, reservations, overlays });
  onStop(() => forms.close());
  const happenings = createHappenings({ tables });
  const record = {
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
      received: createObservationsReceived({ tables }),
      amendments,
      streamIdOf: streamId,
      now,
    }),
    written: {
      resources: createResources({ tables, clock: runtime.clock, overlays, reservations, changed: directory.changed }),
      overlays,
      forms,
      ids: runtime.ids,
    },
    happenings: {
      ...happenings,
      async alarm(asker, alarmId) {
        const alarm = await happenings.alarm(asker, alarmId);
        return alarm && amendments.screenAlarm(alarm);
      },
    },
    exports: {
      store: createBulkStore({ tables, keys, files: bulkFiles(join(config.dataDir, "bulk")), clock: runtime.clock }),
      timers: runtime.timers,
      ids: runtime.ids,
      record: recordExports({ recorder: audit.writer, runtime, becauseOf: access.becauseOf }),
      report,
    },
    incoming: {
      store: createImportStore({
        tables,
        keys,
        files: bulkFiles(join(config.dataDir, "import")),
        clock: runtime.clock,
        secret: createVault(keys).derive("names of imports"),
      }),
      downloads: createDownloads(config.importNetworks, "OPENWARD_IMPORT_NETWORKS"),
      isStanding: createStanding({ tables, clock: runtime.clock }),
      hasRoom: () => space.state !== "full",
      timers: runtime.timers,
      ids: runtime.ids,
      record: recordImports({ recorder: audit.writer, runtime, becauseOf: access.becauseOf }),
      report,
    },
    graphql,
    limitsAt: watch.limitsAt,
    cost: createSearchCost({ tables, readingsMax: config.searchReadingsMax, textsMax: config.searchCostMax }),
    clock: runtime.clock,
    turn,
    version: packageJson.version,
    publicUrl: config.publicUrl ?? undefined,
    smart: () => smartConfiguration(where.url),
  } satisfies RecordDeps;
  const subscriptions = openSubscriptions(ground, { told, tables, mail, record });
  registerRecord(app, { ...record, subscriptions });
  const inLine = keepInLine({
    ...record,
    timers: runtime.timers,
    baseOf: () => `${(config.publicUrl ?? where.url).replace(/\/+$/, "")}/fhir`,
    report: (error) => report(error, "keeping Observations and readings in line"),
  });
  onStop(() => inLine.close());
  await portal.register(app);
  const webSockets = createWebSockets({ server: app.server, publicUrl: () => config.publicUrl, log, proxies });
  onStop(async () => {
    live.close();
    webSockets.close();
    await app.close();
  });
  const shownTo = (viewer: Viewer, filter: Filter) => portal.tiles.patientIds(viewer.view(), filter);
  const becauseOf = ({ principal }: Viewer, patientId: string) => access.becauseOf(principal, patientId);
  const seenLive = { ...recording, shownTo, becauseOf };
  webSockets.route("/live", recordedLive(liveRoute({ live, access }), seenLive));
  webSockets.route("/live/kiosk", recordedLive(liveRoute({ live, access, kiosk: true }), seenLive));
  webSockets.route(SUBSCRIPTIONS_PATH, subscriptions.webSocket);
  webSockets.route("/mqtt", {
    subprotocol: "mqtt",
    maxPayloadBytes: 2 * 1_048_576,
    onConnection: (socket, request) =>
      mqtt.handleWebSocket(socket, { address: request.socket.remoteAddress ?? "", transport: request.socket }),
  });
  return { app, webSockets, subscriptions };
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
