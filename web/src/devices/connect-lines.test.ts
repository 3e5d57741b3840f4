import assert from "node:assert/strict";
import { test } from "node:test";
import { connectLines } from "./connect-lines.ts";

test("the lines carry address, id and token, and no double slash", () => {
  const lines = connectLines(
    { mqtt: { host: "ward.example.org", port: 8883 }, publicUrl: "https://ward.example.org/" },
    "ox-1",
    "s3cret_t-oken",
  );
  assert.equal(
    lines.mqtt,
    `mosquitto_pub -h ward.example.org -p 8883 -u ox-1 -P s3cret_t-oken -t devices/ox-1/readings -q 1 -m '{"values":{"heart-rate":72,"spo2":97}}'`,
  );
  assert.equal(
    lines.http,
    `curl -u ox-1:s3cret_t-oken -H 'Content-Type: application/json' -d '{"values":{"heart-rate":72}}' https://ward.example.org/ingest/devices/ox-1/readings`,
  );
});
