import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "@openward/runtime/manual";
import type { Outcome } from "./deliver.ts";
import { type Answering, faultsOf, house } from "./testing/house.ts";
import { createBindingTokens, TOKEN_MS, tokenIn } from "./tokens.ts";

const SEED = Number(process.env.SEED ?? 20261128);
const HOUR = 3_600_000;
const fails = (error: string, retryAfterMs: number | null = null): Outcome => ({ error, retryAfterMs });

test("a receiver that is down for an hour gets everything when it is back, in order, and the subscription says how it stands", async () => {
  let isDown = false;
  const h = house({ answer: () => (isDown ? fails("its receiver answered 503") : "taken") });
  await h.settle();
  assert.equal(h.brought[0]?.type, "handshake");
  assert.deepEqual(h.statuses, ["active"]);
  isDown = true;
  for (let minute = 0; minute < 60; minute++) {
    h.happen(`p${minute % 3}`, `e${minute}`);
    await h.pass(60_000, 5_000);
  }
  assert.equal(h.state().progress.events, 60, "numbered all the while");
  assert.equal(h.state().progress.delivered, 0);
  assert.equal(h.state().subscription.status, "error");
  assert.match(h.state().subscription.error ?? "", /503/);
  const calls = h.brought.length;
  assert.ok(calls < 20, `${calls} calls in an hour`);
  isDown = false;
  await h.pass(HOUR, 10_000);
  assert.deepEqual(faultsOf(h.log, h.brought), []);
  assert.equal(h.state().progress.delivered, 60);
  assert.deepEqual(h.statuses, ["active", "error", "active"]);
  await h.stop();
});

test("a handshake that nobody answers leaves it in error, asked again; without one success for three days it is off", async () => {
  const h = house({ answer: () => fails("the connection was refused") });
  h.happen("p", "e");
  await h.pass(4 * 24 * HOUR, 600_000);
  assert.ok(h.brought.every(({ type }) => type === "handshake"));
  assert.deepEqual(h.statuses, ["error", "off"]);
  const calls = h.brought.length;
  assert.ok(calls > 60 && calls < 150, `${calls} calls`);
  await h.pass(HOUR, 60_000);
  await h.stop();
});

test("410 Gone turns it off at once", async () => {
  const h = house({ answer: (nth) => (nth === 0 ? "taken" : "gone") });
  await h.settle();
  h.happen("p", "e");
  await h.pass(5_000);
  assert.deepEqual(h.statuses, ["active", "off"]);
  await h.stop();
});

/** Every kind of answer, and none. */
function anything(seed: number): Answering {
  const random = seededRandom(seed);
  const kinds: readonly (Outcome | "lost")[] = [
    "lost",
    fails("no answer in time"),
    fails("its receiver answered 500"),
    fails("its receiver answered 503", 30_000),
    fails("its receiver answered 429", 120_000),
    fails("its receiver answered 302"),
    fails("its receiver answered 404"),
    fails("its receiver answered 400"),
    fails("its receiver answered 401"),
  ];
  return () =>
    random.float() < 0.5 ? "taken" : (kinds[Math.floor(random.float() * kinds.length)] as Outcome | "lost");
}

/** A hundred kills of a house whose receiver answers anything and whose database fails now and then. */
async function troubled(seed: number, planted?: Parameters<typeof house>[0]["planted"]) {
  const random = seededRandom(seed + 2);
  const h = house({ answer: anything(seed), seed, trouble: 0.05, ...(planted ? { planted } : {}) });
  let kills = 0;
  for (let i = 0; i < 1_000; i++) {
    h.happen(`p${i % 5}`, `e${i}`);
    if (random.float() < 0.3) await h.pass(Math.floor(random.float() * 90_000), 30_000);
    if (random.float() < 0.1) {
      await h.kill();
      kills++;
    }
  }
  await h.pass(200 * HOUR, 600_000);
  await h.stop();
  return { h, kills };
}

test(`over a hundred kills, every kind of answer and a database that fails, each event comes, in order (seed ${SEED})`, async (t) => {
  const { h, kills } = await troubled(SEED);
  const sent = h.brought.flatMap(({ events }) => events).length;
  t.diagnostic(
    `${h.log.length} events, ${kills} kills, ${h.brought.length} calls, ${sent} sent, ${h.troubles.length} failures of the database`,
  );
  assert.equal(h.log.length, 1_000, "each once, whatever happened");
  assert.equal(new Set(h.log.map(({ event }) => event?.reference)).size, 1_000);
  assert.deepEqual(faultsOf(h.log, h.brought), []);
  assert.ok(kills > 60 && h.troubles.length > 10 && sent > 1_000);
});

