import type { PatientView, Principal, Stream } from "@openward/model";
import type { Runtime } from "@openward/runtime";
import { reasonOf } from "./access/audit/because.ts";
import type { Recorder } from "./access/audit/ports.ts";
import { parseScopes } from "./access/oauth/scopes.ts";
import type { Access } from "./access/ports.ts";
import type { Config } from "./config.ts";
import { createFeeds, type Feeds, type FeedsDeps, type HomeFacts } from "./feeds/index.ts";
import type { Foundation } from "./foundation.ts";
import { guardOutside } from "./http/index.ts";
import type { Logger } from "./log.ts";
import type { Store } from "./open-store.ts";
import { observationsWithin } from "./record/reach.ts";
import type { Amendments } from "./store/amendments/ports.ts";
import type { KeyStore } from "./store/keys/index.ts";
import { createVault } from "./store/keys/index.ts";
import { createOutbox, type Outbox, postgresOutboxRows } from "./store/outbox/index.ts";
import type { Tables } from "./store/registry/index.ts";

interface FeedsOptions {
  readonly config: Config;
  readonly foundation: Pick<Foundation, "database" | "directory" | "devices">;
  readonly access: Pick<Access, "viewOf" | "becauseOf" | "onEnded" | "onSeen">;
  readonly store: Store;
  readonly keys: KeyStore;
  readonly tables: Tables;
  readonly amendments: Amendments;
  readonly recorder: Recorder;
  readonly expectationOf: (streamId: string) => { readonly intervalMs: number | null };
  readonly runtime: Runtime;
  readonly version: string;
  readonly publicUrl: () => string;
  readonly log: Logger;
}

export interface OpenFeeds {
  readonly feeds: Feeds;
  /** What FHIR's subscriptions are told from too. */
  readonly told: {
    readonly outbox: Outbox;
    readonly counting: FeedsDeps["counting"];
    readonly guard: FeedsDeps["guard"];
    readonly days: number;
  };
  start(): Promise<void>;
  close(): Promise<void>;
}

/** What leaves the house as it happens, introduced to where it comes from and to who may see it. */
export async function openFeeds(options: FeedsOptions): Promise<OpenFeeds> {
  const { config, foundation, access, store, keys, tables, amendments, recorder, runtime, log } = options;
  const { database, directory } = foundation;
  const { clock, timers, ids } = runtime;
  const streamOf = (streamId: string): Stream | undefined => store.telemetry.queries.known(EVERYTHING, streamId);
  const days = Math.max(config.journalDays, config.rawDays) + 1;
  const outbox = await createOutbox({
    rows: postgresOutboxRows(database.worker),
    journal: store.journal,
    keys,
    streamOf,
    clock,
    timers,
    days,
    log,
  });
  store.onCommitted((_, last) => outbox.committed(last));
  const stops = [
    directory.on((change) => {
      if (NOTICED.has(change.kind)) outbox.look();
    }),
  ];

  const guard = guardOutside(config.feedNetworks, "OPENWARD_FEED_NETWORKS");
  const counting = countingOf(amendments, streamOf);
  const feeds = createFeeds({
    runtime,
    tables,
    outbox,
    counting,
    views: {
      viewOf: access.viewOf,
      reachOf: (scope) => observationsWithin(parseScopes(scope), `${options.publicUrl()}/fhir`),
      onEnded: access.onEnded,
    },
    home: homeOf(options),
    async record({ feed, owner, patientIds, what }) {
      await recorder.append({
        id: ids.uuid(),
        at: clock.now(),
        organisationId: feed.organisationId,
        who: { kind: "application", id: feed.id, display: feed.name, role: null },
        onBehalfOf: { kind: owner.kind, id: owner.id, display: owner.display, role: owner.role },
        action: "R",
        code: "feed.send",
        patients: patientIds,
        entity: "Feed",
        entityId: feed.id,
        via: feed.way,
        parameters: what,
        ...reasonsOf(access, owner, patientIds),
        outcome: "allowed",
      });
    },
    vault: createVault(keys),
    cursorSecret: createVault(keys).derive("feed cursors"),
    guard,
    version: options.version,
    log,
  });
  stops.push(access.onSeen(() => feeds.look()));
  return {
    feeds,
    told: { outbox, counting, guard, days },
    start: () => feeds.start(),
    async close() {
      for (const stop of stops) stop();
      await feeds.stop();
      outbox.close();
    },
  };
}

