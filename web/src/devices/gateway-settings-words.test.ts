import assert from "node:assert/strict";
import { test } from "node:test";
import { GATEWAY_DEFAULTS } from "@openward/api/gateway-settings";
import { changeLines, wordOf, writeAddress } from "./gateway-settings-words.ts";

test("an address is taken as people write it, and what is none stays as it was typed", () => {
  for (const typed of ["c0:ff:ee:00:00:01", "C0-FF-EE-00-00-01", "c0ffee000001", " c0ff.ee00.0001 "])
    assert.equal(writeAddress(typed), "C0:FF:EE:00:00:01");
  assert.equal(writeAddress(" c0ffee00000"), "c0ffee00000");
  assert.equal(writeAddress("g0ffee000001"), "g0ffee000001");
});

test("what a version says otherwise is told in words, with the names of devices", () => {
  const after = {
    ...GATEWAY_DEFAULTS,
    bluetooth: [{ deviceId: "strap-1", address: "C0:FF:EE:00:00:01" }],
    linkAlarmSeconds: 30,
    leaveOut: ["mon-1"],
    mqtt: "off" as const,
    localAlarms: "off" as const,
  };
  const nameOf = (id: string) => (id === "mon-1" ? "Monitor" : id);
  assert.deepEqual(
    changeLines(GATEWAY_DEFAULTS, after, nameOf).map(({ label, text }) => `${label}: ${text}`),
    [
      "Bluetooth devices: none → strap-1 (C0:FF:EE:00:00:01)",
      "It rings by itself: while the line to the server is down → never for patients; of itself only",
      "The line may be down for: 60 s → 30 s",
      "Nothing is collected from: none → Monitor",
      "MQTT: as the box is set up → off",
    ],
  );
  assert.deepEqual(changeLines(after, after, nameOf), []);
  assert.deepEqual(["bluetooth[0].address", "mqtt", "smoke"].map(wordOf), ["Bluetooth devices", "MQTT", "smoke"]);
});
