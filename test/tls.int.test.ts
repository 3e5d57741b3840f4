import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { networkInterfaces } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import mqtt from "mqtt";
import { type RunningWard, removeDataDir, startWard } from "./support/ward.ts";

const run = promisify(execFile);
const READING = '{"values":{"heart-rate":72}}';

/** An address of this machine that is not loopback: what a device next door would use. */
const outside = Object.values(networkInterfaces())
  .flatMap((all) => all ?? [])
  .find(({ family, internal }) => family === "IPv4" && !internal)?.address;
const noOutside = outside === undefined && "this machine has no address besides loopback";

let ward: RunningWard;
let token: string;
let ca: string;

before(async () => {
  ward = await startWard({
    env: { OPENWARD_BIND: "0.0.0.0", OPENWARD_HTTPS_PORT: "0", OPENWARD_MQTTS_PORT: "0" },
  });
  ca = join(ward.dataDir, "tls/ca.crt");
  ({ token } = await ward.json("device", "add", "tls-device", "--type", "generic"));
});
after(async () => {
  if (!ward) return;
  await ward.stop();
  removeDataDir(ward.dataDir);
});

/** What curl prints of an answer: its status behind its body. */
async function curl(...args: string[]): Promise<{ status: number; body: string; headers: string }> {
  const { stdout } = await run("curl", ["-sS", "-i", "--max-time", "30", "-w", "\n%{http_code}", ...args]);
  const [headers = "", ...rest] = stdout.split("\r\n\r\n");
  const text = rest.join("\r\n\r\n");
  const end = text.lastIndexOf("\n");
  return { status: Number(text.slice(end + 1)), body: text.slice(0, end), headers };
}

const post = (base: string, ...more: string[]) =>
  curl(
    "-u",
    `tls-device:${token}`,
    "-H",
    "content-type: application/json",
    "-d",
    READING,
    ...more,
    `${base}/ingest/devices/tls-device/readings`,
  );

test("curl that trusts our authority sends a reading over HTTPS, and is told to come back over HTTPS only", {
  skip: noOutside,
}, async () => {
  const { status, headers, body } = await post(`https://${outside}:${ward.httpsPort}`, "--cacert", ca);
  assert.equal(status, 200, body);
  // Nobody wears it: kept, in quarantine.
  assert.match(body, /"NO_ASSOCIATION"/);
  assert.match(headers, /strict-transport-security: max-age=31536000/i);
});

test("curl that does not trust our authority, or wants an older TLS, does not get that far", async () => {
  const base = `https://127.0.0.1:${ward.httpsPort}`;
  await assert.rejects(post(base), /certificate/i);
  await assert.rejects(post(base, "--cacert", ca, "--tlsv1.0", "--tls-max", "1.1"), /curl/);
});

test("off loopback a token in the clear is refused over HTTP and MQTT, with the reason", {
  skip: noOutside,
}, async () => {
  const { status, body } = await post(`http://${outside}:${ward.httpPort}`);
  assert.equal(status, 403);
  assert.equal(JSON.parse(body).code, "TLS_REQUIRED");
  assert.equal((await post(`http://127.0.0.1:${ward.httpPort}`)).status, 200);

  const page = await curl("-H", "accept: text/html", `http://${outside}:${ward.httpPort}/ward`);
  assert.equal(page.status, 308);
  assert.match(page.headers, new RegExp(`location: https://${outside}:${ward.httpsPort}/ward`));

  const sign = { username: "tls-device", password: token, protocolVersion: 5 as const, reconnectPeriod: 0 };
  const refused = mqtt.connect(`mqtt://${outside}:${ward.mqttPort}`, sign);
  const error = await new Promise<Error>((resolve) => refused.once("error", resolve));
  await refused.endAsync(true);
  assert.match(error.message, /not authorized/i);
  const local = await mqtt.connectAsync(`mqtt://127.0.0.1:${ward.mqttPort}`, sign);
  await local.endAsync();
});

test("mosquitto_pub and the mqtt client publish over MQTTS, and MQTT over a WebSocket with TLS", async (t) => {
  const options = { username: "tls-device", password: token, protocolVersion: 5 as const, ca: readFileSync(ca) };
  for (const url of [`mqtts://127.0.0.1:${ward.mqttsPort}`, `wss://127.0.0.1:${ward.httpsPort}/mqtt`]) {
    const client = await mqtt.connectAsync(url, options);
    t.after(() => client.endAsync(true));
    const topic = "devices/tls-device/readings";
    // Nobody wears it: it is in quarantine, and MQTT 5 says so.
    await assert.rejects(client.publishAsync(topic, READING, { qos: 1 }), /Payload format invalid/);
    await client.endAsync();
  }
  if (!existsSync("/usr/bin/mosquitto_pub")) return t.diagnostic("no mosquitto_pub here");
  const pub = ["-h", "127.0.0.1", "-p", String(ward.mqttsPort), "-u", "tls-device", "-P", token, "-q", "1"];
  const what = ["-t", "devices/tls-device/readings", "-m", READING];
  await run("mosquitto_pub", [...pub, "--cafile", ca, ...what], { timeout: 120_000 });
  await assert.rejects(run("mosquitto_pub", [...pub, "--capath", "/nonexistent", ...what], { timeout: 120_000 }));
});

test("a live WebSocket is refused in the clear off loopback", { skip: noOutside }, async () => {
  const upgrade = ["-H", "connection: Upgrade", "-H", "upgrade: websocket", "-H", "sec-websocket-version: 13"];
  const key = ["-H", "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ=="];
  const { status, body } = await curl(...upgrade, ...key, `http://${outside}:${ward.httpPort}/live`);
  assert.equal(status, 403);
  assert.equal(JSON.parse(body).code, "TLS_REQUIRED");
});

test("over HTTPS a session is a cookie of this host alone, and the same value under another name is nobody", async () => {
  const base = `https://127.0.0.1:${ward.httpsPort}`;
  const token = /#token=(.+)$/.exec(ward.links.administrator ?? "")?.[1];
  assert.ok(token, "a link of the first administrator");
  const json = ["--cacert", ca, "-H", "content-type: application/json"];
  const { status, headers, body } = await curl(...json, "-d", JSON.stringify({ token }), `${base}/api/session`);
  assert.equal(status, 200, body);
  const [, value = ""] = /^set-cookie: __Host-openward_session=([\w-]{43}); Path=\/; .*Secure/im.exec(headers) ?? [];
  const asked = async (cookie: string) => (await curl(...json, "-b", cookie, `${base}/api/session`)).status;
  assert.equal(await asked(`__Host-openward_session=${value}`), 200);
  assert.equal(await asked(`openward_session=${value}`), 401);
  const out = await curl(...json, "-X", "DELETE", "-b", `__Host-openward_session=${value}`, `${base}/api/session`);
  assert.match(out.headers, /clear-site-data: "cache"/i);
  assert.equal(await asked(`__Host-openward_session=${value}`), 401);
});
