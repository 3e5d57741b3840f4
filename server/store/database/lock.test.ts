import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { isRunning, lockDirectory, lockHolder } from "./lock.ts";

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "openward-test-lock-"));
});
afterEach(() => rmSync(dir, { recursive: true }));

const leave = (holder: unknown) => writeFileSync(join(dir, "openward.lock"), JSON.stringify(holder));

test("a lock is held once, names its holder, and leaves nothing behind", () => {
  const lock = lockDirectory(dir, "serve");
  assert.ok("release" in lock);
  const refused = lockDirectory(dir, "command");
  assert.ok(!("release" in refused) && refused.pid === process.pid && refused.mode === "serve");
  lock.release();
  assert.deepEqual(readdirSync(dir), []);
  assert.equal(lockHolder(dir), undefined);
});

test("the lock of a process that is gone does not count", () => {
  leave({ pid: 999_999_999, startedAs: "once", mode: "serve" });
  assert.equal(lockHolder(dir), undefined);
  assert.ok("release" in lockDirectory(dir, "serve"));
});

test("a later process of the same number is not the holder", { skip: process.platform === "win32" }, () => {
  leave({ pid: process.ppid, startedAs: "another start", mode: "serve" });
  assert.ok("release" in lockDirectory(dir, "serve"));
});

test("a lock file that cannot be read does not lock anybody out", () => {
  writeFileSync(join(dir, "openward.lock"), "{");
  assert.ok("release" in lockDirectory(dir, "serve"));
});

test("a takeover that was cut off does not hinder the next", () => {
  leave({ pid: 999_999_999, startedAs: "once", mode: "serve" });
  writeFileSync(
    join(dir, "openward.lock.takeover"),
    JSON.stringify({ pid: 999_999_998, startedAs: "once", mode: "serve" }),
  );
  assert.ok("release" in lockDirectory(dir, "serve"));
  assert.deepEqual(readdirSync(dir), ["openward.lock"]);
});

test("a process number that nobody has is not running", () => {
  assert.ok(isRunning(process.pid));
  assert.ok(!isRunning(999_999_999));
});
