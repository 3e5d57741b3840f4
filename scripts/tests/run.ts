// What `npm test` hands over to: every test, or the files that are named, on Node's own runner.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run } from "node:test";
import { spec } from "node:test/reporters";
import { fileURLToPath, pathToFileURL } from "node:url";
import { planOf, testFiles } from "./files.ts";
import { watchFiles } from "./longest.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
/** Two cores, while one waits for its browser or its database. With four, tests that wait for a moment meet a machine that has none. */
const AT_ONCE = 3;
const GIVEN_UP_AFTER_MS = 15 * 60_000;

const { alone, together } = planOf(root, testFiles(root));
const place = mkdtempSync(join(tmpdir(), "openward-test-files-"));
const files = [...alone.map((file) => join(root, file)), ...together.map(shared)];
// A file whose test was given up on may hold its process open for ever: it is ended with its last test.
const wholeOutput = ["--import", new URL("whole-output.ts", import.meta.url).href];
const tests = run({
  files,
  concurrency: AT_ONCE,
  cwd: root,
  timeout: GIVEN_UP_AFTER_MS,
  forceExit: true,
  execArgv: wholeOutput,
});
tests.on("test:fail", ({ todo, skip }) => {
  if (!todo && !skip) process.exitCode = 1;
});
const longest = watchFiles(tests, root, () => performance.now());
tests.compose(spec).pipe(process.stdout);
process.on("exit", () => {
  console.log(`what took longest:\n${longest().join("\n")}`);
  rmSync(place, { recursive: true, force: true });
});

/**
 * One file that reads several. Its first test is that each can be read, and ends when all are: the runner, which ends a process with
 * the last test that it knows, knows them all before the first one runs.
 */
function shared(list: readonly string[], index: number): string {
  const path = join(place, `${String(index + 1).padStart(2, "0")}-together.test.mjs`);
  const urls = list.map((file) => pathToFileURL(join(root, file)).href);
  writeFileSync(
    path,
    `import { test } from "node:test";
const files = ${JSON.stringify(urls, null, 2)};
const { promise: read, resolve } = Promise.withResolvers();
test("each of the files of process ${index + 1} can be read", async () => {
  const errors = await read;
  if (errors.length > 0) throw new AggregateError(errors, errors.map((error) => error.stack ?? String(error)).join("\\n"));
});
const errors = [];
for (const url of files) await import(url).catch((error) => errors.push(error));
resolve(errors);
`,
  );
  return path;
}
