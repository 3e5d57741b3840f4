import assert from "node:assert/strict";
import { test } from "node:test";
import { type ClockState, type ClockTreatment, QUALITY, type WrongClock } from "@openward/model";
import {
  DAY,
  type Delivered,
  type DeviceClock,
  type Dice,
  deliveriesOf,
  diceOf,
  HOUR,
  MINUTE,
} from "../../packages/timeseries/clocks/testing/deliveries.ts";
import type { KnownClock } from "./index.ts";
import { association, type Harness, harness, ORGANISATION } from "./testing/harness.ts";

const SEED = Number(process.env.SEED ?? 1);
const RUNS = Number(process.env.RUNS ?? 1);
const WINTER = Date.UTC(2026, 11, 30, 7);

interface Case {
  readonly leadsTo: ClockTreatment;
  readonly from?: number;
  /** IANA zone of the patient. */
  readonly zone?: string;
  clock(right: DeviceClock, at: number, dice: Dice): DeviceClock;
  /** When it goes wrong; left out: from the start or somewhere in the second day. */
  readonly at?: number;
}

const since =
  (at: number, before: DeviceClock, after: DeviceClock): DeviceClock =>
  (time) =>
    time < at ? before(time) : after(time);
const setBy = (right: DeviceClock, at: number, byMs: number) => since(at, right, (time) => right(time) + byMs);
const sign = (dice: Dice) => dice.pick([-1, 1]);
/** Sixteen bits of seconds. */
const COUNTER = 2 ** 16 * 1_000;
const SPRING = Date.UTC(2027, 2, 28, 1);
const AUTUMN = Date.UTC(2027, 9, 31, 1);
const oslo = (right: DeviceClock, change: number, before: number, after: number): DeviceClock =>
  since(
    change,
    (time) => right(time) + before * HOUR,
    (time) => right(time) + after * HOUR,
  );

const CASES: Readonly<Record<WrongClock, Case>> = {
  drift: {
    leadsTo: "corrected",
    clock: (right, _, dice) => {
      const drift = sign(dice) * dice.between(150e-6, 900e-6);
      return (time) => right(time) + drift * (time - WINTER);
    },
  },
  step: { leadsTo: "corrected", clock: (right, at, dice) => setBy(right, at, dice.between(2, 50) * HOUR + 97_000) },
  "local-as-utc": {
    leadsTo: "corrected",
    zone: "Asia/Kathmandu",
    clock: (right) => (time) => right(time) + 345 * MINUTE,
  },
  "reset-1970": { leadsTo: "quarantined", clock: (right, at) => since(at, right, (time) => time - at) },
  "reset-2000": {
    leadsTo: "quarantined",
    clock: (right, at) => since(at, right, (time) => Date.UTC(2000, 0, 1) + time - at),
  },
  "half-day": { leadsTo: "corrected", clock: (right, at) => setBy(right, at, 12 * HOUR) },
  date: { leadsTo: "corrected", clock: (right, at) => setBy(right, at, DAY) },
  "zone-change": {
    leadsTo: "corrected",
    zone: "Europe/Oslo",
    clock: (right, at) =>
      since(
        at,
        (time) => right(time) + HOUR,
        (time) => right(time) + 9 * HOUR,
      ),
  },
  "dst-spring": {
    leadsTo: "corrected",
    zone: "Europe/Oslo",
    from: SPRING - 1.2 * DAY,
    at: SPRING,
    clock: (right, at) => oslo(right, at, 1, 2),
  },
  "dst-autumn": {
    leadsTo: "corrected",
    zone: "Europe/Oslo",
    from: AUTUMN - 1.2 * DAY,
    at: AUTUMN,
    clock: (right, at) => oslo(right, at, 2, 1),
  },
  rollover: {
    // Data that is late would look the same: it is said and marked, and nobody moves it.
    leadsTo: "flagged",
    clock: (right, at) => (time) => right(time) - Math.max(0, Math.floor((time - at) / COUNTER) + 1) * COUNTER,
  },
  "leap-second": { leadsTo: "flagged", at: Date.UTC(2027, 0, 1), clock: (right, at) => setBy(right, at, 1_000) },
  year: {
    leadsTo: "quarantined",
    clock: (right, at, dice) => {
      const years = sign(dice);
      return since(at, right, (time) => {
        const shown = new Date(Math.round(right(time)));
        return shown.setUTCFullYear(shown.getUTCFullYear() + years);
      });
    },
  },
  standstill: { leadsTo: "quarantined", clock: (right, at) => since(at, right, () => right(at)) },
};

