import assert from "node:assert/strict";
import { test } from "node:test";
import type { OutboxNotice, OutboxPlace } from "@openward/model";
import { manualRuntime, seededRandom } from "@openward/runtime/manual";
import type { JournalState } from "../journal/index.ts";
import { createOutbox } from "./outbox.ts";
import type { NumberedNotice, OutboxRows } from "./rows.ts";

const SEED = Number(process.env.SEED ?? 20261127);
const ORGANISATION = "o";

/** The journal and its notices in memory; rows are empty batches, which tell their position by when they were written. */
async function world(seed = SEED) {
  const runtime = manualRuntime(0, seed);
  const table: { position: number; writtenAt: number; batch: Uint8Array }[] = [];
  const waiting: OutboxNotice[] = [];
  const numbered: NumberedNotice[] = [];
  let state: JournalState = "ok";
  const told = new Set<(state: JournalState) => void>();
  const rows: OutboxRows = {
    journal: async (after, until, most) =>
      table
        .filter(({ position }) => position > after && position <= until)
        .sort((a, b) => a.position - b.position)
        .slice(0, most),
    async number(after) {
      for (const notice of waiting.splice(0)) numbered.push({ number: numbered.length + 1, after, notice });
      return numbered.length;
    },
    notices: async (after, until, most) =>
      numbered.filter((one) => one.number > after && one.after <= until).slice(0, most),
    placeAt: async () => ({ position: 0, number: 0 }),
    writtenAt: async () => null,
    lastPosition: async () => 0,
    firstDay: async () => null,
    dropNotices: async () => {},
  };
  const outbox = await createOutbox({
    rows,
    journal: {
      get state() {
        return state;
      },
      onStateChange(listener) {
        told.add(listener);
        return () => told.delete(listener);
      },
    },
    keys: { ofPatient: () => ({ id: 1, secret: new Uint8Array(32) }) as never, byId: () => ({}) as never },
    streamOf: () => undefined,
    clock: runtime.clock,
    timers: runtime.timers,
    days: 8,
    log: { info() {}, warn() {}, error() {} },
  });
  return {
    outbox,
    runtime,
    commit(position: number, isThere = true) {
      if (isThere) table.push({ position, writtenAt: position, batch: new Uint8Array() });
      outbox.committed(position);
    },
    chain: (position: number) => table.push({ position, writtenAt: position, batch: new Uint8Array() }),
    notice(id: string) {
      waiting.push({
        id,
        organisationId: ORGANISATION,
        patientId: "p",
        kind: "association",
        deviceId: "d",
        subjectId: id,
        from: 0,
        to: null,
        at: 0,
      });
      outbox.look();
    },
    become(next: JournalState) {
      state = next;
      for (const listener of told) listener(next);
    },
  };
}

const wanted = { organisationId: ORGANISATION, patientIds: ["p"] };
const idsOf = (changes: readonly { change: { kind: string; notice?: OutboxNotice } }[]) =>
  changes.map(({ change }) => change.notice?.id ?? change.kind);

test("while batches wait on the disk nothing is read behind them, and when they are in the journal they come in their place", async () => {
  const { outbox, commit, chain, become } = await world();
  commit(1);
  become("spooling");
  commit(2, false);
  // A commit that was under way before and did reach the database.
  commit(3);
  assert.deepEqual((await outbox.end()).position, 1);
  assert.equal((await outbox.read({ position: 0, number: 0 }, wanted)).upTo.position, 1);
  chain(2);
  become("ok");
  const page = await outbox.read({ position: 1, number: 0 }, wanted);
  assert.equal(page.upTo.position, 3);
});

test(`whoever goes on from where they were gets every notice once, in order, whatever was read when (seed ${SEED})`, async () => {
  const random = seededRandom(SEED);
  const { outbox, commit, notice } = await world();
  let place: OutboxPlace = { position: 0, number: 0 };
  const got: string[] = [];
  const made: string[] = [];
  let position = 0;
  for (let i = 0; i < 2_000; i++) {
    const chance = random.float();
    if (chance < 0.4) commit(++position);
    else if (chance < 0.7) {
      made.push(`n${made.length}`);
      notice(made.at(-1) as string);
    } else if (chance < 0.9) {
      const page = await outbox.read(place, wanted);
      got.push(...idsOf(page.changes));
      assert.ok(page.upTo.position >= place.position && page.upTo.number >= place.number);
      place = page.upTo;
    } else await new Promise((resolve) => setImmediate(resolve));
  }
  for (let i = 0; i < 40; i++) {
    await new Promise((resolve) => setImmediate(resolve));
    const page = await outbox.read(place, wanted);
    got.push(...idsOf(page.changes));
    place = page.upTo;
  }
  assert.deepEqual(got, made);
});

test("a notice stands behind what was committed before it, and more than a page of them are read page by page", async () => {
  const { outbox, commit, notice } = await world();
  for (let i = 1; i <= 100; i++) commit(i);
  for (let i = 0; i < 600; i++) notice(`n${i}`);
  await new Promise((resolve) => setImmediate(resolve));
  let place: OutboxPlace = { position: 0, number: 0 };
  const got: string[] = [];
  for (let n = 0; n < 50; n++) {
    const page = await outbox.read(place, wanted);
    for (const one of page.changes) assert.ok(one.place.position >= 100, "behind what was committed");
    got.push(...idsOf(page.changes));
    place = page.upTo;
    if (page.isAtEnd) break;
  }
  assert.deepEqual(
    got,
    Array.from({ length: 600 }, (_, i) => `n${i}`),
  );
});
