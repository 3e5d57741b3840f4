import assert from "node:assert/strict";
import { test } from "node:test";
import { HEARTBEAT_MS, type LiveMessage } from "@openward/api";
import { fakeSocket, fakeWard, ORGANISATION, patientId, settled, streamIdOf, WARD } from "./testing/ward.ts";

const values = (messages: LiveMessage[]) =>
  messages.flatMap((message) => (message.type === "numerics" ? message.items.map(({ value }) => value) : []));
const types = (messages: LiveMessage[]) => messages.map(({ type }) => type);

test("a screen gets the tiles of its ward, and then what changes", async () => {
  const ward = fakeWard();
  ward.addPatient(1);
  ward.addPatient(2, "00000000-0000-7000-8000-0000000000ff");
  const socket = fakeSocket();
  ward.live.connect(socket, ward.viewer());
  socket.say({ type: "watch", wardId: WARD });
  await settled();
  const [snapshot] = socket.take();
  assert.ok(snapshot?.type === "snapshot");
  assert.deepEqual(
    snapshot.tiles.map(({ patient }) => patient.id),
    [patientId(1)],
  );
  ward.live.readings(ward.reading(1, 97));
  ward.live.readings(ward.reading(2, 50));
  ward.runtime.advance(500);
  assert.deepEqual(values(socket.take()), [97]);
});

test("numerics come at most twice a second, the newest value of each stream", async () => {
  const ward = fakeWard();
  ward.addPatient(1);
  const socket = await ward.screen();
  for (let i = 0; i < 100; i++) {
    ward.live.readings(ward.reading(1, i));
    ward.runtime.advance(20);
  }
  const messages = socket.take();
  assert.equal(messages.length, 4);
  assert.deepEqual(values(messages), [24, 49, 74, 99]);
});

test("an alarm and a standby are sent in the same turn, to the screens of that patient only", async () => {
  const ward = fakeWard();
  ward.addPatient(1);
  ward.addPatient(2, "00000000-0000-7000-8000-0000000000ff");
  const socket = await ward.screen();
  ward.live.alarm(ward.alarm(1));
  ward.live.alarm(ward.alarm(2));
  ward.live.standby(ward.standby(1), null);
  assert.deepEqual(types(socket.take()), ["alarm", "standby"]);
});

test("waveforms come in chunks four times a second, as many as the screen asked for", async () => {
  const ward = fakeWard();
  ward.addPatient(1);
  const one = await ward.screen();
  const none = await ward.screen({ type: "watch", wardId: WARD, waveforms: "none" });
  const start = ward.runtime.clock.now();
  for (let i = 0; i < 10; i++) {
    ward.live.waveform(ward.waveform(1, start + i * 100, [1, 2, 3]));
    ward.runtime.advance(100);
  }
  const messages = one.take();
  assert.equal(messages.length, 4);
  assert.ok(messages.every(({ type }) => type === "waveform"));
  assert.deepEqual(none.take(), []);
});

test("nothing is kept of a patient whom nobody watches", async () => {
  const ward = fakeWard();
  ward.addPatient(1);
  ward.live.readings(ward.reading(1, 97));
  assert.deepEqual(ward.live.counts(), { screens: 0, patients: 0, bufferedBytes: 0 });
  const socket = await ward.screen();
  assert.deepEqual(ward.live.counts(), { screens: 1, patients: 1, bufferedBytes: 0 });
  socket.emit("close");
  assert.deepEqual(ward.live.counts(), { screens: 0, patients: 0, bufferedBytes: 0 });
  assert.equal(ward.runtime.pending(), 0, "no timer runs for nobody");
});

test("what is revoked leaves the screen within a frame, and nothing of it is sent after", async () => {
  const ward = fakeWard();
  ward.addPatient(1);
  const socket = await ward.screen();
  ward.live.readings(ward.reading(1, 97));
  ward.live.waveform(ward.waveform(1, ward.runtime.clock.now(), [1]));
  ward.hidden.add(patientId(1));
  ward.live.alarm(ward.alarm(1));
  ward.runtime.advance(1_000);
  assert.deepEqual(socket.take(), [{ type: "patient", patientId: patientId(1), tile: null }]);
});

