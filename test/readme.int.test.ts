import assert from "node:assert/strict";
import { execFile, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { apiOf, removeDataDir, root, startWard } from "./support/ward.ts";

const run = promisify(execFile);
const missing = ["mosquitto_pub", "curl", "npx"].filter((tool) => spawnSync("which", [tool]).status !== 0);
const mayMiss = process.env.CI !== "true";

test("the README's five lines connect a device, word for word", {
  skip: missing.length > 0 && mayMiss ? `${missing.join(", ")} not on this machine` : false,
}, async () => {
  const readme = readFileSync(join(root, "README.md"), "utf8");
  const block = /## Connect your first device[\s\S]*?```sh\n([\s\S]*?)```/.exec(readme)?.[1];
  assert.ok(block, "the README has the block");
  const ward = await startWard({ command: "demo" });
  try {
    // Only the ports differ from what a reader types: the test does not take 1883 and 8080.
    const script = block.replaceAll("-p 1883", `-p ${ward.mqttPort}`).replaceAll(":8080", `:${ward.httpPort}`);
    const env = {
      ...process.env,
      OPENWARD_DATA_DIR: ward.dataDir,
      OPENWARD_HTTP_PORT: String(ward.httpPort),
      OPENWARD_MQTT_PORT: String(ward.mqttPort),
    };
    const { stdout } = await run("bash", ["-euo", "pipefail", "-c", script], { cwd: root, env });
    assert.match(stdout, /"accepted":\s*2/, "curl was told that both readings are kept");
    const bundle = JSON.parse(stdout.slice(stdout.indexOf('{"resourceType"')));
    const values = bundle.entry.map(
      (entry: { resource: { valueQuantity: { value: number } } }) => entry.resource.valueQuantity.value,
    );
    assert.deepEqual(values.includes(96), true, "the newest reading comes back through FHIR");
    const api = await apiOf(ward);
    const patient = (await api<{ id: string; mrn: string }[]>("GET", "/api/patients")).find((p) => p.mrn === "100234");
    assert.ok(patient);
    const streams = await api<{ signal: string; latest: { value: number } }[]>(
      "GET",
      `/api/patients/${patient.id}/streams`,
    );
    assert.deepEqual(Object.fromEntries(streams.map((s) => [s.signal, s.latest.value])), {
      "pulse-rate-spo2": 73,
      spo2: 96,
    });
  } finally {
    await ward.stop();
    removeDataDir(ward.dataDir);
  }
});
