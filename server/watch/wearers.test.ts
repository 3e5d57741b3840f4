import assert from "node:assert/strict";
import { test } from "node:test";
import { OTHER, PATIENT, type World, world } from "./testing/world.ts";

const DAY = 86_400_000;
const HOUR = 3_600_000;

function weigh(w: World, ...kg: number[]): void {
  for (const value of kg) {
    w.runtime.advance(DAY);
    w.read("body-weight", value, { deviceId: "scale", unit: "kg" });
  }
}

async function scaleWorld(): Promise<World> {
  const w = await world("adult", "weighing-scale");
  w.take("mon");
  w.put("scale", PATIENT);
  return w;
}

const questions = (w: World) => w.open().filter(({ rule }) => rule.startsWith("wearer-"));

test("another's weight asks whether it is the right patient, until a person says that it is", async () => {
  const w = await scaleWorld();
  weigh(w, 80.1, 79.8, 80.3, 64.2);
  const [alarm = assert.fail("no alarm"), more] = questions(w);
  assert.equal(more, undefined);
  const { rule, priority, patientId, deviceId, signal, value, limit, unit, onsetAt } = alarm;
  assert.deepEqual(
    { rule, priority, patientId, deviceId, signal, value, limit, unit, onsetAt },
    {
      rule: "wearer-jump",
      priority: "medium",
      patientId: PATIENT,
      deviceId: "scale",
      signal: "body-weight",
      value: 64.2,
      limit: 80.1,
      unit: "kg",
      onsetAt: w.runtime.clock.now(),
    },
  );
  weigh(w, 64.1);
  assert.equal(questions(w).length, 1, "the same question");
  const answered = w.watch.acknowledge(w.view, alarm.id, alarm.revision);
  assert.deepEqual([answered.state, answered.acknowledgedBy], ["resolved", "nurse-1"]);
  weigh(w, 64.3, 64.0);
  assert.deepEqual(questions(w), [], "and it does not come back for the same thing");
  weigh(w, 81);
  assert.equal(questions(w).length, 1, "but for the next one");
});

test("it goes when the device goes to whoever it is, and the other's values are held against the other's own", async () => {
  const w = await scaleWorld();
  weigh(w, 80, 80, 64);
  assert.equal(questions(w).length, 1);
  w.put("scale", OTHER);
  assert.deepEqual(questions(w), []);
  weigh(w, 64, 64);
  assert.deepEqual(questions(w), []);
  w.put("scale", PATIENT);
  weigh(w, 80);
  assert.deepEqual(questions(w), [], "what was measured of this patient before still counts");
});

test("where a person says that the value was an error, the question is over and the value forgotten", async () => {
  const w = await scaleWorld();
  weigh(w, 80, 80.2, 64);
  assert.equal(questions(w).length, 1);
  w.watch.amended(w.stream("body-weight", "scale", "kg").id, 80.2);
  assert.deepEqual(questions(w), []);
  weigh(w, 80.1);
  assert.deepEqual(questions(w), []);
});

test("what is sent days late asks nothing", async () => {
  const w = await scaleWorld();
  weigh(w, 80, 80);
  const now = w.runtime.clock.now() + 5 * DAY;
  w.runtime.advance(5 * DAY);
  w.readBatch("body-weight", [now - 3 * DAY, now - 2 * DAY], [64, 64], "scale");
  assert.deepEqual(questions(w), []);
});

test("two of a household on one scale: answered once, it is not asked again while the scale is here, nor after a restart", async () => {
  const w = await scaleWorld();
  const days = [72.1, 76.2, 72.3, 72.0, 76.5, 76.3, 72.2, 76.4];
  weigh(w, ...days);
  const [alarm = assert.fail("no alarm")] = questions(w);
  assert.deepEqual([alarm.rule, alarm.value, alarm.limit], ["wearer-mixed", 76.4, 72.15]);
  w.watch.acknowledge(w.view, alarm.id, alarm.revision);
  weigh(w, ...days, ...days);
  assert.deepEqual(questions(w), []);
  await w.settle();
  await w.restart();
  weigh(w, ...days, ...days);
  assert.deepEqual(questions(w), []);
  w.take("scale");
  w.put("scale", PATIENT);
  weigh(w, ...days);
  assert.equal(questions(w).length, 1, "given anew, it is asked anew");
});

test("two devices on one patient whose heart rates disagree for ten minutes", async () => {
  const w = await world("adult", "generic");
  w.put("band", PATIENT);
  const measure = (minutes: number, mon: number, band: number) => {
    for (let s = 0; s < minutes * 12; s++) {
      w.runtime.advance(5_000);
      w.read("heart-rate", mon);
      w.read("pulse-rate", band, { deviceId: "band" });
    }
  };
  measure(30, 72, 76);
  assert.deepEqual(questions(w), []);
  measure(8, 72, 110);
  assert.deepEqual(questions(w), []);
  measure(4, 72, 110);
  const [alarm = assert.fail("no alarm")] = questions(w);
  assert.deepEqual([alarm.rule, new Set([alarm.value, alarm.limit])], ["wearer-apart", new Set([72, 110])]);
  w.watch.acknowledge(w.view, alarm.id, alarm.revision);
  measure(30, 72, 110);
  assert.deepEqual(
    questions(w)
      .map(({ id }) => id)
      .filter((id) => id === alarm.id),
    [],
  );
});

test("after a restart a value is held against those of before", async () => {
  const w = await scaleWorld();
  weigh(w, 80, 80.2, 79.9);
  await w.settle();
  await w.restart();
  weigh(w, 62);
  assert.equal(questions(w).length, 1);
  w.runtime.advance(HOUR);
  w.patients.set(PATIENT, { isAdmitted: false, ageGroup: "adult" });
  w.watch.patientChanged(PATIENT);
  assert.deepEqual(questions(w), [], "discharged");
});
