import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import type { Alarm, Association, Stream } from "@openward/model";
import { type ManualRuntime, manualRuntime, seededRandom } from "@openward/runtime/manual";
import { systemRuntime } from "@openward/runtime/system";
import { createIngest } from "../../server/ingest/index.ts";
import { openTestDatabase, type TestDatabase } from "../../server/store/database/testing/database.ts";
import { testKeysOf } from "../../server/store/keys/testing/keys.ts";
import { openTestStore, type TestStore, viewOf } from "../../server/store/telemetry/testing/open-store.ts";
import { createWatch, type Watch } from "../../server/watch/index.ts";

const ORGANISATION = "018f0000-0000-7000-8000-0000000000aa";
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const START = Date.UTC(2026, 10, 22, 6);
const PIECE = 15 * MINUTE;

export interface BufferPlan {
  readonly seed: number;
  /** Between two readings of a signal. */
  readonly everyMs: number;
  readonly hours: number;
  readonly times: number;
}

/** Signals of the buffer; the patient is ill all day, so that whoever takes it for live has to raise an alarm. */
const SIGNALS: Readonly<Record<string, (n: number) => number>> = {
  "heart-rate": (n) => 150 + (n % 17),
  spo2: (n) => 82 + (n % 5),
  "respiratory-rate": (n) => 31 + (n % 4),
  "body-temperature": (n) => 39.2 + (n % 9) / 10,
  "pulse-rate": (n) => 150 + (n % 13),
  "nibp-systolic": (n) => 88 - (n % 6),
};
const WELL: Readonly<Record<string, number>> = {
  "heart-rate": 72,
  spo2: 97,
  "respiratory-rate": 14,
  "body-temperature": 36.8,
  "pulse-rate": 72,
  "nibp-systolic": 120,
};

interface Message {
  readonly kind: "readings" | "waveform";
  readonly body: Uint8Array;
}

/** What the device had measured while it was cut off, in pieces of a quarter of an hour, and a waveform in some of them. */
function bufferOf({ everyMs, hours, seed }: BufferPlan, random: Random): Message[] {
  const messages: Message[] = [];
  // Some tell whole minutes, and some milliseconds.
  const aside = seed % 2 === 0 ? 0 : 237;
  for (let from = START; from < START + hours * HOUR; from += PIECE) {
    const items: { at: number; values: Record<string, number> }[] = [];
    for (let at = from; at < from + PIECE; at += everyMs) {
      const n = Math.round((at - START) / everyMs);
      items.push({
        at: at + aside,
        values: Object.fromEntries(Object.entries(SIGNALS).map(([name, of]) => [name, of(n)])),
      });
    }
    // A device may say twice in one message what it measured once.
    if (random.float() < 0.1) items.push(items[0] as (typeof items)[number]);
    messages.push({ kind: "readings", body: bytesOf(items) });
    if (from % HOUR !== 0) continue;
    const samples = Array.from({ length: 2_500 }, () => Math.floor(random.float() * 2_000) - 1_000);
    const waveform = { signal: "ecg-lead-ii", start: from, rate: 250, unit: "mV", scale: 0.001, origin: 0, samples };
    messages.push({ kind: "waveform", body: bytesOf(waveform) });
  }
  return messages;
}

type Random = ReturnType<typeof seededRandom>;
const bytesOf = (body: unknown) => new TextEncoder().encode(JSON.stringify(body));

/** Ingest, watch and store as they are, on PostgreSQL; only time is the test's. */
export async function openBufferWard() {
  const database = await openTestDatabase();
  try {
    await database.owner.query("INSERT INTO organisation (organisation_id, name, created_at) VALUES ($1, 'Test', 0)", [
      ORGANISATION,
    ]);
  } catch (error) {
    await database.close();
    throw error;
  }
  let made = 0;
  return {
    close: () => database.close(),
    /** @returns what one ordered pass and the shuffled, late one of a plan have left */
    async run(plan: BufferPlan) {
      const number = () => String(++made).padStart(12, "0");
      const shuffled = await pass(database, plan, number(), undefined);
      const ordered = await pass(database, plan, number(), shuffled.live);
      return { ordered, shuffled };
    },
  };
}

