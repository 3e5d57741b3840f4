import assert from "node:assert/strict";
import { test } from "node:test";
import { valueAt } from "./line.ts";
import { type Finding, recognise, type Treatment, type WrongClock, type ZoneOffset } from "./recognise.ts";
import { DAY, type Delivered, type DeviceClock, deliveriesOf, diceOf, HOUR, MINUTE } from "./testing/deliveries.ts";
import { DAYS, FAULTS, FROM, healthyClock } from "./testing/faults.ts";
import { type ClockTrack, currentEpoch, MAX_EPOCHS, MAX_POINTS, newClockTrack, observe } from "./track.ts";
import { trueTimes } from "./true-time.ts";

const SEED = Number(process.env.SEED ?? 1);
const RUNS = Number(process.env.RUNS ?? 10);
const LEADS_TO: Record<WrongClock, Treatment> = {
  drift: "corrected",
  step: "corrected",
  "local-as-utc": "corrected",
  "half-day": "corrected",
  date: "corrected",
  "zone-change": "corrected",
  "dst-spring": "corrected",
  "dst-autumn": "corrected",
  rollover: "corrected",
  "leap-second": "flagged",
  "reset-1970": "quarantined",
  "reset-2000": "quarantined",
  year: "quarantined",
  standstill: "quarantined",
};
const UTC: ZoneOffset = () => 0;

function seeds(): number[] {
  return Array.from({ length: RUNS }, (_, i) => SEED * 1_000 + i);
}

/**
 * Campaigns found these: a drift forgotten at a midnight, silence before the drift was known, silence around a midnight, a
 * counter that ran over in a silence behind which nothing but late data came, one that did so just now, a leap second by one
 * message before midnight, a slope that holds where the line touches and not at its ends.
 */
const FOUND: Partial<Record<WrongClock, readonly number[]>> = {
  drift: [7_007, 11_080],
  step: [7_169],
  rollover: [11_186, 20_188, 20_838],
  "reset-2000": [20_192],
  "zone-change": [20_687],
  standstill: [20_453],
};

function learn(delivered: readonly Delivered[]): ClockTrack {
  const track = newClockTrack();
  for (const sighting of delivered) observe(track, sighting);
  return track;
}

function run(seed: number, clock: DeviceClock): { track: ClockTrack; delivered: Delivered[] } {
  const delivered = deliveriesOf(clock, FROM, FROM + DAYS * DAY, diceOf(seed + 500_000));
  return { track: learn(delivered), delivered };
}

function told(found: readonly Finding[]): string {
  return found
    .map((f) => `${f.kind} from ${new Date(f.from).toISOString()}, ahead ${f.aheadMs}, step ${f.stepMs}`)
    .join("; ");
}

test(`healthy clocks raise no finding, whatever the network does (seed ${SEED})`, () => {
  for (const seed of [...seeds(), ...seeds().map((one) => one + 100_000)]) {
    const { track } = run(seed, healthyClock(diceOf(seed)));
    const found = recognise(track, UTC);
    assert.equal(told(found), "", `seed ${seed}`);
    assert.ok(
      track.epochs.length === 2,
      `seed ${seed}: one epoch, and one since the midnight of a possible leap second`,
    );
  }
});

for (const kind of Object.keys(FAULTS) as WrongClock[]) {
  test(`${kind}: recognised, and nothing else found (seed ${SEED})`, () => {
    for (const seed of [...seeds(), ...(FOUND[kind] ?? [])]) {
      const fault = FAULTS[kind](diceOf(seed));
      const { track, delivered } = run(seed, fault.clock);
      const found = recognise(track, fault.zoneOffset);
      const before = `seed ${seed}: ${told(found)}`;
      const others = found.filter((one) => one.kind !== kind && !isHowItBegan(one, fault.at));
      assert.equal(told(others), "", `seed ${seed}: something else was found`);
      const one =
        found.find((candidate) => candidate.kind === kind && candidate.isCertain) ?? found.find((f) => f.kind === kind);
      assert.ok(one, `seed ${seed}: not recognised among ${JSON.stringify(found)}`);
      assert.equal(one.leadsTo, one.isCertain ? LEADS_TO[kind] : "flagged", before);
      const { at } = fault;
      if (at !== null) {
        // Not earlier than it happened; later by an outage and what the proof takes.
        assert.ok(
          one.from >= at - 2_000 && one.from <= at + 10 * HOUR,
          `${before}, but it happened at ${new Date(at).toISOString()}`,
        );
      }
      if (kind !== "standstill" && kind !== "leap-second") judgeTimes(track, delivered, seed);
    }
  });
}

