import assert from "node:assert/strict";
import { execFile, execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { promisify } from "node:util";
import type { GatewayBody } from "@openward/api";
import { connectAsync } from "mqtt";
import { addGateway, startGatewayProcess } from "./edge/gateway.ts";
import { startNetwork } from "./edge/proxy.ts";
import { addBeds, apiOf, fhirOf, removeDataDir, startWard } from "./support/ward.ts";

const place = mkdtempSync(join(tmpdir(), "openward-gateway-"));
const ward = await startWard({ env: { OPENWARD_HTTPS_PORT: "0" } });
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
  for (const end = performance.now() + 120_000; ; await wait(100)) {
    const found = await ask();
    if (found !== undefined) return found;
    if (performance.now() > end)
      throw new Error(`not within two minutes: ${what}; the gateway says ${gateway.log().slice(-2_000)}`);
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
  assert.match(await sendHl7(hl7(bed.deviceId, 77, "m1")), /MSA\|AA\|m1/);
  assert.match(await sendHl7(hl7("nobody-knows", 99, "m2")), /MSA\|AA\|m2/);
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

test("its MQTT is switched off and on again from afar, an earlier version is gone back to, and it tells what it took up and what not", async () => {
  const { revision, settings } = await stateOf();
  const change = async (body: object) => {
    const { seen, ...set } = { ...settings, ...body, seen: (await stateOf()).revision };
    const { configuration } = await api<GatewayBody>("PUT", "/api/devices/gw-1/gateway", { ...set, seen });
    return takenUp(configuration);
  };
  const takenUp = async (configuration: string) => {
    gateway.process.kill("SIGHUP");
    return until(async () => {
      const found = await stateOf();
      return found.report?.configuration === configuration && found.versions[0]?.takenUpAt ? found : undefined;
    }, `a report by ${configuration}`);
  };
  const client = await signIn(bed.deviceId, bed.token);
  const closed = new Promise<void>((resolve) => void client.once("close", () => resolve()));
  const off = await change({ mqtt: "off" });
  await closed;
  await client.endAsync(true);
  assert.equal(off.report?.sources.mqtt?.isOn, false);
  assert.ok((off.versions[0]?.takenUpAt ?? 0) > Date.now() - 120_000, "when it took it up");
  // Bluetooth is set, and alarms are to be heard: this box has neither.
  const none = ["bluetooth", "localAlarms"];
  assert.deepEqual(
    off.report?.refused.map(({ at }) => at),
    none,
  );
  assert.deepEqual(
    off.versions[0]?.refused.map(({ at }) => at),
    none,
  );
  await assert.rejects(signIn(bed.deviceId, bed.token));

  const { configuration } = await api<GatewayBody>("POST", "/api/devices/gw-1/gateway/restore", {
    revision,
    seen: off.revision,
  });
  const on = await takenUp(configuration);
  assert.deepEqual([on.report?.sources.mqtt?.isOn, on.versions[0]?.restores], [true, revision]);
  const again = await signIn(bed.deviceId, bed.token);
  await again.endAsync();
});

const missing = ["mosquitto_pub", "openssl"].find((program) => spawnSync(program, ["version"]).error);
test("it signs in at the server with its certificate, and a device speaks TLS with it, by a certificate that may be renewed", {
  skip: missing !== undefined && `no ${missing}`,
}, async () => {
  const issued = await api<{ certificate: string; key: string }>("POST", "/api/devices/gw-1/certificates", {});
  const file = (name: string, text?: string) => {
    if (text !== undefined) writeFileSync(join(place, name), text, { mode: 0o600 });
    return join(place, name);
  };
  const local = () =>
    execFileSync("openssl", [
      ..."req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=gateway".split(" "),
      ..."-addext subjectAltName=IP:127.0.0.1".split(" "),
      ...["-keyout", file("local.key"), "-out", file("local.crt")],
    ]);
  local();
  await gateway.stop();
  const { OPENWARD_GATEWAY_TOKEN_FILE: _, ...rest } = env as Record<string, string>;
  gateway = await startGatewayProcess({
    ...rest,
    OPENWARD_GATEWAY_SERVER: `https://127.0.0.1:${ward.httpsPort}`,
    OPENWARD_GATEWAY_CERT: file("gateway.crt", issued.certificate),
    OPENWARD_GATEWAY_KEY: file("gateway.key", issued.key),
    OPENWARD_GATEWAY_CA: join(ward.dataDir, "tls/ca.crt"),
    OPENWARD_GATEWAY_TLS_CERT: file("local.crt"),
    OPENWARD_GATEWAY_TLS_KEY: file("local.key"),
  });
  const run = (args: string[]) => promisify(execFile)("mosquitto_pub", args, { timeout: 120_000 });
  const publish = (value: number, ca: string | null = file("local.crt")) =>
    run([
      ...[
        "-h",
        "127.0.0.1",
        "-p",
        String(gateway.mqttPort),
        ...(ca === null ? [] : ["--cafile", ca]),
        "-i",
        bed.deviceId,
      ],
      ...["-u", bed.deviceId, "-P", bed.token, "-q", "1", "-t", `devices/${bed.deviceId}/readings`],
      ...["-m", JSON.stringify({ values: { "heart-rate": value } })],
    ]);
  const stored = (value: number) =>
    until(
      async () => ((await ratesOf(bed.patientId)).some((one) => one.valueQuantity?.value === value) ? true : undefined),
      `the rate ${value}`,
    );
  await publish(83);
  await stored(83);
  await assert.rejects(publish(84, join(ward.dataDir, "tls/ca.crt")), "whoever trusts another authority");
  await assert.rejects(publish(84, null), "in the clear");
  const before = file("before.crt", readFileSync(file("local.crt"), "utf8"));
  local();
  gateway.process.kill("SIGHUP");
  await until(
    async () => (/certificate of the local MQTT was renewed/.test(gateway.log()) ? true : undefined),
    "the renewal",
  );
  await assert.rejects(publish(85, before));
  await publish(86);
  await stored(86);
  assert.ok((await ratesOf(bed.patientId)).every((one) => ![84, 85].includes(one.valueQuantity?.value ?? 0)));
});

function hl7(device: string, value: number, id: string): string {
  const at = new Date(Date.now() - 60_000).toISOString().replace(/[-:]/g, "").replace("T", "").slice(0, 14);
  return [
    `MSH|^~\\&|MON|WARD|OW|OW|${at}+0000||ORU^R01^ORU_R01|${id}|P|2.6|||NE|AL||UNICODE UTF-8|||IHE_PCD_001^IHE PCD^1.3.6.1.4.1.19376.1.6.1.1.1^ISO`,
    "PID|||",
    `OBR|1|||69965^MDC_DEV_MON_PHYSIO_MULTI_PARAM_MDS^MDC|||${at}+0000`,
    `OBX|1||69965^MDC_DEV_MON_PHYSIO_MULTI_PARAM_MDS^MDC|1.0.0.0|||||||X|||||||${device}`,
    `OBX|2|NM|147842^MDC_ECG_HEART_RATE^MDC|1.7.4.147842|${value}|264864^MDC_DIM_BEAT_PER_MIN^MDC|||||R|||${at}+0000||||${device}`,
  ].join("\r");
}

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