function reasonsOf(access: FeedsOptions["access"], owner: Principal, patientIds: readonly string[]) {
  const { purpose, basis } = reasonOf(patientIds, (id) => access.becauseOf(owner, id));
  return { purpose, basis };
}

/** Of these a notice is written. */
const NOTICED: ReadonlySet<string> = new Set(["association", "amendment", "patient"]);

/** A record says in whose name: never more than the house itself may know. */
const EVERYTHING: PatientView = {
  principal: { kind: "system", id: "system", display: "Openward", organisationId: "", role: "integration" },
  has: () => true,
  patientIds: () => [],
  recordsOf: (id) => [id],
  hiddenOf: () => undefined,
};

const READINGS_A_PAGE = 500;

function countingOf(amendments: Amendments, streamOf: FeedsDeps["counting"]["streamOf"]): FeedsDeps["counting"] {
  return {
    screenReadings: amendments.screenReadings,
    screenAlarm: amendments.screenAlarm,
    streamOf,
    async amendment(view, amendmentId) {
      const known = amendments.find(view, amendmentId);
      if (known) return known;
      // Made by another process a moment ago.
      await amendments.refresh();
      return amendments.find(view, amendmentId);
    },
    async restated(view, { patientId, deviceId, streamId, from, to, limit }) {
      const all = await amendments.telemetry.streams(view, patientId);
      const wanted = all
        .map(({ stream }) => stream)
        .filter((stream) => stream.kind === "numeric" && stream.deviceId === deviceId)
        // What was given to a patient is a stream of their own: the same signal and unit of that device.
        .filter((stream) => streamId === null || stream.id === streamId || isSame(stream, streamOf(streamId)));
      const found = [];
      for (const stream of wanted) {
        const readings: { time: number; value: number; quality: number }[] = [];
        let after: { time: number; streamId: string; ordinal: number } | undefined;
        while (readings.length < limit) {
          const page = await amendments.telemetry.readings(view, {
            patientId,
            streamIds: [stream.id],
            from,
            to,
            order: "ascending",
            limit: Math.min(READINGS_A_PAGE, limit - readings.length),
            ...(after ? { after } : {}),
          });
          for (const { time, value, quality } of page) readings.push({ time, value, quality });
          const last = page.at(-1);
          if (!last || page.length < READINGS_A_PAGE) break;
          after = { time: last.time, streamId: stream.id, ordinal: last.ordinal };
        }
        found.push({ stream, readings });
      }
      return found;
    },
  };
}

const isSame = (a: Stream, b: Stream | undefined): boolean =>
  b !== undefined && a.signal === b.signal && a.unit === b.unit && a.deviceId === b.deviceId;

function homeOf({ foundation, amendments, expectationOf }: FeedsOptions): HomeFacts {
  const { directory, devices } = foundation;
  const wears = (patientIds: readonly string[], deviceId: string) =>
    patientIds.includes(directory.currentAssociation(deviceId)?.patientId ?? "");
  return {
    async streams(view, patientId) {
      const records = view.recordsOf(patientId);
      const all = await amendments.telemetry.streams(view, patientId);
      return all.map(({ stream }) => stream).filter((one) => one.kind === "numeric" && wears(records, one.deviceId));
    },
    async device(deviceId, organisationId) {
      return (await devices.find(organisationId, deviceId))?.device;
    },
    intervalMs: (streamId) => expectationOf(streamId).intervalMs,
    latest: (view, patientId) => amendments.telemetry.latest(view, patientId),
    onDevices: (listener) =>
      directory.on((change) => {
        if (change.kind === "association") listener(change.patientId);
      }),
  };
}
