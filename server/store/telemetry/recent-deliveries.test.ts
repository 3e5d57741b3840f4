import assert from "node:assert/strict";
import { test } from "node:test";
import { REMEMBER_MS, RecentDeliveries } from "./recent-deliveries.ts";

const delivery = (key: string, receivedAt: number) => ({
  organisationId: "o",
  deviceId: "d",
  key,
  receivedAt,
  associationId: `association ${receivedAt}`,
});

test("a delivery is recognised for ten minutes at least, and forgotten after twenty", () => {
  const recent = new RecentDeliveries();
  recent.add(delivery("k", 5), 0);
  recent.add(delivery("other", 6), REMEMBER_MS);
  assert.deepEqual(recent.first("d", "k"), { receivedAt: 5, associationId: "association 5" });
  recent.add(delivery("other", 7), 2 * REMEMBER_MS);
  assert.equal(recent.first("d", "k"), undefined);
});

test("a new message under a key that is used again takes its place", () => {
  const recent = new RecentDeliveries();
  recent.add(delivery("k", 5), 0);
  recent.add(delivery("k", 9), 1);
  assert.equal(recent.first("d", "k")?.receivedAt, 9);
});

test("a flood is remembered for less long, and never holds more than two generations", () => {
  const recent = new RecentDeliveries();
  for (let n = 0; n < 1_000_000; n++) recent.add(delivery(String(n), n), n);
  let held = 0;
  for (let n = 0; n < 1_000_000; n++) if (recent.first("d", String(n)) !== undefined) held++;
  assert.ok(held >= 200_000 && held <= 400_000, `${held} of a million are held`);
  assert.equal(recent.first("d", "999999")?.receivedAt, 999_999);
});
