import assert from "node:assert/strict";
import { test } from "node:test";
import { deviceTypes } from "@openward/drivers";
import { findSignal } from "@openward/signals";
import { connectLines } from "./connect-lines.ts";

test("the lines carry address, id and token, and no double slash", () => {
  const lines = connectLines(
    { mqtt: { host: "ward.example.org", port: 8883 }, publicUrl: "https://ward.example.org/" },
    "ox-1",
    "s3cret_t-oken",
    [],
  );
  assert.equal(
    lines.mqtt,
    `mosquitto_pub -h ward.example.org -p 8883 -u ox-1 -P s3cret_t-oken -t devices/ox-1/readings -q 1 -m '{"values":{"heart-rate":72,"spo2":97}}'`,
  );
  assert.equal(
    lines.http,
    `curl -u ox-1:s3cret_t-oken -H 'Content-Type: application/json' -d '{"values":{"heart-rate":72,"spo2":97}}' https://ward.example.org/ingest/devices/ox-1/readings`,
  );
});

const server = { mqtt: { host: "h", port: 1883 }, publicUrl: "http://h" };
const linesFor = (signals: readonly string[]) => connectLines(server, "d", "t", signals);

test("the lines send what a device of this type measures, and a pendant that measures nothing says it is there", () => {
  assert.match(linesFor(["body-temperature"]).mqtt, /readings -q 1 -m '\{"values":\{"body-temperature":36.8\}\}'/);
  assert.doesNotMatch(linesFor(["ecg-lead-ii", "heart-rate"]).http, /ecg-lead-ii/);
  assert.match(linesFor(["sos-button"]).http, /-d '\{"state":"online"\}' http:\/\/h\/ingest\/devices\/d\/status$/);
});

test("for every device type the example values are possible ones", () => {
  for (const { key, signals } of deviceTypes) {
    const line = linesFor(signals.map(({ signal }) => signal)).mqtt;
    const body = JSON.parse(/-m '(.*)'$/.exec(line)?.[1] ?? "");
    for (const [signal, value] of Object.entries<number>(body.values ?? {})) {
      const { hardMin = value, hardMax = value } = findSignal(signal) ?? {};
      assert.ok(value >= hardMin && value <= hardMax, `${key}: ${signal} ${value}`);
      assert.ok(signals.some((one) => one.signal === signal) || signals.length === 0, `${key} measures no ${signal}`);
    }
  }
});
