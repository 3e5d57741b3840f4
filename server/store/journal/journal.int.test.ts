import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { after, before, beforeEach, test } from "node:test";
import { OutsideTrouble } from "@openward/errors";
import type { Alarm, JournalEntry } from "@openward/model";
import { openTestDatabase, type TestDatabase } from "../database/testing/database.ts";
import { openRaw } from "../keys/index.ts";
import { ASSOCIATION, ORGANISATION, PATIENT, readingsOf, seeded, testStream } from "./testing/entries.ts";
import { openTestJournal, readingsInJournal, until } from "./testing/open-journal.ts";

const NOW = Date.now();
const lineOf = (entry: JournalEntry) =>
  entry.kind === "readings" ? `${entry.readings.stream.id} ${entry.readings.times[0]} ${entry.readings.values[0]}` : "";
const reading = (n: number, stream = testStream(n % 7)) => readingsOf(stream, [NOW + n], [n]);
const isUnavailable = (error: unknown) =>
  error instanceof OutsideTrouble && error.code === "STORE_UNAVAILABLE" && error.retry;

let database: TestDatabase;
before(async () => {
  database = await openTestDatabase();
});
after(() => database.close());
beforeEach(async () => {
  await database.owner.query(
    "TRUNCATE journal, stream, event, quarantine, quarantine_resolution, alarm_revision, standby_revision, expectation, device_status, device_clock, device_clock_state",
  );
});

test("nothing is acknowledged before its commit, however late or seldom commits succeed", async () => {
  const r = seeded();
  const test = await openTestJournal(database, { limits: { commitTimeoutMs: 200 }, disk: () => brokenDisk });
  const outcomes = ["soon", "late", "lost before it was sent", "done, and told too late"] as const;
  const met = { soon: 0, late: 0, "lost before it was sent": 0, "done, and told too late": 0 };
  let outcome: (typeof outcomes)[number] = "soon";
  test.faults.before = async () => {
    met[outcome]++;
    if (outcome === "late") await new Promise((resolve) => setTimeout(resolve, 1 + r.int(20)));
    if (outcome === "lost before it was sent") throw new Error(outcome);
  };
  test.faults.after = async () => {
    if (outcome === "done, and told too late") await new Promise((resolve) => setTimeout(resolve, 350));
  };
  const acknowledged = new Set<string>();
  const refused: unknown[] = [];
  let sent = 0;
  const send = () => {
    const entry = reading(sent++);
    return test.journal.append([entry]).then(
      () => void acknowledged.add(lineOf(entry)),
      (error) => void refused.push(error),
    );
  };
  try {
    for (let round = 0; round < 24; round++) {
      await until(() => test.journal.state === "ok", "the journal to take up again");
      outcome = outcomes[round % outcomes.length] ?? "soon";
      const answers = Array.from({ length: 10 }, send);
      // Some come while the first ones' commit is on its way.
      await new Promise((resolve) => setTimeout(resolve, r.int(4)));
      answers.push(...Array.from({ length: 1 + r.int(8) }, send));
      // Held before the question is asked: more is committed and acknowledged while it is answered.
      const acknowledgedBefore = [...acknowledged];
      const durable = new Set(await readingsInJournal(database));
      for (const line of acknowledgedBefore) assert.ok(durable.has(line), "acknowledged, but not in the database");
      await Promise.all(answers);
      // The journal tries again by itself: what was done to this round's commits is not done to its attempts.
      outcome = "soon";
    }
    await until(() => test.journal.state === "ok", "the journal to recover");
    const counts = `${JSON.stringify(met)}, ${acknowledged.size} acknowledged, ${refused.length} refused`;
    assert.ok(Object.values(met).every((times) => times >= 6) && refused.length >= 12 * 10, counts);
    // On a slow machine a commit that nothing was done to is late too.
    assert.ok(acknowledged.size > 0, counts);
    assert.equal(acknowledged.size + refused.length, sent);
    for (const error of refused) assert.ok(isUnavailable(error));
    const durable = await readingsInJournal(database);
    assert.equal(new Set(durable).size, durable.length, "nothing is there twice");
    for (const line of acknowledged) assert.ok(durable.includes(line));
  } finally {
    await test.close();
  }
});

