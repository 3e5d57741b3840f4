import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import type { PatientView, Stream } from "@openward/model";
import { streamId } from "../server/ingest/ids.ts";
import { CODECS, type Decoders } from "../server/ingest/place.ts";
import {
  ALICE,
  BOB,
  engineer,
  HOUR,
  NOW,
  ORGANISATION,
  openSecondLook,
  type SecondLook,
  show,
  WRONG,
  withCode,
} from "./support/second-look.ts";

let look: SecondLook;
before(async () => {
  look = await openSecondLook();
});
after(() => look?.close());
beforeEach(() => look.empty());

const NONE = { added: 0, changed: 0, missing: 0 };
const item = (n: number) => ({ at: NOW - n * 1000, values: { spo2: 90 + n, "heart-rate": 60 + n } });
const streamOf = (signal: string, unit: string, patientId = ALICE, kind: Stream["kind"] = "numeric"): string =>
  streamId({ organisationId: ORGANISATION, deviceId: "mon", patientId, signal, unit, kind });
const SPO2 = streamOf("spo2", "%");
const PULSE = streamOf("pulse-rate", "/min");
const reading = (of: string, n: number) => ({ streamId: of, at: NOW - n * 1000, ordinal: 0, seen: null }) as const;
const reason = "looked at the patient";

/** Decoders that read every SpO2 so much higher. */
const readsBy = (more: number): Decoders => ({
  ...CODECS,
  readings(body, format) {
    const decoded = CODECS.readings(body, format);
    const columns = decoded.columns.map((column) =>
      column.signal === "spo2" ? { ...column, values: column.values.map((value) => value + more) } : column,
    );
    return { ...decoded, columns };
  },
});

async function apply(decoders: Decoders, view = engineer) {
  const { code, summary } = await look.reprocessBy(decoders)(view, show);
  const { applied } = await look.reprocessBy(decoders)(view, withCode(code));
  return { summary, applied };
}

async function countsOf(decoders: Decoders) {
  const { summary } = await look.reprocessBy(decoders)(engineer, show);
  return { ...summary.counts, leftAlone: summary.leftAlone, byHand: summary.byHand };
}

test("a value that comes out otherwise is corrected, one that does not come out is in error, and the original stays in the history", async () => {
  const send = look.sender(WRONG);
  for (const n of [3, 2, 1]) await send("readings", item(n));
  const received = await look.received();
  assert.deepEqual(
    [received.spo2, received["pulse-rate"]],
    [
      [92, 91, 90],
      [63, 62, 61],
    ],
  );
  look.runtime.time = NOW + 5000;
  const { summary, applied } = await apply(CODECS);
  look.runtime.time = NOW;
  assert.deepEqual(
    [summary.counts, applied],
    [
      { added: 0, changed: 3, missing: 3 },
      { added: 0, amended: 6, resolved: 0 },
    ],
  );
  const read = await look.read();
  assert.deepEqual([read.spo2, read["pulse-rate"], read["heart-rate"]], [[93, 92, 91], [], [63, 62, 61]]);
  assert.deepEqual(await look.received(), received, "what was received stays");

  const history = await look.amendments.telemetry.history(engineer, SPO2, NOW - 1000, 0);
  const [first, second] = history?.versions ?? [];
  assert.deepEqual([first?.status, first?.value, second?.status, second?.value], ["final", 90, "corrected", 91]);
  const { by, byDisplay, reason: why, at, via } = second?.amendment ?? {};
  assert.deepEqual(
    [by, byDisplay, why, at, via],
    ["engineer", "Engineer Eve", "reprocessed: the decoder was wrong", NOW + 5000, "reprocess"],
  );
  const gone = await look.amendments.telemetry.history(engineer, PULSE, NOW - 1000, 0);
  assert.deepEqual(
    gone?.versions.map(({ status, value }) => [status, value]),
    [
      ["final", 61],
      ["entered-in-error", null],
    ],
  );
  const { rows } = await look.database.owner.query(
    "SELECT action, sum(jsonb_array_length(detail->'amendmentIds'))::int AS n FROM audit_event WHERE detail->>'via' = 'reprocess' GROUP BY 1 ORDER BY 1",
  );
  assert.deepEqual(rows, [
    { action: "amendment.corrected", n: 3 },
    { action: "amendment.entered-in-error", n: 3 },
  ]);

  for (const when of ["at once", "after a kill"]) {
    assert.deepEqual(await countsOf(CODECS), { ...NONE, leftAlone: 0, byHand: 0 }, when);
    assert.deepEqual((await apply(CODECS)).applied, { added: 0, amended: 0, resolved: 0 }, when);
    await look.restart();
  }
  assert.deepEqual((await look.read()).spo2, [93, 92, 91]);
});

