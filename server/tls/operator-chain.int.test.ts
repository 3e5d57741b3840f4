import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, type TestContext, test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { systemRuntime } from "@openward/runtime/system";
import { openOperatorChain } from "./index.ts";
import { makeAuthority, type TestAuthority } from "./testing/operator-pki.ts";

let folder: string;
let root: TestAuthority;
let issuing: TestAuthority;
let device: X509Certificate;
let files: { authorities: string; lists: string };

before(async () => {
  folder = mkdtempSync(join(tmpdir(), "openward-chain-"));
  root = await makeAuthority(join(folder, "root"), "Hospital root");
  issuing = await root.below("devices");
  device = new X509Certificate((await issuing.issue("mon")).cert);
  files = { authorities: join(folder, "authorities.pem"), lists: join(folder, "lists.pem") };
});
after(() => folder && rmSync(folder, { recursive: true, force: true }));

async function open(t: TestContext, authorities: string, lists?: string) {
  writeFileSync(files.authorities, authorities);
  if (lists !== undefined) writeFileSync(files.lists, lists);
  const told: string[] = [];
  const note = (facts: object, text: string) => void told.push(`${JSON.stringify(facts)} ${text}`);
  const chain = await openOperatorChain({
    files: { authorities: files.authorities, lists: lists === undefined ? null : files.lists },
    runtime: systemRuntime,
    log: { info: note, warn: note },
    lookEveryMs: 20,
  });
  t.after(() => chain.close());
  return { chain, told };
}

const both = () => root.cert + issuing.cert;

test("a certificate is good where its path, made of the file alone, ends at an authority that signed itself", async (t) => {
  const { chain } = await open(t, both());
  assert.equal(chain.judge(device), "good");
  const other = await makeAuthority(join(folder, "other"), "Hospital root");
  // The same names, another key.
  const forged = await (await other.below("devices")).issue("mon");
  assert.equal(chain.judge(new X509Certificate(forged.cert)), "other");
  const onlyRoot = (await open(t, root.cert)).chain;
  assert.equal(onlyRoot.judge(device), "other");
});

test("what has run out, or is not valid yet, is expired", async (t) => {
  const { chain } = await open(t, both());
  for (const [name, span] of [
    ["past", ["20200101000000Z", "20200201000000Z"]],
    ["future", ["20900101000000Z", "20900201000000Z"]],
  ] as const) {
    const { cert } = await issuing.issue(name, { span });
    assert.equal(chain.judge(new X509Certificate(cert)), "expired", name);
  }
});

test("lists are asked of each step of the path; one that is overdue still counts and is told", async (t) => {
  const two = new X509Certificate((await issuing.issue("two")).cert);
  await issuing.revoke("two");
  const { chain, told } = await open(t, both(), (await root.list()) + (await issuing.list({ hoursAgo: 2 })));
  assert.equal(chain.judge(two), "revoked");
  assert.equal(chain.judge(device), "good");
  assert.equal(told.filter((text) => text.includes("overdue")).length, 1);

  const below = await root.below("doomed");
  const third = new X509Certificate((await below.issue("third")).cert);
  await root.revoke("doomed");
  const lists = (await root.list()) + (await below.list());
  assert.equal((await open(t, root.cert + below.cert, lists)).chain.judge(third), "revoked");
});

test("changed files are taken up; what cannot be used leaves the ones before", async (t) => {
  const late = new X509Certificate((await issuing.issue("late")).cert);
  const { chain, told } = await open(t, both(), (await root.list()) + (await issuing.list()));
  let changes = 0;
  chain.onChange(() => changes++);
  assert.equal(chain.judge(late), "good");
  writeFileSync(files.authorities, "nothing");
  await until(() => told.some((text) => text.includes("cannot be used")), "the refusal of the file");
  assert.equal(chain.judge(late), "good");
  assert.equal(changes, 0);
  await issuing.revoke("late");
  writeFileSync(files.authorities, both());
  writeFileSync(files.lists, (await root.list()) + (await issuing.list()));
  await until(() => chain.judge(late) === "revoked", "the new list");
  assert.equal(changes, 1);
});

test("a file that says nothing that can be used stops the start, by the setting's name", async (t) => {
  const other = await makeAuthority(join(folder, "stranger"), "Stranger");
  const refusals: [authorities: string, lists: string | undefined, what: RegExp][] = [
    ["", undefined, /OPENWARD_DEVICE_CA.*certificates of authorities/],
    [issuing.cert, undefined, /OPENWARD_DEVICE_CA.*who issued CN=devices is missing/],
    [both() + (await issuing.issue("plain")).cert, undefined, /OPENWARD_DEVICE_CA.*which CN=plain is not/],
    [both(), await root.list(), /OPENWARD_DEVICE_CRL.*also of CN=devices/],
    [both(), (await root.list()) + (await other.list()), /OPENWARD_DEVICE_CRL.*not by CN=Stranger/],
    [both(), "", /OPENWARD_DEVICE_CRL.*lists in PEM/],
  ];
  for (const [authorities, lists, what] of refusals) await assert.rejects(open(t, authorities, lists), what);
});

async function until(isSo: () => boolean, what: string): Promise<void> {
  for (const end = performance.now() + 120_000; !isSo(); await wait(10))
    if (performance.now() > end) throw new Error(`waited two minutes for ${what}`);
}
