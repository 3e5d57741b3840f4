import assert from "node:assert/strict";
import { test } from "node:test";
import { type LiveMessage, SILENCE_MS as SERVER_SILENCE_MS } from "@openward/api";
import type { Clock } from "./clock.ts";
import { createLive, type SocketEvents } from "./live.ts";
import { SILENCE_MS } from "./messages.ts";

const T0 = 1_795_327_200_000;
const WARD = "0b8f6a51-6d0c-4f86-9d34-0f1f7f2b7c01";
const ID = "7f1bb6de-3a49-4f7d-8d52-2a24c5d6a001";

function harness() {
  let now = 0;
  let sleepMs = 0;
  const timers: { at: number; run: () => void }[] = [];
  const sockets: { events: SocketEvents; sent: string[]; isClosed: boolean }[] = [];
  const clock: Clock = {
    monotonic: () => now,
    wall: () => T0 + now + sleepMs,
    setTimeout: (run, ms) => {
      const timer = { at: now + ms, run };
      timers.push(timer);
      return timer;
    },
    clearTimeout: (timer) => {
      const i = timers.indexOf(timer as (typeof timers)[number]);
      if (i >= 0) timers.splice(i, 1);
    },
    random: () => 0.5,
  };
  const live = createLive({
    clock,
    openSocket: (events) => {
      const record = { events, sent: [] as string[], isClosed: false };
      sockets.push(record);
      return {
        send: (text) => record.sent.push(text),
        close: () => {
          record.isClosed = true;
        },
      };
    },
  });
  return {
    live,
    sockets,
    last: () => sockets.at(-1)!,
    say: (message: LiveMessage) => sockets.at(-1)!.events.onMessage(JSON.stringify(message)),
    sleep: (ms: number) => {
      sleepMs += ms;
      live.tick();
    },
    pass: (ms: number) => {
      for (const end = now + ms; now < end; ) {
        now += 500;
        for (const due of timers.filter((t) => t.at <= now)) {
          timers.splice(timers.indexOf(due), 1);
          due.run();
        }
        live.tick();
      }
    },
  };
}

const patient = {
  id: ID,
  name: "Hansen, Kari",
  birthDate: "1948-03-21",
  sex: "female" as const,
  mrn: "100234",
  isUnknown: false,
  timeZone: "Europe/Oslo",
  ageGroup: "adult" as const,
  ageGroupSource: "birth-date" as const,
  limitsProfile: "adult" as const,
  mergedInto: null,
  stay: { wardId: WARD, wardName: "Ward 3", bed: "4", from: T0 },
};
const snapshot: LiveMessage = {
  type: "snapshot",
  serverTime: T0,
  tiles: [{ patient, latest: [], streams: [], alarms: [], standby: [] }],
};
const heartbeat = (at: number, storage: "ok" | "spooling" = "ok"): LiveMessage => ({
  type: "heartbeat",
  serverTime: at,
  storage,
});

function watching() {
  const h = harness();
  h.live.watch({ type: "watch", wardId: WARD });
  h.last().events.onOpen();
  h.say(snapshot);
  return h;
}

test("the screen's silence limit is the server's", () => assert.equal(SILENCE_MS, SERVER_SILENCE_MS));

test("a screen watches, gets its snapshot and is live", () => {
  const h = watching();
  assert.deepEqual(JSON.parse(h.last().sent[0]!), { type: "watch", wardId: WARD });
  assert.equal(h.live.state().phase, "live");
  assert.equal(h.live.state().tiles.get(ID)?.patient.name, "Hansen, Kari");
});

test("ten seconds without a word is NOT MONITORING, though the socket looks open", () => {
  const h = watching();
  h.pass(9_500);
  assert.equal(h.live.state().phase, "live");
  assert.equal(h.live.state().isUnsteady, true);
  h.pass(500);
  assert.equal(h.live.state().phase, "lost");
  assert.equal(h.sockets[0]!.isClosed, true);
});

test("heartbeats keep the screen live", () => {
  const h = watching();
  for (let i = 1; i <= 10; i++) {
    h.pass(3_000);
    h.say(heartbeat(T0 + i * 3_000));
  }
  assert.equal(h.live.state().phase, "live");
  assert.equal(h.live.state().lastHeardAt, T0 + 30_000);
});

test("a socket that closes and is back with a snapshot in time never says NOT MONITORING", () => {
  const h = watching();
  h.last().events.onClose();
  assert.equal(h.live.state().isUnsteady, true);
  h.pass(1_000);
  assert.equal(h.sockets.length, 2);
  h.last().events.onOpen();
  h.say(snapshot);
  assert.equal(h.live.state().phase, "live");
  assert.equal(h.live.state().isUnsteady, false);
});