test("what a person has amended is told with their name and left alone, whatever today's codec says", async () => {
  const send = look.sender(WRONG);
  for (const n of [6, 5, 4, 3, 2, 1]) await send("readings", item(n));
  await look.say({ kind: "corrected", ...reading(SPO2, 1), value: 77, unit: "%", reason });
  await look.say({ kind: "entered-in-error", ...reading(SPO2, 2), reason }, "Doctor Dan");
  const where = { deviceId: "mon", patientId: ALICE, seen: null, reason } as const;
  await look.say({ kind: "entered-in-error", streamId: SPO2, ...where, from: NOW - 4000, to: NOW - 2500 });
  await look.say({ kind: "corrected", ...reading(PULSE, 1), value: 88, unit: "/min", reason });
  // As today's codec reads it, too; and a person has said otherwise.
  await look.say({ kind: "corrected", ...reading(streamOf("heart-rate", "/min"), 1), value: 99, unit: "/min", reason });
  const before = await look.read();
  assert.deepEqual(before.spo2, [95, 94, 77]);

  const { summary, applied } = await apply(CODECS);
  assert.deepEqual([summary.counts, summary.leftAlone], [{ added: 0, changed: 2, missing: 5 }, 6]);
  assert.deepEqual(applied, { added: 0, amended: 7, resolved: 0 });
  const of = (signal: string) => summary.streams.find((stream) => stream.signal === signal);
  assert.deepEqual(of("spo2")?.leftAlone, [
    { by: "Nurse Nora", kind: "entered-in-error", count: 2 },
    { by: "Doctor Dan", kind: "entered-in-error", count: 1 },
    { by: "Nurse Nora", kind: "corrected", count: 1 },
  ]);
  const corrected = of("heart-rate")?.examples;
  assert.deepEqual(
    corrected?.map(({ fate, amendedBy, before: now, after: today }) => [fate, amendedBy, now?.value, today?.value]),
    [["leave", "Nurse Nora", 99, 61]],
  );
  const read = await look.read();
  assert.deepEqual(read.spo2, [96, 95, 77]);
  assert.deepEqual([read["pulse-rate"], read["heart-rate"]], [[88], [66, 65, 64, 63, 62, 99]]);
  assert.deepEqual(await countsOf(CODECS), { ...NONE, leftAlone: 6, byHand: 0 });
});

test("a person who withdraws what a run has said is not contradicted by the next run", async () => {
  await look.sender(WRONG)("readings", item(1));
  await apply(CODECS);
  const [made] = look.amendments.ofPatient(engineer, ALICE).filter(({ amendment }) => amendment.streamId === SPO2);
  assert.ok(made);
  await look.say({ kind: "withdrawn", amendmentId: made.amendment.id, reason });
  assert.deepEqual((await look.read()).spo2, [90]);
  const { summary, applied } = await apply(CODECS);
  assert.deepEqual([summary.counts, summary.leftAlone, applied?.amended], [NONE, 1, 0]);
  assert.deepEqual((await look.read()).spo2, [90]);
});

test("a person who amends while it is applied is not overwritten", async () => {
  await look.sender(WRONG)("readings", item(1));
  const { code } = await look.reprocessBy(CODECS)(engineer, show);
  const { reprocessed } = look.amendments;
  const reprocess = look.reprocessBy(CODECS, {
    amendments: {
      ...reprocessed,
      async restate(...asked) {
        await look.say({ kind: "corrected", ...reading(SPO2, 1), value: 77, unit: "%", reason });
        return reprocessed.restate(...asked);
      },
    },
  });
  assert.deepEqual((await reprocess(engineer, withCode(code))).applied, { added: 0, amended: 1, resolved: 0 });
  const read = await look.read();
  assert.deepEqual([read.spo2, read["pulse-rate"]], [[77], []]);
});