test("while PostgreSQL is away readings are kept on disk and chained in, each once", async () => {
  // The faults come at once: a commit that a busy machine is late with is none of them.
  const test = await openTestJournal(database, { limits: { commitTimeoutMs: 30_000 } });
  const states: string[] = [];
  test.journal.onStateChange((state) => states.push(state));
  const entries = Array.from({ length: 300 }, (_, n) => reading(n));
  await Promise.all(entries.slice(0, 100).map((entry) => test.journal.append([entry])));
  // The first commit goes through, but its answer is lost: its outcome is unknown to us.
  test.faults.after = () => {
    throw new Error("the answer is lost");
  };
  await test.journal.append([entries[100] as JournalEntry]);
  test.faults.before = () => {
    throw new Error("PostgreSQL is away");
  };
  for (const entry of entries.slice(101, 200)) await test.journal.append([entry]);
  assert.equal(test.journal.state, "spooling");
  assert.ok(readdirSync(test.folder).length > 0);
  assert.equal((await readingsInJournal(database)).length, 101);
  test.faults.before = () => {};
  test.faults.after = () => {};
  await Promise.all(entries.slice(200).map((entry) => test.journal.append([entry])));
  await until(() => test.journal.state === "ok", "the spool to be chained in");
  assert.deepEqual(states, ["spooling", "ok"]);
  assert.deepEqual(readdirSync(test.folder), []);
  assert.equal(test.journal.statistics().spoolBytes, 0);
  assert.deepEqual(await readingsInJournal(database), entries.map(lineOf), "in the order of acknowledgement");
  assert.deepEqual(test.committed.map(lineOf), entries.map(lineOf));
  await test.close();
});

test("what a killed process left in the spool is chained in before the next one serves", async () => {
  const first = await openTestJournal(database, { limits: { retryMs: 60_000, retryMsMax: 60_000 } });
  first.faults.before = () => {
    throw new Error("PostgreSQL is away");
  };
  const entries = Array.from({ length: 20 }, (_, n) => reading(n));
  for (const entry of entries) await first.journal.append([entry, { kind: "stream", stream: testStream(3) }]);
  // The first is not closed, as a killed process would not be.
  const second = await openTestJournal(database, { folder: first.folder });
  assert.deepEqual(await readingsInJournal(database), entries.map(lineOf));
  assert.equal((await database.worker.query("SELECT * FROM stream")).rows.length, 1);
  await second.journal.append([reading(500)]);
  assert.equal(
    (await readingsInJournal(database)).at(-1),
    lineOf(reading(500)),
    "positions go on behind those of the first",
  );
  await second.close();
  await first.journal.close();
});

test("a full spool refuses, and takes up again once PostgreSQL answers", async () => {
  const test = await openTestJournal(database, { spoolBytesMax: 2000 });
  test.faults.before = () => {
    throw new Error("PostgreSQL is away");
  };
  let kept = 0;
  await assert.rejects(async () => {
    for (; kept < 1000; kept++) await test.journal.append([reading(kept)]);
  }, isUnavailable);
  assert.equal(test.journal.state, "failed");
  assert.ok(kept > 3);
  test.faults.before = () => {};
  await until(() => test.journal.state === "ok", "the journal to recover");
  await test.journal.append([reading(5000)]);
  const durable = await readingsInJournal(database);
  assert.deepEqual(durable, [...Array.from({ length: kept }, (_, n) => lineOf(reading(n))), lineOf(reading(5000))]);
  await test.close();
});

test("a commit that takes too long is given up and goes to the disk", async () => {
  const test = await openTestJournal(database, { limits: { commitTimeoutMs: 50, retryMs: 200 } });
  let isStuck = true;
  test.faults.before = () => (isStuck ? new Promise(() => {}) : undefined);
  await test.journal.append([reading(1)]);
  assert.equal(test.journal.state, "spooling");
  isStuck = false;
  await until(() => test.journal.state === "ok", "the journal to recover");
  assert.deepEqual(await readingsInJournal(database), [lineOf(reading(1))]);
  await test.close();
});

