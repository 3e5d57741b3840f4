import assert from "node:assert/strict";
import type { Amendment, AmendmentDraft, Association, PatientView } from "@openward/model";
import { systemRuntime } from "@openward/runtime/system";
import { streamId } from "../../server/ingest/ids.ts";
import { createIngest, type DeviceMessage, sentOf } from "../../server/ingest/index.ts";
import { CODECS, type Decoders } from "../../server/ingest/place.ts";
import {
  createQuarantineRuns,
  createReprocess,
  quarantinedRows,
  type ReprocessDeps,
} from "../../server/reprocess/index.ts";
import { type Amendments, openAmendments } from "../../server/store/amendments/index.ts";
import { openTestDatabase, quietLog } from "../../server/store/database/testing/database.ts";
import { openRaw } from "../../server/store/keys/index.ts";
import { rowsBetween } from "../../server/store/raw/index.ts";
import { createRegistry, createTables } from "../../server/store/registry/index.ts";
import { openTestStore, settableRuntime, type TestStore } from "../../server/store/telemetry/testing/open-store.ts";

export const ORGANISATION = "018f0000-0000-7000-8000-0000000000aa";
export const ALICE = "aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa";
export const BOB = "bbbbbbbb-bbbb-4bbb-8bbb-bbbbbbbbbbbb";
export const NOW = Date.UTC(2026, 10, 22, 12);
export const HOUR = 3_600_000;

export const engineer: PatientView = {
  principal: {
    kind: "token",
    id: "engineer",
    display: "Engineer Eve",
    organisationId: ORGANISATION,
    role: "clinical-engineer",
  },
  has: () => true,
  patientIds: () => [ALICE, BOB],
  recordsOf: (id) => [id],
  hiddenOf: () => undefined,
};

export const SPAN = { from: NOW - 10 * HOUR, to: NOW + HOUR, deviceId: null, patientId: null };
export const show = { ...SPAN, apply: null };
export const withCode = (confirm: string) => ({ ...SPAN, apply: { reason: "the decoder was wrong", confirm } });

/** Leaves respiratory rates, waveforms and events out, reads each SpO2 one too low, and takes heart rates for pulses too. */
export const WRONG: Decoders = {
  ...CODECS,
  readings(body, format) {
    const decoded = CODECS.readings(body, format);
    const columns = decoded.columns.flatMap((column) => {
      if (column.signal === "respiratory-rate") return [];
      if (column.signal === "spo2")
        return [{ ...column, values: Float64Array.from(column.values, (value) => value - 1) }];
      if (column.signal === "heart-rate") return [column, { ...column, signal: "pulse-rate" }];
      return [column];
    });
    return { ...decoded, columns };
  },
  waveform: (body, format) => ({ ...CODECS.waveform(body, format), waveforms: [] }),
  event: (body, format) => ({ ...CODECS.event(body, format), events: [] }),
};

/** Something in the way of what a run writes. */
interface Other {
  readonly amendments?: ReprocessDeps["amendments"];
  readonly amendedTogether?: number;
  readonly take?: (take: ReprocessDeps["ingest"]["take"]) => ReprocessDeps["ingest"]["take"];
}

export type SecondLook = Awaited<ReturnType<typeof openSecondLook>>;