test("an alarm that is raised while the snapshot is composed follows the snapshot", async () => {
  const ward = fakeWard();
  ward.addPatient(1);
  let open = () => {};
  ward.gate = new Promise((resolve) => {
    open = resolve;
  });
  const socket = await ward.screen();
  ward.live.alarm(ward.alarm(1, { revision: 1 }));
  ward.live.alarm(ward.alarm(1, { revision: 2, state: "acknowledged" }));
  ward.live.readings(ward.reading(1, 97));
  ward.runtime.advance(2_000);
  assert.deepEqual(socket.take(), [], "nothing before the snapshot");
  open();
  await settled();
  const [snapshot, alarm, ...others] = socket.take();
  assert.equal(snapshot?.type, "snapshot");
  assert.ok(alarm?.type === "alarm" && alarm.alarm.revision === 2);
  assert.deepEqual(others, []);
  ward.runtime.advance(500);
  assert.deepEqual(values(socket.take()), [97]);
});

test("an alarm that is raised while a tile is made anew is on the screen before and after it", async () => {
  const ward = fakeWard();
  ward.addPatient(1);
  const socket = await ward.screen();
  let open = () => {};
  ward.gate = new Promise((resolve) => {
    open = resolve;
  });
  ward.live.patientChanged(patientId(1), ORGANISATION);
  ward.runtime.advance(50);
  await settled();
  ward.live.alarm(ward.alarm(1));
  assert.deepEqual(types(socket.take()), ["alarm"]);
  open();
  await settled();
  assert.deepEqual(types(socket.take()), ["patient", "alarm"]);
});

test("a patient is admitted, changes bed and leaves: the screen follows", async () => {
  const ward = fakeWard();
  ward.addPatient(1);
  const socket = await ward.screen();
  const changed = async (n: number) => {
    for (let i = 0; i < 5; i++) ward.live.patientChanged(patientId(n), ORGANISATION);
    ward.runtime.advance(60);
    await settled();
    return socket.take();
  };
  const tile = ward.addPatient(2);
  const [admitted, ...more] = await changed(2);
  assert.ok(admitted?.type === "patient" && admitted.tile?.patient.stay?.bed === "2");
  assert.deepEqual(more, [], "one tile for a burst of changes");
  ward.live.readings(ward.reading(2, 91));
  ward.runtime.advance(500);
  assert.deepEqual(values(socket.take()), [91]);
  if (tile.patient.stay) tile.patient.stay.bed = "7";
  const [moved] = await changed(2);
  assert.ok(moved?.type === "patient" && moved.tile?.patient.stay?.bed === "7");
  tile.patient.stay = null;
  assert.deepEqual(await changed(2), [{ type: "patient", patientId: patientId(2), tile: null }]);
  ward.live.readings(ward.reading(2, 92));
  ward.runtime.advance(500);
  assert.deepEqual(socket.take(), []);
  ward.addPatient(3, "00000000-0000-7000-8000-0000000000ff");
  assert.deepEqual(await changed(3), [], "another ward");
  assert.equal(ward.live.counts().patients, 1);
});

test("a patient who is not in the view any more leaves the screen", async () => {
  const ward = fakeWard();
  ward.addPatient(1);
  ward.addPatient(2);
  const socket = await ward.screen();
  ward.hidden.add(patientId(2));
  ward.live.patientChanged(patientId(2), ORGANISATION);
  ward.runtime.advance(60);
  await settled();
  assert.deepEqual(socket.take(), [{ type: "patient", patientId: patientId(2), tile: null }]);
  ward.live.readings(ward.reading(2, 92));
  ward.runtime.advance(500);
  assert.deepEqual(socket.take(), []);
  assert.equal(ward.live.counts().patients, 1);
});

test("a patient whom the view learns of a moment later comes then", async () => {
  const ward = fakeWard();
  const socket = await ward.screen();
  ward.addPatient(1);
  ward.hidden.add(patientId(1));
  ward.live.patientChanged(patientId(1), ORGANISATION);
  ward.runtime.advance(100);
  await settled();
  assert.deepEqual(socket.take(), []);
  ward.hidden.delete(patientId(1));
  ward.runtime.advance(1_500);
  await settled();
  ward.runtime.advance(100);
  await settled();
  assert.deepEqual(types(socket.take()), ["patient"]);
});

