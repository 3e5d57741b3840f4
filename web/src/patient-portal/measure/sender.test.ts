import assert from "node:assert/strict";
import { test } from "node:test";
import type { Outbox, Sealed, Waiting } from "./outbox.ts";
import { createSender, type SenderDeps, type SendState } from "./sender.ts";

/** As the browser's store does it, in memory: `outbox.ts` is held to it by the browser tests. */
function memoryOutbox(): Outbox & { readonly sealed: Map<string, Sealed> } {
  const waiting: Waiting[] = [];
  const sealed = new Map<string, Sealed>();
  let keys = 0;
  const never = async (): Promise<never> => assert.fail("nobody asks for it here");
  return {
    sealed,
    add: async (one) => void waiting.push(one),
    async next() {
      const [before] = sealed.values();
      if (before) return before;
      const one = waiting.shift();
      if (!one) return undefined;
      const made = { ...one, key: `key-${++keys}` };
      sealed.set(made.key, made);
      return made;
    },
    replace: async (one) => void sealed.set(one.key, one),
    done: async (key) => void sealed.delete(key),
    waiting: never,
    discard: never,
    devices: never,
    remember: never,
    forget: never,
  };
}

function world(send: (sealed: Sealed, sentAt: number, attempt: number, signal: AbortSignal) => Promise<boolean>) {
  let clock = 1_000_000;
  const server = 5_000_000;
  const sent: Sealed[] = [];
  const states: SendState[] = [];
  const timers: (() => void)[] = [];
  const outbox = memoryOutbox();
  const deps: SenderDeps = {
    outbox,
    personId: "p",
    async send(sealed, sentAt, signal) {
      sent.push(sealed);
      const isTaken = await send(sealed, sentAt, sent.length, signal);
      return { isTaken, now: server, accepted: 1, quarantined: [] };
    },
    whyNot: (error) => ((error as Error).message === "no line" ? "offline" : { text: (error as Error).message }),
    now: () => clock,
    observe(time) {
      clock = time;
    },
    after(_ms, run) {
      timers.push(run);
      return () => void (timers.includes(run) && timers.splice(timers.indexOf(run), 1));
    },
    alone: (work) => work(),
    onState: (state) => void states.push(state),
    onQuarantined() {},
    onSent() {},
  };
  const settled = async () => {
    for (let i = 0; i < 50; i++) await Promise.resolve();
  };
  const values = [{ codec: "gatt/2a37", at: 999_000, hex: "0048" }];
  const waiting = { personId: "p", patientId: "q", deviceId: "d", values };
  return { sender: createSender(deps), outbox, sent, states, timers, settled, waiting };
}

test("what had no answer is sent again under the same key, before anything else", async () => {
  const { sender, outbox, sent, states, timers, settled, waiting } = world(async (_sealed, _at, attempt) => {
    if (attempt === 1) throw new Error("no line");
    return true;
  });
  await outbox.add(waiting);
  await outbox.add({ ...waiting, deviceId: "e" });
  sender.poke();
  await settled();
  assert.deepEqual(states, [{ state: "offline" }]);
  timers.shift()?.();
  await settled();
  assert.deepEqual(
    sent.map(({ key, deviceId }) => `${key} ${deviceId}`),
    ["key-1 d", "key-1 d", "key-2 e"],
  );
  assert.deepEqual(sent[0]?.values, sent[1]?.values);
  assert.equal(outbox.sealed.size, 0);
});

test("a line that never answers is given up, and what was on it is sent again under the same key", async () => {
  const { sender, outbox, sent, states, timers, settled, waiting } = world(async (_sealed, _at, attempt, signal) => {
    if (attempt === 1) await new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
    return true;
  });
  await outbox.add(waiting);
  sender.poke();
  await settled();
  assert.deepEqual([sent.length, states], [1, []], "it waits");
  timers.shift()?.();
  await settled();
  assert.deepEqual(states, [{ state: "offline" }]);
  timers.shift()?.();
  await settled();
  assert.deepEqual(
    sent.map(({ key }) => key),
    ["key-1", "key-1"],
  );
  assert.deepEqual([outbox.sealed.size, timers.length, states.at(-1)?.state], [0, 0, "going"]);
});

test("times of a clock that is wrong are moved once, and are the same when they are sent again", async () => {
  const { sender, outbox, sent, timers, settled, waiting } = world(async (_sealed, sentAt, attempt) => {
    if (sentAt !== 5_000_000) return false;
    if (attempt === 2) throw new Error("no line");
    return true;
  });
  await outbox.add(waiting);
  sender.poke();
  await settled();
  timers.shift()?.();
  await settled();
  assert.deepEqual(
    sent.map(({ values }) => values[0]?.at),
    [999_000, 4_999_000, 4_999_000],
  );
});

test("what is refused stays, and is told", async () => {
  const { sender, outbox, states, settled, waiting } = world(async () => {
    throw new Error("ended by the ward");
  });
  await outbox.add(waiting);
  sender.poke();
  await settled();
  assert.deepEqual(states, [{ state: "refused", deviceId: "d", text: "ended by the ward" }]);
  assert.equal(outbox.sealed.size, 1);
});
