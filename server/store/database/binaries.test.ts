import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readlinkSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { findBinaries, reachableCopy } from "./binaries.ts";

test("the programs of this platform are there and are PostgreSQL 18", () => {
  const { postgres, majorVersion } = findBinaries("/nowhere", undefined);
  assert.equal(majorVersion, "18");
  assert.match(execFileSync(postgres, ["--version"], { encoding: "utf8" }), /^postgres \(PostgreSQL\) 18\./);
});

test("a copy of programs that nobody else could reach can be run by everybody, links included", () => {
  const folder = mkdtempSync(join(tmpdir(), "openward-test-"));
  try {
    const native = join(folder, "native");
    mkdirSync(join(native, "bin"), { recursive: true, mode: 0o700 });
    writeFileSync(join(native, "bin", "program"), "#!/bin/sh\n", { mode: 0o700 });
    writeFileSync(join(native, "library.so.1"), "", { mode: 0o600 });
    symlinkSync("library.so.1", join(native, "library.so"));
    chmodSync(native, 0o700);
    const target = join(folder, "copy");
    assert.equal(reachableCopy(native, target), target);
    const mode = (path: string) => statSync(join(target, path)).mode & 0o777;
    assert.deepEqual([mode("."), mode("bin"), mode("bin/program"), mode("library.so.1")], [0o755, 0o755, 0o755, 0o644]);
    assert.equal(readlinkSync(join(target, "library.so")), "library.so.1");
    assert.equal(reachableCopy(join(folder, "gone"), target), target, "made once");
  } finally {
    rmSync(folder, { recursive: true });
  }
});