test("a patient who changes while the snapshot is composed is looked at after it", async () => {
  const ward = fakeWard();
  const tile = ward.addPatient(1);
  let open = () => {};
  ward.gate = new Promise((resolve) => {
    open = resolve;
  });
  const socket = await ward.screen();
  if (tile.patient.stay) tile.patient.stay.bed = "9";
  ward.live.patientChanged(patientId(1), ORGANISATION);
  ward.runtime.advance(60);
  await settled();
  open();
  await settled();
  ward.runtime.advance(60);
  await settled();
  const [snapshot, change] = socket.take();
  assert.ok(snapshot?.type === "snapshot" && snapshot.tiles[0]?.patient.stay?.bed === "1");
  assert.ok(change?.type === "patient" && change.tile?.patient.stay?.bed === "9");
});

test("a new wish takes the place of the one before; the newest of many counts", async () => {
  const ward = fakeWard();
  ward.addPatient(1);
  ward.addPatient(2);
  const socket = await ward.screen();
  for (const n of [1, 2, 1, 2]) socket.say({ type: "watch", patients: [patientId(n)] });
  await settled();
  ward.runtime.advance(200);
  await settled();
  const snapshot = socket.take().at(-1);
  assert.ok(snapshot?.type === "snapshot");
  assert.deepEqual(
    snapshot.tiles.map(({ patient }) => patient.id),
    [patientId(2)],
  );
  assert.equal(ward.live.counts().patients, 1);
});

test("a snapshot that cannot be composed is tried again with the heartbeat", async () => {
  const ward = fakeWard();
  ward.addPatient(1);
  ward.gate = Promise.reject(new Error("the database is away"));
  const socket = await ward.screen();
  assert.deepEqual(socket.take(), []);
  assert.deepEqual(ward.reported, ["composing a snapshot"]);
  ward.gate = Promise.resolve();
  ward.runtime.advance(HEARTBEAT_MS);
  await settled();
  assert.deepEqual(types(socket.take()), ["snapshot"]);
});

test("a slow screen loses waveforms first, then frames, never alarms; others lose nothing", async () => {
  const ward = fakeWard();
  ward.addPatient(1);
  const [slow, fast] = [await ward.screen(), await ward.screen()];
  const send = (value: number) => {
    ward.live.readings(ward.reading(1, value));
    ward.live.waveform(ward.waveform(1, ward.runtime.clock.now(), [1]));
    ward.runtime.advance(500);
  };
  slow.bufferedAmount = 100_000;
  send(90);
  assert.deepEqual(types(slow.take()), ["numerics"]);
  slow.bufferedAmount = 200_000;
  send(91);
  send(92);
  ward.live.alarm(ward.alarm(1));
  assert.deepEqual(types(slow.take()), ["alarm"]);
  slow.bufferedAmount = 0;
  ward.runtime.advance(500);
  assert.deepEqual(values(slow.take()), [92], "it catches up with the newest, once");
  assert.deepEqual(values(fast.take()), [90, 91, 92]);
});

test("a screen that stays behind, overflows or answers no ping is closed; the others stay", async () => {
  const ward = fakeWard();
  ward.addPatient(1);
  const [behind, overflowing, deaf, good] = [
    await ward.screen(),
    await ward.screen(),
    await ward.screen(),
    await ward.screen(),
  ];
  overflowing.bufferedAmount = 9_000_000;
  ward.runtime.advance(HEARTBEAT_MS);
  assert.equal(overflowing.closed, "terminated");
  behind.bufferedAmount = 200_000;
  deaf.bufferedAmount = 1;
  for (let i = 0; i < 9; i++) {
    ward.live.readings(ward.reading(1, i));
    ward.runtime.advance(HEARTBEAT_MS);
  }
  assert.equal(behind.closed, "terminated");
  assert.equal(deaf.closed, undefined);
  ward.runtime.advance(2 * HEARTBEAT_MS);
  assert.equal(deaf.closed, "terminated");
  assert.equal(good.closed, undefined);
  assert.equal(ward.live.counts().screens, 1);
});

