import assert from "node:assert/strict";
import { test } from "node:test";
import { compareTwins } from "./interference.ts";
import type { Question, TestServer } from "./server.ts";

const count = Number(process.env.INTERFERENCE ?? 500);
const seed = Number(process.env.SEED ?? 20261122);

test("a record that one may not see changes no answer: status, totals, ETag, order, errors", async (t) => {
  const { differences, asked, refused } = await compareTwins(count, seed);
  t.diagnostic(`SEED=${seed}; ${asked} requests, ${refused} of them refused`);
  assert.deepEqual(differences, []);
  assert.ok(asked - refused > asked / 5, "a good part of them is answered");
});

test("a total that counts one who is not seen is found", async () => {
  const plant = (server: TestServer) => async (question: Question) => {
    const answer = await server.ask(question);
    const text = answer.bytes.toString("utf8");
    return { ...answer, bytes: Buffer.from(text.replace(/"total":(\d+)/, (_, n) => `"total":${Number(n) + 1}`)) };
  };
  const { differences } = await compareTwins(150, seed, 1, plant);
  assert.match(differences[0]?.with ?? "", /"total":\d+/);
});
