import assert from "node:assert/strict";
import { mkdtempSync, readFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import type { GatewayBody } from "@openward/api";
import { connectAsync } from "mqtt";
import { addGateway, startGatewayProcess } from "./edge/gateway.ts";
import { startNetwork } from "./edge/proxy.ts";
import { addBeds, apiOf, fhirOf, removeDataDir, startWard } from "./support/ward.ts";

const place = mkdtempSync(join(tmpdir(), "openward-gateway-"));
const ward = await startWard();
const api = await apiOf(ward);
const fhir = await fhirOf(ward);
const beds = await addBeds(ward, 2);
const [bed = assert.fail(), other = assert.fail()] = beds;
const network = await startNetwork(ward.httpPort);
const env = {
  ...(await addGateway(api, { id: "gw-1", deviceIds: [bed.deviceId], dataDir: place, serverPort: network.port })),
  OPENWARD_GATEWAY_MLLP_PORT: "0",
};
let gateway = await startGatewayProcess(env);
after(async () => {
  await gateway.stop();
  network.close();
  await ward.stop();
  removeDataDir(ward.dataDir);
  removeDataDir(place);
});

async function until<T>(ask: () => Promise<T | undefined>, what: string): Promise<T> {
  for (const end = performance.now() + 60_000; ; await wait(100)) {
    const found = await ask();
    if (found !== undefined) return found;
    if (performance.now() > end)
      throw new Error(`not within a minute: ${what}; the gateway says ${gateway.log().slice(-2_000)}`);
  }
}

interface Found {
  readonly entry?: {
    readonly resource: { readonly effectiveDateTime?: string; readonly valueQuantity?: { readonly value: number } };
  }[];
}
const ratesOf = async (patientId: string) =>
  ((await fhir<Found>(`Observation?patient=${patientId}&code=8867-4&_sort=date`)).entry ?? []).map(
    ({ resource }) => resource,
  );
const stateOf = () => api<GatewayBody>("GET", "/api/devices/gw-1/gateway");
const signIn = (id: string, token: string) =>
  connectAsync(`mqtt://127.0.0.1:${gateway.mqttPort}`, { username: id, password: token, reconnectPeriod: 0 });
const configured = () =>
  until(async () => (/a new configuration holds/.test(gateway.log()) ? true : undefined), "a configuration");

test("a device signs in at the gateway with its own token; what says no time is of when the gateway got it, days without a line or not", async () => {
  await configured();
  await assert.rejects(signIn(bed.deviceId, "wrong"));
  // Not in its charge.
  await assert.rejects(signIn(other.deviceId, other.token));
  network.cut();
  const client = await signIn(bed.deviceId, bed.token);
  const from = Date.now();
  await client.publishAsync(`devices/${bed.deviceId}/readings`, '{"values":{"heart-rate":61}}', { qos: 1 });
  const to = Date.now();
  await client.endAsync();
  await wait(2_000);
  assert.equal((await ratesOf(bed.patientId)).length, 0);
  network.mend();
  const [rate] = await until(async () => {
    const found = await ratesOf(bed.patientId);
    return found.length > 0 ? found : undefined;
  }, "the reading at the server");
  const at = Date.parse(rate?.effectiveDateTime ?? "");
  assert.ok(at >= from && at <= to, `${at - from} ms after it was sent`);
  assert.equal(rate?.valueQuantity?.value, 61);
});

test("a message of HL7 is answered by the gateway after its flush, and its rows reach who wears the device", async () => {
  network.cut();
  const at = new Date(Date.now() - 60_000).toISOString().replace(/[-:]/g, "").replace("T", "").slice(0, 14);
  const segments = (device: string, value: number, id: string) =>
    [
      `MSH|^~\\&|MON|WARD|OW|OW|${at}+0000||ORU^R01^ORU_R01|${id}|P|2.6|||NE|AL||UNICODE UTF-8|||IHE_PCD_001^IHE PCD^1.3.6.1.4.1.19376.1.6.1.1.1^ISO`,
      "PID|||",
      `OBR|1|||69965^MDC_DEV_MON_PHYSIO_MULTI_PARAM_MDS^MDC|||${at}+0000`,
      `OBX|1||69965^MDC_DEV_MON_PHYSIO_MULTI_PARAM_MDS^MDC|1.0.0.0|||||||X|||||||${device}`,
      `OBX|2|NM|147842^MDC_ECG_HEART_RATE^MDC|1.7.4.147842|${value}|264864^MDC_DIM_BEAT_PER_MIN^MDC|||||R|||${at}+0000||||${device}`,
    ].join("\r");
  assert.match(await sendHl7(segments(bed.deviceId, 77, "m1")), /MSA\|AA\|m1/);
  assert.match(await sendHl7(segments("nobody-knows", 99, "m2")), /MSA\|AA\|m2/);
  network.mend();
  await until(async () => {
    const found = await ratesOf(bed.patientId);
    return found.some(({ valueQuantity }) => valueQuantity?.value === 77) ? found : undefined;
  }, "the row of HL7");
  const held = await until(async () => {
    const found = await api<{ problems: { code: string }[] }[]>("GET", "/api/quarantine?device=gw-1");
    return found.length > 0 ? found : undefined;
  }, "the row of a device that nobody knows");
  assert.deepEqual([held.length, held[0]?.problems[0]?.code], [1, "DEVICE_UNKNOWN"]);
});

test("it works by what is set at the server, keeps that over a start without a line, and tells how it is", async () => {
  const before = await stateOf();
  const bluetooth = [{ deviceId: bed.deviceId, address: "C0:FF:EE:00:00:01" }];
  const set = await api<GatewayBody>("PUT", "/api/devices/gw-1/gateway", {
    seen: before.revision,
    bluetooth,
    reportSeconds: 30,
  });
  await api("PUT", "/api/devices/gw-1/charge", { deviceId: other.deviceId, isInCharge: true });
  // A start asks at once; else it asks every half a minute.
  await gateway.stop();
  gateway = await startGatewayProcess(env);
  const { configuration } = await stateOf();
  assert.notEqual(configuration, set.configuration);
  const told = await until(async () => {
    const { report } = await stateOf();
    return report?.configuration === configuration ? report : undefined;
  }, "a report by the new configuration");
  assert.deepEqual(
    [told.link.isUp, told.kept.refused, told.sources.mllp?.isOn, told.sources.bluetooth?.isOn],
    [true, 0, true, false],
  );
  assert.ok((told.devices[bed.deviceId] ?? 0) > Date.now() - 300_000);
  assert.ok(told.disk && told.disk.freeBytes > 0);

  const kept = readFileSync(join(place, "data/configuration.json"), "utf8");
  assert.ok(kept.includes(configuration));
  assert.doesNotMatch(kept, new RegExp(`${bed.patientId}|Abara|T-100`), "no patient is named");
  assert.ok(kept.includes('"signal":"heart-rate"'), "limits are there");
  assert.doesNotMatch(kept, new RegExp(bed.token));
  network.cut();
  await gateway.kill();
  gateway = await startGatewayProcess(env);
  const client = await signIn(other.deviceId, other.token);
  await client.publishAsync(`devices/${other.deviceId}/readings`, '{"values":{"heart-rate":66}}', { qos: 1 });
  await client.endAsync();
  network.mend();
  await until(
    async () => ((await ratesOf(other.patientId)).length > 0 ? true : undefined),
    "the reading of the second device",
  );
});

function sendHl7(message: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(gateway.mllpPort ?? 0, "127.0.0.1", () => socket.write(`\x0b${message}\r\x1c\r`));
    let answer = "";
    socket.on("data", (chunk) => {
      answer += chunk;
      if (!answer.includes("\x1c")) return;
      socket.end();
      resolve(answer);
    });
    socket.on("error", reject);
    socket.on("close", () => reject(new Error(`closed after ${answer}`)));
  });
}
