import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { RefusedInput } from "@openward/errors";
import type { AmendmentDraft, JournalEntry } from "@openward/model";
import type { TestDatabase } from "../database/testing/database.ts";
import { eraseRows } from "../keys/index.ts";
import { createTables } from "../registry/index.ts";
import { givenAway } from "./index.ts";
import {
  ANNA,
  BERIT,
  CARL,
  DEVICE,
  ELSEWHERE,
  everybody,
  HOME,
  HOUR,
  type House,
  NURSE,
  openHouse,
  openHouseDatabase,
  readings,
  START,
  samples,
  streamOf,
  viewOf,
} from "./testing/house.ts";

const NOW = START + 3 * HOUR;
const MINUTE = 60_000;
const PULSE = streamOf(ANNA, "heart-rate");
const GIVEN = streamOf(BERIT, "heart-rate");
const TEMPERATURE = streamOf(ANNA, "body-temperature", "numeric", "Cel");
const ECG = streamOf(ANNA, "ecg-lead-ii", "waveform", "mV");
const reason = "the finger clip was on the wrong hand";
const [anna, berit] = [viewOf(ANNA), viewOf(BERIT)];

let database: TestDatabase;
let house: House;
before(async () => {
  database = await openHouseDatabase();
  house = await openHouse(database, NOW);
  const times = Array.from({ length: 60 }, (_, i) => START + i * MINUTE);
  await house.append([
    ...[PULSE, TEMPERATURE, ECG].map((stream): JournalEntry => ({ kind: "stream", stream })),
    readings(
      PULSE,
      times,
      times.map((_, i) => 60 + i),
      NOW,
    ),
    readings(TEMPERATURE, [START + 5000], [41.5], NOW),
    samples(
      ECG,
      START + 10 * MINUTE,
      Array.from({ length: 240 }, (_, i) => i),
    ),
  ]);
});
after(async () => {
  await house?.close();
  await database?.close();
});

const refused = (code: string, at: string) => (error: unknown) =>
  error instanceof RefusedInput && error.code === code && error.facts.at === at;
const make = (draft: AmendmentDraft, view = everybody) => house.amendments.make(view, draft, NURSE);
const point = (minute: number) =>
  ({ streamId: PULSE.id, at: START + minute * MINUTE, ordinal: 0, seen: null, reason }) as const;
const span = (from: number, to: number) =>
  ({
    deviceId: DEVICE,
    patientId: ANNA,
    from: START + from * MINUTE,
    to: START + to * MINUTE,
    seen: null,
    reason,
  }) as const;
const pulses = async (view: typeof anna, patientId: string, streamId: string) =>
  (
    await house.telemetry.readings(view, {
      patientId,
      streamIds: [streamId],
      from: START,
      to: NOW,
      order: "ascending",
      limit: 1000,
    })
  ).map(({ value }) => value);

