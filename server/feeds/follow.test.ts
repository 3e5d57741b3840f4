import assert from "node:assert/strict";
import { test } from "node:test";
import type {
  Amendment,
  Feed,
  OutboxChange,
  OutboxPlace,
  PatientView,
  Principal,
  Readings,
  Stream,
} from "@openward/model";
import { createCursors } from "./cursor.ts";
import { createTeller } from "./events.ts";
import { createFollower } from "./follow.ts";
import type { Outbox } from "./ports.ts";

const stream = (patientId: string, signal: string): Stream => ({
  id: `${patientId} ${signal}`,
  organisationId: "o",
  patientId,
  deviceId: "d",
  signal,
  kind: "numeric",
  unit: "/min",
});
const readings = (of: Stream, time: number, value: number, receivedAt = time): OutboxChange => ({
  kind: "readings",
  readings: {
    stream: of,
    associationId: "a",
    times: Float64Array.of(time),
    values: Float64Array.of(value),
    quality: Uint8Array.of(0),
    utcOffsetMinutes: null,
    receivedAt,
  } satisfies Readings,
});
const feed: Feed = {
  id: "f",
  organisationId: "o",
  owner: { kind: "person", id: "p" },
  patientId: null,
  name: "f",
  way: "webhook",
  kinds: ["readings", "alarms", "events", "devices"],
  signals: null,
  target: {},
  createdAt: 0,
  createdBy: "p",
  pausedAt: null,
  pauseReason: null,
};

/** Changes one a position; whom the owner sees, and what is hidden, can be changed. */
function house() {
  const changes: OutboxChange[] = [];
  const seen = new Map<string, ReadonlySet<string>>();
  const state = { held: null as number | null, wanted: [] as readonly string[], scope: (_: Stream) => true };
  const view: PatientView = {
    principal: { kind: "person", id: "p" } as Principal,
    has: (id) => seen.has(id),
    patientIds: () => [...seen.keys()],
    recordsOf: (id) => (seen.has(id) ? [id] : []),
    hiddenOf: (id) => seen.get(id),
  };
  const outbox: Outbox = {
    end: async () => ({ position: changes.length, number: 0 }),
    async read(after, { patientIds }) {
      state.wanted = patientIds;
      const all = changes.map((change, i) => ({ place: { position: i + 1, number: 0 }, change }));
      const upTo = { position: changes.length, number: 0 };
      return { changes: all.filter(({ place }) => place.position > after.position), upTo, at: 1_000, isAtEnd: true };
    },
    placeAt: async () => ({ position: 0, number: 0 }),
    timeOf: async () => null,
    heldSince: async () => state.held,
    onMore: () => () => {},
  };
  const owners = {
    principalOf: async () => view.principal,
    viewOf: async () => view,
    mayRead: (_owner: Feed["owner"], of: Stream) => state.scope(of),
  };
  const counting = {
    screenReadings: (one: Readings) => (one.values[0] === 666 ? undefined : one),
    screenAlarm: <A>(alarm: A) => alarm,
    amendment: async () => ({
      amendment: {
        id: "x",
        kind: "re-attributed",
        patientId: "lost",
        toPatientId: "got",
        deviceId: "d",
        streamId: null,
        from: 0,
        to: 9,
        at: 5,
        withdraws: null,
      } as unknown as Amendment,
      withdrawnBy: undefined,
    }),
    streamOf: () => undefined,
    restated: async (_view: PatientView, { patientId }: { patientId: string }) => [
      { stream: stream(patientId, "heart-rate"), readings: [{ time: 1, value: 71, quality: 0 }] },
    ],
  };
  const cursors = createCursors("test");
  const teller = createTeller({ counting, owners, cursors });
  const follower = createFollower({ outbox, teller, owners, cursors, clock: { now: () => 1_000 } });
  const next = async (after: OutboxPlace = { position: 0, number: 0 }, reachedAt = 1_000, of = feed) => {
    const batch = await follower.next(of, after, reachedAt);
    assert.ok(batch);
    return batch;
  };
  return { changes, seen, state, next, follower };
}

const typesOf = ({ told }: { told: readonly { event: { type: string } }[] }) => told.map(({ event }) => event.type);

test("whom the owner does not see is not even asked for, nor what the patient keeps back, nor what does not count", async () => {
  const { changes, seen, state, next } = house();
  seen.set("a", new Set(["breathing"]));
  changes.push(readings(stream("a", "heart-rate"), 1, 70), readings(stream("b", "heart-rate"), 1, 99));
  changes.push(readings(stream("a", "spo2"), 1, 97), readings(stream("a", "heart-rate"), 2, 666));
  const batch = await next();
  assert.deepEqual(state.wanted, ["a"]);
  assert.deepEqual(
    batch.told.map(({ event }) => [event.patient, event.signal]),
    [["a", "heart-rate"]],
  );
});

