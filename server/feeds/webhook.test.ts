import assert from "node:assert/strict";
import { test } from "node:test";
import type { Feed, FeedProgress, OutboxPlace, PatientView, Principal } from "@openward/model";
import { manualRuntime } from "@openward/runtime/manual";
import { Webhook } from "standardwebhooks";
import { backoffMs, GIVE_UP_MS } from "./backoff.ts";
import { createCursors } from "./cursor.ts";
import type { Told } from "./events.ts";
import type { Batch } from "./follow.ts";
import { newWebhookSecret, signatureHeaders, webhookSecretText } from "./sign.ts";
import { messagesOf, startWebhook } from "./webhook.ts";

const SEED = Number(process.env.SEED ?? 20261127);
const feed: Feed = {
  id: "01930000-0000-7000-8000-00000000000f",
  organisationId: "o",
  owner: { kind: "person", id: "p" },
  patientId: "q",
  name: "f",
  way: "webhook",
  kinds: ["readings"],
  signals: null,
  target: { url: "https://receiver.example/" },
  createdAt: 0,
  createdBy: "p",
  pausedAt: null,
  pauseReason: null,
};
const fresh: FeedProgress = {
  place: { position: 0, number: 0 },
  reachedAt: Date.UTC(2026, 10, 27),
  delivered: 0,
  lastSuccessAt: null,
  lastErrorAt: null,
  lastError: null,
  lastStatus: null,
  failingSince: null,
  published: [],
};
const cursors = createCursors("test");
const told = (n: number, text = ""): Told => ({
  event: { id: `e${n}`, type: "readings", patient: "q", n, text },
  patientId: "q",
  signal: "heart-rate",
  deviceId: "d",
  stream: null,
});
const owner = { kind: "person", id: "p" } as Principal;
const view = {} as PatientView;

/** A source of events one a position, a receiver that answers as told, and a clock that is moved by hand. */
function house(answers: (nth: number) => number | Error) {
  const runtime = manualRuntime(Date.UTC(2026, 10, 27), SEED);
  const events: Told[] = [];
  const bodies: { at: number; ns: number[]; status: number }[] = [];
  const saved: Partial<FeedProgress>[] = [];
  const recorded: number[] = [];
  let more = () => {};
  let outcome = "running";
  const next = async (_feed: Feed, after: OutboxPlace): Promise<Batch> => ({
    told: events.slice(after.position),
    from: after,
    upTo: { position: events.length, number: 0 },
    at: runtime.clock.now(),
    isAtEnd: true,
    owner,
    view,
    sees: new Set(["q"]),
  });
  const webhook = startWebhook(feed, fresh, {
    runtime,
    cursors,
    outbox: {
      onMore(listener) {
        more = listener;
        return () => {};
      },
    },
    follower: { next, took: () => {} },
    async post(_url, _headers, body) {
      const answer = answers(bodies.length);
      const ns = JSON.parse(body).data.events.map(({ n }: { n: number }) => n);
      bodies.push({ at: runtime.clock.now(), ns, status: answer instanceof Error ? 0 : answer });
      if (answer instanceof Error) throw answer;
      return { status: answer, retryAfterMs: null };
    },
    secretsOf: () => [new Uint8Array(24)],
    record: async (_feed, batch) => void recorded.push(batch.told.length),
    save: async (_feed, progress) => void saved.push(progress),
    async gone() {
      outcome = "gone";
    },
    async giveUp() {
      outcome = "gave up";
    },
    turn: (work) => work(),
    userAgent: "test",
    onTrouble: (error) => assert.fail(String(error)),
  });
  return {
    runtime,
    bodies,
    saved,
    recorded,
    outcome: () => outcome,
    webhook,
    add(...ns: number[]) {
      events.push(...ns.map((n) => told(n)));
      more();
    },
    /** Lets what waits for no time go on. */
    async settle() {
      for (let i = 0; i < 10; i++) await new Promise((resolve) => setImmediate(resolve));
    },
  };
}

