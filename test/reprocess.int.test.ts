import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { RefusedInput } from "@openward/errors";
import type { Association, PatientView } from "@openward/model";
import { systemRuntime } from "@openward/runtime/system";
import { encode } from "cbor-x";
import { createIngest, type DeviceMessage, sentOf } from "../server/ingest/index.ts";
import { CODECS, type Decoders } from "../server/ingest/place.ts";
import { createReprocess } from "../server/reprocess/index.ts";
import type { Amendment, Amendments, Point } from "../server/reprocess/ports.ts";
import { openTestDatabase, type TestDatabase } from "../server/store/database/testing/database.ts";
import { rowsBetween } from "../server/store/raw/index.ts";
import { createRegistry } from "../server/store/registry/index.ts";
import { openTestStore, settableRuntime, type TestStore } from "../server/store/telemetry/testing/open-store.ts";

const ORGANISATION = "018f0000-0000-7000-8000-0000000000aa";
const ALICE = "aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa";
const BOB = "bbbbbbbb-bbbb-4bbb-8bbb-bbbbbbbbbbbb";
const NOW = Date.UTC(2026, 10, 22, 12);
const HOUR = 3_600_000;

/** Leaves respiratory rates, waveforms and events out, reads each SpO2 one too low, and takes heart rates for pulses too. */
const WRONG: Decoders = {
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

let database: TestDatabase;
let store: TestStore;
const associations: Association[] = [];
const runtime = settableRuntime(NOW);
before(async () => {
  database = await openTestDatabase();
  await database.owner.query("INSERT INTO organisation (organisation_id, name, created_at) VALUES ($1, 'Test', 0)", [
    ORGANISATION,
  ]);
});
after(() => database.close());
beforeEach(async () => {
  await store?.close();
  await database.owner.query(
    "TRUNCATE journal, raw_input, stream, event, quarantine, quarantine_resolution, block, rollup",
  );
  store = await openTestStore(database, runtime);
  associations.length = 0;
  wear(ALICE, NOW - 10 * HOUR, null);
});
after(() => store.close());

function wear(patientId: string, from: number, to: number | null): void {
  const id = `018f0000-0000-7000-8000-0000000000${(10 + associations.length).toString()}`;
  associations.push({ id, organisationId: ORGANISATION, deviceId: "mon", patientId, from, to });
}

const view: PatientView = {
  principal: {
    kind: "token",
    id: "engineer",
    display: "Engineer",
    organisationId: ORGANISATION,
    role: "clinical-engineer",
  },
  has: () => true,
  patientIds: () => [ALICE, BOB],
  recordsOf: (id) => [id],
};

function ingestBy(decoders: Decoders) {
  return createIngest({
    runtime,
    journal: store.journal,
    directory: {
      associationAt: (id, at) =>
        associations.find((a) => a.deviceId === id && at >= a.from && (a.to === null || at < a.to)),
      associations: () => associations,
      knowsStream: store.telemetry.knowsStream,
      addStream: store.telemetry.addStream,
      deviceType: () => "bedside-monitor",
    },
    deliveries: store.telemetry.deliveries,
    watch: { readings() {}, waveform() {}, event() {}, status() {}, connection() {} },
    live: { readings() {}, waveform() {} },
    report: (error) => assert.fail(String(error)),
    decoders,
  });
}

function reprocessBy(decoders: Decoders, amendments: Amendments | null = null) {
  const { api, worker } = database;
  const { reprocessing, quarantine } = createRegistry({ api, worker, runtime });
  const ingest = ingestBy(decoders);
  return createReprocess({
    runtime: systemRuntime,
    kept: (span) => rowsBetween(worker, store.keys, span),
    ingest: { rerunner: ingest.rerunner, take: ingest.take, sentOf },
    telemetry: store.telemetry.queries,
    records: {
      ...reprocessing,
      async claimed(organisationId, id, patientId, by, reason) {
        await quarantine.resolve(organisationId, id, "claimed", by, { patientId, reason });
      },
    },
    amendments,
  });
}

const SPAN = { from: NOW - 10 * HOUR, to: NOW + HOUR, deviceId: null, patientId: null };
const show = { ...SPAN, apply: null };
const withCode = (confirm: string) => ({ ...SPAN, apply: { reason: "the decoder was wrong", confirm } });
const isConflict = (error: unknown) => error instanceof RefusedInput && error.code === "CONFLICT";

function sender(decoders: Decoders) {
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
}

/** signal=values, in order, of everything that the store answers. */
async function stored(): Promise<Record<string, number[]>> {
  const found: Record<string, number[]> = {};
  for (const patientId of [ALICE, BOB]) {
    for (const { stream } of await store.telemetry.streams(view, patientId)) {
      const name = `${stream.signal}${patientId === BOB ? " of Bob" : ""}`;
      if (stream.kind === "waveform") {
        const pieces = await store.telemetry.waveform(view, {
          patientId,
          streamId: stream.id,
          from: 0,
          to: NOW + HOUR,
        });
        found[name] = pieces.flatMap(({ samples }) => [...samples]);
        continue;
      }
      const span = { from: 0, to: NOW + HOUR, isDescending: false };
      const values: number[] = [];
      for await (const columns of store.telemetry.queries.columns(view, stream.id, span))
        values.push(...columns.values);
      found[name] = values;
    }
  }
  return found;
}

const item = (n: number) => ({
  at: NOW - n * 1000,
  values: { "heart-rate": 60 + n, spo2: 90 + n, "respiratory-rate": 10 + n },
});

test("what a faulty decoder made of the input is shown exactly, what it left out is added, and the rest is told", async () => {
  const send = sender(WRONG);
  await send("readings", item(1));
  await Promise.all([send("readings", [item(2), item(3)]), send("readings", item(4))]);
  const at = [5, 6].map((n) => NOW - n * 1000);
  const columns = { t: Float64Array.from(at), signals: { "heart-rate": [65, 66], "respiratory-rate": [15, 16] } };
  await send("readings", encode(columns), { format: "cbor" });
  await send("readings", { values: { "respiratory-rate": 20 } }, { deliveryKey: "once" });
  await send("waveform", {
    signal: "ecg-lead-ii",
    start: NOW - 9000,
    rate: 4,
    unit: "mV",
    scale: 0.005,
    origin: 0,
    samples: [1, null, 3],
  });
  await send("event", { event: "sos-button", at: NOW - 3000, id: "press-1" });
  await send("status", { state: "online" });
  const before = await stored();

  const reprocess = reprocessBy(CODECS);
  const shown = await reprocess(view, show);
  const { summary } = shown;
  assert.deepEqual(summary.counts, { added: 6 + 1 + 1 + 1, changed: 4, missing: 6 });
  assert.deepEqual([summary.messages, summary.skipped, summary.same, summary.unreadable], [7, 1, 6, 0]);
  const of = (signal: string) => summary.streams.find((stream) => stream.signal === signal);
  assert.deepEqual(of("spo2")?.examples[0], {
    difference: "changed",
    before: { time: NOW - 1000, value: 90, unit: "%", patientId: ALICE, samples: null },
    after: { time: NOW - 1000, value: 91, unit: "%", patientId: ALICE, samples: null },
  });
  assert.deepEqual([of("spo2")?.changed, of("pulse-rate")?.missing, of("respiratory-rate")?.added], [4, 6, 7]);
  assert.deepEqual([of("ecg-lead-ii")?.added, of("sos-button")?.added, of("heart-rate")], [1, 1, undefined]);
  assert.deepEqual(await stored(), before, "nothing has changed");
  assert.equal((await reprocess(view, show)).code, shown.code, "the same differences have the same code");

  await assert.rejects(reprocess(view, withCode("000000000000")), isConflict);
  const applied = await reprocess(view, withCode(shown.code));
  assert.deepEqual(applied.applied, { added: 9, amended: 0, resolved: 0 });
  assert.equal(applied.needAmendment, 10);
  const afterwards = await stored();
  assert.deepEqual(afterwards["respiratory-rate"], [16, 15, 14, 13, 12, 11, 20]);
  assert.deepEqual(afterwards["ecg-lead-ii"], [1, -2147483648, 3]);
  for (const signal of ["heart-rate", "spo2", "pulse-rate"])
    assert.deepEqual(afterwards[signal], before[signal], signal);
  const { rows: events } = await database.owner.query("SELECT id FROM event");
  assert.deepEqual(events, [{ id: "press-1" }]);

  const again = await reprocess(view, show);
  assert.deepEqual(
    again.summary.counts,
    { added: 0, changed: 4, missing: 6 },
    "what was added is no difference any more",
  );
  assert.deepEqual((await reprocess(view, withCode(again.code))).applied, { added: 0, amended: 0, resolved: 0 });
  assert.deepEqual(await stored(), afterwards, "twice is harmless");
  const { rows: log } = await database.owner.query(
    "SELECT actor, patient_id, detail->>'reason' AS reason FROM audit_event WHERE action = 'reprocess.apply' ORDER BY position LIMIT 1",
  );
  assert.deepEqual(log, [{ actor: "engineer", patient_id: ALICE, reason: "the decoder was wrong" }]);
});

test("after a kill, and when all of it is in blocks, the differences are the same", async () => {
  const send = sender(WRONG);
  for (let n = 1; n <= 5; n++) await send("readings", item(n));
  const { code } = await reprocessBy(CODECS)(view, show);
  await store.close();
  store = await openTestStore(database, runtime);
  assert.equal((await reprocessBy(CODECS)(view, show)).code, code);
  await store.telemetry.seal({ everything: true });
  assert.equal((await reprocessBy(CODECS)(view, show)).code, code);
});

test("what is stored otherwise goes to the amendments, where there are any", async () => {
  const send = sender(WRONG);
  await send("readings", item(1));
  const asked: Amendment[] = [];
  const amendments: Amendments = {
    async amend(organisationId, all, author) {
      assert.deepEqual([organisationId, author], [ORGANISATION, { by: "engineer", reason: "the decoder was wrong" }]);
      asked.push(...all);
    },
  };
  const reprocess = reprocessBy(CODECS, amendments);
  const { code } = await reprocess(view, show);
  assert.deepEqual((await reprocess(view, withCode(code))).applied, { added: 1, amended: 2, resolved: 0 });
  const saidBy = (point: Point | null) => (point?.kind === "reading" ? point.value : null);
  assert.deepEqual(asked.map(({ before: b, after: a }) => [saidBy(b), saidBy(a)]).sort(), [
    [61, null],
    [90, 91],
  ]);
});

test("input that lay in quarantine finds its place when the association is put right, and leaves the quarantine", async () => {
  associations.length = 0;
  const send = sender(CODECS);
  const receipt = await send("readings", { values: { spo2: 95 } }, { deliveryKey: "k" });
  assert.equal(receipt.quarantined[0]?.code, "NO_ASSOCIATION");
  await send("readings", { at: NOW, values: { nonsense: 1 } });
  wear(BOB, NOW - HOUR, null);
  const reprocess = reprocessBy(CODECS);
  const { summary, code } = await reprocess(view, show);
  assert.deepEqual([summary.counts.added, summary.refused.map((each) => each.code)], [1, ["SIGNAL_UNKNOWN"]]);
  assert.deepEqual((await reprocess(view, withCode(code))).applied, { added: 1, amended: 0, resolved: 1 });
  assert.deepEqual(await stored(), { "spo2 of Bob": [95] });
  const { rows } = await database.owner.query("SELECT state, patient_id FROM quarantine_resolution");
  assert.deepEqual(rows, [{ state: "claimed", patient_id: BOB }]);
  assert.equal((await reprocess(view, show)).summary.counts.added, 0);
});

test("a device that was on somebody else: each value is changed, from one patient to the other, and none is added beside it", async () => {
  const send = sender(CODECS);
  await send("readings", [item(1), item(2)]);
  associations.length = 0;
  wear(BOB, NOW - HOUR, null);
  const reprocess = reprocessBy(CODECS);
  const { summary, code } = await reprocess(view, show);
  assert.deepEqual(summary.counts, { added: 0, changed: 6, missing: 0 });
  const [example] = summary.streams[0]?.examples ?? [];
  assert.deepEqual([example?.before?.patientId, example?.after?.patientId], [ALICE, BOB]);
  await reprocess(view, withCode(code));
  assert.deepEqual(
    Object.keys(await stored()).filter((name) => name.endsWith("Bob")),
    [],
  );
  const ofBob = await reprocess(view, { ...show, patientId: BOB });
  assert.equal(ofBob.summary.counts.changed, 6);
  assert.equal((await reprocess(view, { ...show, deviceId: "other" })).summary.messages, 0);
  const hidden: PatientView = { ...view, has: (id) => id === ALICE };
  assert.equal(
    (await reprocess(hidden, show)).summary.counts.changed,
    0,
    "nothing is told of a patient who is not visible",
  );
});

test("rows that cannot be read are told and left alone, and the others are run again", async () => {
  const send = sender(WRONG);
  for (let n = 1; n <= 6; n++) await send("readings", item(n));
  const { rows } = await database.owner.query<{ position: number }>("SELECT position FROM raw_input ORDER BY position");
  assert.equal(rows.length, 6);
  const [bit, cut, swapped, other, noJournal] = rows.map(({ position }) => position);
  const change = (sql: string, ...values: unknown[]) => database.owner.query(sql, values);
  await change("UPDATE raw_input SET input = set_byte(input, 80, get_byte(input, 80) # 1) WHERE position = $1", bit);
  await change("UPDATE raw_input SET input = substring(input for 30) WHERE position = $1", cut);
  await change(
    "UPDATE raw_input SET input = (SELECT input FROM raw_input WHERE position = $2) WHERE position = $1",
    swapped,
    other,
  );
  await change(
    "UPDATE journal SET batch = set_byte(batch, 70, get_byte(batch, 70) # 1) WHERE position = $1",
    noJournal,
  );
  const { summary } = await reprocessBy(CODECS)(view, show);
  assert.equal(summary.unreadable, 4);
  assert.deepEqual(
    summary.faults.map((fault) => [fault.position, fault.in, fault.code]),
    [
      [bit, "raw input", "BLOCK_CORRUPT"],
      [cut, "raw input", "BLOCK_CORRUPT"],
      [swapped, "raw input", "BLOCK_CORRUPT"],
      [noJournal, "journal", "BLOCK_CORRUPT"],
    ],
  );
  // Where it is not known what came of it, nothing is added: it may be stored otherwise.
  assert.equal(summary.messages, 2);
  assert.deepEqual(summary.counts, { added: 2, changed: 2, missing: 2 });
});

test("what was kept of an erased patient is as if it had never been sent", async () => {
  const send = sender(WRONG);
  wear(BOB, NOW + HOUR, null);
  await send("readings", item(1));
  assert.equal((await reprocessBy(CODECS)(view, show)).summary.messages, 1);
  store.keys.erase([{ patientId: ALICE, organisationId: ORGANISATION, at: NOW, by: "test", reason: "test" }]);
  const { summary } = await reprocessBy(CODECS)(view, show);
  assert.deepEqual([summary.messages, summary.counts.added, summary.unreadable], [0, 0, 0]);
});
