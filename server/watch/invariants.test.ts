import assert from "node:assert/strict";
import { test } from "node:test";
import type { AgeGroup, Alarm } from "@openward/model";
import { seededRandom } from "@openward/runtime/manual";
import { testSeed } from "../../packages/timeseries/testing/random.ts";
import { profiles } from "./profiles.ts";
import { OTHER, PATIENT, START, type World, world } from "./testing/world.ts";

const seed = testSeed();

/** The rule said a second time, as plainly as possible: what a nurse would note looking at the list of values. */
function expectedAlarms(values: readonly number[], low: number, delay: number, hysteresis: number) {
  const alarms: { onset: number; raised: number; ended: number | null }[] = [];
  let onset: number | null = null;
  let alarm: { onset: number; raised: number; ended: number | null } | null = null;
  values.forEach((value, second) => {
    if (onset === null) {
      if (value < low) onset = second;
      else return;
    }
    if (value >= low && value >= low + hysteresis) {
      if (alarm) alarm.ended = second;
      onset = null;
      alarm = null;
    } else if (!alarm && value < low && second - onset >= delay) {
      alarm = { onset, raised: second, ended: null };
      alarms.push(alarm);
    }
  });
  return alarms;
}

test(`every breach that lasts raises exactly one alarm, and no other does (seed ${seed})`, async () => {
  const random = seededRandom(seed);
  let total = 0;
  for (let round = 0; round < 150; round++) {
    const delay = Math.floor(random.float() * 8);
    const hysteresis = Math.floor(random.float() * 3);
    const w = await world();
    await w.set({ signal: "spo2", low: 90, delayMs: delay * 1_000, hysteresis });
    let level = 92;
    const values = Array.from({ length: 200 }, () => {
      level = Math.min(100, Math.max(80, level + Math.floor(random.float() * 5) - 2));
      return level;
    });
    for (const value of values) {
      w.read("spo2", value);
      // Sent twice, or an old one once more: nothing comes of it.
      if (random.float() < 0.1) w.read("spo2", value);
      if (random.float() < 0.1) w.read("spo2", 50, { time: START });
      w.runtime.advance(1_000);
      if (random.float() < 0.02) {
        // The journal is up: what was raised is known after a restart; what was pending begins anew.
        const isPending = w.open("limit-low").length === 0 && value < 90 + hysteresis;
        await w.settle();
        if (!isPending) await w.restart();
      }
    }
    const expected = expectedAlarms(values, 90, delay, hysteresis);
    const byId = new Map<string, Alarm>();
    for (const alarm of w.shown) if (alarm.rule === "limit-low") byId.set(alarm.id, alarm);
    const actual = [...byId.values()].map((a) => ({
      onset: (a.onsetAt - START) / 1_000,
      raised: (a.raisedAt - START) / 1_000,
      ended: a.conditionEndedAt === null ? null : (a.conditionEndedAt - START) / 1_000,
    }));
    assert.deepEqual(actual, expected, `round ${round}, delay ${delay} s, hysteresis ${hysteresis}`);
    total += expected.length;
  }
  assert.ok(total > 300, `${total} alarms: enough to mean something`);
});

const ACTIONS = 400;

