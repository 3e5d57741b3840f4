import assert from "node:assert/strict";
import { test } from "node:test";
import { manualRuntime } from "@openward/runtime/manual";
import { createSpool } from "@openward/spool";
import { createBacklog } from "../keep/backlog.ts";
import { ModelDisk } from "../testing/model-disk.ts";
import { ModelServer } from "../testing/model-server.ts";
import { createForwarder, defaultForwardLimits, type LinkState } from "./forwarder.ts";

const silent = { info: () => {}, warn: () => {}, error: () => {} };

/** @param earlyMs how much before its time a timer rings, as those of Node may */
async function edge(earlyMs = 0) {
  const manual = manualRuntime(Date.UTC(2026, 0, 1), 3);
  const after: typeof manual.timers.after = (ms, run) => manual.timers.after(Math.max(0, ms - earlyMs), run);
  const runtime = { ...manual, timers: { ...manual.timers, after } };
  const { clock, timers } = runtime;
  const disk = new ModelDisk(
    () => 0,
    async () => {},
  );
  const folder = disk.opened();
  const backlog = createBacklog({
    spool: createSpool(folder, 1e6, silent),
    disk: folder,
    bytesMax: 1e6,
    now: () => clock.now(),
    log: silent,
  });
  await backlog.open();
  const server = new ModelServer({ timers, now: () => clock.now(), float: () => 1 });
  const links: LinkState[] = [];
  let charge: ReadonlySet<string> | undefined;
  const forwarder = createForwarder({
    backlog,
    uplink: server,
    runtime,
    log: silent,
    onLink: (state) => void links.push(state),
    maySend: (id) => charge?.has(id) ?? true,
  });
  let n = 0;
  const keep = async (deviceId: string, isUrgent = false) => {
    const hex = (++n).toString(16).padStart(8, "0");
    const values = [{ codec: "gatt/2a37", at: clock.now(), bytes: Buffer.from(hex, "hex") }];
    const rest = { isUrgent, isUnknown: false, isWill: false, deliveryKey: null };
    forwarder.take(await backlog.keep({ id: `m-${n}`, deviceId, keptAt: clock.now(), values, ...rest }));
    return hex;
  };
  const pass = async (ms: number) => {
    for (const end = clock.monotonic() + ms; clock.monotonic() < end; ) {
      await new Promise(setImmediate);
      runtime.advance(Math.min(10, end - clock.monotonic()));
    }
    await new Promise(setImmediate);
  };
  return {
    runtime,
    server,
    backlog,
    forwarder,
    links,
    keep,
    pass,
    setCharge: (ids: string[]) => (charge = new Set(ids)),
  };
}

test("a timer that rings a moment before its time leaves nothing waiting when the line is back", async () => {
  const { server, backlog, keep, pass } = await edge(0.5);
  server.isReachable = false;
  await keep("mine");
  await pass(3_100);
  server.isReachable = true;
  await pass(60_000);
  assert.deepEqual([server.stored.size, backlog.state.messages], [1, 0]);
});

test("one message that the server refuses is found and kept, and those that came with it go on", async () => {
  const { server, backlog, forwarder, keep, pass } = await edge();
  server.isReachable = false;
  for (let n = 0; n < 40; n++) await keep(n === 17 ? "bad" : "good");
  await pass(5_000);
  server.refuses = (device) => (device === "bad" ? "BODY_SHAPE" : undefined);
  server.isReachable = true;
  await pass(60_000);
  assert.equal(server.stored.size, 39);
  assert.deepEqual(forwarder.state.aside, { BODY_SHAPE: 1 });
  assert.equal(backlog.state.messages, 1);
  assert.equal(forwarder.state.link.isUp, true);
  server.refuses = undefined;
  await pass(defaultForwardLimits.asideMs + 5_000);
  assert.equal(server.stored.size, 40);
  assert.equal(backlog.state.messages, 0);
});

test("what is of no device in its charge waits until it is, without asking", async () => {
  const { server, forwarder, keep, pass, setCharge } = await edge();
  setCharge(["mine"]);
  await keep("mine");
  await keep("yours");
  await pass(1_000);
  assert.deepEqual([server.stored.size, server.requests], [1, 1]);
  assert.deepEqual(forwarder.state.aside, { TOPIC_FORBIDDEN: 1 });
  setCharge(["mine", "yours"]);
  forwarder.retryAside();
  await pass(1_000);
  assert.equal(server.stored.size, 2);
});

test("a call for help asks a line that is down every second, and goes in front of all else", async () => {
  const { server, links, keep, pass } = await edge();
  server.isReachable = false;
  for (let n = 0; n < 20; n++) await keep("good");
  // Long enough for the longest pause.
  await pass(300_000);
  const call = await keep("good", true);
  const calledAt = server.requests;
  await pass(4_000);
  server.isReachable = true;
  await pass(5_000);
  assert.ok(server.requests > calledAt);
  assert.ok(server.stored.has(call));
  assert.deepEqual(
    links.map(({ isUp }) => isUp),
    [false, true],
  );
});

test("a server that is asked too fast is left alone for as long as it says, and the line is not down", async () => {
  const { server, forwarder, keep, pass } = await edge();
  await keep("good");
  await pass(500);
  const send = server.send.bind(server);
  let asked = 0;
  server.send = async () => {
    asked++;
    return { kind: "trouble", reason: "too fast", afterMs: 20_000 };
  };
  await keep("good");
  await pass(19_000);
  assert.equal(asked, 1);
  assert.equal(forwarder.state.link.isUp, true);
  server.send = send;
  await pass(5_000);
  assert.equal(server.stored.size, 2);
});
