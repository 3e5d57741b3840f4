import assert from "node:assert/strict";
import { test } from "node:test";
import type { PatientView } from "@openward/model";
import { manualRuntime } from "@openward/runtime/manual";
import { noTurns, type Turn } from "@openward/runtime/turns";
import { createEverything } from "./everything.ts";
import type { Note } from "./ports.ts";

const KARI = "00000000-0000-4000-8000-0000000000a1";
const OLA = "00000000-0000-4000-8000-0000000000a2";
const organisation = { id: "00000000-0000-4000-8000-000000000001", name: "North clinic", isDemo: false };
const view: PatientView = {
  principal: { kind: "person", id: "kari", display: "Kari", organisationId: organisation.id, role: "patient" },
  has: (id) => id === KARI,
  patientIds: () => [KARI],
  recordsOf: (id) => (id === KARI ? [KARI] : []),
  hiddenOf: () => undefined,
};

/** An export of so many Observations, of which `read` says how many were asked for so far. */
function world(observations: number, turn: Turn = noTurns) {
  const runtime = manualRuntime(Date.UTC(2026, 10, 22));
  const notes: Note[] = [];
  const listeners = new Set<(principalId: string) => void>();
  const state = { read: 0, made: 0, may: true, asked: 0, answering: Promise.resolve() };
  const everything = createEverything({
    runtime,
    turn,
    tables: { inOrganisation: async (_id, work) => work({ rows: async () => [], run: async () => 0 }) },
    note: async (note) => void notes.push(note),
    onEnded: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    report: (error) => assert.fail(String(error)),
    amendments: {
      ofPatient: () => [
        {
          // biome-ignore lint/suspicious/noExplicitAny: the rest of an amendment is not looked at here.
          amendment: { id: "1", patientId: KARI, toPatientId: OLA, reason: "it was Ola's" } as any,
          withdrawnBy: undefined,
        },
      ],
    },
    documentsOf: async function* () {},
    fhirOf: () => [
      {
        type: "Observation",
        async *resources() {
          for (let n = 0; n < observations; n++) {
            state.read++;
            // What does not compress: the reader's pace must be felt.
            const text = Array.from({ length: 40 }, () => runtime.random.bytes(8).toString()).join();
            yield { toJSON: () => ({ made: ++state.made, n, text }) };
          }
        },
      },
    ],
  });
  const stillMay = async () => {
    state.asked++;
    const { may } = state;
    await state.answering;
    return may;
  };
  const begin = () => everything.begin({ view, organisation, patientId: KARI, reason: "asked", stillMay });
  return { runtime, notes, state, begin, listeners };
}

test("an export is cut when the right to it ends, and says so; its end is noted", async () => {
  const { runtime, notes, state, begin } = world(1_000_000);
  const stream = await begin();
  const failed = new Promise<Error>((resolve) => stream.once("error", resolve));
  const closed = new Promise((resolve) => stream.once("close", resolve));
  stream.resume();
  while (state.read === 0) await new Promise(setImmediate);
  runtime.advance(400);
  assert.deepEqual([state.asked, stream.destroyed], [1, false]);
  await new Promise(setImmediate);
  state.may = false;
  runtime.advance(400);
  assert.match(String(await failed), /EXPORT_CUT/);
  await closed;
  assert.deepEqual(
    notes.map(({ action, patientId, by }) => [action, patientId, by]),
    [
      ["patient.export", KARI, "kari"],
      ["patient.export-cut", KARI, "kari"],
    ],
  );
  assert.equal((notes.at(1)?.detail as { because?: string } | undefined)?.because, "EXPORT_CUT");
  await new Promise(setImmediate);
  const read = state.read;
  runtime.advance(10_000);
  await new Promise(setImmediate);
  assert.deepEqual([state.read, state.asked], [read, 2], "nothing is read or asked any more");
});

