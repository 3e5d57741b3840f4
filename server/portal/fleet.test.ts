import assert from "node:assert/strict";
import { before, test } from "node:test";
import { NOTHING_REGISTERED } from "@openward/model";
import { createWorld, ORGANISATION, type World } from "./testing/world.ts";

let world: World;
before(async () => {
  world = await createWorld();
  for (let n = 0; n < 120; n++) {
    const id = `dev-${String(n).padStart(3, "0")}`;
    world.devices.set(id, {
      device: {
        id,
        organisationId: ORGANISATION,
        type: "bedside-monitor",
        display: `Monitor ${n}`,
        manufacturer: "Acme",
        model: "M1",
        serial: `S-${n}`,
        createdAt: 0,
        revokedAt: n === 119 ? 1 : null,
      },
      registration: NOTHING_REGISTERED,
      facts: [{ fact: "firmware", value: n === 7 ? "1.9" : "1.10", since: 1 }],
      status: {
        organisationId: ORGANISATION,
        deviceId: id,
        state: "online",
        battery: 100 - (n % 100),
        clock: null,
        receivedAt: 1,
      },
      lastSeenAt: n,
      clockOffsetMs: null,
      clock: null,
      association: null,
      openQuarantine: 0,
      certificateEndsAt: null,
      commands: null,
    });
  }
});

const ask = async (query: string, as = "token clinical-engineer") => {
  const { status, body } = await world.call(as, "GET", `/api/fleet${query}`);
  assert.equal(status, 200, JSON.stringify(body));
  return body;
};
const idsOf = (body: { devices: { device: { id: string } }[] }) => body.devices.map(({ device }) => device.id);

test("all devices with access are counted, and come a page at a time, each once", async () => {
  const pages = [await ask("?order=name"), await ask("?order=name&page=1"), await ask("?order=name&page=2")];
  const ids = pages.flatMap(idsOf);
  assert.deepEqual([pages[0]?.total, pages[0]?.found, ids.length, new Set(ids).size], [120, 119, 119, 119]);
  assert.deepEqual(ids.slice(0, 3), ["dev-000", "dev-001", "dev-002"]);
  assert.deepEqual(idsOf(await ask("?page=3")), []);
});

test("one state, a search by several words, and an order", async () => {
  const low = await ask("?state=battery-low&order=battery");
  assert.deepEqual([low.found, low.counts["battery-low"]], [20, 20]);
  assert.deepEqual(idsOf(low).slice(0, 2), ["dev-099", "dev-098"]);
  assert.deepEqual(idsOf(await ask("?q=acme%20S-42")), ["dev-042"]);
  assert.deepEqual(idsOf(await ask("?state=no-access")), ["dev-119"]);
  const old = await ask("?order=firmware");
  assert.equal(idsOf(old)[0], "dev-007");
  assert.deepEqual(old.devices[0].firmware, { version: "1.9", newest: "1.10" });
  assert.equal((await world.call("token clinical-engineer", "GET", "/api/fleet?state=broken")).status, 422);
});

test("completeness is asked of those who are shown, by bed or by device, a page of them", async () => {
  const anna = world.newPatient("Anna");
  const hidden = world.newPatient("Bert");
  world.hidden.add(hidden.patient.id);
  const { body } = await world.call("token nurse", "GET", "/api/fleet/completeness?by=patient&days=7");
  assert.deepEqual(
    body.rows.map((row: { patient: { id: string } }) => row.patient.id),
    [anna.patient.id],
  );
  assert.deepEqual(world.asked.filter(([what]) => what === "completeness").at(-1), [
    "completeness",
    "patient",
    [anna.patient.id],
    7,
  ]);
  const devices = await world.call("token nurse", "GET", "/api/fleet/completeness?by=device&page=4");
  assert.deepEqual([devices.body.found, devices.body.rows.length], [119, 19]);
  const day = await world.call("token nurse", "GET", `/api/patients/${hidden.patient.id}/completeness?day=2026-06-10`);
  assert.equal(day.status, 404);
  assert.equal((await world.call("token nurse", "GET", "/api/devices/nobody/completeness?day=2026-06-10")).status, 404);
  assert.equal((await world.call("token nurse", "GET", "/api/fleet/endings")).status, 403);
});