test("bad input is refused with the field and the reason, and nothing is written", async () => {
  const wrong: [AmendmentDraft, string, string][] = [
    [{ kind: "entered-in-error", ...point(1), streamId: NURSE.id }, "NOT_FOUND", "streamId"],
    [{ kind: "entered-in-error", ...point(1), at: START + 1 }, "READING_NOT_THERE", "at"],
    [{ kind: "entered-in-error", ...point(1), ordinal: 1 }, "READING_NOT_THERE", "at"],
    [{ kind: "entered-in-error", ...point(1), streamId: ECG.id }, "SIGNAL_KIND", "streamId"],
    [{ kind: "corrected", ...point(1), value: 9000, unit: "/min" }, "VALUE_IMPLAUSIBLE", "value"],
    [{ kind: "corrected", ...point(1), value: 90, unit: "kg" }, "UNIT_MISMATCH", "unit"],
    [{ kind: "corrected", ...point(1), value: 90, unit: "beats" }, "UNIT_UNKNOWN", "unit"],
    [{ kind: "corrected", ...point(1), unit: "/min" }, "VALUE_NOT_A_NUMBER", "value"],
    [{ kind: "corrected", ...point(1), value: 90, reason: " " }, "FIELD_INVALID", "reason"],
    [{ kind: "re-attributed", ...span(10, 70), toPatientId: BERIT }, "ASSOCIATION_SPLIT", "to"],
    [{ kind: "re-attributed", ...span(70, 80), toPatientId: BERIT }, "NO_ASSOCIATION", "from"],
    [{ kind: "re-attributed", ...span(1, 2), toPatientId: ANNA }, "FIELD_INVALID", "toPatientId"],
    [{ kind: "re-attributed", ...span(1, 2), toPatientId: NURSE.id }, "NOT_FOUND", "toPatientId"],
    [{ kind: "re-attributed", ...span(2, 1), toPatientId: BERIT }, "FIELD_INVALID", "to"],
    [{ kind: "entered-in-error", streamId: null, ...span(1, 500) }, "FIELD_INVALID", "to"],
    [{ kind: "entered-in-error", streamId: PULSE.id, ...span(59.5, 60) }, "READING_NOT_THERE", "from"],
    [{ kind: "entered-in-error", streamId: null, ...span(1, 2), deviceId: "other" }, "NOT_FOUND", "deviceId"],
    [{ kind: "withdrawn", amendmentId: NURSE.id, reason }, "NOT_FOUND", "amendmentId"],
  ];
  for (const [draft, code, at] of wrong) await assert.rejects(make(draft), refused(code, at), `${code} at ${at}`);
  const outside: [AmendmentDraft, string][] = [
    [{ kind: "entered-in-error", ...point(1) }, "streamId"],
    [{ kind: "re-attributed", ...span(1, 2), toPatientId: BERIT }, "patientId"],
  ];
  for (const [draft, at] of outside) await assert.rejects(make(draft, berit), refused("NOT_FOUND", at));
  await assert.rejects(
    make({ kind: "re-attributed", ...span(1, 2), toPatientId: BERIT }, anna),
    refused("NOT_FOUND", "toPatientId"),
  );
  assert.equal((await database.owner.query("SELECT FROM amendment")).rowCount, 0);
});

test("a corrected value stands in every answer, what came stands in the history, and the newest is corrected too", async () => {
  const at = START + 5000;
  const draft = { kind: "corrected", streamId: TEMPERATURE.id, at, ordinal: 0, seen: null, reason } as const;
  // Fahrenheit is how it was read aloud; the stream keeps its own unit.
  const made = await make({ ...draft, value: 99.5, unit: "[degF]" });
  const [latest] = house.telemetry.latest(anna, ANNA).filter(({ stream }) => stream.id === TEMPERATURE.id);
  assert.deepEqual([latest?.value, latest?.quality], [37.5, 16]);
  const history = await house.telemetry.history(anna, TEMPERATURE.id, at, 0);
  assert.deepEqual(
    history?.versions.map(({ version, status, value }) => [version, status, value]),
    [
      [1, "final", 41.5],
      [2, "corrected", 37.5],
    ],
  );
  assert.deepEqual([history?.versions[1]?.amendment?.reason, history?.versions[1]?.at], [reason, made.at]);
  assert.deepEqual(house.amendments.restated(made), [{ streamId: TEMPERATURE.id, value: 37.5 }]);
  await assert.rejects(make({ ...draft, value: 37, unit: "Cel" }), refused("AMENDED_MEANWHILE", "seen"));
  await make({ ...draft, value: 37, unit: "Cel", seen: made.id });
  assert.equal((await house.telemetry.reading(anna, TEMPERATURE.id, at, 0))?.value, 37);
});

test("of two who amend the same reading at once, one is told that it has been amended", async () => {
  const results = await Promise.allSettled([
    make({ kind: "entered-in-error", ...point(50) }),
    make({ kind: "corrected", ...point(50), value: 80, unit: "/min" }),
  ]);
  const lost = results.filter((result): result is PromiseRejectedResult => result.status === "rejected");
  assert.equal(lost.length, 1);
  assert.ok(refused("AMENDED_MEANWHILE", "seen")(lost[0]?.reason));
});

