import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type JournalEntry, QUALITY } from "@openward/model";
import { openTestDatabase, type TestDatabase } from "../database/testing/database.ts";
import { ASSOCIATION, ORGANISATION, PATIENT, type Seeded, seeded, testStream } from "../journal/testing/entries.ts";
import type { Reading } from "./ports.ts";
import { openTestStore, settableRuntime, type TestStore, viewOf } from "./testing/open-store.ts";

const START = Date.UTC(2026, 10, 22, 22, 20);
const MINUTE = 60_000;
const OTHER_ASSOCIATION = "018f0000-0000-7000-8000-0000000000bc";
const STREAMS = [testStream(1), testStream(2), testStream(3)];
const view = viewOf(PATIENT);

interface Expected {
  readonly streamId: string;
  readonly time: number;
  readonly value: number;
  readonly ordinal: number;
  readonly quality: number;
  readonly receivedMinute: number;
}

/** What must be there, by the plainest of means. */
class Model {
  readonly readings: Expected[] = [];

  add(streamId: string, time: number, value: number, quality: number, receivedAt: number): void {
    const same = this.readings.filter((each) => each.streamId === streamId && each.time === time);
    if (same.some((each) => each.value === value)) return;
    const bits = same.length > 0 ? quality | QUALITY.conflicting : quality;
    const receivedMinute = Math.floor(receivedAt / MINUTE);
    this.readings.push({ streamId, time, value, ordinal: same.length, quality: bits, receivedMinute });
  }

  between(from: number, to: number, streamIds: readonly string[]): Expected[] {
    return this.readings
      .filter((each) => each.time >= from && each.time < to && streamIds.includes(each.streamId))
      .sort(
        (a, b) =>
          a.time - b.time || (a.streamId < b.streamId ? -1 : a.streamId > b.streamId ? 1 : a.ordinal - b.ordinal),
      );
  }
}

const plain = (reading: Reading): Expected => ({
  streamId: reading.stream.id,
  time: reading.time,
  value: reading.value,
  ordinal: reading.ordinal,
  quality: reading.quality,
  receivedMinute: Math.floor(reading.receivedAt / MINUTE),
});

let database: TestDatabase;
before(async () => {
  database = await openTestDatabase();
});
after(() => database.close());

/** Hours of readings, in order and late, once and twice, some contradicting, sealed now and then. */
async function live(
  store: TestStore,
  runtime: ReturnType<typeof settableRuntime>,
  model: Model,
  r: Seeded,
  minutes: number,
): Promise<void> {
  const associationAt = (time: number) => (time < START + 100 * MINUTE ? ASSOCIATION : OTHER_ASSOCIATION);
  for (let minute = 0; minute < minutes; minute++) {
    const entries: JournalEntry[] = [];
    for (const stream of STREAMS) {
      if (!store.telemetry.knowsStream(stream.id)) entries.push({ kind: "stream", stream });
      for (let k = 0; k < 4; k++) {
        const lateMs = r.int(12) === 0 ? r.int(300) * MINUTE : r.int(2000);
        const time = Math.max(START - MINUTE * 60, runtime.time + k * 15_000 - lateMs);
        const isRepeat = r.int(10) === 0 && model.readings.length > 0;
        const again = r.pick(model.readings);
        const at = isRepeat && again?.streamId === stream.id ? again.time : time;
        const value =
          isRepeat && again && r.int(2) === 0 ? again.value : r.pick([r.int(100), r.int(1000) / 10, r.float()]);
        const quality = r.int(10) === 0 ? QUALITY.questionable : 0;
        model.add(stream.id, at, value, quality, runtime.time);
        const columns = { times: Float64Array.of(at), values: Float64Array.of(value), quality: Uint8Array.of(quality) };
        const readings = {
          stream,
          associationId: associationAt(at),
          ...columns,
          utcOffsetMinutes: 60,
          receivedAt: runtime.time,
        };
        entries.push({ kind: "readings", readings });
      }
    }
    await store.journal.append(entries);
    if (r.int(4) === 0) await store.telemetry.seal();
    if (r.int(6) === 0) await store.telemetry.compact({ everything: true });
    runtime.time += MINUTE;
  }
}