/** A clock of the place was one before it was set to another. */
function isHowItBegan(one: Finding, at: number | null): boolean {
  return one.kind === "local-as-utc" && at !== null && one.from < at;
}

/** Of every delivery the true time is among those that are told, within what is told of its bounds. */
function judgeTimes(track: ClockTrack, delivered: readonly Delivered[], seed: number): void {
  let missed = 0;
  let single = 0;
  for (const { deviceTime, receivedAt, measuredAt } of delivered) {
    const times = trueTimes(track, deviceTime, receivedAt);
    const isAmong = times.some((t) => measuredAt >= t.time - t.earlierMs && measuredAt <= t.time + t.laterMs);
    if (!isAmong) missed++;
    if (times.length === 1) single++;
  }
  assert.ok(
    missed <= delivered.length * 0.001,
    `seed ${seed}: ${missed} of ${delivered.length} true times are out of the bounds`,
  );
  assert.ok(single >= delivered.length * 0.5, `seed ${seed}: only ${single} of ${delivered.length} have one time`);
}

test("offset and drift lie within the bounds that are told, with outages and late data", () => {
  for (const seed of seeds()) {
    const dice = diceOf(seed);
    const [aheadMs, drift] = [dice.between(-30, 30) * MINUTE, dice.between(-500e-6, 500e-6)];
    const clock: DeviceClock = (at) => at + aheadMs + drift * (at - FROM);
    const { track } = run(seed, clock);
    const current = currentEpoch(track);
    assert.ok(current);
    const { line, to } = current;
    const error = clock(to) - to - valueAt(line, to);
    assert.ok(
      error >= -line.belowMs && error <= line.aboveMs,
      `seed ${seed}: off by ${error} ms, told ${JSON.stringify(line)}`,
    );
    const driftError = Math.abs(line.drift - drift);
    assert.ok(driftError <= line.driftBound, `seed ${seed}: drift off by ${driftError}, told ${line.driftBound}`);
    assert.ok(line.driftBound < 100e-6, `seed ${seed}: a bound of ${line.driftBound} says nothing`);
  }
});

test("a buffer of a day, three times, shuffled, hours late, is no other clock", () => {
  for (const seed of seeds()) {
    const dice = diceOf(seed);
    const track = newClockTrack();
    const live = (from: number) => {
      for (let at = from; at < from + 20 * MINUTE; at += MINUTE)
        observe(track, { deviceTime: at, receivedAt: at + 200 });
    };
    live(FROM);
    const epochs = JSON.stringify(track.epochs);
    const pieces = Array.from({ length: 3 * 96 }, (_, i) => FROM + HOUR + (i % 96) * 15 * MINUTE);
    for (let i = pieces.length - 1; i > 0; i--) {
      const j = Math.floor(dice.float() * (i + 1));
      [pieces[i], pieces[j]] = [pieces[j] as number, pieces[i] as number];
    }
    const late = FROM + 29 * HOUR;
    for (const [i, deviceTime] of pieces.entries()) observe(track, { deviceTime, receivedAt: late + i * 5_000 });
    assert.equal(JSON.stringify(track.epochs), epochs, `seed ${seed}`);
    live(late + 40 * MINUTE);
    assert.equal(told(recognise(track, UTC)), "", `seed ${seed}`);
  }
});

test("a clock of the place that stays behind when summer time begins is found", () => {
  const at = FROM + 1.5 * DAY;
  const zoneOffset: ZoneOffset = (time) => (time < at ? 60 : 120);
  const { track } = run(1, (time) => time + HOUR);
  assert.deepEqual(
    recognise(track, zoneOffset).map(({ kind }) => kind),
    ["local-as-utc", "dst-spring"],
  );
});