test("a span of the wrong patient moves: neither patient's viewer ever sees the other's values, in history either", async () => {
  const made = await make({ kind: "re-attributed", ...span(10, 20), toPatientId: BERIT });
  const gone = Array.from({ length: 10 }, (_, i) => 70 + i);
  const left = await pulses(anna, ANNA, PULSE.id);
  assert.ok(left.length > 45 && gone.every((value) => !left.includes(value)));
  assert.deepEqual(await pulses(berit, BERIT, GIVEN.id), gone);
  assert.deepEqual(await pulses(berit, ANNA, PULSE.id), []);
  assert.deepEqual(await pulses(anna, BERIT, GIVEN.id), []);
  const summaries = await house.telemetry.streams(berit, BERIT);
  assert.deepEqual(summaries.map(({ stream, lastAt }) => [stream.signal, lastAt]).sort(), [
    ["ecg-lead-ii", START + 10 * MINUTE + 239 * 250],
    ["heart-rate", START + 19 * MINUTE],
  ]);
  assert.deepEqual(house.telemetry.queries.known(anna, GIVEN.id), undefined);
  await assert.rejects(
    house.telemetry.queries.trends(anna, [GIVEN.id], { from: START, to: NOW, buckets: 4 }),
    refused("NOT_FOUND", "stream"),
  );
  // Where nothing was given there is nothing, and no refusal.
  const [empty] = await house.telemetry.queries.trends(berit, [GIVEN.id], { from: NOW, to: NOW + HOUR, buckets: 1 });
  assert.deepEqual([...(empty?.count ?? [])], [0]);
  const ecg = streamOf(BERIT, "ecg-lead-ii", "waveform", "mV").id;
  const wave = { from: START, to: NOW };
  assert.equal(
    (await house.telemetry.waveform(berit, { ...wave, patientId: BERIT, streamId: ecg }))[0]?.samples.length,
    240,
  );
  assert.deepEqual(await house.telemetry.waveform(anna, { ...wave, patientId: ANNA, streamId: ECG.id }), []);

  const at = START + 12 * MINUTE;
  const ofAnna = await house.telemetry.history(anna, PULSE.id, at, 0);
  assert.deepEqual(
    ofAnna?.versions.map(({ status, value }) => [status, value]),
    [
      ["final", null],
      ["entered-in-error", null],
    ],
  );
  assert.ok(Number.isNaN(ofAnna?.reading.value));
  const ofBerit = await house.telemetry.history(berit, GIVEN.id, at, 0);
  assert.deepEqual(
    ofBerit?.versions.map(({ status, value, at: since }) => [status, value, since]),
    [["final", 72, made.at]],
  );
  assert.equal(await house.telemetry.history(anna, GIVEN.id, at, 0), undefined);
  assert.equal(await house.telemetry.history(berit, PULSE.id, at, 0), undefined);

  const page = { patientId: ANNA, streamIds: [PULSE.id], from: at, to: at + 1, order: "ascending", limit: 9 } as const;
  const [stub] = await house.telemetry.readings(anna, { ...page, withErrors: true });
  assert.ok(Number.isNaN(stub?.value));
  assert.equal(stub?.amended?.status, "entered-in-error");

  const alarm = { patientId: ANNA, deviceId: DEVICE, onsetAt: at, raisedAt: at, value: 72 };
  type Alarm = Parameters<typeof house.amendments.screenAlarm>[0];
  assert.equal(house.amendments.screenAlarm(alarm as Alarm).value, null);
  assert.equal(house.amendments.screenAlarm({ ...alarm, onsetAt: START } as Alarm).value, null, "decided in the span");
  assert.equal(house.amendments.screenAlarm({ ...alarm, onsetAt: START, raisedAt: START + MINUTE } as Alarm).value, 72);
});

test("late data of a moved span goes where the span went: no screen and no alarm of the first patient gets it", async () => {
  const at = START + 15 * MINUTE + 500;
  const late = readings(PULSE, [at, START + 30 * MINUTE + 500], [133, 134], NOW);
  assert.ok(late.kind === "readings");
  assert.deepEqual([...(house.amendments.screenReadings(late.readings)?.values ?? [])], [134]);
  const piece = samples(ECG, at, [7, 8, 9]);
  assert.ok(piece.kind === "waveform");
  assert.equal(house.amendments.screenWaveform(piece.waveform), undefined);
  await house.append([late]);
  await house.received.seal({ everything: true });
  assert.ok((await pulses(berit, BERIT, GIVEN.id)).includes(133));
  assert.ok(!(await pulses(anna, ANNA, PULSE.id)).includes(133));
  const { signal } = GIVEN;
  const newest = { signal, time: START + 19 * MINUTE + 1 };
  await house.append([readings(PULSE, [newest.time], [99], NOW)]);
  assert.deepEqual(
    house.telemetry.latest(berit, BERIT).map(({ stream, time, value }) => [stream.signal, time, value]),
    [[signal, newest.time, 99]],
  );
});