async function compare(store: TestStore, model: Model, r: Seeded, now: number): Promise<void> {
  const { telemetry } = store;
  const everything = { from: START - 1e9, to: now + 1e9 };
  for (let n = 0; n < 8; n++) {
    const streamIds = n === 0 ? STREAMS.map((stream) => stream.id) : [r.pick(STREAMS).id, r.pick(STREAMS).id];
    const from = START - 50 * MINUTE + r.int(300 * MINUTE);
    const range = n === 0 ? everything : { from, to: from + r.int(200 * MINUTE) };
    const expected = model.between(range.from, range.to, streamIds);
    for (const order of ["ascending", "descending"] as const) {
      const limit = r.pick([3, 50, 5000]);
      const pages: Expected[] = [];
      let last: Expected | undefined;
      for (;;) {
        const query = { patientId: PATIENT, streamIds, ...range, order, limit: Math.max(limit, expected.length / 8) };
        const page = (await telemetry.readings(view, last ? { ...query, after: last } : query)).map(plain);
        pages.push(...page);
        last = page.at(-1);
        if (page.length === 0) break;
      }
      assert.deepEqual(
        pages,
        order === "ascending" ? expected : expected.toReversed(),
        `${order}, ${range.from} to ${range.to}`,
      );
    }
  }
  for (let n = 0; n < 20; n++) {
    const one = r.pick(model.readings);
    const found = await telemetry.reading(view, one.streamId, one.time, one.ordinal);
    assert.deepEqual(found && plain(found), one);
    assert.equal(await telemetry.reading(view, one.streamId, one.time, 99), undefined);
  }
  for (const stream of STREAMS) {
    const newest = model.between(everything.from, everything.to, [stream.id]).at(-1);
    const latest = telemetry.latest(view, PATIENT).find((each) => each.stream.id === stream.id);
    assert.equal(latest?.time, newest?.time);
    assert.equal((await telemetry.stream(view, stream.id))?.lastAt, newest?.time);
  }
}

async function compareTrends(store: TestStore, model: Model, r: Seeded): Promise<void> {
  const day = Math.floor(START / 86_400_000) * 86_400_000;
  for (let n = 0; n < 16; n++) {
    const [from, to, buckets] = r.pick([
      [day, day + 2 * 86_400_000, 96],
      [day, day + 2 * 86_400_000, 1 + r.int(60)],
      [START + r.int(5e6), START + 5e6 + r.int(9e6), 1 + r.int(50)],
      [day - 300 * 86_400_000 + r.int(1e6), day + 65 * 86_400_000, 300],
    ] as const);
    const trends = await store.telemetry.trend(view, {
      patientId: PATIENT,
      streamIds: STREAMS.map((each) => each.id),
      from,
      to,
      buckets,
    });
    assert.equal(trends.length, STREAMS.length);
    for (const trend of trends) {
      const all = model.between(from, to, [trend.stream.id]);
      for (let b = 0; b < buckets; b++) {
        const inside = all.filter(
          (each) => Math.min(Math.floor(((each.time - from) * buckets) / (to - from)), buckets - 1) === b,
        );
        const values = inside.map((each) => each.value);
        const label = `bucket ${b} of ${buckets} from ${from} to ${to}`;
        assert.equal(trend.count[b], values.length, label);
        assert.equal(trend.min[b], values.length ? Math.min(...values) : Number.NaN, label);
        assert.equal(trend.max[b], values.length ? Math.max(...values) : Number.NaN, label);
        assert.equal(trend.last[b], values.at(-1) ?? Number.NaN, label);
        const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
        assert.ok(
          values.length === 0 ? Number.isNaN(trend.mean[b]) : Math.abs((trend.mean[b] as number) - mean) < 1e-9,
          label,
        );
      }
    }
  }
}