test("whoever's access changes is asked about at once, and nobody else", async () => {
  const { state, begin, listeners } = world(1_000_000);
  const stream = await begin();
  const failed = new Promise<Error>((resolve) => stream.once("error", resolve));
  const closed = new Promise((resolve) => stream.once("close", resolve));
  stream.resume();
  state.may = false;
  for (const tell of listeners) tell("somebody else");
  assert.equal(state.asked, 0);
  for (const tell of listeners) tell("kari");
  assert.match(String(await failed), /EXPORT_CUT/);
  await closed;
  assert.equal(listeners.size, 0);
});

test("who is told while an answer is under way asks once more: it may be that of before", async () => {
  const { state, begin, listeners, runtime } = world(1_000_000);
  const answered = Promise.withResolvers<void>();
  state.answering = answered.promise;
  const stream = await begin();
  const failed = new Promise<Error>((resolve) => stream.once("error", resolve));
  stream.resume();
  runtime.advance(400);
  assert.equal(state.asked, 1);
  state.may = false;
  for (const tell of listeners) tell("kari");
  for (const tell of listeners) tell("kari");
  assert.equal(state.asked, 1);
  answered.resolve();
  assert.match(String(await failed), /EXPORT_CUT/);
  assert.equal(state.asked, 2);
});

test("of a record one is made text in a turn, and no more", async () => {
  const madeAt: number[] = [];
  const { state, begin } = world(300, async () => void madeAt.push(state.made));
  (await begin()).resume();
  while (madeAt.length < 300) await new Promise(setImmediate);
  assert.deepEqual(
    madeAt.slice(0, 300),
    Array.from({ length: 300 }, (_, n) => n + 1),
  );
});

test("a right that ends between two turns ends the export there: no other record is read or made", async () => {
  let goOn = () => {};
  const isHeld = Promise.withResolvers<void>();
  const { state, begin, listeners, notes } = world(1_000_000, () => {
    // Before there is enough for a chunk: whoever only looks then makes some dozens more.
    if (state.made < 20) return Promise.resolve();
    isHeld.resolve();
    return new Promise((resolve) => {
      goOn = resolve;
    });
  });
  const stream = await begin();
  stream.on("error", () => {}).resume();
  const closed = new Promise((resolve) => stream.once("close", resolve));
  await isHeld.promise;
  state.may = false;
  for (const tell of listeners) tell("kari");
  await closed;
  goOn();
  for (let n = 0; n < 20; n++) await new Promise(setImmediate);
  assert.deepEqual([state.read, state.made], [20, 20]);
  assert.equal((notes.at(-1)?.detail as { files?: number } | undefined)?.files, 1, "README.txt alone was whole");
});

test("an export is made at the pace of its reader: what nobody takes is not read", async () => {
  const { state, begin } = world(1_000_000);
  const stream = await begin();
  await new Promise((resolve) => stream.once("readable", resolve));
  let before = -1;
  // It stands still when nothing more was read in some turns of the loop.
  for (let turns = 0; before !== state.read; turns++) {
    assert.ok(turns < 1_000, "it goes on without a reader");
    before = state.read;
    for (let n = 0; n < 200; n++) await new Promise((resolve) => setTimeout(resolve, 1));
  }
  assert.ok(state.read < 20_000, `${state.read} records were read ahead`);
  stream.destroy();
  await new Promise((resolve) => stream.once("close", resolve));
});

test("an amendment names no other patient", async () => {
  const { notes, begin } = world(1);
  const { fromBufferPromise } = await import("yauzl");
  const parts: Buffer[] = [];
  for await (const part of await begin()) parts.push(part as Buffer);
  const zip = await fromBufferPromise(Buffer.concat(parts));
  let text = "";
  for await (const entry of zip.eachEntry()) {
    if (entry.fileName !== "amendments.ndjson") continue;
    for await (const part of await zip.openReadStreamPromise(entry)) text += part;
  }
  assert.match(text, /it was Ola's/);
  assert.ok(!text.includes(OLA));
  assert.equal(notes.at(-1)?.action, "patient.exported");
});