test(`a receiver that is away is called less and less often, for three days, and then never again (seed ${SEED})`, async () => {
  const { runtime, bodies, outcome, add, settle, saved } = house(() => 503);
  add(1, 2);
  await settle();
  for (let hours = 0; hours < 100 && outcome() === "running"; hours += 0.5) {
    for (let step = 0; step < 30; step++) {
      runtime.advance(60_000);
      await settle();
    }
  }
  assert.equal(outcome(), "gave up");
  const first = bodies[0]?.at ?? 0;
  assert.ok((bodies.at(-1)?.at ?? 0) - first >= GIVE_UP_MS);
  assert.ok(bodies.length > 60 && bodies.length < 140, `${bodies.length} calls`);
  assert.ok(
    bodies.every(({ ns }) => ns.join() === "1,2"),
    "the same things, in order",
  );
  assert.ok(
    saved.every(({ place }) => place === undefined),
    "nothing counts as taken",
  );
  assert.match(saved.at(-1)?.lastError ?? "", /answered 503/);
});

test("what came meanwhile goes behind what was not taken; a success forgets the failures", async () => {
  const { runtime, bodies, add, settle, saved } = house((nth) => (nth < 2 ? 500 : 200));
  add(1);
  await settle();
  add(2, 3);
  for (let i = 0; i < 40; i++) {
    runtime.advance(1_000);
    await settle();
  }
  const taken = bodies.filter(({ status }) => status === 200).flatMap(({ ns }) => ns);
  assert.deepEqual(taken, [1, 2, 3]);
  assert.deepEqual(saved.at(-1)?.place, { position: 3, number: 0 });
  assert.equal(saved.at(-1)?.failingSince, null);
});

test("410 Gone ends it at once", async () => {
  const { runtime, bodies, outcome, add, settle } = house(() => 410);
  add(1);
  await settle();
  runtime.advance(1_000);
  await settle();
  assert.deepEqual([outcome(), bodies.length], ["gone", 1]);
});

test("nothing is sent before the audit log has it", async () => {
  const { runtime, bodies, recorded, add, settle } = house(() => 200);
  add(1);
  await settle();
  runtime.advance(1_000);
  await settle();
  assert.deepEqual([recorded, bodies.length], [[1], 1]);
});

test("waits are twice as long each time, within a fifth, up to an hour, and never shorter than was asked for", () => {
  const random = manualRuntime(0, SEED).random;
  for (let failures = 1; failures < 40; failures++) {
    const base = Math.min(3_600_000, 5_000 * 2 ** (failures - 1));
    const ms = backoffMs(failures, null, random);
    assert.ok(ms >= base * 0.8 && ms <= base * 1.2, `${failures}: ${ms}`);
  }
  assert.equal(backoffMs(1, 120_000, random), 120_000);
});

test("the signature is the one that Standard Webhooks' own library makes, with either of two secrets", () => {
  const { random } = manualRuntime(0, SEED);
  const secrets = [newWebhookSecret(random), newWebhookSecret(random)];
  const message = { id: "msg_1", at: Date.now(), body: '{"å":1}' };
  const headers = signatureHeaders(message, secrets);
  for (const secret of secrets) {
    const peer = new Webhook(webhookSecretText(secret));
    assert.deepEqual(peer.verify(message.body, headers), { å: 1 });
    assert.ok(headers["webhook-signature"]?.includes(peer.sign(message.id, new Date(message.at), message.body)));
    assert.throws(() => peer.verify(message.body, { ...headers, "webhook-id": "msg_2" }));
  }
});

test("a large batch is several messages in order, none larger than a quarter of a megabyte, the same each time", () => {
  const batch = {
    told: Array.from({ length: 40 }, (_, n) => told(n, "x".repeat(20_000))),
    from: { position: 1, number: 0 },
    upTo: { position: 9, number: 0 },
    at: 0,
  };
  const messages = messagesOf(feed, batch, cursors);
  assert.ok(messages.length > 3);
  assert.ok(messages.every(({ body }) => body.length < 270_000));
  assert.deepEqual(
    messages.flatMap(({ body }) => JSON.parse(body).data.events.map(({ n }: { n: number }) => n)),
    Array.from({ length: 40 }, (_, n) => n),
  );
  assert.equal(new Set(messages.map(({ id }) => id)).size, messages.length);
  assert.deepEqual(messagesOf(feed, batch, cursors), messages);
});
