import assert from "node:assert/strict";
import { test } from "node:test";
import { PATIENT, START, world } from "./testing/world.ts";

type World = Awaited<ReturnType<typeof world>>;
let n = 0;
const report = (w: World, clock: number, fault: string | null, gateway = "gw") =>
  w.watch.event({
    id: `report-${++n}`,
    organisationId: "018f0000-0000-7000-8000-0000000000aa",
    associationId: null,
    deviceId: gateway,
    patientId: null,
    event: "gateway-report",
    at: clock,
    receivedAt: clock,
    timeFromServer: false,
    detail: { clock, sound: { by: "command", fault, since: fault === null ? null : START } },
  });

test("a gateway that could not be heard is a technical alarm of whoever is watched through it, until it can", async () => {
  const w = await world();
  w.inCharge.set("gw", new Set(["mon"]));
  report(w, START + 1_000, "aplay ended with 1");
  const [alarm = assert.fail("no alarm")] = w.open("gateway-silent");
  assert.deepEqual([alarm.priority, alarm.patientId, alarm.deviceId, alarm.onsetAt], ["low", PATIENT, "mon", START]);
  report(w, START + 2_000, "aplay ended with 1");
  assert.equal(w.open("gateway-silent").length, 1, "it is one alarm");
  // A report that waited for the line says how it was.
  report(w, START + 500, null);
  assert.equal(w.open("gateway-silent").length, 1);
  report(w, START + 3_000, null);
  assert.deepEqual(w.open("gateway-silent"), []);
});

test("a second gateway that can be heard does not speak for the first, and a device out of its charge is nobody's", async () => {
  const w = await world();
  w.inCharge.set("gw", new Set(["mon"])).set("gw-2", new Set(["mon"]));
  report(w, START + 1_000, "no loudspeaker");
  report(w, START + 1_500, null, "gw-2");
  assert.equal(w.open("gateway-silent").length, 1);
  w.inCharge.delete("gw");
  report(w, START + 2_000, "no loudspeaker");
  assert.deepEqual(w.open("gateway-silent"), []);
});

test("it follows the device, and a restart tells it as it was", async () => {
  const w = await world();
  w.inCharge.set("gw", new Set(["mon"]));
  report(w, START + 1_000, "no loudspeaker");
  const [before] = w.open("gateway-silent");
  await w.settle();
  await w.restart();
  report(w, START + 2_000, "no loudspeaker");
  assert.deepEqual(
    w.open("gateway-silent").map(({ id }) => id),
    [before?.id],
  );
  w.take("mon");
  assert.deepEqual(w.open("gateway-silent"), []);
});
