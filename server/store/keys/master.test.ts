import assert from "node:assert/strict";
import { cpSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { OutsideTrouble } from "@openward/errors";
import { verifyKeyStore } from "./backup.ts";
import { changeMaster } from "./change-master.ts";
import { commandKms } from "./command-kms.ts";
import { keyProgram, programOf } from "./testing/key-program.ts";
import { openTestKeys, testKms } from "./testing/keys.ts";

const ORGANISATION = "018f0000-0000-7000-8000-0000000000aa";
const PATIENT = "018f0000-0000-7000-8000-0000000000cc";
const folderOf = () => mkdtempSync(join(tmpdir(), "openward-master-"));
const secretOf = async (folder: string, kms: ReturnType<typeof testKms>) => {
  const keys = await openTestKeys({ folder, kms });
  try {
    return keys.ofPatient(ORGANISATION, PATIENT).secret.export();
  } finally {
    keys.close();
  }
};

test("a master key behind a program makes a store and opens it again", async () => {
  const folder = folderOf();
  const kms = commandKms(keyProgram(folderOf()));
  const secret = await secretOf(folder, kms);
  assert.deepEqual(await secretOf(folder, kms), secret);
  assert.equal((await verifyKeyStore(folder, kms)).isOpened, true);
  await assert.rejects(secretOf(folder, testKms()), { code: "KEY_MASTER_WRONG" });
});

test("another program's master key is told, whether the program refuses or gives another key", async () => {
  const folder = folderOf();
  const secret = await secretOf(folder, commandKms(keyProgram(folderOf())));
  const other = commandKms(keyProgram(folderOf()));
  await assert.rejects(secretOf(folder, other), { code: "KEY_MASTER_UNREACHABLE" });
  const careless = programOf(folderOf(), "careless", `echo ${Buffer.alloc(32, 7).toString("base64")}`);
  await assert.rejects(secretOf(folder, commandKms(careless)), { code: "KEY_MASTER_WRONG" });
  const short = programOf(folderOf(), "short", `echo ${secret.subarray(0, 16).toString("base64")}`);
  await assert.rejects(secretOf(folder, commandKms(short)), { code: "KEY_MASTER_WRONG" });
});

test("a program that is not there, fails, says nothing, talks or hangs is told, and no store is made", async () => {
  const folder = folderOf();
  const refused = async (program: string, says: RegExp, patienceMs?: number) =>
    assert.rejects(secretOf(folder, commandKms(program, patienceMs)), (error) => {
      assert.ok(error instanceof OutsideTrouble && error.retry);
      assert.equal(error.code, "KEY_MASTER_UNREACHABLE");
      assert.match(error.message, says);
      return true;
    });
  await refused(join(folder, "nowhere"), /ENOENT/);
  await refused(programOf(folderOf(), "fails", "echo no access to the key >&2; exit 3"), /no access to the key/);
  await refused(programOf(folderOf(), "silent", "exit 0"), /no base64/);
  await refused(programOf(folderOf(), "talks", "echo Welcome to the key service!"), /no base64/);
  await refused(programOf(folderOf(), "hangs", "exec sleep 600"), /Command failed/, 300);
  await assert.rejects(verifyKeyStore(folder, null), { code: "NOT_FOUND" });
});

test("a store is put under another master key and back; the keys in it stay", async () => {
  const folder = folderOf();
  const [first, second] = [testKms(), commandKms(keyProgram(folderOf()))];
  const secret = await secretOf(folder, first);
  const copy = join(folderOf(), "copy");
  cpSync(folder, copy, { recursive: true });
  await changeMaster(folder, first, second);
  assert.deepEqual(await secretOf(folder, second), secret);
  await assert.rejects(secretOf(folder, first), { code: "KEY_MASTER_WRONG" });
  assert.deepEqual(await secretOf(copy, first), secret, "a copy from before opens as it did");
  const third = testKms();
  await changeMaster(folder, second, third);
  assert.deepEqual(await secretOf(folder, third), secret);
  await assert.rejects(secretOf(folder, second), { code: "KEY_MASTER_WRONG" });
});

test("a change of the master key that cannot be done changes nothing", async () => {
  const folder = folderOf();
  const first = testKms();
  await secretOf(folder, first);
  const before = readFileSync(join(folder, "store.json"));
  await assert.rejects(changeMaster(folder, testKms(), testKms()), { code: "KEY_MASTER_WRONG" });
  const dead = commandKms(programOf(folderOf(), "dead", "exit 1"));
  await assert.rejects(changeMaster(folder, first, dead), { code: "KEY_MASTER_UNREACHABLE" });
  // It wraps, and never gives back what it was given.
  const lossy = commandKms(programOf(folderOf(), "lossy", `echo ${Buffer.alloc(32, 7).toString("base64")}`));
  await assert.rejects(changeMaster(folder, first, lossy), { code: "KEY_MASTER_WRONG" });
  assert.deepEqual(readFileSync(join(folder, "store.json")), before);
  await assert.rejects(changeMaster(folderOf(), first, testKms()), { code: "NOT_FOUND" });
  // A draft that a kill left behind is not the store.
  writeFileSync(join(folder, "store.json.draft"), "{");
  await secretOf(folder, first);
});