test("the newest is the newest of all that a patient has, also where something older was given to them", async () => {
  const own = START + 70 * MINUTE;
  await house.append([{ kind: "stream", stream: GIVEN }, readings(GIVEN, [own, own + 1000], [55, 56], NOW)]);
  const newest = () => house.telemetry.latest(berit, BERIT).map(({ time, value }) => [time, value]);
  assert.deepEqual(newest(), [[own + 1000, 56]]);
  const wrong = {
    kind: "entered-in-error",
    streamId: GIVEN.id,
    at: own + 1000,
    ordinal: 0,
    seen: null,
    reason,
  } as const;
  const made = await make(wrong);
  assert.deepEqual(newest(), [[own, 55]]);
  await make({ kind: "withdrawn", amendmentId: made.id, reason });
  await make({
    kind: "entered-in-error",
    streamId: GIVEN.id,
    deviceId: DEVICE,
    patientId: BERIT,
    from: own,
    to: own + 5000,
    seen: null,
    reason,
  });
});

test("a withdrawn amendment leaves its trace; what stands on it has to go first; both records tell it", async () => {
  const moved = house.amendments
    .ofPatient(anna, ANNA)
    .find(({ amendment }) => amendment.kind === "re-attributed")?.amendment;
  assert.ok(moved);
  const onGiven = { ...point(11), streamId: GIVEN.id, seen: moved.id };
  const onIt = await make({ kind: "corrected", ...onGiven, value: 88, unit: "/min" });
  await assert.rejects(make({ kind: "withdrawn", amendmentId: moved.id, reason }), refused("CONFLICT", "amendmentId"));
  await make({ kind: "withdrawn", amendmentId: onIt.id, reason });
  await make({ kind: "withdrawn", amendmentId: moved.id, reason });
  await assert.rejects(
    make({ kind: "withdrawn", amendmentId: moved.id, reason }),
    refused("AMENDED_MEANWHILE", "amendmentId"),
  );
  assert.deepEqual(await pulses(berit, BERIT, GIVEN.id), []);
  assert.ok((await pulses(anna, ANNA, PULSE.id)).includes(71));
  const at = START + 12 * MINUTE;
  assert.deepEqual(
    (await house.telemetry.history(anna, PULSE.id, at, 0))?.versions.map(({ status, value }) => [status, value]),
    [
      ["final", 72],
      ["entered-in-error", null],
      ["final", 72],
    ],
  );
  assert.deepEqual(
    (await house.telemetry.history(berit, GIVEN.id, at, 0))?.versions.map(({ status, value }) => [status, value]),
    [
      ["final", null],
      ["entered-in-error", null],
    ],
  );
  // What was corrected while it stood in the other record told a value of this one's patient.
  const told = house.amendments.ofPatient(berit, BERIT).find(({ amendment }) => amendment.id === onIt.id)?.amendment;
  assert.deepEqual([told?.reading?.received, told?.corrected], [Number.NaN, null]);
});

test("what came before a change was told in hindsight is given to whoever wore the device, or is nobody's, and back", async () => {
  // By what is known today the device was on Berit; when these came, it was believed to be on Anna.
  const times = [100, 101, 102].map((minute) => START + minute * MINUTE);
  await house.append([readings(PULSE, times, [191, 192, 193], NOW)]);
  const [ofAnna, ofBerit] = [() => pulses(anna, ANNA, PULSE.id), () => pulses(berit, BERIT, GIVEN.id)];
  await assert.rejects(
    make({ kind: "re-attributed", ...span(100, 102), toPatientId: CARL }),
    refused("NO_ASSOCIATION", "from"),
    "nobody has told that it was on Carl",
  );
  await assert.rejects(
    make({ kind: "re-attributed", ...span(110, 115), toPatientId: BERIT }),
    refused("NO_ASSOCIATION", "from"),
    "nothing of Anna's came then",
  );
  const moved = await make({ kind: "re-attributed", ...span(100, 102), toPatientId: BERIT });
  assert.deepEqual([moved.by, moved.reason], [NURSE.id, reason]);
  const gone = await make({ kind: "entered-in-error", streamId: null, ...span(102, 103) });
  assert.deepEqual(
    [(await ofAnna()).filter((value) => value > 190), (await ofBerit()).filter((value) => value > 190)],
    [[], [191, 192]],
  );
  for (const { id } of [moved, gone]) await make({ kind: "withdrawn", amendmentId: id, reason });
  assert.deepEqual(
    (await ofAnna()).filter((value) => value > 190),
    [191, 192, 193],
  );
  assert.deepEqual(
    (await ofBerit()).filter((value) => value > 190),
    [],
  );
});