interface Outcome extends Delivered {
  readonly time: number | null;
  readonly quality: number;
  readonly problem: string | undefined;
}

/** One reading for each delivery, through ingest, at the server's time of its arrival. */
async function play(h: Harness, delivered: readonly Delivered[], from: number): Promise<Outcome[]> {
  h.associations.splice(0, 1, association("a1", "aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa", from - 400 * DAY, null));
  const outcomes: Outcome[] = [];
  for (const one of delivered) {
    h.runtime.advance(Math.max(0, one.receivedAt - h.runtime.clock.now()));
    const before = h.journal.length;
    // A time of 1970 is written as whole milliseconds too.
    await h.send("readings", { at: one.deviceTime, values: { "heart-rate": 60 + (outcomes.length % 60) } });
    const added = h.journal.slice(before);
    const readings = added.flatMap((entry) => (entry.kind === "readings" ? [entry.readings] : []))[0];
    const problem = added.flatMap((entry) => (entry.kind === "quarantine" ? entry.entry.problems : []))[0]?.code;
    outcomes.push({ ...one, time: readings?.times[0] ?? null, quality: readings?.quality[0] ?? 0, problem });
  }
  return outcomes;
}

function scenario(kind: WrongClock, seed: number) {
  const { clock, from = WINTER, at: given, zone, leadsTo } = CASES[kind];
  const dice = diceOf(seed);
  const [aheadMs, drift] = [dice.between(-800, 800), dice.between(-20e-6, 20e-6)];
  const right: DeviceClock = (time) => time + aheadMs + drift * (time - from);
  const at = given ?? from + dice.between(0.8, 1.5) * DAY;
  const delivered = deliveriesOf(clock(right, at, dice), from, from + 2.5 * DAY, diceOf(seed + 500_000));
  return { delivered, from, zone, leadsTo };
}

for (const kind of Object.keys(CASES) as WrongClock[]) {
  test(`${kind}: what comes through ingest is ${CASES[kind].leadsTo} (seed ${SEED})`, async () => {
    for (let seed = SEED * 1_000; seed < SEED * 1_000 + RUNS; seed++) {
      const { delivered, from, zone, leadsTo } = scenario(kind, seed);
      const h = harness();
      h.timeZone = zone;
      const outcomes = await play(h, delivered, from);
      assert.deepEqual(h.reports, []);
      const states = h.of("clock-state").map(({ state }) => state);
      const told = `seed ${seed}: ${states.map((s) => `${s.kind} ${s.leadsTo} ${Math.round(s.aheadMs)}`).join("; ")}`;
      const isIt = (one: ClockState) => one.kind === kind && one.leadsTo === leadsTo;
      // Of a second more or less it is not sure at once.
      const state = kind === "leap-second" ? states.findLast(isIt) : states.find(isIt);
      assert.ok(state, told);
      assert.ok(h.clocks.includes(state), "the watch has heard of it");
      const under = outcomes.filter(({ receivedAt }) => receivedAt > state.decidedAt);
      assert.ok(under.length >= 10, `${told}: ${under.length} behind it`);
      if (leadsTo === "corrected") judgeCorrected(h, under, told);
      if (leadsTo === "flagged") judgeFlagged(under, told);
      if (leadsTo === "quarantined") judgeQuarantined(under, state, told);
    }
  });
}

/** Nothing lies at a wrong time unmarked, most is placed, and what the device said can be told. */
function judgeCorrected(h: Harness, under: readonly Outcome[], told: string): void {
  const placed = under.filter(({ time }) => time !== null);
  assert.ok(placed.length > under.length * 0.9, `${told}: ${placed.length} of ${under.length} placed`);
  const away = placed.filter(({ time, measuredAt }) => Math.abs((time as number) - measuredAt) > 6_000);
  assert.ok(away.length <= placed.length * 0.001, `${told}: ${away.length} of ${placed.length} away`);
  let several = 0;
  for (const { time, deviceTime, quality } of placed) {
    const isMarked = (quality & QUALITY.clockWrong) !== 0;
    const said = isMarked ? h.ingest.said("mon", time as number).map((one) => one.deviceTime) : [];
    const originals = said.length === 0 ? [time as number] : said;
    const isTold = originals.some((original) => Math.abs(original - deviceTime) <= 2);
    assert.ok(isTold, `${told}: said ${deviceTime}, told ${originals}`);
    if (originals.length > 1) several++;
  }
  assert.ok(several <= placed.length * 0.01, `${told}: ${several} of ${placed.length} with several originals`);
}

