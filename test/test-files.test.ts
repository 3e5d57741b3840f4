import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { canShare, planOf, testFiles } from "../scripts/tests/files.ts";
import { root } from "./support/ward.ts";

const files = testFiles(root);
const { alone, together } = planOf(root, files);

test("every test file runs, and once", () => {
  assert.ok(files.length > 300);
  assert.deepEqual([...alone, ...together.flat()].sort(), files);
});

test("what has a server, a browser or hooks for every test of its process has a process of its own", () => {
  const shared = together.flat();
  assert.ok(shared.length > 150);
  assert.deepEqual(
    shared.filter((file) => /\.int\.test\.ts$|^web\/e2e\/|^test\//.test(file)),
    [],
  );
  for (const file of shared) assert.ok(!/^(before|after)(Each)?\(/m.test(readFileSync(join(root, file), "utf8")), file);
  assert.equal(canShare("packages/x.test.ts", 'test("a", () => {});'), true);
  for (const line of [
    "beforeEach(() => {});",
    'process.env.TZ = "UTC";',
    "globalThis.fetch = answer;",
    'process.on("exit", f);',
  ])
    assert.equal(canShare("packages/x.test.ts", line), false, line);
});

test("browsers do not all begin at once", () => {
  const browsers = alone.map((file, i) => (file.startsWith("web/e2e/") ? i : -1)).filter((i) => i >= 0);
  for (const [i, at] of browsers.entries()) assert.ok(i === 0 || at - (browsers[i - 1] as number) > 3);
});
