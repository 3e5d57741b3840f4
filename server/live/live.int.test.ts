import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { type TestContext, test } from "node:test";
import { type LiveMessage, liveMessage } from "@openward/api";
import { systemRuntime } from "@openward/runtime/system";
import { WebSocket } from "ws";
import { createWebSockets, silentLog } from "../http/index.ts";
import { liveRoute } from "./door.ts";
import { type FakeWard, fakeWard, patientId, WARD } from "./testing/ward.ts";

/** A real server, real sockets and real time; the ward behind it is made up. */
async function start(t: TestContext) {
  const ward = fakeWard({ runtime: systemRuntime });
  ward.addPatient(1);
  const signedOut = new Set<string>();
  const server = createServer();
  const sockets = createWebSockets({ server, publicUrl: () => null, log: silentLog });
  const route = liveRoute({
    live: ward.live,
    access: {
      async authenticate({ cookie, authorization }) {
        const who = cookie ?? authorization;
        const { principal } = ward.viewer();
        return who && !signedOut.has(who) ? { principal, expiresAt: systemRuntime.clock.now() + 3_600_000 } : undefined;
      },
      viewOf: async () => ward.viewer().view(),
    },
  });
  sockets.route("/live", route);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  t.after(() => {
    ward.live.close();
    sockets.close();
    server.closeAllConnections();
    server.close();
  });
  return { ward, signedOut, port, url: `ws://127.0.0.1:${port}/live` };
}

/** A screen of a browser or program, with everything that it heard. */
async function openScreen(url: string, options: { cookie?: string; origin?: string; authorization?: string }) {
  const { origin, ...headers } = options;
  const socket = new WebSocket(url, { ...(origin ? { origin } : {}), headers });
  const heard: LiveMessage[] = [];
  const waiting: { type: string; resolve: (message: LiveMessage) => void }[] = [];
  socket.on("message", (data) => {
    const message = liveMessage.parse(JSON.parse(String(data)));
    heard.push(message);
    const index = waiting.findIndex(({ type }) => type === message.type);
    if (index >= 0) waiting.splice(index, 1)[0]?.resolve(message);
  });
  const next = <T extends LiveMessage["type"]>(type: T) =>
    new Promise<Extract<LiveMessage, { type: T }>>((resolve) =>
      waiting.push({ type, resolve: resolve as (message: LiveMessage) => void }),
    );
  return { socket, heard, next };
}

async function watching(url: string, waveforms = "all") {
  const screen = await openScreen(url, { authorization: "Bearer a" });
  await once(screen.socket, "open");
  const snapshot = screen.next("snapshot");
  screen.socket.send(JSON.stringify({ type: "watch", wardId: WARD, waveforms }));
  await snapshot;
  return screen;
}

const feed = (ward: FakeWard, value: number) => {
  const now = systemRuntime.clock.now();
  ward.live.readings(ward.reading(1, value, { at: now, receivedAt: now }));
};

test("a program with a token sees snapshot, numerics, waveform and alarm", async (t) => {
  const { ward, url } = await start(t);
  const screen = await watching(url);
  const [numerics, waveform] = [screen.next("numerics"), screen.next("waveform")];
  feed(ward, 97);
  ward.live.waveform(ward.waveform(1, systemRuntime.clock.now(), [1, 2, 3]));
  assert.equal((await numerics).items[0]?.value, 97);
  assert.deepEqual((await waveform).chunks[0]?.samples, [1, 2, 3]);
  const alarm = screen.next("alarm");
  ward.live.alarm(ward.alarm(1));
  assert.equal((await alarm).alarm.patientId, patientId(1));
  screen.socket.close();
});

test("a stranger's program gets 401, a stranger's browser a message, a foreign page 403", async (t) => {
  const { url, port } = await start(t);
  const status = async (socket: WebSocket) => {
    socket.on("error", () => {});
    const [, response] = await once(socket, "unexpected-response");
    response.resume();
    return response.statusCode as number;
  };
  assert.equal(await status(new WebSocket(url)), 401);
  assert.equal(await status(new WebSocket(url, { origin: "http://evil.example", headers: { cookie: "s=1" } })), 403);
  const browser = await openScreen(url, { origin: `http://127.0.0.1:${port}` });
  const [code] = await once(browser.socket, "close");
  assert.equal(code, 4401);
  assert.equal(browser.heard[0]?.type, "refused");
});

test("signing out closes the screen of that session, and no other", async (t) => {
  const { ward, signedOut, url, port } = await start(t);
  const origin = `http://127.0.0.1:${port}`;
  const [out, stays] = await Promise.all(["s=1", "s=2"].map((cookie) => openScreen(url, { cookie, origin })));
  assert.ok(out && stays);
  await Promise.all([once(out.socket, "open"), once(stays.socket, "open")]);
  signedOut.add("s=1");
  ward.live.ended("nurse-1");
  const [code] = await once(out.socket, "close");
  assert.equal(code, 4401);
  assert.equal(stays.socket.readyState, WebSocket.OPEN);
  stays.socket.close();
});

test("a screen that reads nothing is thinned, and the other hears every alarm meanwhile", {
  timeout: 240_000,
}, async (t) => {
  const { ward, url } = await start(t);
  for (let n = 2; n <= 6; n++) ward.addPatient(n);
  const [slow, good] = await Promise.all([watching(url), watching(url, "none")]);
  t.after(() => {
    good.socket.terminate();
    slow.socket.terminate();
  });
  // The kernel's buffers fill, then ours: this socket's data is never read.
  (slow.socket as unknown as { _socket: { pause(): void } })._socket.pause();
  const samples = Array.from({ length: 5_000 }, (_, i) => (i % 2 === 0 ? 1_000_000 : -1_000_000));
  const alarmsHeard = () => good.heard.filter(({ type }) => type === "alarm").length;
  let revision = 0;
  let alarms = 0;
  /** The most that waited at any tick. */
  let most = 0;
  const ticking = systemRuntime.timers.every(10, () => {
    const now = systemRuntime.clock.now();
    feed(ward, 90);
    for (let n = 1; n <= 6; n++) ward.live.waveform(ward.waveform(n, now, samples));
    if (++revision % 5 === 0) {
      alarms++;
      ward.live.alarm(ward.alarm(1, { revision, raisedAt: now }));
    }
    most = Math.max(most, ward.live.counts().bufferedBytes);
  });
  t.after(() => ticking.cancel());
  const until = async (isSo: () => boolean, what: string) => {
    for (const end = performance.now() + 120_000; !isSo(); ) {
      assert.ok(performance.now() < end, `waited two minutes for ${what}`);
      await new Promise<void>((resolve) => void systemRuntime.timers.after(20, resolve));
    }
  };
  await until(() => most > 65_536, "the slow screen to fall behind");
  const whenBehind = alarms;
  await until(() => alarms >= whenBehind + 40, "more alarms");
  ticking.cancel();
  // The slow one still reads nothing: nobody waits for it.
  await until(() => alarmsHeard() === alarms, "every alarm on the screen that reads");
  assert.ok(most < 2_000_000, `${most} bytes wait for the slow screen`);
});
