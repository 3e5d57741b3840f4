import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { RefusedInput } from "@openward/errors";
import type { Amendment, AmendmentDraft, JournalEntry, Stream } from "@openward/model";
import type { TestDatabase } from "../database/testing/database.ts";
import { seeded } from "../journal/testing/entries.ts";
import {
  ANNA,
  BERIT,
  CARL,
  DEVICE,
  everybody,
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

const MINUTE = 60_000;
/** More of them: AMENDMENT_ROUNDS=60. */
const ROUNDS = Number(process.env.AMENDMENT_ROUNDS ?? 10);
const PATIENTS = [ANNA, BERIT, CARL];
const SIGNALS = ["heart-rate", "spo2"];

let database: TestDatabase;
before(async () => {
  database = await openHouseDatabase();
});
after(() => database.close());

interface Received {
  readonly patientId: string;
  readonly signal: string;
  readonly time: number;
  readonly value: number;
}

/** What a reading is today: told by walking the amendments forward, reading by reading. */
function today(reading: Received, amendments: readonly Amendment[]): { patientId: string; value: number } | undefined {
  const ended = new Set(amendments.map((each) => each.withdraws));
  let { patientId, value } = reading;
  let isError = false;
  for (const a of amendments) {
    if (a.kind === "withdrawn" || ended.has(a.id) || a.patientId !== patientId) continue;
    if (reading.time < a.from || reading.time >= a.to) continue;
    if (a.streamId !== null && a.streamId !== streamOf(patientId, reading.signal).id) continue;
    if (a.reading) {
      if (a.reading.received !== reading.value) continue;
      isError = a.corrected === null;
      value = a.corrected ?? reading.value;
    } else if (a.kind === "re-attributed") patientId = a.toPatientId as string;
    else return undefined;
  }
  return isError ? undefined : { patientId, value };
}

test("whatever is amended in whatever order, every question tells what a simple model tells, across seals and kills", async () => {
  const r = seeded();
  let house: House = await openHouse(database, START + 3 * HOUR + MINUTE);
  const { keys } = house;
  const all: Received[] = [];
  const made: Amendment[] = [];
  const counted = { made: 0, refused: 0, kills: 0 };
  const wave = (patientId: string) => streamOf(patientId, "ecg-lead-ii", "waveform", "mV");
  const streams = (patientId: string): Stream[] => SIGNALS.map((signal) => streamOf(patientId, signal));
  const waves: { patientId: string; time: number; value: number }[] = [];
  await house.append(
    PATIENTS.flatMap((id): JournalEntry[] => [...streams(id), wave(id)].map((stream) => ({ kind: "stream", stream }))),
  );

  const receive = async (count: number) => {
    const entries: JournalEntry[] = [];
    for (let n = 0; n < count; n++) {
      const wearer = r.int(3);
      const patientId = PATIENTS[wearer] as string;
      const signal = r.pick(SIGNALS);
      const time = START + wearer * HOUR + r.int(3600) * 1000;
      const value = 40 + r.int(60);
      if (all.some((each) => each.time === time && each.signal === signal && each.value === value)) continue;
      all.push({ patientId, signal, time, value });
      entries.push(readings(streamOf(patientId, signal), [time], [value], house.runtime.time));
    }
    await house.append(entries);
  };
  const pieces: JournalEntry[] = [];
  PATIENTS.forEach((patientId, wearer) => {
    for (let minute = 0; minute < 60; minute += 6) {
      const start = START + wearer * HOUR + minute * MINUTE + 137;
      const values = Array.from({ length: 90 * 4 }, () => r.int(1000));
      values.forEach((value, i) => {
        waves.push({ patientId, time: start + i * 250, value });
      });
      pieces.push(samples(wave(patientId), start, values));
    }
  });
  await house.append(pieces);
  await receive(400);

  const seenOf = (draft: AmendmentDraft, error: unknown): AmendmentDraft | undefined => {
    if (!(error instanceof RefusedInput)) throw error;
    counted.refused++;
    if (error.code !== "AMENDED_MEANWHILE" || !("seen" in draft)) return undefined;
    // The refusal names the one that has been made meanwhile: somebody has looked at it, and means it still.
    const seen = String(error.facts.expected);
    return { ...draft, seen: seen.startsWith("null") ? null : seen };
  };

  const amend = async () => {
    const wearer = r.int(3);
    const patientId = PATIENTS[wearer] as string;
    const hour = r.int(6) === 0 ? r.int(3) : wearer;
    const from = START + hour * HOUR + r.int(3000) * 1000 + r.int(2) * 500;
    const to = Math.min(from + 1 + r.int(20 * MINUTE), START + (hour + 1) * HOUR);
    const reason = "a test of the model";
    const reading = r.pick(all);
    const known = today(reading, made) ?? { patientId, value: 0 };
    const point = {
      streamId: streamOf(known.patientId, reading.signal).id,
      at: reading.time,
      ordinal: r.int(5) === 0 ? 1 : 0,
    };
    const whole = { patientId, deviceId: DEVICE, from, to, seen: null, reason };
    const drafts: (() => AmendmentDraft)[] = [
      () => ({ kind: "entered-in-error", ...point, seen: null, reason }),
      () => ({ kind: "corrected", ...point, value: 100 + r.int(50), unit: "/min", seen: null, reason }),
      () => ({ kind: "entered-in-error", streamId: streamOf(patientId, r.pick(SIGNALS)).id, ...whole }),
      () => ({ kind: "entered-in-error", streamId: null, ...whole }),
      () => ({ kind: "re-attributed", ...whole, toPatientId: r.pick(PATIENTS) }),
      () => ({ kind: "re-attributed", ...whole, toPatientId: r.pick(PATIENTS) }),
      () => ({ kind: "withdrawn", amendmentId: made.length > 0 ? r.pick(made).id : NURSE.id, reason }),
    ];
    let draft: AmendmentDraft | undefined = r.pick(drafts)();
    for (let n = 0; n < 2 && draft; n++) {
      const asked: AmendmentDraft = draft;
      try {
        made.push(await house.amendments.make(everybody, asked, NURSE));
        counted.made++;
        draft = undefined;
      } catch (error) {
        draft = seenOf(asked, error);
      }
    }
  };

  const check = async () => {
    const { telemetry } = house;
    for (const patientId of PATIENTS) {
      const view = viewOf(patientId);
      const ids = new Set(streams(patientId).map((stream) => stream.id));
      const wanted = all
        .flatMap((reading) => {
          const now = today(reading, made);
          return now?.patientId === patientId ? [`${reading.time} ${reading.signal} ${now.value}`] : [];
        })
        .sort();
      const from = START - HOUR;
      const to = START + 4 * HOUR;
      const query = { patientId, streamIds: [...ids], from, to, limit: 37 };
      for (const order of ["ascending", "descending"] as const) {
        const found: string[] = [];
        let after: { time: number; streamId: string; ordinal: number } | undefined;
        for (;;) {
          const page = await telemetry.readings(view, { ...query, order, ...(after ? { after } : {}) });
          found.push(...page.map(({ time, stream, value }) => `${time} ${stream.signal} ${value}`));
          const last = page.at(-1);
          if (!last || page.length < query.limit) break;
          after = { time: last.time, streamId: last.stream.id, ordinal: last.ordinal };
        }
        assert.deepEqual(found.sort(), wanted, `${order}, ${patientId}`);
      }
      const known = [...ids].filter((id) => telemetry.queries.known(view, id));
      for (const buckets of [7, 12 + r.int(200)]) {
        const start = from + r.int(2 * HOUR);
        const trends = await telemetry.queries.trends(view, known, { from: start, to, buckets });
        for (const { stream, starts, min, max, count } of trends) {
          const end = (b: number) => starts[b + 1] ?? to;
          for (let b = 0; b < buckets; b++) {
            const values = wanted
              .map((line) => line.split(" "))
              .filter(
                ([time, signal]) =>
                  signal === stream.signal && Number(time) >= (starts[b] as number) && Number(time) < end(b),
              )
              .map(([, , value]) => Number(value));
            assert.equal(count[b], values.length, `count of bucket ${b} of ${buckets}`);
            if (values.length === 0) continue;
            assert.deepEqual([min[b], max[b]], [Math.min(...values), Math.max(...values)]);
          }
        }
      }
      const latest = telemetry.latest(view, patientId);
      for (const signal of SIGNALS) {
        const times = wanted.filter((line) => line.split(" ")[1] === signal).map((line) => Number(line.split(" ")[0]));
        const reading = latest.find(({ stream }) => stream.signal === signal);
        assert.equal(reading?.time ?? Number.NEGATIVE_INFINITY, Math.max(...times), `latest ${signal} of ${patientId}`);
      }
      const newest = telemetry.queries.newest(view, PATIENTS);
      assert.deepEqual(
        [...newest.values],
        latest.map(({ value }) => value),
      );
      const { id } = wave(patientId);
      const mine = waves.filter(({ patientId: whose, time }) => {
        const now = today({ patientId: whose, signal: "ecg-lead-ii", time, value: Number.NaN }, waveAmendments(made));
        return now?.patientId === patientId;
      });
      const got: string[] = [];
      for (const { start, rateHz, samples: values } of await telemetry.waveform(view, {
        patientId,
        streamId: id,
        from,
        to,
      })) {
        values.forEach((value, i) => {
          got.push(`${start + (i * 1000) / rateHz} ${value}`);
        });
      }
      assert.deepEqual(
        got.sort(),
        mine.map(({ time, value }) => `${time} ${value}`).sort(),
        `waveform of ${patientId}`,
      );
      // 20 s to a bucket: extremes of whole seconds are used, and must not tell what was taken away.
      const buckets = 900;
      const overview = await telemetry.waveformOverview(view, {
        patientId,
        streamId: id,
        from: START,
        to: START + 5 * HOUR,
        buckets,
      });
      for (let b = 0; b < overview.starts.length; b++) {
        const start = overview.starts[b] as number;
        const near = mine.filter(({ time }) => time >= start - 1000 && time < start + 21_000).map(({ value }) => value);
        if (Number.isNaN(overview.min[b] as number)) continue;
        assert.ok(
          near.includes(overview.min[b] as number) && near.includes(overview.max[b] as number),
          `overview ${b}`,
        );
      }
      for (const reading of r.pick([all.slice(0, 40), all.slice(-40)])) {
        const stream = streamOf(patientId, reading.signal);
        const whose = today(reading, made)?.patientId;
        for (const ordinal of [0, 1]) {
          const versions = (await telemetry.history(view, stream.id, reading.time, ordinal))?.versions ?? [];
          const last = versions.at(-1);
          assert.ok(last?.status !== "entered-in-error" || last.value === null);
          // Ordinals are of one time: the other value of it may be this patient's.
          const atTime = all.filter((each) => each.time === reading.time && each.signal === reading.signal);
          if (atTime.length > 1 || ordinal > 0) continue;
          if (whose === patientId) assert.equal(last?.value, today(reading, made)?.value);
          else if (whose !== undefined)
            assert.ok(
              versions.every(({ value }) => value === null),
              "a history tells no other's value",
            );
        }
      }
    }
  };

  for (let round = 0; round < ROUNDS; round++) {
    for (let n = 0; n < 4; n++) await amend();
    if (r.int(3) === 0) await receive(30);
    if (r.int(3) === 0) await house.received.seal({ everything: r.int(2) === 0 });
    if (round % 6 === 5) {
      await house.received.seal({ everything: true });
      await house.received.compact({ everything: true });
    }
    if (round % 5 === 4) {
      counted.kills++;
      const { time } = house.runtime;
      await house.close();
      house = await openHouse(database, time, keys);
    }
    if (round % 4 === 3) await check();
  }
  await check();
  await house.close();
  assert.ok(counted.made > ROUNDS && counted.kills > 0, JSON.stringify(counted));
});

/** Readings' amendments say nothing of samples. */
const waveAmendments = (made: readonly Amendment[]) => made.filter((each) => each.reading === null);