function judgeFlagged(under: readonly Outcome[], told: string): void {
  const live = under.filter(({ receivedAt, measuredAt }) => receivedAt - measuredAt < MINUTE);
  for (const { time, deviceTime, quality } of live) {
    assert.equal(time, deviceTime, told);
    assert.ok(quality & QUALITY.clockWrong, told);
  }
}

function judgeQuarantined(under: readonly Outcome[], { from, appliesFrom }: ClockState, told: string): void {
  const wrong = under.filter((one) => one.measuredAt > from && one.deviceTime >= (appliesFrom ?? 0));
  const placed = wrong.filter(({ time }) => time !== null);
  assert.ok(placed.length <= wrong.length * 0.001, `${told}: ${placed.length} of ${wrong.length} placed`);
  assert.ok(wrong.every(({ problem, time }) => problem !== undefined || time !== null));
}

test(`a clock that is right changes nothing, whatever the network does (seed ${SEED})`, async () => {
  const dice = diceOf(SEED);
  const [aheadMs, drift] = [dice.between(-800, 800), dice.between(-20e-6, 20e-6)];
  const right: DeviceClock = (time) => time + aheadMs + drift * (time - WINTER);
  const h = harness();
  const outcomes = await play(h, deliveriesOf(right, WINTER, WINTER + 2.5 * DAY, dice), WINTER);
  assert.ok(outcomes.every(({ time, deviceTime, quality }) => time === deviceTime && quality === 0));
  const states = h.of("clock-state");
  assert.ok(states.length > 0 && states.length < 12, `${states.length} states`);
  assert.ok(states.every(({ state }) => state.leadsTo === "kept" && state.isCertain));
});

test("what is sent again becomes the same, hours later and after a restart, and what is learnt goes on", async () => {
  const { delivered, from, zone } = scenario("half-day", SEED * 1_000);
  const [h, other] = [harness(), harness()];
  for (const each of [h, other]) each.timeZone = zone;
  const half = Math.floor(delivered.length * 0.8);
  await play(h, delivered.slice(0, half), from);
  const [saved] = [...h.ingest.clocksLearnt()].map((one) => structuredClone(one));
  assert.ok(saved);
  assert.deepEqual([...h.ingest.clocksLearnt()], [], "saved once");
  const rest = delivered.slice(half, half + 200);
  const first = await play(h, rest, from);
  // Killed: what was seen since it was saved stands in the journal.
  const known: KnownClock = {
    organisationId: ORGANISATION,
    deviceId: "mon",
    track: JSON.parse(JSON.stringify(saved.track)),
    through: saved.through,
    sightings: h.of("clock").flatMap(({ sighting }) => (sighting.serverTime > saved.through ? [sighting] : [])),
    states: h.of("clock-state").map(({ state }) => state),
  };
  assert.ok(known.sightings.length > 10);
  other.ingest.clocksKnown([known]);
  const learnt = [h, other].map(({ ingest }) => JSON.stringify([...ingest.clocksLearnt()]));
  assert.equal(learnt[1], learnt[0], "the same is known after a start");
  assert.equal(other.clocks.at(-1)?.kind, "half-day");
  const later = rest.map((one) => ({ ...one, receivedAt: one.receivedAt + 6 * HOUR }));
  const again = await play(other, later, from);
  const isPlaced = again.filter(({ time }) => time !== null);
  assert.ok(isPlaced.length > 150, `${isPlaced.length} placed`);
  for (const [i, { time }] of again.entries()) if (time !== null) assert.equal(time, first[i]?.time);
});

test("what a gateway says of a device's clock counts, however late it comes", async () => {
  const h = harness();
  h.timeZone = "Asia/Kathmandu";
  h.associations.splice(0, 1, association("a1", "aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa", WINTER - HOUR, null));
  // A thermometer that shows the time of the place, without a zone, heard by a gateway that was cut off for ten hours.
  const values = Array.from({ length: 20 }, (_, n) => ({ at: WINTER + n * 10 * MINUTE, n }));
  h.runtime.advance(WINTER + 10 * HOUR - h.runtime.clock.now());
  for (const { at, n } of values) {
    const shown = new Date(at + 345 * MINUTE - 12 * HOUR);
    const bytes = new Uint8Array([
      0b010,
      0x6e + n,
      0x01,
      0x00,
      0xff,
      shown.getUTCFullYear() & 255,
      shown.getUTCFullYear() >> 8,
      shown.getUTCMonth() + 1,
      shown.getUTCDate(),
      shown.getUTCHours(),
      shown.getUTCMinutes(),
      shown.getUTCSeconds(),
    ]);
    await h.send("raw", [{ codec: "gatt/2a1c", at, hex: Buffer.from(bytes).toString("hex") }], { format: "capture" });
    h.runtime.advance(61_000);
  }
  const { sighting } = h.of("clock").at(-1) ?? assert.fail();
  assert.equal(sighting.gatewayTime, values.at(-1)?.at);
  assert.ok(sighting.serverTime - (sighting.gatewayTime ?? 0) > 6 * HOUR);
  const state = h.of("clock-state").at(-1)?.state;
  assert.ok(state && Math.abs(state.aheadMs + 12 * HOUR) < 61_000, `ahead ${state?.aheadMs}`);
});