test("a span that was given to the right patient stays with them, and is corrected there", async () => {
  const send = look.sender(WRONG);
  for (const n of [3, 2, 1]) await send("readings", item(n));
  const given = { deviceId: "mon", patientId: ALICE, toPatientId: BOB, seen: null, reason };
  await look.say({ kind: "re-attributed", ...given, from: NOW - 2500, to: NOW - 1500 });
  assert.deepEqual(await countsOf(WRONG), { ...NONE, leftAlone: 0, byHand: 0 }, "it reads as it came, as Bob's");
  const { summary, applied } = await apply(CODECS);
  assert.deepEqual([summary.counts, summary.leftAlone, applied?.amended], [{ added: 0, changed: 3, missing: 3 }, 0, 6]);
  assert.deepEqual([...summary.patients].sort(), [ALICE, BOB]);
  const read = await look.read();
  assert.deepEqual([read.spo2, read["spo2 of Bob"]], [[93, 91], [92]]);
  assert.deepEqual([read["pulse-rate"], read["pulse-rate of Bob"] ?? []], [[], []]);
  const { versions = [] } =
    (await look.amendments.telemetry.history(engineer, streamOf("spo2", "%", BOB), NOW - 2000, 0)) ?? {};
  assert.deepEqual(versions.at(-1)?.amendment?.reason, "reprocessed: the decoder was wrong");
  const old = await look.amendments.telemetry.history(engineer, SPO2, NOW - 2000, 0);
  assert.ok(
    old?.versions.every(({ value }) => value === null),
    "Alice's history has no value of Bob's",
  );
  assert.deepEqual(await countsOf(CODECS), { ...NONE, leftAlone: 0, byHand: 0 });

  const hidden: PatientView = { ...engineer, has: (id) => id === ALICE };
  const { summary: seen } = await look.reprocessBy(readsBy(2))(hidden, show);
  assert.deepEqual([seen.counts.changed, [...seen.patients]], [2, [ALICE]], "nothing is told of whom one may not see");
});

test("an association that was put right after a person had given the span to its patient is no difference", async () => {
  await look.sender(CODECS)("readings", item(2));
  const given = { deviceId: "mon", patientId: ALICE, toPatientId: BOB, seen: null, reason };
  await look.say({ kind: "re-attributed", ...given, from: NOW - 5000, to: NOW });
  look.associations.length = 0;
  look.wear(BOB, NOW - HOUR, null);
  assert.deepEqual(await countsOf(CODECS), { ...NONE, leftAlone: 0, byHand: 0 });
});

test("when the codec changes again, what an earlier run said is said anew, or withdrawn where the input was right", async () => {
  const send = look.sender(CODECS);
  for (const n of [2, 1]) await send("readings", item(n));
  for (const [decoders, expected] of [
    [readsBy(3), [95, 94]],
    [readsBy(5), [97, 96]],
    [readsBy(3), [95, 94]],
  ] as const) {
    assert.equal((await apply(decoders)).applied?.amended, 2);
    assert.deepEqual((await look.read()).spo2, expected);
    assert.deepEqual((await countsOf(decoders)).changed, 0);
  }
  const { applied } = await apply(CODECS);
  assert.equal(applied?.amended, 2);
  assert.deepEqual((await look.read()).spo2, [92, 91]);
  const without: Decoders = {
    ...CODECS,
    readings: (body, format) => ({ ...CODECS.readings(body, format), columns: [] }),
  };
  const kept = look.amendments.ofPatient(engineer, ALICE).length;
  await apply(without);
  assert.deepEqual((await look.read())["heart-rate"], []);
  const { summary } = await apply(CODECS);
  assert.deepEqual(
    summary.streams.find(({ signal }) => signal === "heart-rate")?.examples.map(({ fate }) => fate),
    ["withdraw", "withdraw"],
  );
  assert.deepEqual((await look.read())["heart-rate"], [62, 61]);
  assert.ok(look.amendments.ofPatient(engineer, ALICE).length > kept);
  assert.deepEqual(await countsOf(CODECS), { ...NONE, leftAlone: 0, byHand: 0 });
});

test("a run that a kill ends at any step, and that is run again, comes out as if nothing had happened", async () => {
  const COUNT = 4;
  const fill = async () => {
    const send = look.sender(WRONG);
    for (let k = 0; k < 3; k++)
      await send(
        "readings",
        Array.from({ length: COUNT }, (_, i) => ({
          at: NOW - (k * COUNT + i) * 1000,
          values: { spo2: 90 + (i % 9), "respiratory-rate": 12 + (i % 5) },
        })),
      );
  };
  await fill();
  await apply(CODECS);
  const expected = await look.read();
  assert.equal(expected["respiratory-rate"]?.length, 3 * COUNT);

  // Writes: three of what is new, and as many of amendments.
  let ended = 0;
  for (let step = 1; ; step++) {
    const ofStep: string[] = [];
    await look.empty();
    await fill();
    const { code } = await look.reprocessBy(CODECS)(engineer, show);
    const { reprocessed } = look.amendments;
    let writes = 0;
    const dying = async <T>(what: string, write: () => Promise<T>): Promise<T> => {
      writes++;
      if (writes === step && step % 2 === 1) throw new Error("killed before");
      const done = await write();
      ofStep.push(what);
      if (writes === step) throw new Error("killed behind, and nobody knows");
      return done;
    };
    const reprocess = look.reprocessBy(CODECS, {
      amendments: { ...reprocessed, restate: (...asked) => dying("amend", () => reprocessed.restate(...asked)) },
      amendedTogether: COUNT,
      take: (take) => (entries) => dying("add", () => take(entries)),
    });
    const whole = await reprocess(engineer, withCode(code)).then(
      () => true,
      (error: Error) => {
        assert.match(error.message, /^killed/);
        return false;
      },
    );
    if (whole) break;
    ended++;
    await look.restart();
    await apply(CODECS);
    assert.deepEqual(await look.read(), expected, `after ${ofStep.join(", ")}`);
    assert.deepEqual(await countsOf(CODECS), { ...NONE, leftAlone: 0, byHand: 0 });
  }
  assert.ok(ended >= 5, `${ended} kills`);
});

