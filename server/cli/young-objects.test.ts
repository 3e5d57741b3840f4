import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const settings = fileURLToPath(new URL("./young-objects.ts", import.meta.url));

/** V8 says on standard output that it does not know a setting, and goes on. */
function said(program: string): string {
  const { stdout, stderr, status } = spawnSync(process.execPath, ["--input-type=module", "--eval", program], {
    encoding: "utf8",
    timeout: 120_000,
  });
  assert.equal(status, 0, stderr);
  return stdout + stderr;
}

test("V8 knows the setting that keeps young objects young", () => {
  const program = `import { keepYoungObjectsYoung } from ${JSON.stringify(settings)}; keepYoungObjectsYoung();`;
  assert.equal(said(program), "");
  const unknown = said('import v8 from "node:v8"; v8.setFlagsFromString("--no-such-setting-of-v8");');
  assert.match(unknown, /no-such-setting-of-v8/, "of one that it does not know it says so");
});