test(`whatever happens, the life of alarms stays in order (seed ${seed})`, async () => {
  const random = seededRandom(seed + 1);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random.float() * list.length)] as T;
  let acknowledged = 0;
  let conflicts = 0;
  for (let round = 0; round < 25; round++) {
    const w = await world(pick<AgeGroup | null>(["adult", "pediatric", "neonate", null]));
    /** What each nurse's screen showed last; some screens are behind. */
    const screens: Alarm[][] = [[], [], []];
    for (let i = 0; i < ACTIONS; i++) {
      switch (Math.floor(random.float() * 16)) {
        case 0:
          if (round % 2 === 0)
            await w.set({
              signal: "heart-rate",
              high: 100 + Math.floor(random.float() * 40),
              latching: random.float() < 0.5,
            });
          break;
        case 1:
          if (random.float() < 0.3) w.put("mon", pick([PATIENT, OTHER]));
          break;
        case 2:
          if (random.float() < 0.2) {
            w.watch.startStandby(w.view, PATIENT, { streamId: null, reason: "bath", minutes: 1 });
          }
          break;
        case 3:
          await w.settle();
          await w.restart();
          break;
        case 4:
          w.journalDown = random.float() < 0.3;
          break;
        case 5:
          w.watch.connection("mon", "o", random.float() < 0.7, w.runtime.clock.now());
          break;
        case 6:
          screens[Math.floor(random.float() * 3)] = w.open();
          break;
        case 7: {
          const seen = pick(pick(screens));
          if (seen === undefined) break;
          const now = w.open().find((a) => a.id === seen.id);
          try {
            w.watch.acknowledge(w.view, seen.id, seen.revision);
            assert.equal(now?.revision, seen.revision, "only what was seen is answered");
            acknowledged++;
          } catch (error) {
            assert.notEqual(now?.revision, seen.revision);
            assert.ok(["CONFLICT", "NOT_FOUND"].includes((error as { code: string }).code));
            if (now)
              assert.deepEqual(
                w.open().find((a) => a.id === seen.id),
                now,
                "a refused answer changes nothing",
              );
            conflicts++;
          }
          break;
        }
        case 8:
          w.runtime.advance(pick([100, 5_000, 30_000]));
          break;
        case 9:
        case 10:
          for (const screen of screens.keys()) if (random.float() < 0.7) screens[screen] = w.open();
          break;
        default:
          w.read("spo2", pick([70, 85, 92, 97]));
          w.read("heart-rate", pick([45, 80, 110, 130, 170]));
          w.runtime.advance(1_000);
      }
      assertOneEach(w);
    }
    assertLives(w.shown);
    assert.deepEqual(
      w.reports.filter((error) => !(error as { code?: string }).code),
      [],
    );
  }
  assert.ok(acknowledged > 30 && conflicts > 20, `${acknowledged} answered, ${conflicts} conflicts`);
});

function assertOneEach(w: World): void {
  const seen = new Set<string>();
  for (const { rule, streamId, deviceId } of w.open()) {
    if (rule === "event") continue;
    const key = `${rule} ${streamId ?? deviceId}`;
    assert.ok(!seen.has(key), `two open alarms for ${key}`);
    seen.add(key);
  }
}

/** Within one run of the server; a crash may take revisions back that were not durable, and they come again. */
function assertLives(shown: readonly Alarm[]): void {
  const last = new Map<string, Alarm>();
  for (const alarm of shown) {
    const before = last.get(alarm.id);
    if (before && alarm.revision > before.revision) {
      assert.notEqual(before.state, "resolved", "what is resolved stays so");
      assert.equal(alarm.onsetAt, before.onsetAt);
      if (before.state === "acknowledged") assert.notEqual(alarm.state, "raised", "an answer is not taken back");
    }
    if (alarm.state === "raised") assert.equal(alarm.acknowledgedAt, null);
    if (alarm.state === "acknowledged") assert.ok(alarm.acknowledgedBy !== null && alarm.conditionEndedAt === null);
    assert.equal(alarm.state === "resolved", alarm.resolvedAt !== null);
    if (alarm.latched) assert.ok(alarm.conditionEndedAt !== null && alarm.state === "raised");
    last.set(alarm.id, alarm);
  }
}

test(`no limit of another age ever raises an alarm, unless a person chose it (seed ${seed})`, async () => {
  const random = seededRandom(seed + 2);
  const signals = ["heart-rate", "spo2", "respiratory-rate", "nibp-systolic", "body-temperature"];
  let alarms = 0;
  for (const group of ["adult", "pediatric", "neonate", null] as const) {
    const w = await world(group);
    for (let i = 0; i < 3_000; i++) {
      const value = random.float() * 220;
      const signal = signals[i % signals.length] as string;
      w.read(
        signal,
        signal === "spo2" ? Math.min(100, value) : signal === "body-temperature" ? 30 + value / 15 : value,
      );
      w.runtime.advance(Math.floor(random.float() * 20_000));
    }
    for (const alarm of w.shown) {
      // What is measured at random asks whose it is as well, and that is no limit.
      if (alarm.limit === null || alarm.rule.startsWith("wearer-")) continue;
      assert.notEqual(group, null, "no age, no limit");
      const row = profiles[group ?? "adult"].find((r) => r.signal === alarm.signal);
      const field = {
        "limit-low": "low",
        "limit-high": "high",
        "critical-low": "criticalLow",
        "critical-high": "criticalHigh",
      }[alarm.rule as "limit-low"] as "low";
      assert.equal(alarm.limit, row?.[field], `${group} ${alarm.signal} ${alarm.rule}`);
      alarms++;
    }
  }
  assert.ok(alarms > 500);
});
