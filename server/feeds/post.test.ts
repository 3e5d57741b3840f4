import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { guardOutside } from "../http/index.ts";
import { createPost } from "./post.ts";
import { wordsOf } from "./webhook.ts";

const nobody = { has: () => false };
const loopback = { has: (address: string | undefined) => address === "127.0.0.1" };
const never = new AbortController().signal;

test("a name that leads to an address inside is not called, whatever was checked before", async () => {
  const guard = guardOutside(nobody, "NETWORKS");
  // Looked up when it is connected to: the operating system's own name of this machine stands for one that was rebound.
  const post = createPost(guard);
  const { hostname } = await import("node:os");
  const error = await post(`https://${hostname()}/hook`, {}, "{}", never).then(
    () => assert.fail("was called"),
    (refused: unknown) => refused,
  );
  assert.match(wordsOf(error), /leads to an address inside|not known|no connection/);
  await assert.rejects(post("https://169.254.169.254/", {}, "{}", never), { code: "FIELD_INVALID" });
});

test("a redirect is an answer and is not followed; an endless answer is cut; a slow one is stopped with its feed", async (t) => {
  const asked: string[] = [];
  const server = createServer((request, answer) => {
    asked.push(request.url ?? "");
    if (request.url === "/moved") answer.writeHead(307, { location: "/elsewhere" }).end();
    else if (request.url === "/endless") {
      // It never ends.
      answer.writeHead(200).write("x".repeat(1_000_000));
    } else if (request.url === "/busy") answer.writeHead(429, { "retry-after": "90" }).end();
    // "/slow": never.
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const post = createPost(guardOutside(loopback, "NETWORKS"));
  assert.deepEqual(await post(`${base}/moved`, {}, "{}", never), { status: 307, retryAfterMs: null });
  assert.deepEqual(await post(`${base}/endless`, {}, "{}", never), { status: 200, retryAfterMs: null });
  assert.deepEqual(await post(`${base}/busy`, {}, "{}", never), { status: 429, retryAfterMs: 90_000 });
  const stopping = new AbortController();
  const slow = post(`${base}/slow`, {}, "{}", stopping.signal);
  setImmediate(() => stopping.abort());
  await assert.rejects(slow, (error: unknown) => wordsOf(error) === "no answer in time");
  assert.ok(!asked.includes("/elsewhere"));
});
