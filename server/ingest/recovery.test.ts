import assert from "node:assert/strict";
import { test } from "node:test";
import { OutsideTrouble } from "@openward/errors";
import type { DeviceEvent } from "@openward/model";
import { type Harness, harness, START } from "./testing/harness.ts";

const again = { deliveryKey: "session 7", isRedelivery: true };
const timeless = { values: { "body-weight": 70 } };

/** After a start; what was delivered before it is told by `known`. */
function starting(): Harness & { known(key: string, receivedAt: number): void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  const h = harness();
  h.pendingDeliveries = promise;
  return Object.assign(h, {
    known(key: string, receivedAt: number) {
      h.oldDeliveries.set(`mon ${key}`, { receivedAt, associationId: null });
      h.pendingDeliveries = undefined;
      resolve();
    },
  });
}

const settle = () => new Promise<void>((resolve) => setImmediate(resolve));

test("what says no time and may have been delivered before a start waits until that is known", async () => {
  const h = starting();
  h.runtime.advance(20_000);
  const receipt = h.send("readings", timeless, again);
  await settle();
  assert.deepEqual(h.journal, [], "it would stand there with another time");
  h.known("session 7", START + 5_000);
  assert.equal((await receipt).accepted, 1);
  assert.deepEqual(h.placed(), ["body-weight=70@5"]);
  assert.equal(h.live.length, 1, "screens hear of it once");
});

test("what says its time, and what is new, does not wait", async () => {
  const h = starting();
  h.runtime.advance(20_000);
  await h.send("readings", { at: START + 7_000, values: { "body-weight": 71 } }, again);
  await h.send("readings", timeless, { deliveryKey: "session 8", isRedelivery: false });
  await h.send("readings", timeless, { deliveryKey: "session 8", isRedelivery: true });
  assert.deepEqual(h.placed(), ["body-weight=71@7", "body-weight=70@20", "body-weight=70@20"]);
});

test("a call for help rings before it is known whether it is a new one, and is kept once that is known", async () => {
  const h = starting();
  const receipt = h.send("event", { event: "sos-button", id: "1" });
  await settle();
  const rung = h.watched as DeviceEvent[];
  assert.deepEqual(
    rung.map(({ event }) => event),
    ["sos-button"],
  );
  assert.deepEqual(h.of("event"), []);
  h.known("event other", START);
  await receipt;
  assert.deepEqual(
    h.of("event").map(({ event }) => event.at),
    [START],
  );
  assert.equal(
    new Set(rung.map(({ id, at }) => `${id} ${at}`)).size,
    1,
    "one alarm: the watch knows it by id and time",
  );
});

test("where it takes too long, the device is told to send again, and nothing is kept", async () => {
  const h = harness();
  h.pendingDeliveries = Promise.reject(new OutsideTrouble("STORE_RECOVERING", true));
  h.pendingDeliveries.catch(() => {});
  await assert.rejects(h.send("readings", timeless, again), /STORE_RECOVERING/);
  assert.deepEqual(h.journal, []);
});