test("only a new snapshot ends NOT MONITORING; a heartbeat does not", () => {
  const h = watching();
  h.pass(12_000);
  h.last().events.onOpen();
  h.say(heartbeat(T0 + 12_000));
  assert.equal(h.live.state().phase, "lost");
  h.say(snapshot);
  assert.equal(h.live.state().phase, "live");
});

test("a connection that comes back is given time for its snapshot", () => {
  const h = watching();
  h.pass(12_000);
  const again = h.last();
  again.events.onOpen();
  h.pass(4_000);
  assert.equal(again.isClosed, false);
  h.pass(7_000);
  assert.equal(again.isClosed, true, "but not for ever");
  assert.equal(h.live.state().phase, "lost");
});

test("a connection that brings everything but its snapshot is given up for another", () => {
  const h = watching();
  h.pass(12_000);
  const half = h.last();
  half.events.onOpen();
  for (let i = 0; i < 6; i++) {
    h.pass(2_000);
    if (!half.isClosed) h.say(heartbeat(T0 + 14_000 + i * 2_000));
  }
  assert.equal(half.isClosed, true);
  h.pass(1_000);
  h.last().events.onOpen();
  h.say(snapshot);
  assert.equal(h.live.state().phase, "live");
});

test("a machine that wakes from sleep says NOT MONITORING at its first tick", () => {
  const h = watching();
  h.sleep(60_000);
  assert.equal(h.live.state().phase, "lost");
});

test("a server that never answers makes the first screen NOT MONITORING as well", () => {
  const h = harness();
  h.live.watch({ type: "watch", wardId: WARD });
  h.pass(10_000);
  assert.equal(h.live.state().phase, "lost");
});

test("attempts spread out, and go on for ever", () => {
  const h = watching();
  h.last().events.onClose();
  let attempts = 0;
  for (let s = 0; s < 60; s++) {
    h.pass(1_000);
    if (h.sockets.length > attempts + 1) {
      attempts = h.sockets.length - 1;
      h.last().events.onClose();
    }
  }
  assert.ok(attempts >= 12 && attempts <= 24, `${attempts} attempts in a minute`);
});

test("a message that cannot be read starts the connection afresh", () => {
  const h = watching();
  h.last().events.onMessage('{"type":"numerics","serverTime":1,"items":[{"value":"72"}]}');
  assert.equal(h.sockets[0]!.isClosed, true);
  h.pass(1_000);
  assert.equal(h.sockets.length, 2);
});

test("a refusal is told and not tried again", () => {
  const h = watching();
  h.say({ type: "refused", code: "NOT_SIGNED_IN", detail: "Sign in first." });
  h.last().events.onClose();
  h.pass(30_000);
  assert.equal(h.sockets.length, 1);
  assert.equal(h.live.state().refused?.code, "NOT_SIGNED_IN");
});

test("server time goes on between messages", () => {
  const h = watching();
  h.pass(2_000);
  assert.equal(h.live.serverNow(), T0 + 2_000);
});

test("a value, an alarm and its end arrive on the tile", () => {
  const h = watching();
  const item = { patientId: ID, streamId: "s1", signal: "spo2", deviceId: "ox-1", unit: "%", quality: 0 };
  h.say({ type: "numerics", serverTime: T0 + 1, items: [{ ...item, value: 97, at: T0, receivedAt: T0 }] });
  const alarm = {
    id: "a1",
    revision: 1,
    patientId: ID,
    deviceId: "ox-1",
    streamId: "s1",
    signal: "spo2",
    rule: "limit-low" as const,
    priority: "medium" as const,
    state: "raised" as const,
    latched: false,
    onsetAt: T0,
    raisedAt: T0,
    conditionEndedAt: null,
    acknowledgedAt: null,
    acknowledgedBy: null,
    resolvedAt: null,
    value: 86,
    limit: 90,
    unit: "%",
  };
  h.say({ type: "alarm", alarm });
  assert.equal(h.live.state().tiles.get(ID)?.latest.get("s1")?.value, 97);
  assert.equal(h.live.state().tiles.get(ID)?.alarms.length, 1);
  h.say({ type: "alarm", alarm: { ...alarm, revision: 3, state: "acknowledged" } });
  h.say({ type: "alarm", alarm: { ...alarm, revision: 2 } });
  assert.equal(h.live.state().tiles.get(ID)?.alarms[0]?.state, "acknowledged");
  h.say({ type: "alarm", alarm: { ...alarm, revision: 4, state: "resolved" } });
  assert.equal(h.live.state().tiles.get(ID)?.alarms.length, 0);
});

test("storage trouble is known from the heartbeat", () => {
  const h = watching();
  h.say(heartbeat(T0 + 1, "spooling"));
  assert.equal(h.live.state().storage, "spooling");
});
