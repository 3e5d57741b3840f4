import assert from "node:assert/strict";
import { test } from "node:test";
import { manualRuntime } from "@openward/runtime/manual";
import { createEndings, stepOf } from "./endings.ts";

const NOW = Date.UTC(2026, 10, 27);
const DAY = 86_400_000;
const HOUR = DAY / 24;

const settled = async () => {
  for (let i = 0; i < 30; i++) await Promise.resolve();
};

test("an ending is told a month before, a week before, and when it is over", () => {
  const steps = [31, 30, 8, 7, 1, 0.01, 0, -1].map((days) => stepOf(NOW + days * DAY, NOW));
  assert.deepEqual(steps, [undefined, 30, 30, 7, 7, 7, 0, 0]);
});

test("each step is told once, what is covered never; where the mail fails it is told with the next round", async () => {
  const runtime = manualRuntime(NOW);
  const told = new Set<string>();
  const mails: [string, object][] = [];
  const state = { isMailAway: false };
  const ending = (subject: string, days: number, isCovered = false) => ({
    kind: "device-certificate" as const,
    subject,
    deviceId: subject,
    isGateway: false,
    display: subject,
    endsAt: NOW + days * DAY,
    isCovered,
    isInUse: false,
  });
  const endings = createEndings({
    runtime,
    registry: {
      list: async () => [ending("soon", 29), ending("later", 60), ending("renewed", 3, true), ending("over", -2)],
      told: async () => told,
      tell: async (_, due) =>
        due.forEach((each) => void told.add(`${each.kind} ${each.subject} ${each.endsAt} ${each.daysBefore}`)),
      addresses: async () => ["engineer@ward.example"],
    },
    organisations: async () => [{ id: "o" }],
    ownEndings: async () => [
      { kind: "server-certificate", display: "ward.example", endsAt: NOW + 5 * DAY },
      { kind: "authority", display: "Openward", endsAt: NOW + 3_000 * DAY },
    ],
    send: async (to, what) => {
      if (state.isMailAway) throw new Error("no mail");
      mails.push([to, what]);
    },
    log: { warn: () => {} },
    report: () => {},
  });
  assert.deepEqual(
    (await endings.list("o")).map(({ display }) => display),
    ["over", "renewed", "ward.example", "soon", "later"],
  );
  state.isMailAway = true;
  runtime.advance(60_000);
  await settled();
  assert.deepEqual([mails.length, told.size], [0, 0]);
  state.isMailAway = false;
  runtime.advance(HOUR);
  await settled();
  assert.deepEqual(mails, [["engineer@ward.example", { soon: 2, ended: 1 }]]);
  runtime.advance(HOUR);
  await settled();
  assert.equal(mails.length, 1);
  // A week before its end it is told again.
  for (let i = 0; i < 23 * 24; i++) {
    runtime.advance(HOUR);
    await settled();
  }
  assert.deepEqual(
    mails.slice(1).map(([, what]) => what),
    [
      { soon: 0, ended: 1 },
      { soon: 1, ended: 0 },
    ],
  );
  await endings.stop();
});
