import assert from "node:assert/strict";
import { test } from "node:test";
import { gatewayConfiguration, takeGatewaySettings } from "@openward/api";
import { manualRuntime } from "@openward/runtime/manual";
import { evaluate, inactive, rulesOf } from "../../server/watch/condition.ts";
import type { Taken } from "../configuration/configuration.ts";
import { createRinger } from "../sound/ringer.ts";
import { createLocalWatch, type LocalAlarm } from "./alarms.ts";
import { melodyOf } from "./melody.ts";
import { createWholeWatch } from "./whole.ts";

const spo2 = { signal: "spo2", low: 90, high: null, criticalLow: null, criticalHigh: null };
const limits = [{ ...spo2, priority: "medium" as const, delayMs: 4_000, hysteresis: 1 }];
const configured = (more: object = {}): Taken => {
  const given = gatewayConfiguration.parse({
    version: "1",
    gatewayId: "gw",
    organisationId: "018f0000-0000-7000-8000-0000000000aa",
    settings: { linkAlarmSeconds: 30, ...more },
    devices: [{ id: "ox-1", type: "pulse-oximeter", tokens: [], limits }],
  });
  return { ...given, ...takeGatewaySettings(given.settings), takenUpAt: 0 };
};

function bench(more: object = {}) {
  const runtime = manualRuntime(Date.UTC(2026, 0, 1));
  const { clock } = runtime;
  let configuration: Taken | undefined = configured(more);
  const link = { isUp: true, since: null as number | null, reason: null };
  const room = { bytes: 0, bytesMax: 100 };
  const played: string[] = [];
  let canPlay = true;
  const ringer = createRinger({
    play: async (wave, priority) => {
      assert.ok(wave.length > 10_000);
      if (!canPlay) throw new Error("no loudspeaker");
      played.push(priority);
    },
    melodyOf,
    runtime,
    report: () => {},
  });
  const local = createLocalWatch({
    configuration: () => configuration,
    judge: {
      conditionsOf: (given, sparse) =>
        rulesOf({ ...given, latching: false, enabled: true, setBy: "", setAt: 0 }, sparse).map(inactive),
      evaluate,
      priorityOf: ({ rule }) => rule.priority,
      nameOf: ({ rule }) => rule.rule,
    },
    now: () => clock.now(),
    onChange: () => whole.look(),
    report: assert.ifError,
  });
  const whole = createWholeWatch({
    settings: () => configuration?.settings,
    link: () => link,
    local: () => local.alarms,
    room: () => room,
    isWatching: () => (configuration?.devices.length ?? 0) > 0,
    runtime,
    onChange: (alarms: readonly LocalAlarm[]) => ringer.set(alarms),
  });
  const say = (codec: string, body: object) =>
    local.take("ox-1", [{ codec, at: clock.now(), bytes: Buffer.from(JSON.stringify(body)) }]);
  /** One value a second. */
  const measure = (value: number, seconds: number) => {
    for (let n = 0; n < seconds; n++) {
      say("openward/readings", { values: { spo2: value } });
      runtime.advance(1_000);
    }
  };
  const keys = () => whole.alarms.map(({ key }) => key);
  return {
    runtime,
    link,
    room,
    local,
    whole,
    ringer,
    played,
    measure,
    say,
    keys,
    reconfigure: (next: Taken | undefined) => {
      configuration = next;
    },
    setCanPlay: (can: boolean) => {
      canPlay = can;
    },
  };
}

test("while the server hears, the gateway is silent; without a line it rings for the patient's limits, and ends with them", async () => {
  const { runtime, link, measure, keys, played } = bench();
  measure(85, 10);
  assert.deepEqual(keys(), []);
  link.isUp = false;
  runtime.advance(1_000);
  assert.deepEqual(keys(), ["ox-1 spo2 limit-low"]);
  runtime.advance(20_000);
  assert.ok(played.length >= 3 && played.every((priority) => priority === "medium"));
  measure(96, 2);
  assert.deepEqual(keys(), []);
  const before = played.length;
  runtime.advance(4_000);
  assert.equal(played.length, before);
});

test("a value that comes hours late rings for nobody", () => {
  const { runtime, link, say, keys } = bench();
  link.isUp = false;
  for (let n = 0; n < 20; n++)
    say("openward/readings", { at: runtime.clock.now() - 3_600_000 + n * 1_000, values: { spo2: 70 } });
  runtime.advance(2_000);
  assert.deepEqual(keys(), []);
});

test("a line that is down is told aloud after a while, and a call for help at once, above all else", () => {
  const { runtime, link, say, keys, played, whole } = bench();
  link.isUp = false;
  runtime.advance(29_000);
  assert.deepEqual(keys(), []);
  runtime.advance(3_000);
  assert.deepEqual(
    whole.alarms.map(({ key, priority }) => [key, priority]),
    [["link", "medium"]],
  );
  played.length = 0;
  say("openward/event", { event: "sos-button" });
  runtime.advance(100);
  assert.deepEqual(keys(), ["ox-1 sos-button", "link"]);
  assert.equal(played[0], "high");
});

test("a call for help ends when the server has it, bytes of Bluetooth are read as the server reads them", () => {
  const { runtime, link, local, say, keys, whole } = bench();
  link.isUp = false;
  say("openward/event", { event: "sos-button" });
  const spotCheck = Buffer.from("004e00480000", "hex").subarray(0, 5);
  for (let n = 0; n < 8; n++) {
    local.take("ox-1", [{ codec: "gatt/2a5e", at: runtime.clock.now(), bytes: spotCheck }]);
    runtime.advance(1_000);
  }
  assert.ok(keys().includes("ox-1 spo2 limit-low"));
  assert.ok(keys().includes("ox-1 sos-button"));
  link.isUp = true;
  local.linkIsUp();
  whole.look();
  assert.deepEqual(keys(), []);
});

test("limits that are gone ring no more, and bytes that cannot be read keep nobody from anything", () => {
  const { link, runtime, local, measure, keys, reconfigure } = bench({ localAlarms: "always" });
  measure(80, 8);
  assert.deepEqual(keys(), ["ox-1 spo2 limit-low"]);
  local.take("ox-1", [{ codec: "gatt/2a5e", at: 0, bytes: Buffer.alloc(0) }]);
  local.take("ox-1", [{ codec: "no/such", at: 0, bytes: Buffer.alloc(0) }]);
  reconfigure({ ...configured({ localAlarms: "always" }), devices: [] });
  local.reconfigured();
  assert.deepEqual(keys(), []);
  reconfigure(configured({ localAlarms: "off" }));
  link.isUp = false;
  measure(80, 8);
  runtime.advance(1_000);
  assert.deepEqual(keys(), []);
});

test("audio is paused for a while, but not for what is more urgent, and a loudspeaker that is none is told", async () => {
  const { runtime, room, say, played, ringer, link, setCanPlay } = bench();
  room.bytes = 90;
  runtime.advance(2_000);
  assert.deepEqual(played, ["medium"]);
  ringer.pause(120_000);
  runtime.advance(60_000);
  assert.deepEqual(played, ["medium"]);
  link.isUp = false;
  say("openward/event", { event: "sos-button" });
  runtime.advance(1_000);
  assert.deepEqual(played, ["medium", "high"]);
  setCanPlay(false);
  runtime.advance(10_000);
  await new Promise(setImmediate);
  assert.equal(ringer.fault?.reason, "no loudspeaker");
  const since = ringer.fault?.since;
  runtime.advance(10_000);
  await new Promise(setImmediate);
  assert.equal(ringer.fault?.since, since, "it is the same fault");
});