/** Ingest, store, amendments and the second look on the real database, with one device on Alice. */
export async function openSecondLook() {
  const database = await openTestDatabase();
  const { owner, api, worker } = database;
  const runtime = settableRuntime(NOW);
  const associations: Association[] = [];
  let store: TestStore | undefined;
  let amendments: Amendments | undefined;
  const open = async () => {
    store = await openTestStore(database, runtime);
    const options = { runtime, tables: createTables(database), keys: store.keys, received: store.telemetry };
    amendments = await openAmendments({ ...options, streamIdOf: streamId, log: quietLog });
  };
  const now = () => {
    if (!store || !amendments) throw new Error("the store is not open");
    return { store, amendments };
  };
  try {
    await owner.query("INSERT INTO organisation (organisation_id, name, created_at) VALUES ($1, 'Test', 0)", [
      ORGANISATION,
    ]);
    for (const id of [ALICE, BOB])
      await owner.query(
        `INSERT INTO patient (id, organisation_id, name, name_key, sex, mrn, time_zone, created_at, updated_at)
         VALUES ($1, $2, 'N', 'n', 'other', $3, 'UTC', 0, 0)`,
        [id, ORGANISATION, id],
      );
    await owner.query(
      `INSERT INTO device (id, organisation_id, type, display, created_at)
       VALUES ('mon', $1, 'generic', 'M', 0)`,
      [ORGANISATION],
    );
    // What people amend is held against the tables.
    await owner.query(
      `INSERT INTO association (id, organisation_id, device_id, patient_id, from_at, created_at, created_by)
       VALUES ($1, $2, 'mon', $3, $4, 0, 'test')`,
      ["018f0000-0000-7000-8000-000000000010", ORGANISATION, ALICE, NOW - 10 * HOUR],
    );
  } catch (error) {
    await database.close();
    throw error;
  }

  function wear(patientId: string, from: number, to: number | null): void {
    const id = `018f0000-0000-7000-8000-0000000000${(10 + associations.length).toString()}`;
    associations.push({ id, organisationId: ORGANISATION, deviceId: "mon", patientId, from, to });
  }

  function ingestBy(decoders: Decoders) {
    const { journal, telemetry } = now().store;
    return createIngest({
      runtime,
      journal,
      directory: {
        associationAt: (id, at) =>
          associations.find((a) => a.deviceId === id && at >= a.from && (a.to === null || at < a.to)),
        associations: () => associations,
        knowsStream: telemetry.knowsStream,
        addStream: telemetry.addStream,
        timeZoneAt: () => undefined,
        recordNumbersOf: () => [],
        deviceType: () => "bedside-monitor",
      },
      deliveries: telemetry.deliveries,
      watch: { readings() {}, waveform() {}, event() {}, status() {}, connection() {}, clock() {} },
      live: { readings() {}, waveform() {} },
      report: (error) => assert.fail(String(error)),
      decoders,
    });
  }

  return {
    database,
    runtime,
    associations,
    wear,
    get store() {
      return now().store;
    },
    get amendments() {
      return now().amendments;
    },
    async empty() {
      await store?.close();
      await owner.query("TRUNCATE journal, raw_input, stream, event, quarantine, quarantine_resolution, block, rollup");
      await owner.query("DELETE FROM amendment");
      associations.length = 0;
      wear(ALICE, NOW - 10 * HOUR, null);
      await open();
    },
    /** As after a kill. */
    async restart() {
      await store?.close();
      await open();
    },
    async close() {
      await store?.close();
      await database.close();
    },

    /** Quarantined messages, many at once; with what the registry keeps of them. */
    quarantineRunsBy(decoders: Decoders) {
      const { store: held, amendments: said } = now();
      const registry = createRegistry({ api, worker, runtime, openRaw: (entry) => openRaw(held.keys, entry) });
      const runs = createQuarantineRuns({
        runtime: systemRuntime,
        reprocess: this.reprocessBy(decoders),
        // Who asks here sees everybody.
        runs: {
          ...registry.quarantineRuns,
          open: ({ organisationId }, ...more) => registry.quarantineRuns.open(organisationId, ...more),
          whatWasAdded: ({ organisationId }, id) => registry.quarantineRuns.whatWasAdded(organisationId, id),
        },
        telemetry: held.telemetry.queries,
        amendments: said.reprocessed,
        report: (error) => assert.fail(String(error)),
      });
      return { ...runs, registry };
    },

    reprocessBy(decoders: Decoders, other: Other = {}) {
      const { store: held, amendments: said } = now();
      const { reprocessing, quarantine, quarantineRuns } = createRegistry({
        api,
        worker,
        runtime,
        openRaw: (entry) => openRaw(held.keys, entry),
      });
      const ingest = ingestBy(decoders);
      return createReprocess({
        runtime: systemRuntime,
        kept: (span) => rowsBetween(worker, held.keys, span),
        quarantined: (organisationId, ids) =>
          quarantinedRows(ids, (some) => quarantineRuns.entries(organisationId, some)),
        ingest: { rerunner: ingest.rerunner, take: other.take?.(ingest.take) ?? ingest.take, sentOf },
        telemetry: held.telemetry.queries,
        records: {
          ...reprocessing,
          async claimed(organisationId, id, patientId, by, reason, runId) {
            const told = { patientId, reason, ...(runId === null ? {} : { runId }) };
            await quarantine.resolve(organisationId, id, "claimed", by, told);
          },
        },
        amendments: other.amendments ?? said.reprocessed,
        // Who asks here sees everybody.
        wearerAt: () => undefined,
        ...(other.amendedTogether !== undefined && { amendedTogether: other.amendedTogether }),
      });
    },

    sender(decoders: Decoders) {
      const ingest = ingestBy(decoders);
      return (kind: DeviceMessage["kind"], body: unknown, more: Partial<DeviceMessage> = {}) =>
        ingest.accept({
          deviceId: "mon",
          organisationId: ORGANISATION,
          kind,
          format: "json",
          body: body instanceof Uint8Array ? body : Buffer.from(typeof body === "string" ? body : JSON.stringify(body)),
          receivedAt: runtime.clock.now(),
          deliveryKey: null,
          isRedelivery: false,
          ...more,
        });
    },

    /** signal=values, in order, of everything that was received. */
    received: () => answers(now().store.telemetry),
    /** The same, as a reader reads it. */
    read: () => answers(now().amendments.telemetry),

    /** A person says so. */
    say(draft: AmendmentDraft, display = "Nurse Nora"): Promise<Amendment> {
      return now().amendments.make(engineer, draft, { id: "nurse", display });
    },
  };
}

async function answers(telemetry: Pick<Amendments["telemetry"], "streams" | "waveform" | "queries">) {
  const found: Record<string, number[]> = {};
  for (const patientId of [ALICE, BOB]) {
    for (const { stream } of await telemetry.streams(engineer, patientId)) {
      const name = `${stream.signal}${patientId === BOB ? " of Bob" : ""}`;
      if (stream.kind === "waveform") {
        const asked = { patientId, streamId: stream.id, from: NOW - HOUR, to: NOW + HOUR };
        const pieces = await telemetry.waveform(engineer, asked);
        found[name] = pieces.flatMap(({ samples }) => [...samples]);
        continue;
      }
      const span = { from: 0, to: NOW + HOUR, isDescending: false };
      const values: number[] = [];
      for await (const columns of telemetry.queries.columns(engineer, stream.id, span)) values.push(...columns.values);
      found[name] = values;
    }
  }
  return found;
}