test("a heartbeat comes every three seconds, and at once when the storage changes", async () => {
  const ward = fakeWard();
  const socket = await ward.screen();
  ward.runtime.advance(10_000);
  assert.equal(socket.sent.length, 3);
  ward.live.storageState("spooling");
  ward.live.storageState("spooling");
  assert.equal(socket.sent.length, 4);
  assert.equal(JSON.parse(socket.sent[3] ?? "").storage, "spooling");
});

test("when a session ends, its screens are refused and closed; another session of the person stays", async () => {
  const ward = fakeWard();
  ward.addPatient(1);
  const out = await ward.screen(undefined, ward.viewer({ recheck: async () => undefined }));
  const stays = await ward.screen();
  const unanswered = await ward.screen(undefined, ward.viewer({ recheck: () => new Promise(() => {}) }));
  ward.live.ended("somebody-else");
  ward.live.ended("nurse-1");
  await settled();
  assert.deepEqual(types(out.take()), ["refused"]);
  assert.deepEqual(out.closed, { code: 4401 });
  ward.runtime.advance(1_000);
  assert.deepEqual(unanswered.closed, { code: 4401 });
  assert.equal(stays.closed, undefined);
  ward.live.alarm(ward.alarm(1));
  assert.deepEqual(out.take(), []);
  assert.deepEqual(types(stays.take()), ["snapshot", "alarm"], "it begins anew, with a view of its own");
});

test("a session that runs out is asked about: it ends, goes on, or stays while nobody can say", async () => {
  const ward = fakeWard();
  const expiresAt = ward.runtime.clock.now() + 1_000;
  const over = await ward.screen(undefined, ward.viewer({ expiresAt, recheck: async () => undefined }));
  const renewed = await ward.screen(undefined, ward.viewer({ expiresAt }));
  const unknown = await ward.screen(
    undefined,
    ward.viewer({ expiresAt, recheck: () => Promise.reject(new Error("away")) }),
  );
  ward.runtime.advance(HEARTBEAT_MS);
  await settled();
  assert.deepEqual(over.closed, { code: 4401 });
  assert.deepEqual([renewed.closed, unknown.closed], [undefined, undefined]);
});

test("an open screen is a session in use, and one that is over without a word is found out", async () => {
  const ward = fakeWard();
  let asked = 0;
  let isOver = false;
  const recheck = async () => {
    asked++;
    return isOver ? undefined : ward.runtime.clock.now() + 3_600_000;
  };
  const socket = await ward.screen(undefined, ward.viewer({ recheck }));
  ward.runtime.advance(180_000);
  await settled();
  assert.equal(asked, 3);
  isOver = true;
  ward.runtime.advance(60_000);
  await settled();
  assert.deepEqual(socket.closed, { code: 4401 });
});

test("a message that is not a wish is refused by name, and one screen too many as well", async () => {
  const ward = fakeWard({ screensMax: 4 });
  for (const [message, field] of [
    ["{", "message"],
    [{ type: "watch", waveforms: "some" }, "waveforms"],
    [{ type: "watch", patients: ["7"] }, "patients.0"],
  ] as const) {
    const socket = fakeSocket();
    ward.live.connect(socket, ward.viewer());
    socket.say(message);
    const [refused] = socket.take();
    assert.ok(refused?.type === "refused" && refused.detail.endsWith(`At ${field}.`), field);
    assert.deepEqual(socket.closed, { code: 4400 }, field);
  }
  for (let i = 0; i < 4; i++) assert.equal((await ward.screen()).closed, undefined);
  const socket = fakeSocket();
  ward.live.connect(socket, ward.viewer());
  assert.deepEqual(socket.closed, { code: 4429 });
  assert.equal(ward.live.counts().screens, 4);
});

test("closing ends every screen and every timer", async () => {
  const ward = fakeWard();
  ward.addPatient(1);
  const socket = await ward.screen();
  ward.live.patientChanged(patientId(1), ORGANISATION);
  ward.live.close();
  assert.deepEqual(socket.closed, { code: 1001 });
  assert.equal(ward.runtime.pending(), 0);
});

test("the streams of a tile keep their ids in what follows", async () => {
  const ward = fakeWard();
  ward.addPatient(1);
  const socket = await ward.screen();
  ward.live.readings(ward.reading(1, 97));
  ward.runtime.advance(500);
  const [message] = socket.take();
  assert.ok(message?.type === "numerics" && message.items[0]?.streamId === streamIdOf(1));
});
