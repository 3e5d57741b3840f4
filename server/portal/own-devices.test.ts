import assert from "node:assert/strict";
import { test } from "node:test";
import { type RouteName, routes } from "@openward/api";
import type { Ingest } from "./ports/index.ts";
import { createWorld } from "./testing/world.ts";

function assertForm(name: RouteName, body: unknown): void {
  const result = routes[name].response.safeParse(body);
  assert.ok(result.success, `${name}: ${result.error?.message}`);
}

/** As the world signs people in: "session patient" is this person. */
const PATIENT = "00000000-0000-7000-8000-0000000000a1";
const STRAP = {
  browserId: "k2J9",
  name: "Polar H10 5A2B341F",
  services: ["180d"],
  says: { manufacturer: "Polar Electro Oy", model: "H10", systemId: null },
  isShared: false,
};

async function worldAtHome() {
  const sent: Parameters<Ingest["accept"]>[0][] = [];
  const world = await createWorld((deps) => ({
    ...deps,
    ingest: {
      async accept(message) {
        sent.push(message);
        return { accepted: 1, quarantined: [{ index: 0, code: "NO_ASSOCIATION", field: "at", readings: 1 }] };
      },
    },
    access: {
      ...deps.access,
      async authenticate(headers) {
        const found = await deps.access.authenticate(headers);
        return found && found.principal.role === "patient"
          ? { ...found, principal: { ...found.principal, id: PATIENT } }
          : found;
      },
    },
  }));
  const relate = async (name: string, relation: string) => {
    const { patient } = world.newPatient(name);
    await world.call("token administrator", "POST", `/api/patients/${patient.id}/relations`, {
      personId: PATIENT,
      relation,
      reason: "identity card",
    });
    return patient.id;
  };
  const add = (patientId: string, more: object = {}) =>
    world.call("session patient", "POST", `/api/me/patients/${patientId}/devices`, { ...STRAP, ...more });
  return { ...world, sent, relate, add };
}

test("a device of one's own is in the registry for its patient, and what is stored on it is theirs", async () => {
  const { add, relate, devices, call, runtime } = await worldAtHome();
  const kari = await relate("Hansen, Kari", "self");
  const made = await add(kari);
  assert.equal(made.status, 201, JSON.stringify(made.body));
  assertForm("addOwnDevice", made.body);
  const { deviceId, display, isShared, since } = made.body;
  assert.deepEqual([display, isShared], ["Polar H10", false]);
  assert.equal(runtime.clock.now() - since, 365 * 86_400_000);
  assert.deepEqual((await add(kari)).body, made.body, "once more it is the same one");
  assert.equal(devices.size, 1);
  const listed = await call("token clinical-engineer", "GET", `/api/devices/${deviceId}`);
  assert.deepEqual(
    [listed.body.type, listed.body.manufacturer, listed.body.model],
    ["own-bluetooth", "Polar Electro Oy", "H10"],
  );
  await call("token clinical-engineer", "POST", `/api/devices/${deviceId}/revoke`);
  assert.equal((await add(kari)).body.code, "CONFLICT", "what the ward has ended stays so");
});

test("a device that somebody else uses is taken only when one says so, and is another device then", async () => {
  const { add, relate } = await worldAtHome();
  const kari = await relate("Hansen, Kari", "self");
  const child = await relate("Hansen, Ida", "guardian");
  const { body: first } = await add(kari);
  const refused = await add(child);
  assert.deepEqual([refused.status, refused.body.code, refused.body.field], [409, "DEVICE_SHARED", "isShared"]);
  const { body: second } = await add(child, { isShared: true, browserId: "another browser" });
  assert.notEqual(second.deviceId, first.deviceId);
  assert.equal(second.isShared, true);
  assert.ok(second.since > first.since, "what others have stored on it is not taken");
  const unnumbered = { name: "Heart rate", browserId: "one" };
  const { body: third } = await add(kari, unnumbered);
  const { body: fourth } = await add(child, { ...unnumbered, browserId: "two" });
  assert.notEqual(third.deviceId.slice(0, 28), fourth.deviceId.slice(0, 28), "a name alone is many devices'");
});

test("what the browser received goes to the raw door as it is, under its key", async () => {
  const { add, relate, call, sent, runtime } = await worldAtHome();
  const kari = await relate("Hansen, Kari", "self");
  const child = await relate("Hansen, Ida", "guardian");
  const { deviceId } = (await add(kari)).body;
  const values = [{ codec: "gatt/2a37", at: runtime.clock.now() - 500, hex: "0048" }];
  const body = { key: "00000000-0000-4000-8000-000000000001", sentAt: runtime.clock.now(), values };
  const path = `/api/me/patients/${kari}/devices/${deviceId}/capture`;
  const taken = await call("session patient", "POST", path, body);
  assert.equal(taken.status, 200, JSON.stringify(taken.body));
  assertForm("sendOwnCapture", taken.body);
  assert.deepEqual(taken.body.quarantined, [{ code: "NO_ASSOCIATION", field: "at" }]);
  const [message] = sent;
  assert.deepEqual(JSON.parse(Buffer.from(message?.body ?? []).toString()), values);
  assert.deepEqual([message?.deviceId, message?.format, message?.messageId], [deviceId, "capture", body.key]);
  await call("session patient", "POST", path, { ...body, sentAt: body.sentAt + 20 });
  assert.equal(sent[1]?.deliveryKey, message?.deliveryKey, "whenever it is sent");

  const early = await call("session patient", "POST", path, { ...body, sentAt: runtime.clock.now() + 61_000 });
  assert.deepEqual([early.body.isTaken, early.body.now], [false, runtime.clock.now()]);
  const elsewhere = await call("session patient", "POST", path.replace(kari, child), body);
  assert.equal(elsewhere.status, 404, "no device of one patient is another's");
  for (const codec of ["capture", "hl7v2/pcd01", "openward/readings"])
    assert.equal(
      (await call("session patient", "POST", path, { ...body, values: [{ ...values[0], codec }] })).status,
      422,
    );
  assert.equal((await call("token administrator", "POST", path, body)).status, 404, "a token stands beside nobody");
  assert.equal(sent.length, 2);
});

test("who only sees a patient measures nothing for them", async () => {
  const { add, relate } = await worldAtHome();
  const ola = await relate("Berg, Ola", "family");
  const refused = await add(ola);
  assert.deepEqual([refused.status, refused.body.code], [403, "NOT_PERMITTED"]);
});
