import assert from "node:assert/strict";
import { test } from "node:test";
import { readSettings } from "./settings.ts";

const good = {
  OPENWARD_GATEWAY_SERVER: "https://ward.example:8443",
  OPENWARD_GATEWAY_ID: "gw-1",
  OPENWARD_GATEWAY_TOKEN_FILE: "/etc/openward/gateway.token",
};

test("what is left out is as it is by itself", () => {
  const settings = readSettings({ ...good, HOME: "/root", OPENWARD_DATA_DIR: "of the server" });
  assert.deepEqual(
    [settings.mqttPort, settings.mqttBind, settings.mllpPort, settings.bluetoothBus, settings.sound, settings.bytesMax],
    [1883, "127.0.0.1", null, null, "bell", 1e9],
  );
  const more = readSettings({
    ...good,
    OPENWARD_GATEWAY_BLUETOOTH: "on",
    OPENWARD_GATEWAY_MLLP_FROM: "10.0.0.7, 10.0.0.8",
  });
  assert.equal(more.bluetoothBus, "unix:path=/run/dbus/system_bus_socket");
  assert.deepEqual(more.mllpFrom, ["10.0.0.7", "10.0.0.8"]);
});

const wrong: readonly [Record<string, string>, string, string][] = [
  [{ OPENWARD_GATEWAY_SERVER: "ward.example" }, "CONFIG_INVALID", "OPENWARD_GATEWAY_SERVER"],
  [{ OPENWARD_GATEWAY_SERVER: "http://ward.example" }, "CONFIG_INVALID", "OPENWARD_GATEWAY_SERVER"],
  [{ OPENWARD_GATEWAY_ID: "gw 1" }, "CONFIG_INVALID", "OPENWARD_GATEWAY_ID"],
  [{ OPENWARD_GATEWAY_TOKEN_FILE: "" }, "CONFIG_INVALID", "OPENWARD_GATEWAY_TOKEN_FILE"],
  [{ OPENWARD_GATEWAY_MQTT_BIND: "0.0.0.0" }, "CONFIG_INVALID", "OPENWARD_GATEWAY_MQTT_BIND"],
  [{ OPENWARD_GATEWAY_MEGABYTES: "0" }, "CONFIG_INVALID", "OPENWARD_GATEWAY_MEGABYTES"],
  [{ OPENWARD_GATEWAY_MQTT_PORT: "70000" }, "CONFIG_INVALID", "OPENWARD_GATEWAY_MQTT_PORT"],
  [{ OPENWARD_GATEWAY_LOG_LEVEL: "loud" }, "CONFIG_INVALID", "OPENWARD_GATEWAY_LOG_LEVEL"],
  [{ OPENWARD_GATEWAY_TOKENFILE: "x" }, "CONFIG_UNKNOWN", "OPENWARD_GATEWAY_TOKENFILE"],
];
for (const [change, code, at] of wrong) {
  test(`${Object.entries(change)[0]?.join("=")} is refused by its name`, () => {
    assert.throws(
      () => readSettings({ ...good, ...change }),
      (error: { code?: string; facts?: { at?: string } }) => error.code === code && error.facts?.at === at,
    );
  });
}
