import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { once } from "node:events";
import { mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { Agent, request } from "node:https";
import { join } from "node:path";
import { after, before, type TestContext, test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { connect as tlsConnect } from "node:tls";
import { promisify } from "node:util";
import type { CredentialsBody } from "@openward/api";
import { systemRuntime } from "@openward/runtime/system";
import mqtt, { type IClientOptions } from "mqtt";
import Client, { Message } from "node-hl7-client";
import { openAuthority } from "../server/tls/index.ts";
import { makeAuthority, type TestAuthority } from "../server/tls/testing/operator-pki.ts";
import { apiOf, type RunningWard, removeDataDir, startWard, temporaryDataDir } from "./support/ward.ts";

const run = promisify(execFile);
const READING = '{"values":{"heart-rate":72}}';
const DAY_MS = 86_400_000;
/** What the issue allows between a revocation and the end of a live session. */
const REVOKED_MS_MAX = 5_000;

let ward: RunningWard;
let folder: string;
let ca: Buffer;
let mine: { cert: Buffer; key: Buffer };
let own: string[];
/** The hospital's own authorities: root, the one for devices, and one below it that its path length forbids. */
let hospital: readonly [root: TestAuthority, issuing: TestAuthority, tooDeep: TestAuthority];

before(async () => {
  folder = temporaryDataDir();
  const root = await makeAuthority(join(folder, "hospital"), "Hospital root");
  const issuing = await root.below("devices");
  hospital = [root, issuing, await issuing.below("deep")];
  writeFileSync(join(folder, "hospital.pem"), hospital.map(({ cert }) => cert).join(""));
  await tellLists();
  const env = {
    OPENWARD_DEVICE_CA: join(folder, "hospital.pem"),
    OPENWARD_DEVICE_CRL: join(folder, "hospital.crl"),
    OPENWARD_HTTPS_PORT: "0",
    OPENWARD_MQTTS_PORT: "0",
    OPENWARD_MLLPS_PORT: "0",
    OPENWARD_MLLP_PORT: "0",
    OPENWARD_MLLP_GATEWAY: "gate",
  };
  ward = await startWard({ env });
  ca = readFileSync(join(ward.dataDir, "tls/ca.crt"));
  await ward.json("device", "add", "gate");
  await ward.json("device", "add", "mon");
  own = (await ward.json<{ files: string[] }>("device", "certificate", "gate", "--out", folder)).files;
  mine = { cert: readFileSync(join(folder, "gate.crt")), key: readFileSync(join(folder, "gate.key")) };
});
after(async () => {
  await ward?.stop();
  if (ward) removeDataDir(ward.dataDir);
  if (folder) removeDataDir(folder);
});

/** The lists of the hospital as they are now. */
async function tellLists(): Promise<void> {
  const lists = await Promise.all(hospital.map((authority) => authority.list()));
  writeFileSync(join(folder, "hospital.crl"), lists.join(""));
}

const dial = async (t: TestContext, options: IClientOptions, url = `mqtts://127.0.0.1:${ward.mqttsPort}`) => {
  const client = await mqtt.connectAsync(url, { ca, protocolVersion: 5, reconnectPeriod: 0, ...options }, false);
  t.after(() => client.endAsync(true));
  return client;
};

const curl = async (device: string, ...args: string[]) => {
  const url = `https://127.0.0.1:${ward.httpsPort}/ingest/devices/${device}/readings`;
  const common = ["-sS", "-o", "/dev/null", "-w", "%{http_code}", "--max-time", "30", "--cacert"];
  const body = ["-H", "content-type: application/json", "-d", READING];
  return Number((await run("curl", [...common, join(ward.dataDir, "tls/ca.crt"), ...body, ...args, url])).stdout);
};

const certified = (name: string) => ["--cert", join(folder, `${name}.crt`), "--key", join(folder, `${name}.key`)];
const of = ({ certFile, keyFile }: { certFile: string; keyFile: string }) => ["--cert", certFile, "--key", keyFile];

test("a device signs in with its certificate: mosquitto, curl and the mqtt client, without a token", async (t) => {
  assert.deepEqual(own, [join(folder, "gate.crt"), join(folder, "gate.key")]);
  assert.equal(statSync(join(folder, "gate.key")).mode & 0o077, 0);
  assert.equal(await curl("gate", ...certified("gate")), 200);
  assert.equal(await curl("mon", ...certified("gate")), 403);
  assert.equal(await curl("gate"), 401);
  await run(
    "mosquitto_pub",
    ["-h", "127.0.0.1", "-p", String(ward.mqttsPort), "--cafile", join(ward.dataDir, "tls/ca.crt")].concat(
      certified("gate"),
      ["-q", "1", "-t", "devices/gate/readings", "-m", READING],
    ),
    { timeout: 120_000 },
  );
  const client = await dial(t, mine);
  // Nobody wears it: quarantined, 0x99.
  await assert.rejects(client.publishAsync("devices/gate/readings", READING, { qos: 1 }), /Payload format invalid/);
  await assert.rejects(client.publishAsync("devices/mon/readings", READING, { qos: 1 }), /Not authorized/);
  await assert.rejects(dial(t, { ...mine, username: "mon" }), /not authorized/i);
});

test("a key that never left the device: its signing request is enough", async () => {
  const [key, csr] = [join(folder, "mon.key"), join(folder, "mon.csr")];
  const args = ["req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  // Whatever name it asks for, it gets its own.
  await run("openssl", [...args, "-subj", "/CN=gate", "-keyout", key, "-out", csr]);
  const { certificate, key: made } = await ward.json<{ certificate: string; key: string | null }>(
    ...["device", "certificate", "mon", "--csr", csr, "--days", "7"],
  );
  assert.equal(made, null);
  writeFileSync(join(folder, "mon.crt"), certificate);
  assert.equal(await curl("mon", ...certified("mon")), 200);
  assert.equal(await curl("gate", ...certified("mon")), 403);
  writeFileSync(join(folder, "bad.csr"), readFileSync(csr, "utf8").replace(/[A-Z](?=[a-z])/, "!"));
  const refused = await ward.cli("device", "certificate", "mon", "--csr", join(folder, "bad.csr"), "--json");
  assert.match(refused.stdout, /FIELD_INVALID.*csr/);
});

test("certificates of another authority, that have run out, or that nobody issued here are refused", async (t) => {
  const stranger = await openAuthority(join(folder, "other"), systemRuntime);
  const past = { ...systemRuntime, clock: { ...systemRuntime.clock, now: () => Date.now() - 10 * DAY_MS } };
  const ours = join(ward.dataDir, "tls");
  const [foreign, over, unknown] = [
    await stranger.issueDevice("gate", { csr: null, days: 30 }),
    await (await openAuthority(ours, past)).issueDevice("gate", { csr: null, days: 1 }),
    await (await openAuthority(ours, systemRuntime)).issueDevice("gate", { csr: null, days: 30 }),
  ];
  for (const { cert, key } of [foreign, over, unknown]) {
    await assert.rejects(dial(t, { cert, key: key ?? "" }), /not authorized/i);
    writeFileSync(join(folder, "x.crt"), cert);
    writeFileSync(join(folder, "x.key"), key ?? "");
    assert.equal(await curl("gate", ...certified("x")), 401);
  }
});

test("a gateway sends for the devices in its charge, and no more from the moment when that ends", async (t) => {
  const client = await dial(t, mine);
  const send = () => client.publishAsync("devices/mon/readings", READING, { qos: 1 });
  await ward.json("device", "charge", "gate", "mon");
  await until(
    () =>
      send().then(
        () => false,
        ({ message }) => /Payload format/.test(message),
      ),
    "the charge to begin",
  );
  assert.equal(await curl("mon", ...certified("gate")), 200);
  await ward.json("device", "charge", "gate", "mon", "--end");
  await until(
    () =>
      send().then(
        () => false,
        ({ message }) => /Not authorized/.test(message),
      ),
    "the charge to end",
  );
});

test("a device renews its certificate itself, by EST with curl and openssl, and the old one stays valid for a week", async () => {
  const path = (name: string) => join(folder, name);
  const request = async (name: string, subject: string) => {
    const made = [
      "req",
      "-new",
      "-newkey",
      "ec",
      "-pkeyopt",
      "ec_paramgen_curve:prime256v1",
      "-nodes",
      "-subj",
      subject,
    ];
    await run("openssl", [...made, "-keyout", path(`${name}.key`), "-outform", "DER", "-out", path(`${name}.der`)]);
    writeFileSync(path(`${name}.b64`), readFileSync(path(`${name}.der`)).toString("base64"));
  };
  const common = ["-sS", "--max-time", "30", "--cacert", join(ward.dataDir, "tls/ca.crt")];
  const est = `https://127.0.0.1:${ward.httpsPort}/.well-known/est`;
  const enrol = async (name: string, ...args: string[]) => {
    const body = ["-H", "content-type: application/pkcs10", "--data-binary", `@${path(`${name}.b64`)}`];
    const sent = [...common, "-o", path(`${name}.answer`), "-w", "%{http_code}", ...body, ...args];
    return Number((await run("curl", [...sent, `${est}/simplereenroll`])).stdout);
  };
  const certsOf = async (answer: string) => {
    writeFileSync(path("p7.der"), Buffer.from(readFileSync(answer, "latin1"), "base64"));
    return (await run("openssl", ["pkcs7", "-inform", "DER", "-print_certs", "-in", path("p7.der")])).stdout;
  };

  await run("curl", [...common, "-o", path("cacerts"), `${est}/cacerts`]);
  const authority = new X509Certificate(await certsOf(path("cacerts")));
  assert.equal(authority.fingerprint256, new X509Certificate(ca).fingerprint256);

  await request("next", "/CN=mon");
  assert.equal(await enrol("next"), 401);
  assert.equal(await enrol("next", ...certified("mon")), 200, readFileSync(path("next.answer"), "utf8"));
  writeFileSync(path("next.crt"), await certsOf(path("next.answer")));
  assert.equal(new X509Certificate(readFileSync(path("next.crt"))).subject, "CN=mon");
  assert.equal(await curl("mon", ...certified("next")), 200);
  assert.equal(await curl("mon", ...certified("mon")), 200);

  await request("other", "/CN=gate");
  assert.equal(await enrol("other", ...certified("next")), 422);
  // The old one asks again, as after a loss; then there are enough.
  await request("again", "/CN=mon");
  assert.equal(await enrol("again", ...certified("mon")), 200);
  assert.equal(await enrol("again", ...certified("next")), 200);
  assert.equal(await enrol("again", ...certified("next")), 409);
  assert.match(readFileSync(path("again.answer"), "utf8"), /CONFLICT/);

  const api = await apiOf(ward, "clinical-engineer");
  const { credentials } = await api<CredentialsBody>("GET", "/api/devices/mon/credentials");
  const ends = credentials.filter(({ kind }) => kind === "certificate").map(({ expiresAt }) => expiresAt ?? 0);
  const days = ends.map((at) => Math.round((at - Date.now()) / DAY_MS)).sort((a, b) => a - b);
  assert.deepEqual(days, [7, 7, 90, 90]);
  const { certificateEndsAt } = await api<{ certificateEndsAt: number }>("GET", "/api/devices/mon");
  assert.equal(certificateEndsAt, Math.max(...ends));

  await ward.json("device", "add", "theirs");
  await request("theirs-next", "/CN=theirs");
  assert.equal(await enrol("theirs-next", ...of(await hospital[1].issue("theirs"))), 409);
});

test("a certificate of the hospital's own authority signs in a device that is known, at curl and mosquitto", async () => {
  const [, issuing, tooDeep] = hospital;
  await ward.json("device", "add", "pump");
  const pump = await issuing.issue("pump");
  assert.equal(await curl("pump", ...of(pump)), 200);
  assert.equal(await curl("mon", ...of(pump)), 403);
  const server = ["-h", "127.0.0.1", "-p", String(ward.mqttsPort), "--cafile", join(ward.dataDir, "tls/ca.crt")];
  const message = ["-q", "1", "-t", "devices/pump/readings", "-m", READING];
  await run("mosquitto_pub", [...server, ...of(pump), ...message], { timeout: 120_000 });
  // Its use is for servers, or not for signing; its path is too long; it has run out; its device is not known; it names two.
  const span = ["20200101000000Z", "20200201000000Z"] as const;
  for (const bad of [
    await issuing.issue("pump", { kind: "server" }),
    await issuing.issue("pump", { kind: "encipher" }),
    await issuing.issue("pump", { kind: "issuing" }),
    await tooDeep.issue("pump"),
    await issuing.issue("pump", { span }),
    await issuing.issue("nobody"),
    await issuing.issue("pump", { subject: "/CN=pump/CN=mon" }),
  ])
    assert.equal(await curl(bad.certFile.endsWith("nobody.crt") ? "nobody" : "pump", ...of(bad)), 401, bad.cert);
});

test("a certificate of the hospital's is seen and revoked here, or by its list: both end live sessions within five seconds", async (t) => {
  const [, issuing] = hospital;
  const api = await apiOf(ward, "clinical-engineer");
  const kept = async (name: string) => {
    const { credentials } = await api<CredentialsBody>("GET", `/api/devices/${name}/credentials`);
    return credentials.find(({ createdBy }) => createdBy === "operator's authority")?.id;
  };
  const revocations: Record<string, () => Promise<unknown>> = {
    "told-here": async () => api("POST", `/api/devices/told-here/credentials/${await kept("told-here")}/revoke`),
    "told-by-list": async () => {
      await issuing.revoke("told-by-list");
      await tellLists();
    },
  };
  const spared = await dial(t, mine);
  for (const [name, revoke] of Object.entries(revocations)) {
    await api("POST", "/api/devices", { id: name, type: "generic", display: name });
    const { cert, key } = await issuing.issue(name);
    const doomed = await dial(t, { cert, key });
    const ended = new Promise<number>((resolve) => doomed.once("close", () => resolve(Date.now())));
    await until(async () => (await kept(name)) !== undefined, "the certificate to be kept");
    await revoke();
    const revoked = Date.now();
    const at = await Promise.race([ended, wait(120_000, null, { ref: false })]);
    assert.ok(at, `${name}: the session ends within two minutes`);
    assert.ok(at - revoked < REVOKED_MS_MAX, `${name}: ended ${at - revoked} ms after it was revoked`);
    await assert.rejects(dial(t, { cert, key }), /not authorized/i);
    assert.ok(spared.connected);
    t.diagnostic(`${name}: ended after ${at - revoked} ms`);
  }
});

test("an old token stays valid beside the new one for its overlap", async () => {
  const first = (await ward.json("device", "add", "turning")).token;
  const second = (await ward.json("device", "token", "turning", "--overlap", "1")).token;
  const status = (token: string | undefined) => curl("turning", "-u", `turning:${token}`);
  await until(async () => (await status(second)) === 200, "the new token");
  assert.equal(await status(first), 200);
  const third = (await ward.json("device", "token", "turning")).token;
  await until(async () => (await status(third)) === 200, "the third token");
  assert.deepEqual([await status(first), await status(second)], [401, 401]);
});

test("two live sessions of one identity are told where devices are looked after", async (t) => {
  await ward.json("device", "add", "doubled");
  const { token } = await ward.json<{ token: string }>("device", "token", "doubled");
  const api = await apiOf(ward, "clinical-engineer");
  const hasTwin = async () => (await api<{ hasTwin: boolean }>("GET", "/api/devices/doubled")).hasTwin;
  // They speak every second, as devices do.
  const sign = { username: "doubled", password: token, keepalive: 1 };
  await dial(t, sign);
  assert.equal(await hasTwin(), false);
  await dial(t, sign);
  await until(hasTwin, "the twins to be told");
});

test("a revoked certificate ends MQTT, WebSocket and HTTP keep-alive within five seconds, and no other session", async (t) => {
  const other = (await ward.json("device", "token", "gate")).token;
  const doomed = [await dial(t, mine), await dial(t, mine, `wss://127.0.0.1:${ward.httpsPort}/mqtt`)];
  const spared = await dial(t, { username: "gate", password: other ?? "" });
  const ended = doomed.map(
    (client) => new Promise<number>((resolve) => client.once("close", () => resolve(Date.now()))),
  );
  const agent = new Agent({ keepAlive: true, maxSockets: 1, ca, ...mine });
  t.after(() => agent.destroy());
  assert.equal(await post(agent), 200);

  const { credentials } = await ward.json<{ credentials: { id: string; kind: string }[] }>(
    "device",
    "credentials",
    "gate",
  );
  const certificate = credentials.find(({ kind }) => kind === "certificate")?.id ?? "";
  await ward.json("device", "revoke", "gate", "--credential", certificate);
  const revoked = Date.now();
  const late = await Promise.race([Promise.all(ended), wait(120_000, null, { ref: false })]);
  assert.ok(late, "both sessions end within two minutes");
  for (const at of late) assert.ok(at - revoked < REVOKED_MS_MAX, `ended ${at - revoked} ms after the command`);
  assert.equal(await post(agent), 401);
  assert.ok(spared.connected);
  await assert.rejects(dial(t, mine), /not authorized/i);
});

test("a device in a box exchanges its code, once, for a token or for a certificate of its own key", async () => {
  const claim = async (body: object) => {
    const answer = await fetch(`${ward.url}/ingest/claim`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    return { status: answer.status, body: (await answer.json()) as Record<string, string> };
  };
  const { token: printed } = await ward.json("device", "add", "boxed");
  const first = await ward.json("device", "claim-code", "boxed", "--url", "https://ward.example");
  assert.match(first.url ?? "", /^https:\/\/ward\.example\/ingest\/claim#[2-9a-z]{4}-[2-9a-z]{4}-[2-9a-z]{4}$/);
  // As somebody types it who reads it off a label.
  const typed = first.code?.toUpperCase().replaceAll("-", " ");
  const both = await Promise.all([claim({ code: typed }), claim({ code: typed })]);
  assert.deepEqual(both.map(({ status }) => status).sort(), [200, 403]);
  const won = both.find(({ status }) => status === 200)?.body;
  assert.equal(won?.id, "boxed");
  assert.equal(await curl("boxed", "-u", `boxed:${won?.token}`), 200);
  assert.equal(await curl("boxed", "-u", `boxed:${printed}`), 401);

  const [key, csr] = [join(folder, "boxed.key"), join(folder, "boxed.csr")];
  const made = ["req", "-new", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=anything", "-keyout", key, "-out", csr];
  await run("openssl", made);
  const second = await ward.json("device", "claim-code", "boxed");
  const refused = await claim({ code: second.code, csr: "not one" });
  assert.deepEqual([refused.status, refused.body.field], [422, "csr"]);
  const certified = await claim({ code: second.code, csr: readFileSync(csr, "utf8") });
  assert.equal(certified.status, 200, JSON.stringify(certified.body));
  assert.equal(certified.body.authority, String(ca));
  writeFileSync(join(folder, "boxed.crt"), certified.body.certificate ?? "");
  assert.equal(await curl("boxed", "--cert", join(folder, "boxed.crt"), "--key", key), 200);
  assert.equal(await curl("boxed", "-u", `boxed:${won?.token}`), 401);

  for (const secret of [first.code, second.code, won?.token]) assert.ok(!ward.log().includes(secret ?? ""));
});

/** A reading over the agent's one connection; @returns the status */
function post(agent: Agent): Promise<number> {
  return new Promise((resolve, reject) => {
    const options = {
      agent,
      method: "POST",
      host: "127.0.0.1",
      port: ward.httpsPort,
      path: "/ingest/devices/gate/readings",
    };
    const sent = request({ ...options, headers: { "content-type": "application/json" } }, (answer) => {
      answer.resume();
      answer.once("end", () => resolve(answer.statusCode ?? 0));
    });
    sent.once("error", reject);
    sent.end(READING);
  });
}

async function until(isSo: () => Promise<boolean>, what: string): Promise<void> {
  for (const end = performance.now() + 120_000; !(await isSo()); await wait(50))
    if (performance.now() > end) throw new Error(`waited two minutes for ${what}`);
}

test("HL7 over MLLP from a sender that is not ours: the certificate says who it is, OBX-18 which device, PID-3 must agree", async (t) => {
  const api = await apiOf(ward);
  const deviceId = "0200000000000B17";
  const [{ id: wardId } = assert.fail()] = await api<{ id: string }[]>("GET", "/api/wards");
  const quill = { name: "Quill, Marisol", mrn: "T-90017", birthDate: "1958-06-09", sex: "female", wardId, bed: "1" };
  const { id: patientId } = await api<{ id: string }>("POST", "/api/patients", quill);
  await api("POST", "/api/devices", { id: deviceId, type: "bedside-monitor", display: "M2" });
  await api("POST", `/api/devices/${deviceId}/assign`, { patientId, from: Date.now() - 40 * DAY_MS });
  await api("PUT", "/api/devices/gate/charge", { deviceId, isInCharge: true });
  const time = `${new Date().toISOString().slice(0, 19).replaceAll(/[-:T]/g, "")}+0000`;
  const message = (control: string, pid: string, rate: number) =>
    [
      `MSH|^~\\&|HUB|EAST|CORE|HUB|${time}||ORU^R01^ORU_R01|${control}|P|2.6`,
      `PID|||${pid}^^^A^MR`,
      "OBR|1||F1|X",
      `OBX|1||69965^MDC_DEV_MON_PHYSIO_MULTI_PARAM_MDS^MDC|1.0.0.0|||||||X|||||||M77^M2^${deviceId}^EUI-64`,
      `OBX|2|NM|147842^MDC_ECG_HEART_RATE^MDC|1.1.1.1|${rate}|264864^MDC_DIM_BEAT_PER_MIN^MDC|||||R`,
    ].join("\r");
  const send = async (port: number | null, text: string, tls?: object) => {
    const client = new Client({ host: "127.0.0.1", version: "2.6", ...(tls && { tls }) });
    t.after(() => client.closeAll());
    return new Promise<string>((resolve, reject) => {
      const timeout = setTimeout(() => reject(new Error("no answer within two minutes")), 120_000);
      const connection = client.createConnection({ port: port ?? 0, version: "2.6" }, (response) => {
        clearTimeout(timeout);
        resolve(response.getMessage().toString());
        connection.close().catch(() => {});
      });
      connection.on("client.error", () => {});
      connection.sendMessage(new Message({ text })).catch(reject);
    });
  };
  const secure = { ca, servername: "localhost" };
  // The certificate that the tests before began with was revoked by one of them.
  const out = join(folder, "hub");
  mkdirSync(out);
  await ward.json("device", "certificate", "gate", "--out", out);
  const hub = { cert: readFileSync(join(out, "gate.crt")), key: readFileSync(join(out, "gate.key")) };
  await until(
    async () => /MSA\|AA\|M1/.test(await send(ward.mllpsPort, message("M1", "T-90017", 71), { ...secure, ...hub })),
    "the charge to begin",
  );
  assert.match(await send(ward.mllpPort, message("M2", "T-90017", 72)), /MSA\|AA\|M2/);
  const wrong = await send(ward.mllpsPort, message("M3", "T-9", 73), { ...secure, ...hub });
  assert.match(wrong, /MSA\|AE\|M3\rERR\|\|OBX\^2\^5\|204.*\|E\|PATIENT_DIFFERS/);
  const streams = await api<unknown>("GET", `/api/patients/${patientId}/streams`);
  assert.match(JSON.stringify(streams), /heart-rate/);
  const quarantined = JSON.stringify(await api("GET", "/api/quarantine"));
  assert.match(quarantined, /PATIENT_DIFFERS/);
  const stranger = tlsConnect({ host: "127.0.0.1", port: ward.mllpsPort ?? 0, ...secure }, () => {
    stranger.write(`\x0b${message("M4", "T-90017", 74)}\x1c\r`);
  });
  t.after(() => stranger.destroy());
  let heard = "";
  stranger.on("data", (chunk) => {
    heard += chunk;
  });
  stranger.on("error", () => {});
  await once(stranger, "close", { signal: AbortSignal.timeout(120_000) });
  assert.equal(heard, "", "without a certificate nobody is answered");
  const log = JSON.stringify(await api("GET", "/api/audit?limit=200"));
  assert.match(log, /"mllp"/);
});