test("entries with a table of their own are in it when they are acknowledged, whatever they say", async () => {
  const test = await openTestJournal(database);
  const alarm: Alarm = {
    id: "a1",
    revision: 1,
    organisationId: ORGANISATION,
    patientId: PATIENT,
    deviceId: "device-1",
    streamId: testStream(1).id,
    signal: "spo2",
    rule: "limit-low",
    priority: "medium",
    state: "raised",
    latched: false,
    onsetAt: NOW,
    raisedAt: NOW + 10_000,
    conditionEndedAt: null,
    acknowledgedAt: null,
    acknowledgedBy: null,
    resolvedAt: null,
    value: 88,
    limit: 90,
    unit: "%",
  };
  const own = { organisationId: ORGANISATION, deviceId: "device-1" };
  const detail = { text: 'quote " backslash \\ comma , brace } null \u0000 lone \ud800', deep: { list: [1, null] } };
  const entries: JournalEntry[] = [
    { kind: "stream", stream: testStream(1) },
    { kind: "alarm", alarm },
    {
      kind: "alarm",
      alarm: { ...alarm, revision: 2, state: "acknowledged", acknowledgedBy: "nurse", acknowledgedAt: NOW + 1 },
    },
    {
      kind: "event",
      event: {
        ...own,
        id: "e\u00001",
        patientId: null,
        associationId: null,
        event: "sos-button",
        at: NOW,
        timeFromServer: true,
        receivedAt: NOW,
        detail,
      },
    },
    { kind: "status", status: { ...own, state: "offline", battery: null, clock: NOW - 5, receivedAt: NOW } },
    { kind: "status", status: { ...own, state: "online", battery: 71.5, clock: null, receivedAt: NOW } },
    { kind: "clock", sighting: { ...own, deviceTime: NOW - 3000, serverTime: NOW } },
    {
      kind: "expectation",
      organisationId: ORGANISATION,
      patientId: PATIENT,
      expectation: { streamId: testStream(1).id, intervalMs: null, source: "on-demand" },
    },
    {
      kind: "standby",
      standby: {
        id: "s1",
        organisationId: ORGANISATION,
        patientId: PATIENT,
        streamId: null,
        reason: "bath",
        from: NOW,
        until: NOW + 1,
        startedBy: "nurse",
        endedAt: null,
      },
    },
    {
      kind: "quarantine",
      entry: {
        ...own,
        id: ASSOCIATION,
        receivedAt: NOW,
        kind: "raw",
        contentType: "a/b",
        problems: [{ index: 0, code: "TIME_IMPOSSIBLE", field: "at", readings: 1 }],
        raw: Uint8Array.of(0, 255, 92),
      },
    },
    { kind: "delivery", delivery: { ...own, key: "k", receivedAt: NOW, associationId: ASSOCIATION } },
  ];
  await test.journal.append(entries);
  // Told again, as after a crash: nothing changes.
  await test.journal.append(entries.slice(0, 4));
  const rows = async (text: string) => (await database.worker.query(text)).rows;
  assert.equal((await rows("SELECT * FROM stream")).length, 1);
  const alarms = await rows("SELECT * FROM alarm_revision ORDER BY revision");
  assert.deepEqual(
    alarms.map((row) => [row.revision, row.state, row.value, row.limit_value, row.onset_at]),
    [
      [1, "raised", 88, 90, NOW],
      [2, "acknowledged", 88, 90, NOW],
    ],
  );
  const [event] = await rows("SELECT id, detail::text AS detail FROM event");
  assert.equal(event.id, "e\ufffd1");
  assert.deepEqual(JSON.parse(event.detail), detail);
  assert.deepEqual(
    await rows("SELECT state, battery, clock_at FROM device_status ORDER BY received_at, position, ordinal"),
    [
      { state: "offline", battery: null, clock_at: NOW - 5 },
      { state: "online", battery: 71.5, clock_at: null },
    ],
  );
  assert.deepEqual(await rows("SELECT device_time, server_time FROM device_clock"), [
    { device_time: NOW - 3000, server_time: NOW },
  ]);
  assert.equal((await rows("SELECT * FROM expectation WHERE interval_ms IS NULL AND set_at > 0")).length, 1);
  assert.equal((await rows("SELECT * FROM standby_revision")).length, 1);
  const [quarantined] = await rows("SELECT id, problems, raw FROM quarantine");
  const stored = { id: quarantined.id, organisationId: ORGANISATION, raw: quarantined.raw };
  assert.deepEqual([...openRaw(test.keys, stored)], [0, 255, 92]);
  assert.equal(quarantined.problems[0].code, "TIME_IMPOSSIBLE");
  await test.close();
});