/** @param inOrder what is sent live behind the outage; undefined: the buffer comes shuffled, with live data in between */
async function pass(database: TestDatabase, plan: BufferPlan, number: string, inOrder: readonly number[] | undefined) {
  const random = seededRandom(plan.seed);
  const patientId = `aaaaaaaa-aaaa-4aaa-8aaa-${number}`;
  const deviceId = `buffer-${number}`;
  await database.owner.query(
    `INSERT INTO patient (id, organisation_id, name, name_key, sex, mrn, time_zone, created_at, updated_at)
     VALUES ($1, $2, 'N', 'n', 'other', $3, 'UTC', 0, 0)`,
    [patientId, ORGANISATION, number],
  );
  await database.owner.query(
    "INSERT INTO device (id, organisation_id, type, display, created_at) VALUES ($1, $2, 'bedside-monitor', 'M', 0)",
    [deviceId, ORGANISATION],
  );
  const association: Association = {
    id: `018f0000-0000-7000-8000-${number}`,
    organisationId: ORGANISATION,
    deviceId,
    patientId,
    from: START - HOUR,
    to: null,
  };
  // Both of the clocks are the test's: what comes late came late, and nobody has set the time of day.
  const runtime = {
    ...systemRuntime,
    time: START - 30 * MINUTE,
    clock: { now: () => runtime.time, monotonic: () => runtime.time - START + 2 * HOUR },
    timers: { ...systemRuntime.timers, every: () => ({ cancel() {} }) },
  };
  const keys = await testKeysOf(database);
  let store = await openTestStore(database, runtime, undefined, keys);
  const raised: Alarm[] = [];
  const watching = manualRuntime(runtime.time);
  const watch = await watchOf(watching, association, raised);
  const streams = new Map<string, Stream>();
  let { accept, states } = ingestOf(() => store, watch, association, streams, runtime);
  let sent = 0;

  const send = async ({ kind, body }: Message, isRedelivery = false) => {
    watching.advance(Math.max(0, runtime.time - watching.clock.now()));
    const receipt = await accept({
      deviceId,
      organisationId: ORGANISATION,
      kind,
      format: "json",
      body,
      receivedAt: runtime.time,
      deliveryKey: null,
      isRedelivery,
    });
    assert.deepEqual(receipt.quarantined, []);
    sent += receipt.accepted;
  };
  const live: number[] = [];
  const sendLive = async (at: number) => {
    live.push(at);
    runtime.time = Math.max(runtime.time, at + 200);
    await send({ kind: "readings", body: bytesOf({ at, values: WELL }) });
  };

  const messages = bufferOf(plan, random);
  for (let n = 30; n > 0; n--) await sendLive(START - n * MINUTE);
  live.length = 0;
  const end = START + plan.hours * HOUR;
  let alarmsBefore = raised.length;
  if (inOrder) {
    for (const [i, message] of messages.entries()) {
      runtime.time = START + Math.floor((i / messages.length) * plan.hours * HOUR) + PIECE;
      await send(message);
    }
    for (const at of inOrder) await sendLive(at);
  } else {
    // It is back, and what it measures now comes first; that it was away has been told.
    let next = end + HOUR * (2 + Math.floor(random.float() * 8));
    for (let n = 0; n < 10; n++, next += MINUTE) await sendLive(next);
    alarmsBefore = raised.length;
    for (const message of shuffled(Array.from({ length: plan.times }, () => messages).flat(), random)) {
      runtime.time += Math.floor(1_000 + random.float() * 20_000);
      for (; next <= runtime.time; next += MINUTE) await sendLive(next);
      await send(message, random.float() < 0.5);
      if (random.float() < 0.02) await store.telemetry.seal({ everything: random.float() < 0.5 });
      if (random.float() < 0.01) await store.telemetry.compact({ everything: true });
      if (random.float() >= 0.005) continue;
      // Killed, and back.
      await store.close();
      store = await openTestStore(database, runtime, undefined, keys);
      ({ accept, states } = ingestOf(() => store, watch, association, streams, runtime));
    }
  }
  await store.telemetry.seal({ everything: true });
  const hash = await hashOf(store, [...streams.values()]);
  const alarms = raised.slice(alarmsBefore).map(({ rule, signal }) => `${rule} ${signal}`);
  const wrongClock = states.filter(({ leadsTo }) => leadsTo !== "kept");
  await watch.stop();
  await store.close();
  return { ...hash, alarms, wrongClock, sent, live };
}

function shuffled<T>(items: readonly T[], random: Random): T[] {
  const all = [...items];
  for (let i = all.length - 1; i > 0; i--) {
    const j = Math.floor(random.float() * (i + 1));
    [all[i], all[j]] = [all[j] as T, all[i] as T];
  }
  return all;
}

type TestRuntime = Parameters<typeof openTestStore>[1];

async function watchOf(runtime: ManualRuntime, association: Association, raised: Alarm[]): Promise<Watch> {
  const { patientId, organisationId } = association;
  const watch = createWatch({
    runtime,
    journal: { append: async () => {} },
    screens: { alarm: (alarm) => void (alarm.state === "raised" && raised.push(alarm)), standby: () => {} },
    patients: {
      watched: (id) =>
        id === patientId ? { patientId, organisationId, isAdmitted: true, ageGroup: "adult" } : undefined,
    },
    devices: {
      deviceType: () => "generic",
      currentAssociation: () => association,
      inCharge: () => new Set<string>(),
      runningAssociations: () => [association],
    },
    memory: {
      openAlarms: async () => [],
      resolvedAlarms: async () => [],
      recentEvents: async () => [],
      runningStandby: async () => [],
      expectations: async () => [],
      limits: async () => [],
      saveLimits: async () => {},
      deviceClocks: async () => [],
      lastHeard: () => [],
      recent: () => ({ times: new Float64Array(), values: new Float64Array(), receivedAt: new Float64Array() }),
    },
  });
  await watch.start();
  return watch;
}