test("a sender that leaves one event out, or swaps two, is found", async () => {
  const dropped = await troubled(SEED, (events) => events.filter(({ number }) => number !== 500));
  assert.ok(faultsOf(dropped.h.log, dropped.h.brought).includes("500 never came"));
  const swapped = await troubled(SEED, (events) =>
    events.length > 1 ? [...events.slice(1), ...events.slice(0, 1)] : events,
  );
  assert.match(faultsOf(swapped.h.log, swapped.h.brought).join(), /came behind/);
});

test("what is older than what is kept is told as a span of time, under a number", async () => {
  const heldSince = Date.UTC(2026, 11, 1);
  const h = house({ answer: () => "taken", heldSince });
  await h.settle();
  h.runtime.setNow(heldSince + HOUR);
  h.happen("p", "e");
  await h.pass(10_000);
  assert.deepEqual(
    h.brought.flatMap(({ events }) => events),
    [
      { number: 1, reference: "urn:openward:gap:2026-11-28T00:00:00.000Z/2026-12-01T00:00:00.000Z" },
      { number: 2, reference: "Communication/e" },
    ],
  );
  await h.stop();
});

test("silence is broken after the heartbeat period, and never while there is something to tell", async () => {
  const h = house({ answer: () => "taken", subscription: { heartbeatMs: 60_000 } });
  await h.pass(200_000);
  assert.deepEqual(
    h.brought.map(({ type }) => type),
    ["handshake", "heartbeat", "heartbeat", "heartbeat"],
  );
  h.happen("p", "e");
  await h.pass(30_000);
  assert.equal(h.brought.at(-1)?.type, "event-notification");
  assert.equal(h.brought.at(-1)?.total, 1);
  await h.stop();
});

test("by mail silence is broken after the heartbeat period, never more often than every five minutes, and what happened is no silence", async () => {
  const mail = { channel: "email", endpoint: "mailto:desk@hospital.example", content: "empty" } as const;
  const often = house({ answer: () => "taken", subscription: { ...mail, heartbeatMs: 60_000 } });
  await often.pass(HOUR, 5_000);
  const gaps = often.mails.slice(1).map(({ at }, i) => at - (often.mails[i]?.at ?? 0));
  assert.ok(often.mails.length >= 11 && gaps.every((gap) => gap >= 300_000), JSON.stringify(gaps));
  assert.deepEqual(
    [often.mails[0]?.isFirst, ...often.mails.slice(1).map(({ events }) => events)],
    [true, ...often.mails.slice(1).map(() => 0)],
  );
  await often.stop();
  const hourly = house({ answer: () => "taken", subscription: { ...mail, heartbeatMs: HOUR } });
  await hourly.pass(HOUR / 2, 5_000);
  hourly.happen("p", "e1");
  await hourly.pass(HOUR, 5_000);
  // The event began the hour anew.
  assert.deepEqual(
    hourly.mails.map(({ events }) => events),
    [0, 1],
  );
  await hourly.pass(HOUR, 5_000);
  assert.deepEqual(
    hourly.mails.map(({ events }) => events),
    [0, 1, 0],
  );
  await hourly.stop();
});

test("a notification has no more events than were asked for, and what comes together goes together", async () => {
  const h = house({ answer: () => "taken", subscription: { maxCount: 3 } });
  await h.settle();
  for (let i = 0; i < 8; i++) h.happen("p", `e${i}`);
  await h.pass(10_000, 500);
  assert.deepEqual(
    h.brought.slice(1).map(({ events }) => events.length),
    [3, 3, 2],
  );
  await h.stop();
});

test("who keeps something back meanwhile leaves a number, and nothing behind it; a subscription ends with its access", async () => {
  let isDown = true;
  const h = house({
    answer: (_, { type }) => (isDown && type !== "handshake" ? fails("its receiver answered 500") : "taken"),
  });
  await h.settle();
  h.happen("p", "e1");
  h.happen("q", "e2");
  await h.pass(10_000);
  h.withdraw("p");
  isDown = false;
  await h.pass(HOUR, 10_000);
  assert.deepEqual(h.brought.at(-1)?.events, [
    { number: 1, reference: null },
    { number: 2, reference: "Communication/e2" },
  ]);
  h.endAccess();
  await h.pass(60_000, 5_000);
  assert.match(h.ended() ?? "", /access/);
  await h.stop();
});

test("a token for the WebSocket is read in each form that clients send, and ends", () => {
  let now = 0;
  const tokens = createBindingTokens(seededRandom(SEED), () => now);
  const { token } = tokens.issue(["a"]);
  const json = JSON.stringify({ type: "bind-with-token", payload: { token } });
  for (const text of [`bind-with-token ${token}`, `bind-with-token: ${token}`, json])
    assert.deepEqual(tokens.find(tokenIn(text) ?? "")?.subscriptionIds, ["a"], text);
  for (const text of ["", "bind 1", "ping", `bind-with-token ${token}x`, "{", '{"type":"bind-with-token"}'])
    assert.equal(tokens.find(tokenIn(text) ?? ""), undefined, text);
  now = TOKEN_MS;
  assert.equal(tokens.find(token), undefined);
});
