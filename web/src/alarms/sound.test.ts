import assert from "node:assert/strict";
import { test } from "node:test";
import type { Clock } from "../live/clock.ts";
import type { Burst } from "./burst.ts";
import { createAlarmSound, PAUSE_MS, type Sounding } from "./sound.ts";

function harness(isAllowedAtStart = true) {
  let now = 0;
  let isAllowed = isAllowedAtStart;
  const played: { at: number; burst: Burst }[] = [];
  const clock: Clock = {
    monotonic: () => now,
    wall: () => 1_000_000 + now,
    setTimeout: () => 0,
    clearTimeout: () => undefined,
    random: () => 0,
  };
  const sound = createAlarmSound({
    clock,
    speaker: {
      isAllowed: () => isAllowed,
      allow: async () => {
        isAllowed = true;
      },
      play: (burst) => played.push({ at: now, burst }),
      hush: () => undefined,
      onChange: () => undefined,
    },
  });
  const pass = (ms: number) => {
    for (const end = now + ms; now < end; ) {
      now += 500;
      sound.tick();
    }
  };
  return { sound, played, pass };
}

const high: Sounding = { id: "h", priority: "high", melody: "oxygen" };
const medium: Sounding = { id: "m", priority: "medium", melody: "general" };

test("sound is off until a person allows it, and then the alarm that waits is heard", async () => {
  const { sound, played } = harness(false);
  sound.follow([high]);
  assert.equal(sound.state().state, "off");
  assert.equal(played.length, 0);
  await sound.turnOn();
  assert.equal(sound.state().state, "on");
  assert.equal(played.length, 1);
});

test("bursts repeat as their priority asks, and a more urgent alarm is heard at once", () => {
  const { sound, played, pass } = harness();
  sound.follow([medium]);
  pass(2_000);
  sound.follow([high, medium]);
  assert.deepEqual(
    played.map((p) => [p.at, p.burst.pulses.length]),
    [
      [0, 3],
      [2_000, 10],
    ],
  );
  pass(30_000);
  assert.ok(played.length >= 6 && played.length <= 7, `${played.length} bursts`);
});

test("a pause lasts two minutes and ends by itself", () => {
  const { sound, played, pass } = harness();
  sound.follow([high]);
  sound.pause();
  assert.equal(sound.state().state, "paused");
  pass(PAUSE_MS - 500);
  assert.equal(played.length, 1);
  pass(500);
  assert.equal(sound.state().state, "on");
  assert.equal(played.length, 2);
});

test("a new high alarm ends the pause; a new medium one does not", () => {
  const { sound } = harness();
  sound.follow([high]);
  sound.pause();
  sound.follow([high, medium]);
  assert.equal(sound.state().state, "paused");
  sound.follow([{ ...high, id: "h2" }, high, medium]);
  assert.equal(sound.state().state, "on");
});

test("when everything is answered it is silent", () => {
  const { sound, played, pass } = harness();
  sound.follow([high]);
  sound.follow([]);
  pass(20_000);
  assert.equal(played.length, 1);
});
