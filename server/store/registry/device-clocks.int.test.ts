import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { manualRuntime } from "@openward/runtime/manual";
import { openTestDatabase, type TestDatabase } from "../database/testing/database.ts";
import { createRegistry } from "./index.ts";

const ORGANISATION = "018f0000-0000-7000-8000-0000000000aa";
const NOW = Date.UTC(2026, 10, 22, 12);

let database: TestDatabase;
before(async () => {
  database = await openTestDatabase();
  const { owner } = database;
  await owner.query("INSERT INTO organisation (organisation_id, name, created_at) VALUES ($1, 'Test', 0)", [
    ORGANISATION,
  ]);
  for (const id of ["saved", "fresh"])
    await owner.query(
      "INSERT INTO device (id, organisation_id, type, display, created_at) VALUES ($1, $2, 'generic', 'M', 0)",
      [id, ORGANISATION],
    );
});
after(() => database?.close());

test("what was learnt of clocks comes back, with the sightings behind it and every state, in order", async () => {
  const { owner, api, worker } = database;
  const { clocks } = createRegistry({ api, worker, runtime: manualRuntime(NOW) });
  assert.deepEqual(await clocks.known(), []);
  const sighting = (device: string, position: number, serverTime: number, more = "NULL, false, NULL") =>
    owner.query(
      `INSERT INTO device_clock (device_id, position, ordinal, organisation_id, device_time, server_time, gateway_time, is_stated, body_hash)
       VALUES ($1, $2, 0, $3, $4, $5, ${more})`,
      [device, position, ORGANISATION, serverTime + 7, serverTime],
    );
  await sighting("saved", 1, NOW - 3_000);
  await sighting("saved", 3, NOW - 1_000, `${NOW - 1_500}, false, 4294967295`);
  await sighting("saved", 2, NOW - 2_000, "NULL, true, NULL");
  await sighting("fresh", 4, NOW - 86_400_001);
  await sighting("fresh", 5, NOW - 60_000);
  const state = (sequence: number, kind: string | null, leadsTo: string) =>
    owner.query(
      `INSERT INTO device_clock_state (device_id, sequence, organisation_id, decided_at, kind, leads_to, is_certain, from_at, at,
         ahead_ms, drift, drift_bound, below_ms, above_ms, sightings) VALUES ('saved', $1, $2, $3, $4, $5, true, 1, 2, 3.5, 1e-6, 1e-3, 4, 5, 6)`,
      [sequence, ORGANISATION, NOW, kind, leadsTo],
    );
  await state(10, "half-day", "corrected");
  await state(9, null, "kept");
  const track = { epochs: [{ from: 1.5 }], candidate: null };
  await clocks.save([
    { deviceId: "saved", track, through: NOW - 3_000 },
    { deviceId: "gone", track, through: 0 },
  ]);
  await clocks.save([{ deviceId: "saved", track, through: NOW - 2_500 }]);
  await clocks.note(ORGANISATION, "saved", "kim", { seen: 9 });
  const persons = {
    organisationId: ORGANISATION,
    deviceId: "saved",
    sequence: 10,
    decidedBy: "kim",
    because: "saw it",
  };
  await clocks.decided(persons as never);
  await clocks.decided({ ...persons, sequence: 9, decidedBy: undefined } as never);
  const known = await clocks.known<typeof track>();
  const [fresh, saved] = known.toSorted((a, b) => (a.deviceId < b.deviceId ? -1 : 1));
  assert.equal(known.length, 2);
  const own = { organisationId: ORGANISATION, deviceId: "saved" };
  assert.deepEqual([saved?.track, saved?.through], [track, NOW - 2_500]);
  assert.deepEqual(saved?.sightings, [
    { ...own, deviceTime: NOW - 1_993, serverTime: NOW - 2_000, isStated: true },
    { ...own, deviceTime: NOW - 993, serverTime: NOW - 1_000, gatewayTime: NOW - 1_500, bodyHash: 4_294_967_295 },
  ]);
  assert.deepEqual(
    saved?.states.map(({ sequence, kind, leadsTo, decidedBy, because }) => [
      ...[sequence, kind, leadsTo],
      ...(decidedBy === undefined ? [] : [decidedBy, because]),
    ]),
    [
      [9, null, "kept"],
      [10, "half-day", "corrected", "kim", "saw it"],
    ],
  );
  assert.deepEqual([fresh?.track, fresh?.sightings.length], [null, 1]);
});