test("the same event of the same named message is there once, whenever it comes; of messages without a name each time is one", async () => {
  const test = await openTestJournal(database);
  const said = {
    organisationId: ORGANISATION,
    deviceId: "device-9",
    patientId: null,
    associationId: null,
    event: "sos-button",
  };
  const event = (at: number, messageId?: string): JournalEntry => ({
    kind: "event",
    event: { ...said, id: "1", at, timeFromServer: true, receivedAt: at, detail: {}, ...(messageId && { messageId }) },
  });
  await test.journal.append([event(NOW, "m-1"), event(NOW + 1)]);
  await test.journal.append([event(NOW + 3_600_000, "m-1"), event(NOW + 3_600_001), event(NOW + 2, "m-2")]);
  const { rows } = await database.worker.query(
    "SELECT at, message_id FROM event WHERE device_id = 'device-9' ORDER BY at",
  );
  assert.deepEqual(rows, [
    { at: NOW, message_id: "m-1" },
    { at: NOW + 1, message_id: null },
    { at: NOW + 2, message_id: "m-2" },
    { at: NOW + 3_600_001, message_id: null },
  ]);
  await test.close();
});

test("an entry that its table refuses does not keep the others out", async () => {
  const test = await openTestJournal(database);
  const bad = { ...testStream(1), kind: "nonsense" as "numeric" };
  await test.journal.append([{ kind: "stream", stream: testStream(2) }, { kind: "stream", stream: bad }, reading(1)]);
  assert.equal(test.journal.state, "ok");
  assert.deepEqual((await database.worker.query("SELECT id FROM stream")).rows, [{ id: testStream(2).id }]);
  assert.deepEqual(await readingsInJournal(database), [lineOf(reading(1))]);
  await test.close();
});

test("organisations have batches of their own in the same commit", async () => {
  const test = await openTestJournal(database);
  const other = "018f0000-0000-7000-8000-0000000000ff";
  await Promise.all([
    test.journal.append([reading(1)]),
    test.journal.append([reading(2, testStream(9, "numeric", other))]),
  ]);
  const { rows } = await database.worker.query("SELECT organisation_id FROM journal ORDER BY position");
  assert.deepEqual(
    rows.map((row) => row.organisation_id),
    [ORGANISATION, other],
  );
  assert.equal(test.journal.statistics().commits, 1);
  await test.close();
});

test("an entry that cannot be encoded is refused alone", async () => {
  const test = await openTestJournal(database);
  const wrong = readingsOf({ ...testStream(1), id: "not a uuid" }, [NOW], [1]);
  const [good, refused] = await Promise.allSettled([
    test.journal.append([reading(1)]),
    test.journal.append([reading(2), wrong]),
  ]);
  assert.equal(good.status, "fulfilled");
  assert.equal(refused.status, "rejected");
  assert.deepEqual(await readingsInJournal(database), [lineOf(reading(1))]);
  await test.close();
});

const brokenDisk = {
  list: async () => [],
  read: async () => new Uint8Array(),
  create: async () => {
    throw new Error("no disk");
  },
  remove: async () => {},
  rename: async () => {},
};
