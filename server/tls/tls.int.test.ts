import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { connect, createServer, type TLSSocket } from "node:tls";
import { systemRuntime } from "@openward/runtime/system";
import { openAuthority } from "./authority.ts";
import { openMaterial } from "./index.ts";

const DAY_MS = 86_400_000;

function folder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), "openward-tls-"));
  t.after(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

function recorder() {
  const told: string[] = [];
  return {
    told,
    log: { info: (_: object, text: string) => told.push(text), warn: (_: object, text: string) => told.push(text) },
  };
}

const names = ["ward.example", "localhost", "127.0.0.1", "::1"];
const at = (now: number) => ({ ...systemRuntime, clock: { ...systemRuntime.clock, now: () => now } });

test("the authority is made once, its key is for this user alone, and two installs share none", async (t) => {
  const [one, two] = [folder(t), folder(t)];
  const first = await openAuthority(join(one, "tls"), systemRuntime);
  const again = await openAuthority(join(one, "tls"), systemRuntime);
  const other = await openAuthority(join(two, "tls"), systemRuntime);
  assert.equal(again.cert, first.cert);
  assert.notEqual(other.cert, first.cert);
  assert.notEqual(readFileSync(join(one, "tls/ca.key"), "utf8"), readFileSync(join(two, "tls/ca.key"), "utf8"));
  assert.equal(statSync(join(one, "tls/ca.key")).mode & 0o077, 0);
  const cert = new X509Certificate(first.cert);
  assert.ok(cert.ca);
  assert.notEqual(cert.subject, new X509Certificate(other.cert).subject);
});

test("a server certificate is kept until it nears its end, or a name is missing, and then made anew", async (t) => {
  const dataDir = folder(t);
  const { log } = recorder();
  const start = 1_800_000_000_000;
  const open = async (now: number, known = names) => {
    const material = await openMaterial({ files: null, dataDir, names: known, runtime: at(now), log });
    material.close();
    return material;
  };
  const first = await open(start);
  const cert = new X509Certificate(first.now().cert);
  assert.ok(cert.verify(new X509Certificate(first.authority ?? "").publicKey));
  assert.ok(cert.checkHost("ward.example") && cert.checkIP("127.0.0.1"));
  assert.deepEqual(cert.keyUsage, ["1.3.6.1.5.5.7.3.1"]);
  assert.equal((await open(start + 59 * DAY_MS)).now().cert, first.now().cert);
  const renewed = await open(start + 61 * DAY_MS);
  assert.notEqual(renewed.now().cert, first.now().cert);
  assert.equal(renewed.authority, first.authority);
  const moved = await open(start + 61 * DAY_MS, [...names, "192.0.2.9"]);
  assert.ok(new X509Certificate(moved.now().cert).checkIP("192.0.2.9"));
});

test("changed files are shown to new connections once they fit together; open ones stay", async (t) => {
  const dataDir = folder(t);
  const [cert, key] = [join(dataDir, "cert.pem"), join(dataDir, "key.pem")];
  const authority = await openAuthority(join(dataDir, "tls"), systemRuntime);
  const [old, fresh] = [await authority.issueServer(names), await authority.issueServer(names)];
  writeFileSync(cert, old.cert);
  writeFileSync(key, old.key);
  const { told, log } = recorder();
  const material = await openMaterial({
    files: { cert, key },
    dataDir,
    names,
    runtime: systemRuntime,
    log,
    lookEveryMs: 20,
  });
  t.after(() => material.close());

  const server = createServer({ ...material.now() }, (socket) => socket.pipe(socket));
  material.onChange((next) => server.setSecureContext(next));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  const open: TLSSocket[] = [];
  t.after(() => {
    for (const socket of open) socket.destroy();
    server.close();
  });
  const dial = () =>
    new Promise<TLSSocket>((resolve, reject) => {
      const socket = connect({ port, host: "127.0.0.1", ca: authority.cert }, () => resolve(socket));
      socket.once("error", reject);
      open.push(socket);
    });
  const shown = (socket: TLSSocket) => socket.getPeerX509Certificate()?.serialNumber;
  const serialOf = (pem: string) => new X509Certificate(pem).serialNumber;

  const before = await dial();
  assert.equal(shown(before), serialOf(old.cert));
  writeFileSync(cert, fresh.cert);
  await until(() => told.some((text) => text.includes("do not fit")), "the misfit to be told");
  assert.equal(shown(await dial()), serialOf(old.cert));
  writeFileSync(key, fresh.key);
  await until(() => material.now().cert === fresh.cert, "the new certificate to be taken up");
  assert.equal(shown(await dial()), serialOf(fresh.cert));

  const echoed = new Promise<string>((resolve) => before.once("data", (bytes) => resolve(String(bytes))));
  before.write("still here");
  assert.equal(await echoed, "still here");
});

test("files that are not there, or not of one pair, are refused by the setting's name", async (t) => {
  const dataDir = folder(t);
  const authority = await openAuthority(join(dataDir, "tls"), systemRuntime);
  const [cert, key, other] = ["cert.pem", "key.pem", "other.pem"].map((name) => join(dataDir, name)) as [
    string,
    string,
    string,
  ];
  const material = await authority.issueServer(names);
  writeFileSync(cert, material.cert);
  writeFileSync(key, material.key);
  writeFileSync(other, (await authority.issueServer(names)).key);
  const { log } = recorder();
  const open = (files: { cert: string; key: string }) =>
    openMaterial({ files, dataDir, names, runtime: systemRuntime, log });
  await assert.rejects(open({ cert: join(dataDir, "none"), key }), /OPENWARD_TLS_CERT/);
  await assert.rejects(open({ cert, key: join(dataDir, "none") }), /OPENWARD_TLS_KEY/);
  await assert.rejects(open({ cert: key, key }), /OPENWARD_TLS_CERT/);
  await assert.rejects(open({ cert, key: cert }), /OPENWARD_TLS_KEY/);
  await assert.rejects(open({ cert, key: other }), /OPENWARD_TLS_KEY.*the key of the certificate/);
});

async function until(isSo: () => boolean, what: string): Promise<void> {
  for (const end = performance.now() + 120_000; !isSo(); await wait(10))
    if (performance.now() > end) throw new Error(`waited two minutes for ${what}`);
}
