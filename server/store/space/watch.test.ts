import assert from "node:assert/strict";
import { test } from "node:test";
import { OutsideTrouble } from "@openward/errors";
import type { RawInput } from "@openward/model";
import { manualRuntime } from "@openward/runtime/manual";
import { refuseWhenFull, watchSpace } from "./watch.ts";

const MB = 1_000_000;
const quiet = { warn: () => {}, info: () => {} };

async function spaceOf(free: Record<string, number | Error>) {
  const runtime = manualRuntime(Date.UTC(2026, 10, 26), 1);
  let asked = 0;
  const space = await watchSpace({
    places: Object.keys(free).map((folder) => ({ name: folder, folder })),
    async freeOf(folder) {
      asked++;
      const found = free[folder];
      if (found instanceof Error || found === undefined) throw found ?? new Error("unknown");
      return found;
    },
    warnBytes: 2000 * MB,
    floorBytes: 400 * MB,
    timers: runtime.timers,
    log: quiet,
  });
  return { space, runtime, asked: () => asked };
}

test("the fullest of the disks decides; states change at their thresholds and end a little above them", async () => {
  const free: Record<string, number | Error> = { data: 5000 * MB, spool: 2001 * MB };
  const { space } = await spaceOf(free);
  const told: string[] = [];
  space.onChange((state) => void told.push(state));
  const steps: [number, string][] = [
    [2000, "ok"],
    [1999, "low"],
    [2100, "low"],
    [400, "low"],
    [399, "full"],
    [420, "full"],
    [450, "low"],
    [2300, "ok"],
    [100, "full"],
    [9000, "ok"],
  ];
  for (const [megabytes, expected] of steps) {
    free.spool = megabytes * MB;
    await space.look();
    assert.equal(space.state, expected, `${megabytes} MB`);
  }
  assert.deepEqual(told, ["low", "full", "low", "ok", "full", "ok"]);
  free.spool = new Error("gone");
  free.data = 100 * MB;
  await space.look();
  assert.equal(space.state, "full", "what cannot be asked does not hide what can");
  assert.deepEqual(space.places(), [
    { name: "data", freeBytes: 100 * MB },
    { name: "spool", freeBytes: null },
  ]);
  free.data = new Error("gone");
  await space.look();
  assert.equal(space.state, "full", "nothing known: nothing changes");
});

test("it is looked at twice a second, without being asked", async () => {
  const free = { data: 5000 * MB };
  const { space, runtime, asked } = await spaceOf(free);
  assert.equal(asked(), 1);
  free.data = 0;
  const changed = new Promise((resolve) => space.onChange(resolve));
  runtime.advance(500);
  assert.equal(await changed, "full");
  assert.equal(asked(), 2);
  space.stop();
  runtime.advance(5_000);
  assert.equal(asked(), 2, "stopped is stopped");
});

test("while the disk is full devices' entries are refused with a code, and go on by themselves after that", async () => {
  const taken: unknown[] = [];
  const raw = { deviceId: "a device" } as unknown as RawInput;
  const space: { state: "ok" | "low" | "full" } = { state: "full" };
  const journal = refuseWhenFull({ append: async (...given) => void taken.push(given) }, space);
  await assert.rejects(
    journal.append([]),
    (error) => error instanceof OutsideTrouble && error.code === "DISK_FULL" && error.retry,
  );
  space.state = "low";
  await journal.append([], raw);
  assert.deepEqual(taken, [[[], raw]], "with what was sent");
});
