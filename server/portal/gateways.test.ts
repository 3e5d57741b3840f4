import assert from "node:assert/strict";
import { test } from "node:test";
import { routes } from "@openward/api";
import { createWorld } from "./testing/world.ts";

const report = {
  version: "0.1.0",
  startedAt: 1,
  clock: 2,
  configuration: "1-abc",
  link: { isUp: true, since: null, confirmedAt: 2 },
  kept: { messages: 3, bytes: 4, bytesMax: 5, oldestAt: null, refused: 0, damaged: 0, aside: { TOPIC_FORBIDDEN: 1 } },
  disk: null,
  sources: { mqtt: { isOn: true, connected: 1, fault: null } },
  devices: { "box-2": 1 },
  alarms: [],
};

const url = "/api/devices/gw-1/gateway";
async function gatewayWorld() {
  const world = await createWorld();
  for (const id of ["gw-1", "strap-1", "strap-2"])
    await world.call("token administrator", "POST", "/api/devices", { id, display: id, type: "generic" });
  for (const deviceId of ["strap-1", "strap-2"])
    await world.call("token administrator", "PUT", "/api/devices/gw-1/charge", { deviceId, isInCharge: true });
  return world;
}
const straps = [
  { deviceId: "strap-1", address: "C0:FF:EE:00:00:01" },
  { deviceId: "strap-2", address: "C0:FF:EE:00:00:02" },
];

test("a gateway is set by who looks after devices, of two at once the second is told, and its report is shown", async () => {
  const { call, gatewayReports } = await gatewayWorld();
  assert.equal((await call("token nurse", "GET", url)).status, 403);
  assert.equal((await call("token clinical-engineer", "GET", "/api/devices/gw-2/gateway")).status, 404);
  const { body: none } = await call("token clinical-engineer", "GET", url);
  assert.ok(routes.gateway.response.safeParse(none).success);
  assert.deepEqual([none.revision, none.report, none.settings.localAlarms], [0, null, "link-down"]);
  assert.deepEqual(none.inCharge, ["strap-1", "strap-2"]);
  const bluetooth = straps.slice(0, 1);
  const set = await call("token administrator", "PUT", url, { seen: 0, bluetooth, linkAlarmSeconds: 30 });
  assert.ok(routes.configureGateway.response.safeParse(set.body).success);
  assert.deepEqual([set.body.revision, set.body.settings.bluetooth], [1, bluetooth]);
  assert.equal((await call("token administrator", "PUT", url, { seen: 0 })).status, 409);
  gatewayReports.set("gw-1", { detail: report, receivedAt: 7 });
  const told = await call("token administrator", "GET", url);
  // What a gateway of an earlier version does not tell.
  const untold = { takenUpAt: null, refused: [], sound: null };
  assert.deepEqual(told.body.report, { ...report, ...untold, receivedAt: 7 });
  gatewayReports.set("gw-1", { detail: { kept: "much" }, receivedAt: 8 });
  assert.equal((await call("token administrator", "GET", url)).body.report, null);
});

const [first, second] = straps as [(typeof straps)[0], (typeof straps)[0]];
const refused: readonly [string, object, string][] = [
  ["an address that is none", { bluetooth: [{ ...first, address: "c0ffee" }] }, "bluetooth[0].address"],
  ["an address twice", { bluetooth: [first, { ...second, address: first.address }] }, "bluetooth[1].address"],
  ["a device twice", { bluetooth: [first, { ...second, deviceId: "strap-1" }] }, "bluetooth[1].deviceId"],
  ["a device that another gateway has", { bluetooth: [{ ...first, deviceId: "strap-9" }] }, "bluetooth[0].deviceId"],
  ["a device that is left out", { bluetooth: [first], leaveOut: ["strap-1"] }, "bluetooth[0].deviceId"],
  ["to leave out what is not there", { leaveOut: ["strap-9"] }, "leaveOut[0]"],
  ["a listener switched on from afar", { mqtt: "on" }, "mqtt"],
  ["a setting that nobody knows", { volume: 11 }, "volume"],
  ["a second for the line", { linkAlarmSeconds: 1 }, "linkAlarmSeconds"],
];
test("settings by which a gateway could not work are refused by the name of the field, and nothing is kept", async (t) => {
  const { call } = await gatewayWorld();
  for (const [name, settings, at] of refused) {
    await t.test(name, async () => {
      const { status, body } = await call("token administrator", "PUT", url, { seen: 0, ...settings });
      assert.equal(status, 422);
      assert.ok(JSON.stringify(body).includes(at), JSON.stringify(body));
    });
  }
  assert.equal((await call("token administrator", "GET", url)).body.revision, 0);
});

test("an earlier version is gone back to as a new one, and each says who, what and when", async () => {
  const { call, asked } = await gatewayWorld();
  await call("token administrator", "PUT", url, { seen: 0, bluetooth: straps, linkAlarmSeconds: 30 });
  await call("token clinical-engineer", "PUT", url, { seen: 1, bluetooth: straps, mqtt: "off" });
  assert.equal((await call("token nurse", "POST", `${url}/restore`, { revision: 1, seen: 2 })).status, 403);
  assert.equal((await call("token administrator", "POST", `${url}/restore`, { revision: 1, seen: 1 })).status, 409);
  assert.equal((await call("token administrator", "POST", `${url}/restore`, { revision: 7, seen: 2 })).status, 404);
  const { body } = await call("token administrator", "POST", `${url}/restore`, { revision: 1, seen: 2 });
  assert.ok(routes.restoreGateway.response.safeParse(body).success);
  assert.deepEqual([body.revision, body.settings.mqtt, body.settings.linkAlarmSeconds], [3, "as-set-up", 30]);
  const versions: { revision: number; restores: number | null; setBy: string }[] = body.versions;
  assert.deepEqual(
    versions.map(({ revision, restores }) => [revision, restores]),
    [
      [3, 1],
      [2, null],
      [1, null],
    ],
  );
  assert.notEqual(versions[1]?.setBy, versions[0]?.setBy);
  assert.deepEqual(
    asked.filter((entry) => Array.isArray(entry) && entry[0] === "configure"),
    [
      ["configure", ["bluetooth", "linkAlarmSeconds"], null],
      ["configure", ["linkAlarmSeconds", "mqtt"], null],
      ["configure", ["linkAlarmSeconds", "mqtt"], 1],
    ],
  );
  const untouched = await call("token administrator", "POST", `${url}/restore`, { revision: 0, seen: 3 });
  assert.deepEqual([untouched.body.revision, untouched.body.settings.bluetooth], [4, []]);
});
