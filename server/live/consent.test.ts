import assert from "node:assert/strict";
import { test } from "node:test";
import type { Viewer } from "./ports.ts";
import { type FakeWard, fakeWard, patientId, settled } from "./testing/ward.ts";

/** Somebody from whom these kinds of data of everybody are hidden. */
function viewerWithout(ward: FakeWard, hidden: Set<string>): Viewer {
  const viewer = ward.viewer();
  const view = { ...viewer.view(), hiddenOf: () => (hidden.size > 0 ? hidden : undefined) };
  return { ...viewer, view: () => view };
}

function said(ward: FakeWard): void {
  ward.live.readings(ward.reading(1, 97, { signal: "spo2" }));
  ward.live.readings(ward.reading(1, 72, { signal: "heart-rate" }));
  ward.live.waveform(ward.waveform(1, ward.runtime.clock.now(), [1, 2]));
  ward.live.alarm(ward.alarm(1));
  ward.runtime.advance(1_000);
}

test("what a patient does not share with one is on the other's screen and not on theirs", async () => {
  const ward = fakeWard();
  ward.addPatient(1);
  const hidden = new Set(["breathing"]);
  const [all, some] = [await ward.screen(), await ward.screen(undefined, viewerWithout(ward, hidden))];
  said(ward);
  const whole = JSON.stringify(all.take());
  const left = JSON.stringify(some.take());
  for (const text of ["spo2", "heart-rate", "ecg-lead-ii", "alarm-1"]) assert.ok(whole.includes(text), text);
  for (const text of ["spo2", "alarm-1"]) assert.ok(!left.includes(text), text);
  for (const text of ["heart-rate", "ecg-lead-ii"]) assert.ok(left.includes(text), text);
});

test("what is not shared any more is gone within a second: numbers, waveforms, alarms and the tile", async () => {
  const ward = fakeWard();
  const tile = ward.addPatient(1);
  const hidden = new Set<string>();
  const screen = await ward.screen(undefined, viewerWithout(ward, hidden));
  const at = ward.runtime.clock.now();
  const { stream } = ward.reading(1, 97);
  const { id: streamId, signal, deviceId, unit } = stream;
  tile.latest.push({ streamId, signal, deviceId, unit, value: 97, at, receivedAt: at, quality: 0 });
  hidden.add("breathing").add("heart");
  // The tile is composed by the portal, which leaves out what is hidden; here only that it is asked for again.
  ward.live.patientChanged(patientId(1), ward.viewer().principal.organisationId);
  said(ward);
  await settled();
  const kinds = screen.take().map(({ type }) => type);
  assert.deepEqual(kinds, ["patient"]);
});

test("a snapshot that was composed before a consent does not show what it hides", async () => {
  const ward = fakeWard();
  const tile = ward.addPatient(1);
  const at = ward.runtime.clock.now();
  const { id: streamId, signal, deviceId, unit } = ward.reading(1, 97).stream;
  tile.latest.push({ streamId, signal, deviceId, unit, value: 97, at, receivedAt: at, quality: 0 });
  let open = () => {};
  ward.gate = new Promise((resolve) => {
    open = resolve;
  });
  const hidden = new Set<string>();
  const socket = await ward.screen(undefined, viewerWithout(ward, hidden));
  hidden.add("breathing");
  open();
  await settled();
  const [snapshot] = socket.take();
  assert.equal(snapshot?.type, "snapshot");
  assert.ok(!JSON.stringify(snapshot).includes("spo2"));
});

test("a tile that was made for others is not sent to who sees less", async () => {
  const ward = fakeWard();
  const tile = ward.addPatient(1);
  const [all, some] = [await ward.screen(), await ward.screen(undefined, viewerWithout(ward, new Set(["breathing"])))];
  const at = ward.runtime.clock.now();
  const { id: streamId, signal, deviceId, unit } = ward.reading(1, 97).stream;
  tile.latest.push({ streamId, signal, deviceId, unit, value: 97, at, receivedAt: at, quality: 0 });
  ward.live.patientChanged(patientId(1), ward.viewer().principal.organisationId);
  ward.runtime.advance(100);
  await settled();
  const tileOf = (screen: typeof all) => JSON.stringify(screen.take().find(({ type }) => type === "patient"));
  assert.ok(tileOf(all).includes("spo2"));
  assert.ok(!tileOf(some).includes("spo2"));
});
