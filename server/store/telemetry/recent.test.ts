import assert from "node:assert/strict";
import { test } from "node:test";
import { ABSENT_SAMPLE, QUALITY, type Stream } from "@openward/model";
import { createMemory } from "./memory.ts";
import { recentOf } from "./recent.ts";
import { loadNewest } from "./replay.ts";

const T = Date.UTC(2026, 10, 22, 6);
const stream = (id: string, kind: Stream["kind"]): Stream => ({
  id,
  organisationId: "o",
  patientId: "p",
  deviceId: "d",
  signal: kind === "numeric" ? "spo2" : "ecg-lead-ii",
  kind,
  unit: kind === "numeric" ? "%" : "mV",
});

test("the last readings come in the order in which they arrived, none from before the association, none claimed", () => {
  const memory = createMemory(
    () => T,
    () => false,
  ).open(stream("n", "numeric"));
  const add = (time: number, value: number, receivedAt: number, quality = 0) =>
    memory.addReading(T + time, value, quality, null, T + receivedAt, "a", 1);
  add(-90_000, 99, -90_000);
  add(0, 97, 0);
  add(2_000, 95, 2_000);
  add(1_000, 96, 3_000);
  add(1_500, 50, 4_000, QUALITY.claimed);
  const recent = recentOf(memory, T - 1_000, 600_000);
  assert.deepEqual([...recent.values], [97, 95, 96]);
  assert.deepEqual([...recent.receivedAt], [T, T + 2_000, T + 3_000]);
  assert.deepEqual([...recentOf(memory, T - 1_000_000, 1_000).values], [95, 96], "a second before the newest");
  assert.equal(recentOf(memory, T + 3_000, 600_000).times.length, 0);
});

test("pieces that are all gap are not among the last of a waveform", () => {
  const memory = createMemory(
    () => T,
    () => false,
  ).open(stream("w", "waveform"));
  const add = (at: number, samples: number[]) =>
    memory.addWaveform(
      {
        associationId: "a",
        start: T + at,
        rateHz: 2,
        scale: 1,
        origin: 0,
        samples: Int32Array.from(samples),
        quality: 0,
        utcOffsetMinutes: null,
        receivedAt: T + at + 1_000,
      },
      1,
    );
  add(0, [1, ABSENT_SAMPLE]);
  add(5_000, [ABSENT_SAMPLE, ABSENT_SAMPLE]);
  assert.deepEqual([...recentOf(memory, T, 60_000).times], [T + 500]);
  assert.equal(recentOf(memory, T, 1_000).times.length, 0);
});

test("a waveform that is all in blocks is known to have been heard when it was measured", async () => {
  const memory = createMemory(
    () => T,
    () => false,
  );
  const opened = memory.open(stream("w", "waveform"));
  const blocks = { newest: async () => [{ streamId: "w", lastTime: T - 5_000, block: undefined }] };
  await loadNewest(blocks as never, memory, ["w"]);
  assert.equal(opened.lastReceivedAt, T - 5_000);
  assert.deepEqual([...recentOf(opened, T - 60_000, 1_000).receivedAt], [T - 5_000]);
});