test("amendments survive a kill; the tails that are rebuilt show them", async () => {
  await make({ kind: "entered-in-error", streamId: null, ...span(40, 45) });
  const before = await pulses(anna, ANNA, PULSE.id);
  const latest = house.telemetry.latest(anna, ANNA).map(({ stream, value }) => [stream.signal, value]);
  const { keys } = house;
  await house.close();
  house = await openHouse(database, NOW, keys);
  assert.deepEqual(await pulses(anna, ANNA, PULSE.id), before);
  assert.ok(!before.includes(102));
  assert.deepEqual(
    house.telemetry.latest(anna, ANNA).map(({ stream, value }) => [stream.signal, value]),
    latest,
  );
});

test("what another process amends is heard; the database keeps it encrypted, insert-only and of its organisation", async () => {
  const other = await openHouse(database, NOW, house.keys);
  await other.amendments.make(everybody, { kind: "entered-in-error", ...point(3) }, NURSE);
  assert.ok((await pulses(anna, ANNA, PULSE.id)).includes(63));
  // Whoever amends next finds it, and is told.
  await assert.rejects(
    make({ kind: "corrected", ...point(3), value: 70, unit: "/min" }),
    refused("AMENDED_MEANWHILE", "seen"),
  );
  assert.ok(!(await pulses(anna, ANNA, PULSE.id)).includes(63));
  await other.close();
  const { rows } = await database.owner.query("SELECT content FROM amendment");
  assert.ok(
    rows.length > 0 && rows.every(({ content }) => !content.includes("finger clip") && !content.includes("received")),
  );
  const tables = createTables(database);
  const seen = (organisation: string) =>
    tables.inOrganisation(organisation, (tx) => tx.rows("SELECT id FROM amendment"));
  assert.equal((await seen(ELSEWHERE)).length, 0);
  assert.equal((await seen(HOME)).length, rows.length);
  await assert.rejects(
    tables.inOrganisation(HOME, (tx) => tx.run("DELETE FROM amendment")),
    /permission denied/,
  );
  await assert.rejects(
    tables.inOrganisation(HOME, (tx) => tx.run("UPDATE amendment SET at = 0")),
    /permission denied/,
  );
  await assert.rejects(database.owner.query("UPDATE amendment SET at = 0"));
  const audited = await database.owner.query("SELECT detail::text FROM audit_event WHERE action LIKE 'amendment.%'");
  assert.ok((audited.rowCount ?? 0) >= rows.length);
  assert.ok(audited.rows.every(({ detail }) => !detail.includes("finger clip")));
});

test("a program amends for the whole organisation, and for no other", async () => {
  const author = { id: "reprocess", display: "openward reprocess" };
  const draft: AmendmentDraft = { kind: "corrected", ...point(4), value: 65, unit: "/min" };
  await assert.rejects(house.amendments.makeAsSystem(ELSEWHERE, draft, author), refused("NOT_FOUND", "streamId"));
  const made = await house.amendments.makeAsSystem(HOME, draft, author);
  assert.deepEqual([made.by, made.byDisplay], ["reprocess", "openward reprocess"]);
  assert.ok((await pulses(anna, ANNA, PULSE.id)).includes(65));
});

test("an erased patient's amendments go with them; what had been theirs in another's record stays hidden", async () => {
  const moved = await make({ kind: "re-attributed", ...span(20, 25), toPatientId: BERIT });
  assert.deepEqual(await givenAway(database.worker, [ANNA]), [BERIT]);
  assert.deepEqual(await givenAway(database.worker, [ANNA, BERIT]), []);
  house.keys.erase([{ patientId: BERIT, organisationId: HOME, at: NOW, by: "test", reason: "asked for" }]);
  await eraseRows(database.worker, [{ patientId: BERIT, organisationId: HOME }], [], NOW);
  const rows = await database.owner.query("SELECT patient_id::text AS patient FROM amendment WHERE id = $1", [
    moved.id,
  ]);
  assert.deepEqual(rows.rows, [{ patient: ANNA }]);
  const { keys } = house;
  await house.close();
  house = await openHouse(database, NOW, keys);
  assert.ok(!(await pulses(anna, ANNA, PULSE.id)).includes(82));
  await assert.rejects(
    house.amendments.make(anna, { kind: "withdrawn", amendmentId: moved.id, reason }, NURSE),
    refused("NOT_FOUND", "amendmentId"),
  );
});