test("a device that says twice what its clock shows is believed at once", () => {
  const track = newClockTrack();
  for (const at of [FROM, FROM + 6_000]) observe(track, { deviceTime: at - HOUR, receivedAt: at, isStated: true });
  const [one] = recognise(track, UTC);
  assert.equal(one?.kind, "local-as-utc");
  assert.equal(one?.leadsTo, "corrected");
  assert.deepEqual(
    trueTimes(track, FROM - HOUR, FROM).map(({ time }) => time),
    [FROM],
  );
});

test("readings that always come late are not corrected: their clock may well be right", () => {
  const track = newClockTrack();
  for (let at = FROM; at < FROM + DAY; at += 5 * MINUTE) observe(track, { deviceTime: at - HOUR, receivedAt: at });
  assert.ok(recognise(track, UTC).every(({ leadsTo }) => leadsTo === "flagged"));
});

test("one message over and over is no clock that stands still", () => {
  const track = newClockTrack();
  for (let i = 0; i < 100; i++) observe(track, { deviceTime: FROM, receivedAt: FROM + i * MINUTE, bodyHash: 7 });
  assert.deepEqual(recognise(track, UTC), []);
});

test("an hour that came twice has two times, unless it has just been measured", () => {
  const at = FROM + DAY + 30 * MINUTE;
  const zoneOffset: ZoneOffset = (time) => (time < at ? 120 : 60);
  const track = newClockTrack();
  for (let time = FROM; time < FROM + 2 * DAY; time += MINUTE) {
    observe(track, { deviceTime: time + (zoneOffset(time) as number) * MINUTE, receivedAt: time });
  }
  const [first, second] = [at - 20 * MINUTE, at + 40 * MINUTE];
  const shown = first + 2 * HOUR;
  assert.deepEqual(
    trueTimes(track, shown, FROM + 2 * DAY).map(({ time }) => time),
    [first, second],
  );
  assert.deepEqual(
    trueTimes(track, shown, second).map(({ time }) => time),
    [second],
  );
});

test("a time that the clock had passed before a silence is late data, or of a clock that was set in it", () => {
  const track = newClockTrack();
  for (let at = FROM; at < FROM + 2 * HOUR; at += MINUTE) observe(track, { deviceTime: at, receivedAt: at });
  const [end, back] = [FROM + 2 * HOUR - MINUTE, FROM + 5 * HOUR];
  const passed = trueTimes(track, FROM + HOUR, back);
  assert.deepEqual(
    passed.map(({ time }) => time),
    [FROM + HOUR, back],
  );
  const since = passed[1] ?? assert.fail();
  assert.ok(since.time - since.earlierMs <= end && since.time + since.laterMs >= back, JSON.stringify(since));
  const buffered = trueTimes(track, FROM + 3 * HOUR, back);
  assert.deepEqual(
    buffered.map(({ time }) => time),
    [FROM + 3 * HOUR],
    "what it measured in the silence is not in doubt",
  );
});

test("a track of a year with a clock that is set every day stays small, and is the same after it was saved", () => {
  const dice = diceOf(SEED);
  let track = newClockTrack();
  let aheadMs = 0;
  for (let i = 0; i < 365 * 48; i++) {
    if (i % 48 === 0) aheadMs = dice.between(-DAY, DAY);
    const receivedAt = FROM + i * 30 * MINUTE;
    observe(track, { deviceTime: Math.round(receivedAt + aheadMs), receivedAt, bodyHash: i });
    if (i % 1_000 === 0) track = JSON.parse(JSON.stringify(track)) as ClockTrack;
  }
  assert.ok(track.epochs.length === MAX_EPOCHS, `${track.epochs.length} epochs`);
  assert.ok(track.epochs.every(({ points }) => points.length <= MAX_POINTS));
  assert.ok(JSON.stringify(track).length < 100_000, `${JSON.stringify(track).length} bytes`);
});