function ingestOf(
  store: () => TestStore,
  watch: Watch,
  association: Association,
  streams: Map<string, Stream>,
  runtime: TestRuntime,
) {
  const states: { readonly leadsTo: string; readonly kind: string | null }[] = [];
  const { journal, telemetry } = store();
  const ingest = createIngest({
    runtime,
    journal,
    directory: {
      associationAt: (deviceId, at) =>
        deviceId === association.deviceId && at >= association.from ? association : undefined,
      associations: () => [association],
      knowsStream: telemetry.knowsStream,
      addStream(stream) {
        streams.set(stream.id, stream);
        telemetry.addStream(stream);
      },
      timeZoneAt: () => "Europe/Oslo",
      recordNumbersOf: () => [],
      deviceType: () => "bedside-monitor",
    },
    deliveries: telemetry.deliveries,
    watch,
    live: { readings() {}, waveform() {} },
    onDecided: (state) => void states.push(state),
    report: (error) => assert.fail(String(error)),
  });
  return { accept: ingest.accept, states };
}

/** Of everything that is stored, but when it came: that is what differs. */
async function hashOf(store: TestStore, streams: readonly Stream[]) {
  const hash = createHash("sha256");
  let readings = 0;
  let samples = 0;
  const span = { from: START - 2 * HOUR, to: START + 1_000 * HOUR };
  for (const stream of streams.toSorted((a, b) => (a.signal < b.signal ? -1 : 1))) {
    const view = viewOf(stream.patientId);
    hash.update(`${stream.signal} ${stream.unit} ${stream.kind}\n`);
    if (stream.kind === "waveform") {
      for await (const {
        start,
        rateHz,
        scale,
        origin,
        samples: all,
        quality,
        utcOffsetMinutes,
      } of store.telemetry.queries.waveforms(view, stream.id, span)) {
        hash.update(`${start} ${rateHz} ${scale} ${origin} ${quality} ${utcOffsetMinutes} ${all.join(",")}\n`);
        samples += all.length;
      }
      continue;
    }
    const asked = { ...span, isDescending: false };
    for await (const { times, values, ordinals, quality, utcOffsets } of store.telemetry.queries.columns(
      view,
      stream.id,
      asked,
    )) {
      for (let i = 0; i < times.length; i++)
        hash.update(`${times[i]} ${values[i]} ${ordinals[i]} ${quality[i]} ${utcOffsets[i]}\n`);
      readings += times.length;
    }
  }
  return { hash: hash.digest("hex"), readings, samples };
}

/** @returns what was not as it should be; empty: everything was */
export function judgeBuffer({
  ordered,
  shuffled: late,
}: Awaited<ReturnType<Awaited<ReturnType<typeof openBufferWard>>["run"]>>) {
  const faults: string[] = [];
  if (ordered.hash !== late.hash)
    faults.push(
      `stored ${late.readings} readings and ${late.samples} samples otherwise than ${ordered.readings} and ${ordered.samples}`,
    );
  if (late.alarms.length > 0) faults.push(`raised ${late.alarms.join(", ")}`);
  if (ordered.alarms.length === 0) faults.push("nothing was raised of what came at once: the test cannot fail");
  for (const [name, { wrongClock }] of Object.entries({ ordered, late }))
    for (const { kind, leadsTo } of wrongClock) faults.push(`${name}: the clock was thought to be ${kind}, ${leadsTo}`);
  return faults;
}

/** `npm run campaign:buffer -- 20 7`: so many days of a reading a second from a seed on. @returns the exit code */
export async function campaignOfBuffers([
  runs = "5",
  seed = String(Date.now() % 1_000_000),
]: string[]): Promise<number> {
  console.log(`seed ${seed}`);
  const ward = await openBufferWard();
  let isWell = true;
  try {
    for (let n = 0; n < Number(runs); n++) {
      const plan = { seed: Number(seed) + n, everyMs: 1_000, hours: 24, times: 3 };
      const began = performance.now();
      const result = await ward.run(plan);
      const faults = judgeBuffer(result);
      const { readings, samples, sent, hash } = result.shuffled;
      const seconds = Math.round((performance.now() - began) / 1_000);
      console.log(
        JSON.stringify({ seed: plan.seed, sent, readings, samples, hash: hash.slice(0, 16), seconds, faults }),
      );
      isWell &&= faults.length === 0;
    }
  } finally {
    await ward.close();
  }
  return isWell ? 0 : 1;
}
