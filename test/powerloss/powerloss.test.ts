import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { Image } from "./image.ts";
import { buildShim } from "./shim.ts";

const PROGRAM = `
const fs = require("node:fs");
const at = (name) => process.env.POWERLOSS_ROOT + "/" + name;
const flushFolder = (name) => { const f = fs.openSync(at(name), "r"); fs.fsyncSync(f); fs.closeSync(f); };
const write = (name, text, flag, isFlushed) => {
  const file = fs.openSync(at(name), flag);
  fs.writeSync(file, text);
  if (isFlushed) fs.fdatasyncSync(file);
  return file;
};
write("old", "OLD", "r+", false);
write("changed", "NEW", "r+", true);
const grown = write("grown", "flushed, ", "ax", true);
fs.writeSync(grown, "and not");
write("nameless", "flushed", "ax", true);
fs.mkdirSync(at("folder"));
write("folder/named", "flushed", "ax", true);
write("folder/empty", "not flushed", "ax", false);
flushFolder("folder");
fs.renameSync(at("draft"), at("final"));
flushFolder("");
write("late", "flushed", "ax", true);
const cut = fs.openSync(at("cut"), "r+");
fs.ftruncateSync(cut, 2);
fs.writeSync(cut, "x", 5);
fs.fsyncSync(cut);
fs.rmSync(at("removed"));
process.kill(process.pid, "SIGKILL");
`;

test("after a loss of power there is what was flushed, under the names whose folder was", async (t) => {
  const place = mkdtempSync(join(tmpdir(), "openward-powerloss-"));
  try {
    const shim = buildShim(place);
    if ("missing" in shim) return t.skip(shim.missing);
    const dataDir = join(place, "data");
    mkdirSync(dataDir);
    for (const name of ["old", "changed", "draft", "removed", "cut"]) writeFileSync(join(dataDir, name), `${name}...`);
    const image = new Image(dataDir, join(place, "state"));
    await image.begin();
    const env = {
      ...process.env,
      LD_PRELOAD: shim.library,
      UV_USE_IO_URING: "0",
      POWERLOSS_ROOT: dataDir,
      POWERLOSS_STATE: image.state,
    };
    const { signal, stderr } = spawnSync(process.execPath, ["-e", PROGRAM], { env, encoding: "utf8" });
    assert.equal(signal, "SIGKILL", stderr);
    image.losePower(undefined);
    const read = (name: string) => readFileSync(join(dataDir, name), "utf8");
    assert.deepEqual(readdirSync(dataDir).sort(), [
      "changed",
      "cut",
      "final",
      "folder",
      "grown",
      "nameless",
      "old",
      "removed",
    ]);
    assert.deepEqual(readdirSync(join(dataDir, "folder")).sort(), ["empty", "named"]);
    assert.equal(read("old"), "old...");
    assert.equal(read("changed"), "NEWnged...");
    assert.equal(read("grown"), "flushed, ");
    assert.equal(read("folder/named"), "flushed");
    assert.equal(read("folder/empty"), "");
    assert.equal(read("final"), "draft...");
    assert.equal(read("removed"), "removed...");
    assert.equal(read("cut"), "cu\0\0\0x");
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
});
