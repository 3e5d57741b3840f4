import assert from "node:assert/strict";
import { test } from "node:test";
import { manualRuntime } from "@openward/runtime/manual";
import { createChallenges } from "./challenges.ts";

const text = (bytes: Uint8Array) => Buffer.from(bytes).toString("base64url");

test("a challenge is good once, for its purpose, for five minutes", () => {
  const runtime = manualRuntime(Date.UTC(2026, 10, 22), 3);
  const challenges = createChallenges(runtime);
  const one = text(challenges.make("sign-in"));
  assert.ok(challenges.isGood(one, "sign-in"));
  assert.ok(!challenges.isGood(one, "register somebody"));
  runtime.advance(5 * 60_000 - 1);
  assert.ok(challenges.isGood(one, "sign-in"));
  assert.deepEqual([challenges.use(one), challenges.use(one)], [true, false]);
  assert.ok(!challenges.isGood(one, "sign-in"));
  const two = text(challenges.make("sign-in"));
  runtime.advance(5 * 60_000);
  assert.ok(!challenges.isGood(two, "sign-in"));
});

test("a challenge that was changed in any bit, or made elsewhere, is not ours", () => {
  const runtime = manualRuntime(Date.UTC(2026, 10, 22), 4);
  const [challenges, others] = [createChallenges(runtime), createChallenges(runtime)];
  const bytes = challenges.make("sign-in");
  assert.ok(!others.isGood(text(bytes), "sign-in"));
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    const changed = Uint8Array.from(bytes);
    changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    assert.ok(!challenges.isGood(text(changed), "sign-in"), `bit ${bit}`);
  }
  for (const nonsense of ["", "AAAA", "%%%", "x".repeat(10_000)]) assert.ok(!challenges.isGood(nonsense, "sign-in"));
});