test("a feed of one patient whom its owner does not see any more is told nothing", async () => {
  const { changes, seen, state, next } = house();
  seen.set("a", new Set());
  changes.push(readings(stream("b", "heart-rate"), 1, 99));
  assert.deepEqual((await next(undefined, 1_000, { ...feed, patientId: "b" })).told, []);
  assert.deepEqual(state.wanted, []);
});

test("an application is told what its scopes reach", async () => {
  const { changes, seen, state, next } = house();
  seen.set("a", new Set());
  changes.push(readings(stream("a", "heart-rate"), 1, 70), readings(stream("a", "spo2"), 1, 97));
  state.scope = ({ signal }) => signal === "spo2";
  const of: Feed = { ...feed, owner: { kind: "token", id: "t" } };
  assert.deepEqual(
    (await next(undefined, 1_000, of)).told.map(({ signal }) => signal),
    ["spo2"],
  );
});

test("that access began or ended is told once its receiver has it, and again until then", async () => {
  const { seen, next, follower } = house();
  seen.set("a", new Set());
  assert.deepEqual(typesOf(await next()), []);
  seen.delete("a");
  seen.set("b", new Set());
  const batch = await next();
  assert.deepEqual(
    batch.told.map(({ event }) => [event.patient, event.state]),
    [
      ["b", "granted"],
      ["a", "ended"],
    ],
  );
  assert.deepEqual(
    (await next()).told.map(({ event }) => event.id),
    batch.told.map(({ event }) => event.id),
  );
  follower.took(feed, batch);
  assert.deepEqual(typesOf(await next()), []);
});

test("what is older than what is held is told as a gap with its span", async () => {
  const { seen, state, next } = house();
  seen.set("a", new Set());
  state.held = 500_000;
  const { told } = await next({ position: 0, number: 0 }, 100_000);
  assert.deepEqual(
    [told[0]?.event.type, told[0]?.event.from, told[0]?.event.to],
    ["gap", "1970-01-01T00:01:40.000Z", "1970-01-01T00:08:20.000Z"],
  );
  assert.deepEqual(typesOf(await next({ position: 0, number: 0 }, 600_000)), []);
});

test("of a reading that was given to another patient the one hears that it is gone, and the other what is theirs now", async () => {
  const notice = (patientId: string): OutboxChange => ({
    kind: "notice",
    notice: {
      id: `n ${patientId}`,
      organisationId: "o",
      patientId,
      kind: "amendment",
      deviceId: null,
      subjectId: "x",
      from: null,
      to: null,
      at: 5,
    },
  });
  for (const [patient, change, types] of [
    ["lost", "given-to-another", ["amended"]],
    ["got", "given-from-another", ["amended", "readings"]],
  ] as const) {
    const { changes, seen, next } = house();
    seen.set(patient, new Set());
    changes.push(notice(patient));
    const batch = await next();
    assert.deepEqual(typesOf(batch), types);
    assert.equal(batch.told[0]?.event.change, change);
    assert.ok(
      !JSON.stringify(batch.told).includes(patient === "lost" ? '"got"' : '"lost"'),
      "nobody hears whose it was or is",
    );
  }
});

test("what came late says so, and the same thing has the same id", async () => {
  const { changes, seen, next } = house();
  seen.set("a", new Set());
  const of = stream("a", "heart-rate");
  changes.push(
    readings(of, 1_000, 70, 2_000),
    readings(of, 1_000, 70, 2_000),
    readings(of, 2_000, 71, 2_000 + 10 * 60_000),
  );
  const { told } = await next();
  assert.deepEqual(
    told.map(({ event }) => event.isLate),
    [false, false, true],
  );
  assert.equal(new Set(told.map(({ event }) => event.id)).size, 2);
});

test("a cursor is of its feed, goes back to its place, and tells nothing of how much the house took in", () => {
  const cursors = createCursors("test");
  for (const place of [
    { position: 0, number: 0 },
    { position: 7 * 2 ** 32 + 5, number: 12 },
  ]) {
    const cursor = cursors.of("f", place);
    assert.deepEqual(cursors.placeOf("f", cursor), place);
    assert.throws(() => cursors.placeOf("g", cursor), { code: "FIELD_INVALID" });
    assert.throws(() => cursors.placeOf("f", cursor.slice(1)), { code: "FIELD_INVALID" });
  }
  const [one, next] = [1, 2].map((position) => cursors.of("f", { position, number: 0 }));
  assert.notEqual(one?.slice(0, 8), next?.slice(0, 8));
});