test("readings come back as they went in: from memory, from blocks, after a kill, in pages and trends", async () => {
  const r = seeded();
  const runtime = settableRuntime(START);
  const model = new Model();
  let store = await openTestStore(database, runtime);
  for (let life = 0; life < 4; life++) {
    await live(store, runtime, model, r, 50);
    await compare(store, model, r, runtime.time);
    await compareTrends(store, model, r);
    const heard = store.telemetry.lastHeard();
    await store.close();
    store = await openTestStore(database, runtime);
    await compare(store, model, r, runtime.time);
    await compareTrends(store, model, r);
    assert.deepEqual(
      store.telemetry
        .lastHeard()
        .map((each) => [each.stream.id, each.receivedAt])
        .sort(),
      heard.map((each) => [each.stream.id, each.receivedAt]).sort(),
    );
  }
  await store.telemetry.seal({ everything: true });
  runtime.time += 60 * MINUTE;
  await store.telemetry.seal();
  await compare(store, model, r, runtime.time);
  await compareTrends(store, model, r);
  await store.close();
  store = await openTestStore(database, runtime);
  await compare(store, model, r, runtime.time);
  const { rows } = await database.worker.query(
    "SELECT count(DISTINCT association_id) AS n FROM block GROUP BY stream_id",
  );
  for (const { n } of rows) assert.equal(n, 2);
  await store.close();
});

test("the journal is read again only from what is in no block, and the last ten minutes", async () => {
  const runtime = settableRuntime(START + 40 * 60 * MINUTE);
  const store = await openTestStore(database, runtime);
  await store.telemetry.seal();
  await live(store, runtime, new Model(), seeded(4), 30);
  const before = await database.worker.query("SELECT min(watermark) AS w FROM seal_state");
  await store.telemetry.seal({ everything: true });
  runtime.time += 11 * MINUTE;
  await store.telemetry.seal({ everything: true });
  const after = await database.worker.query(
    "SELECT min(watermark) AS w, (SELECT max(position) FROM journal) AS newest FROM seal_state",
  );
  assert.ok(after.rows[0].w > (before.rows[0].w ?? 0));
  assert.equal(after.rows[0].w, after.rows[0].newest);
  await store.close();
});

test("deliveries of the last minutes are known after a kill", async () => {
  const runtime = settableRuntime(START + 50 * 60 * MINUTE);
  const first = await openTestStore(database, runtime);
  const placed = { receivedAt: runtime.time, associationId: ASSOCIATION };
  const delivery = { organisationId: ORGANISATION, deviceId: "d1", key: "session 7", ...placed };
  await first.journal.append([{ kind: "delivery", delivery }]);
  assert.deepEqual(first.telemetry.deliveries.first("d1", "session 7"), placed);
  await first.telemetry.seal({ everything: true });
  await first.close();
  runtime.time += 8 * MINUTE;
  const second = await openTestStore(database, runtime);
  assert.deepEqual(second.telemetry.deliveries.first("d1", "session 7"), placed);
  assert.equal(second.telemetry.deliveries.first("d1", "session 8"), undefined);
  await second.close();
});

test("a patient outside the view is as if there were none", async () => {
  const runtime = settableRuntime(START + 60 * 60 * MINUTE);
  const store = await openTestStore(database, runtime);
  const nobody = viewOf(ASSOCIATION);
  const range = { patientId: PATIENT, streamIds: STREAMS.map((each) => each.id), from: 0, to: runtime.time };
  assert.deepEqual(await store.telemetry.streams(nobody, PATIENT), []);
  assert.deepEqual(store.telemetry.latest(nobody, PATIENT), []);
  assert.deepEqual(await store.telemetry.readings(nobody, { ...range, order: "ascending", limit: 5 }), []);
  assert.deepEqual(await store.telemetry.trend(nobody, { ...range, buckets: 5 }), []);
  const [known] = await store.telemetry.readings(view, { ...range, order: "ascending", limit: 1 });
  assert.ok(known);
  assert.equal(await store.telemetry.reading(nobody, known.stream.id, known.time, known.ordinal), undefined);
  assert.equal(await store.telemetry.stream(nobody, known.stream.id), undefined);
  // The view has the patient who asks, but the stream is another's.
  assert.deepEqual(
    await store.telemetry.readings(nobody, { ...range, patientId: ASSOCIATION, order: "ascending", limit: 5 }),
    [],
  );
  await store.close();
});