test("a piece of a waveform that does not come out any more is in error; samples that are otherwise are told and left to people", async () => {
  const piece = (start: number, ...samples: number[]) => ({
    signal: "ecg-lead-ii",
    start,
    rate: 4,
    unit: "mV",
    scale: 0.005,
    origin: 0,
    samples,
  });
  const send = look.sender(CODECS);
  await send("waveform", piece(NOW - 9000, 1, 2, 3, 4));
  await send("waveform", piece(NOW - 8000, 5, 6, 7, 8));
  await send("event", { event: "sos-button", at: NOW - 3000, id: "press-1" });
  const waveformBy = (change: (start: number) => boolean, more = 0): Decoders => ({
    ...CODECS,
    waveform(body, format) {
      const decoded = CODECS.waveform(body, format);
      const kept = decoded.waveforms.filter(({ start }) => start === null || !change(start));
      const waveforms = kept.map((each) => ({ ...each, samples: each.samples.map((sample) => sample + more) }));
      return { ...decoded, waveforms };
    },
  });
  const withoutFirst = waveformBy((start) => start === NOW - 9000);
  const { summary, applied } = await apply(withoutFirst);
  assert.deepEqual([summary.counts, applied?.amended], [{ ...NONE, missing: 1 }, 1]);
  assert.deepEqual((await look.read())["ecg-lead-ii"], [5, 6, 7, 8]);
  assert.deepEqual(await countsOf(withoutFirst), { ...NONE, leftAlone: 0, byHand: 0 });
  assert.deepEqual((await apply(CODECS)).applied?.amended, 1);
  assert.deepEqual((await look.read())["ecg-lead-ii"], [1, 2, 3, 4, 5, 6, 7, 8], "it comes out again");

  const otherwise: Decoders = {
    ...waveformBy(() => false, 1),
    event: (body, format) => ({ ...CODECS.event(body, format), events: [] }),
  };
  const byHand = await apply(otherwise);
  assert.deepEqual([byHand.summary.byHand, byHand.applied?.amended], [3, 0]);
  const reasons = byHand.summary.streams.flatMap(({ signal, byHand: each }) =>
    each.map((one) => [signal, one.because]),
  );
  assert.deepEqual(reasons, [
    ["ecg-lead-ii", "waveform"],
    ["sos-button", "event"],
  ]);
});

// The last one: keys that are destroyed stay so.
test("nothing of an erased patient comes back, whether it was received as theirs or given to them", async () => {
  const send = look.sender({ ...WRONG, readings: readsBy(-1).readings });
  for (const n of [3, 2, 1]) await send("readings", item(n));
  await send("readings", { at: NOW - 2200, values: {} });
  const given = { deviceId: "mon", patientId: ALICE, toPatientId: BOB, seen: null, reason };
  await look.say({ kind: "re-attributed", ...given, from: NOW - 2500, to: NOW - 1500 });
  const erase = (patientId: string) => {
    look.store.keys.erase([{ patientId, organisationId: ORGANISATION, at: NOW, by: "test", reason: "test" }]);
    look.amendments.forget(patientId);
  };
  erase(BOB);
  const left: PatientView = { ...engineer, has: (id) => id === ALICE };
  const amended = await look.database.owner.query("SELECT count(*)::int AS n FROM amendment WHERE patient_id = $1", [
    BOB,
  ]);
  const { summary } = await apply(CODECS, left);
  assert.deepEqual([summary.counts.changed, [...summary.patients]], [2, [ALICE]]);
  // Even where somebody asks who does not know yet.
  const { applied } = await apply(CODECS);
  assert.equal(applied?.amended, 0);
  const again = await look.database.owner.query("SELECT count(*)::int AS n FROM amendment WHERE patient_id = $1", [
    BOB,
  ]);
  assert.deepEqual(again.rows, amended.rows);
  assert.deepEqual((await look.read()).spo2, [93, 91]);
  erase(ALICE);
  assert.deepEqual(await countsOf(CODECS), { ...NONE, leftAlone: 0, byHand: 0 });
});
