import assert from "node:assert/strict";
import { after, test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { decodeRaw, encodeCapture } from "@openward/codecs/raw";
import { systemRuntime } from "@openward/runtime/system";
import type { KeptValue } from "../keep/message.ts";
import { startMockBluez, whyNoMockBluez } from "../testing/mock-bluez.ts";
import { openBluez } from "./bus.ts";
import { createBluetooth, type Wanted } from "./collector.ts";

const missing = whyNoMockBluez();
const options = missing === undefined ? {} : { skip: missing };
const mock = missing === undefined ? await startMockBluez() : undefined;
after(() => mock?.stop());

const STRAP = "C0:FF:EE:00:00:01";
const CGM = "C0:FF:EE:00:00:02";
const REFUSED = 'raise dbus.exceptions.DBusException("not paired", name="org.bluez.Error.NotAuthorized")';
const STRANGER = "C0:FF:EE:00:00:03";

async function until(isSo: () => boolean | Promise<boolean>, what: string): Promise<void> {
  for (const end = performance.now() + 120_000; !(await isSo()); await wait(20))
    if (performance.now() > end) throw new Error(`not within two minutes: ${what}`);
}

test("wanted devices are found, connected, subscribed to and heard; others are left alone", options, async () => {
  assert.ok(mock);
  const strap = await mock.addDevice(STRAP, "Polar H10 1234");
  const rate = await mock.addCharacteristic(strap, "2a37", ["notify"]);
  const guarded = await mock.addCharacteristic(strap, "2a38", ["notify"], "", REFUSED);
  const unknown = await mock.addCharacteristic(strap, "2aff", ["notify", "read"]);
  await mock.addCharacteristic(strap, "2a19", ["read", "notify"], "5f");
  const cgm = await mock.addDevice(CGM, "CGM");
  const measurement = await mock.addCharacteristic(cgm, "2aa7", ["notify"]);
  await mock.addCharacteristic(cgm, "2aaa", ["read"], "ea070b160600000000");
  const control = await mock.addCharacteristic(cgm, "2a52", ["write", "indicate"]);
  const stranger = await mock.addDevice(STRANGER, "Somebody's strap");
  const theirs = await mock.addCharacteristic(stranger, "2a37", ["notify"]);
  await mock.resolve(stranger);

  const kept: { deviceId: string; values: readonly KeptValue[] }[] = [];
  let wanted: Wanted[] = [
    { deviceId: "strap-1", address: STRAP },
    { deviceId: "cgm-1", address: CGM },
  ];
  const bluetooth = createBluetooth({
    bluez: await openBluez(mock.address),
    wanted: () => wanted,
    keep: async (deviceId, values) => void kept.push({ deviceId, values }),
    runtime: systemRuntime,
    log: { info: () => {}, warn: () => {} },
    lookMs: 200,
  });
  const readingsOf = (id: string) =>
    kept
      .filter(({ deviceId }) => deviceId === id)
      .flatMap(({ values }) => {
        const context = { item: 0, at: 0, atQuality: 1, utcOffsetMinutes: null, timeZone: null, session: {} };
        const { readings, refused } = decodeRaw(encodeCapture(values), "capture", context);
        assert.deepEqual(refused, []);
        return readings.map(({ signal, values: numbers }) => `${signal} ${[...numbers]}`);
      });
  try {
    await until(async () => (await mock.calls(strap)).includes("Connect"), "connecting");
    await mock.resolve(strap);
    await mock.resolve(cgm);
    await until(async () => (await mock.calls(rate)).includes("StartNotify"), "subscribing to the heart rate");
    await until(async () => (await mock.calls(control)).includes("WriteValue"), "asking for stored records");
    assert.deepEqual(await mock.calls(unknown), []);
    // It would not be heard without pairing, and the others do not wait for that.
    assert.deepEqual((await mock.calls(guarded)).slice(0, 1), ["StartNotify"]);
    assert.equal((await mock.calls(strap)).filter((name) => name === "Pair").length, 1);
    await mock.say(rate, "0048");
    await mock.say(rate, "0049");
    await mock.say(theirs, "00ff");
    await until(() => readingsOf("strap-1").length >= 2, "the heart rate");
    assert.deepEqual(readingsOf("strap-1"), ["heart-rate 72", "heart-rate 73"]);
    assert.ok(
      kept.some(({ values }) => values[0]?.codec === "gatt/2a19"),
      "its battery was read",
    );
    // Minutes since the session began: the capture has both.
    await mock.say(measurement, "06005c000500");
    await until(() => readingsOf("cgm-1").length >= 1, "the glucose");
    assert.deepEqual(readingsOf("cgm-1"), ["glucose-interstitial 92"]);
    assert.deepEqual(await mock.calls(stranger), []);
    assert.deepEqual(bluetooth.state, { connected: 2, fault: null });

    await mock.leave(strap);
    await until(() => bluetooth.state.connected === 1, "that it is gone");
    await until(
      async () => (await mock.calls(strap)).filter((name) => name === "Connect").length >= 2,
      "a second visit",
    );
    await until(() => bluetooth.state.connected === 2, "that it is back");
    wanted = [];
    bluetooth.reconfigured();
    await until(() => bluetooth.state.connected === 0, "that nobody is wanted any more");
    assert.ok((await mock.calls(cgm)).includes("Disconnect"));
  } finally {
    await bluetooth.stop();
  }
});
