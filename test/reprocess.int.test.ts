import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { RefusedInput } from "@openward/errors";
import type { PatientView } from "@openward/model";
import { encode } from "cbor-x";
import { CODECS } from "../server/ingest/place.ts";
import {
  ALICE,
  BOB,
  HOUR,
  NOW,
  ORGANISATION,
  openSecondLook,
  type SecondLook,
  show,
  engineer as view,
  WRONG,
  withCode,
} from "./support/second-look.ts";

let look: SecondLook;
before(async () => {
  look = await openSecondLook();
});
after(() => look?.close());
beforeEach(() => look.empty());
const isConflict = (error: unknown) => error instanceof RefusedInput && error.code === "CONFLICT";

const item = (n: number) => ({
  at: NOW - n * 1000,
  values: { "heart-rate": 60 + n, spo2: 90 + n, "respiratory-rate": 10 + n },
});

test("what a faulty decoder made of the input is shown exactly, what it left out is added, and the rest is told", async () => {
  const send = look.sender(WRONG);
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
  const before = await look.received();

  const reprocess = look.reprocessBy(CODECS);
  const shown = await reprocess(view, show);
  const { summary } = shown;
  assert.deepEqual(summary.counts, { added: 6 + 1 + 1 + 1, changed: 4, missing: 6 });
  assert.deepEqual([summary.messages, summary.skipped, summary.same, summary.unreadable], [7, 1, 6, 0]);
  const of = (signal: string) => summary.streams.find((stream) => stream.signal === signal);
  assert.deepEqual(of("spo2")?.examples[0], {
    difference: "changed",
    fate: "correct",
    amendedBy: null,
    before: { time: NOW - 1000, value: 90, unit: "%", patientId: ALICE, samples: null },
    after: { time: NOW - 1000, value: 91, unit: "%", patientId: ALICE, samples: null },
  });
  assert.deepEqual([of("spo2")?.changed, of("pulse-rate")?.missing, of("respiratory-rate")?.added], [4, 6, 7]);
  assert.deepEqual([of("ecg-lead-ii")?.added, of("sos-button")?.added, of("heart-rate")], [1, 1, undefined]);
  assert.deepEqual(await look.received(), before, "nothing has changed");
  assert.equal((await reprocess(view, show)).code, shown.code, "the same differences have the same code");

  await assert.rejects(reprocess(view, withCode("000000000000")), isConflict);
  const applied = await reprocess(view, withCode(shown.code));
  assert.deepEqual(applied.applied, { added: 9, amended: 10, resolved: 0 });
  const afterwards = await look.received();
  assert.deepEqual(afterwards["respiratory-rate"], [16, 15, 14, 13, 12, 11, 20]);
  assert.deepEqual(afterwards["ecg-lead-ii"], [1, -2147483648, 3]);
  for (const signal of ["heart-rate", "spo2", "pulse-rate"])
    assert.deepEqual(afterwards[signal], before[signal], signal);
  const { rows: events } = await look.database.owner.query("SELECT id FROM event");
  assert.deepEqual(events, [{ id: "press-1" }]);

  const again = await reprocess(view, show);
  assert.deepEqual(again.summary.counts, { added: 0, changed: 0, missing: 0 }, "what was applied is no difference");
  assert.deepEqual((await reprocess(view, withCode(again.code))).applied, { added: 0, amended: 0, resolved: 0 });
  assert.deepEqual(await look.received(), afterwards, "twice is harmless");
  const { rows: log } = await look.database.owner.query(
    "SELECT actor, patient_id, detail->>'reason' AS reason FROM audit_event WHERE action = 'reprocess.apply' ORDER BY position LIMIT 1",
  );
  assert.deepEqual(log, [{ actor: "engineer", patient_id: ALICE, reason: "the decoder was wrong" }]);
});

test("after a kill, and when all of it is in blocks, the differences are the same", async () => {
  const send = look.sender(WRONG);
  for (let n = 1; n <= 5; n++) await send("readings", item(n));
  const { code } = await look.reprocessBy(CODECS)(view, show);
  await look.restart();
  assert.equal((await look.reprocessBy(CODECS)(view, show)).code, code);
  await look.store.telemetry.seal({ everything: true });
  assert.equal((await look.reprocessBy(CODECS)(view, show)).code, code);
});

test("input that lay in quarantine finds its place when the association is put right, and leaves the quarantine", async () => {
  look.associations.length = 0;
  const send = look.sender(CODECS);
  const receipt = await send("readings", { values: { spo2: 95 } }, { deliveryKey: "k" });
  assert.equal(receipt.quarantined[0]?.code, "NO_ASSOCIATION");
  await send("readings", { at: NOW, values: { nonsense: 1 } });
  look.wear(BOB, NOW - HOUR, null);
  const reprocess = look.reprocessBy(CODECS);
  const { summary, code } = await reprocess(view, show);
  assert.deepEqual([summary.counts.added, summary.refused.map((each) => each.code)], [1, ["SIGNAL_UNKNOWN"]]);
  assert.deepEqual((await reprocess(view, withCode(code))).applied, { added: 1, amended: 0, resolved: 1 });
  assert.deepEqual(await look.received(), { "spo2 of Bob": [95] });
  const { rows } = await look.database.owner.query("SELECT state, patient_id FROM quarantine_resolution");
  assert.deepEqual(rows, [{ state: "claimed", patient_id: BOB }]);
  assert.equal((await reprocess(view, show)).summary.counts.added, 0);
});

test("a device that was on somebody else: each value is changed, from one patient to the other, and none is added beside it", async () => {
  const send = look.sender(CODECS);
  await send("readings", [item(1), item(2)]);
  look.associations.length = 0;
  look.wear(BOB, NOW - HOUR, null);
  const reprocess = look.reprocessBy(CODECS);
  const { summary, code } = await reprocess(view, show);
  assert.deepEqual([summary.counts, summary.byHand], [{ added: 0, changed: 6, missing: 0 }, 6]);
  const [example] = summary.streams[0]?.examples ?? [];
  assert.deepEqual([example?.before?.patientId, example?.after?.patientId], [ALICE, BOB]);
  assert.deepEqual((await reprocess(view, withCode(code))).applied, { added: 0, amended: 0, resolved: 0 });
  assert.deepEqual(
    Object.keys(await look.received()).filter((name) => name.endsWith("Bob")),
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
  const send = look.sender(WRONG);
  for (let n = 1; n <= 6; n++) await send("readings", item(n));
  const { rows } = await look.database.owner.query<{ position: number }>(
    "SELECT position FROM raw_input ORDER BY position",
  );
  assert.equal(rows.length, 6);
  const [bit, cut, swapped, other, noJournal] = rows.map(({ position }) => position);
  const change = (sql: string, ...values: unknown[]) => look.database.owner.query(sql, values);
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
  const { summary } = await look.reprocessBy(CODECS)(view, show);
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
  const send = look.sender(WRONG);
  look.wear(BOB, NOW + HOUR, null);
  await send("readings", item(1));
  assert.equal((await look.reprocessBy(CODECS)(view, show)).summary.messages, 1);
  look.store.keys.erase([{ patientId: ALICE, organisationId: ORGANISATION, at: NOW, by: "test", reason: "test" }]);
  const { summary } = await look.reprocessBy(CODECS)(view, show);
  assert.deepEqual([summary.messages, summary.counts.added, summary.unreadable], [0, 0, 0]);
});