test("a sealing that fails half-way loses nothing, shows nothing twice, and is done again", async () => {
  const r = seeded();
  const runtime = settableRuntime(START + 65 * 60 * MINUTE);
  let failAt = "";
  // Each connection fails at the chosen statement, as a database that goes away there.
  const worker = new Proxy(database.worker, {
    get(pool, key) {
      if (key !== "connect") return Reflect.get(pool, key).bind?.(pool) ?? Reflect.get(pool, key);
      return async () => {
        const client = await pool.connect();
        return {
          query: async (text: string, values?: unknown[]) => {
            if (failAt && text.startsWith(failAt)) throw Object.assign(new Error("connection lost"), { code: "08006" });
            return client.query(text, values);
          },
          release: (error?: Error) => client.release(error),
        };
      };
    },
  });
  const store = await openTestStore({ ...database, worker } as TestDatabase, runtime);
  const query = {
    patientId: PATIENT,
    streamIds: STREAMS.map((each) => each.id),
    from: runtime.time - 3e6,
    to: runtime.time + 1e8,
  };
  const read = async () =>
    (await store.telemetry.readings(view, { ...query, order: "ascending", limit: 1e5 })).map(plain);
  const model = new Model();
  const base = await read();
  for (const statement of ["BEGIN", "INSERT INTO block", "INSERT INTO rollup", "COMMIT"]) {
    const entries: JournalEntry[] = STREAMS.map((stream) => {
      const value = r.int(50);
      model.add(stream.id, runtime.time, value, 0, runtime.time);
      const columns = {
        times: Float64Array.of(runtime.time),
        values: Float64Array.of(value),
        quality: new Uint8Array(1),
      };
      return {
        kind: "readings",
        readings: {
          stream,
          associationId: OTHER_ASSOCIATION,
          ...columns,
          utcOffsetMinutes: null,
          receivedAt: runtime.time,
        },
      };
    });
    await store.journal.append(entries);
    failAt = statement;
    runtime.time += 70 * MINUTE;
    await assert.rejects(store.telemetry.seal(), /connection lost/);
    const expected = model.between(0, runtime.time, query.streamIds);
    assert.deepEqual(await read(), [...base, ...expected]);
    failAt = "";
    assert.equal((await store.telemetry.seal()).blocks, STREAMS.length);
    assert.equal((await store.telemetry.seal()).blocks, 0);
    assert.deepEqual(await read(), [...base, ...expected]);
  }
  await store.close();
});

test("a damaged block is left out, reported, and set aside when later data comes; the rest stays readable", async () => {
  const runtime = settableRuntime(START + 70 * 60 * MINUTE);
  const store = await openTestStore(database, runtime);
  const stream = testStream(3);
  const query = {
    patientId: PATIENT,
    streamIds: [stream.id],
    from: START - 60 * MINUTE,
    to: runtime.time,
    order: "ascending",
    limit: 1e5,
  } as const;
  const all = await store.telemetry.readings(view, query);
  const hour = Math.floor(START / 3_600_000) * 3_600_000;
  const inside = all.filter((each) => each.time >= hour && each.time < hour + 3_600_000);
  await database.owner.query(
    "UPDATE block SET payload = set_byte(payload, 70, get_byte(payload, 70) # 1) WHERE stream_id = $1 AND period_start = $2",
    [stream.id, hour],
  );
  // The hour may stand in its day's row by now.
  const day = Math.floor(hour / 86_400_000) * 86_400_000;
  await database.owner.query(
    `UPDATE day_block SET payload = set_byte(payload, bounds[$3] + 70, get_byte(payload, bounds[$3] + 70) # 1)
     WHERE stream_id = $1 AND day_start = $2 AND bounds[$3 + 1] > bounds[$3]`,
    [stream.id, day, (hour - day) / 3_600_000 + 1],
  );
  const rest = await store.telemetry.readings(view, query);
  assert.equal(rest.length, all.length - inside.length);
  assert.ok(inside.length > 0 && store.telemetry.statistics().damagedBlocks > 0);
  const late = {
    stream,
    associationId: ASSOCIATION,
    times: Float64Array.of(hour + 1),
    values: Float64Array.of(5),
    quality: new Uint8Array(1),
  };
  await store.journal.append([
    { kind: "readings", readings: { ...late, utcOffsetMinutes: null, receivedAt: runtime.time } },
  ]);
  await store.telemetry.seal();
  assert.equal((await store.telemetry.readings(view, query)).length, rest.length + 1);
  assert.equal((await database.worker.query("SELECT * FROM damaged_block")).rows.length, 1);
  await store.close();
});