test("a person who claims what came under a clock that showed no time gives it the time that is known of the clock", async () => {
  for (const kind of ["reset-1970", "year"] as const) {
    const { delivered, from } = scenario(kind, SEED * 1_000);
    const h = harness();
    const outcomes = await play(h, delivered, from);
    const entries = h.quarantined();
    // The newest of a message that came six minutes late.
    const late = outcomes.findLast((one) => one.time === null && one.receivedAt - one.measuredAt > 5 * MINUTE);
    const entry = entries.find(({ receivedAt }) => receivedAt === late?.receivedAt) ?? assert.fail("nothing came late");
    const before = h.journal.length;
    const claim = { patientId: "bbbbbbbb-bbbb-4bbb-8bbb-bbbbbbbbbbbb", useReceivedTime: true };
    assert.equal((await h.ingest.reprocess(entry, claim)).accepted, 1);
    const placed = h.journal.slice(before).flatMap((one) => (one.kind === "readings" ? [...one.readings.times] : []));
    const off = (placed[0] as number) - (late?.measuredAt as number);
    assert.ok(Math.abs(off) < 6_000, `${kind}: off by ${off} ms`);
  }
});

test("what nobody but a person can tell of a clock a person says: right, and it is marked no more; wrong, and it is corrected", async () => {
  const { delivered, from, zone } = scenario("rollover", SEED * 1_000);
  const h = harness();
  h.timeZone = zone;
  const flaggedAt = async () => {
    for (let i = 0; i < delivered.length; i++) {
      await play(h, delivered.slice(i, i + 1), from);
      if (h.clocks.at(-1)?.leadsTo === "flagged") return i + 1;
    }
    return assert.fail("it was never in doubt");
  };
  const n = await flaggedAt();
  const doubt = h.clocks.at(-1) ?? assert.fail();
  const say = (leadsTo: "kept" | "corrected", seen: number) =>
    h.ingest.decideClock({ deviceId: "mon", seen, leadsTo, by: "kim", because: "looked at it" });
  await assert.rejects(say("kept", doubt.sequence - 1), { code: "CONFLICT" });
  const kept = await say("kept", doubt.sequence);
  assert.deepEqual(
    [kept.sequence, kept.kind, kept.from, kept.appliesFrom, kept.decidedBy, kept.because],
    [doubt.sequence + 1, "rollover", doubt.from, null, "kim", "looked at it"],
  );
  assert.deepEqual(h.of("clock-state").at(-1)?.state, kept, "journalled");
  const isSpan = ({ receivedAt }: Delivered) => receivedAt < doubt.from + 12 * HOUR;
  const rest = delivered.slice(n).filter(isSpan);
  const [first, second] = [rest.slice(0, 60), rest.slice(60, 120)];
  assert.ok(second.length > 30, `${rest.length} left in the span`);
  const right = await play(h, first, from);
  assert.ok(
    right.every(({ time, deviceTime, quality }) => time === deviceTime && (quality & QUALITY.clockWrong) === 0),
    "taken as it is, unmarked",
  );
  assert.equal(h.clocks.at(-1), kept, "and Openward does not decide it again");

  const corrected = await say("corrected", kept.sequence);
  const moved = await play(h, second, from);
  // Its counter has shown each time before: what comes late is of one of two instants, and nobody chooses.
  const placed = moved.filter(({ problem }) => problem !== "TIME_AMBIGUOUS");
  assert.ok(placed.length > 20, `${placed.length} of ${moved.length}`);
  for (const { time, deviceTime, quality, problem } of placed) {
    assert.ok(Math.abs((time ?? 0) - (deviceTime - doubt.aheadMs)) < 6_000, `${time} of ${deviceTime}: ${problem}`);
    assert.ok(quality & QUALITY.clockWrong);
  }
  // It has moved readings: that is taken back where readings are.
  await assert.rejects(say("kept", corrected.sequence), { code: "CONFLICT" });
});
