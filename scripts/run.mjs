// What `npm start`, `npm test` and the other scripts run: sets up what is missing, then hands over to the pinned Node.
import { spawn } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, statfsSync } from "node:fs";
import { freemem, tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { buildWeb, install, pinnedEnvironment, pinnedNode, root, run, say } from "./set-up.mjs";

const [command, ...args] = process.argv.slice(2);
const bin = (name) => join(root, "node_modules", ".bin", name);

/** Ten is what they take at most; more than this is a machine that stands still, and nobody waits for it. */
const TESTS_END_WITHIN_MINUTES = 50;

const commands = {
  start() {
    buildWeb();
    handOver([join(root, "server/cli/main.ts"), "demo", ...args]);
  },
  format() {
    run(bin("biome"), ["check", "--write", "."]);
  },
  check,
  test() {
    check();
    buildWeb();
    explainBrowser();
    say("tests ...");
    // Files that are named run one by one, each in a process of its own; all of them by a plan.
    const bounds = ["--test-timeout=900000", "--test-force-exit"];
    const wholeOutput = ["--import", pathToFileURL(join(root, "scripts/tests/whole-output.ts")).href];
    const named = [...wholeOutput, "--test", "--test-concurrency=3", ...bounds, ...args];
    const tests = args.length > 0 ? named : [join(root, "scripts/tests/run.ts")];
    const place = temporaryPlace();
    handOver(tests, {
      endWithinMinutes: TESTS_END_WITHIN_MINUTES,
      env: { TMPDIR: place },
      ended: () => rmSync(place, { recursive: true, force: true }),
    });
  },
  bench() {
    buildWeb();
    handOver([join(root, "bench/main.ts"), ...args]);
  },
  validate() {
    handOver([join(root, "validate/main.ts"), ...args]);
  },
  models() {
    handOver([join(root, "validate/train.ts"), ...args]);
  },
  authorisation() {
    handOver([join(root, "test/authorisation/write.ts")]);
  },
  campaign() {
    handOver([join(root, "test/campaign.ts"), ...args]);
  },
  sbom() {
    handOver([join(root, "scripts/sbom.ts")]);
  },
};

function check() {
  say("format and lint ...");
  run(bin("biome"), ["check", "--error-on-warnings", "."]);
  say("types ...");
  checkTypes("tsconfig.json");
  checkTypes("web/tsconfig.json");
}

/** Of what has not changed since the last time, what was found then stands: an eighth of the time that everything takes. */
function checkTypes(project) {
  const known = join(root, "node_modules", ".cache", "openward-types", `${project.replaceAll("/", "-")}.tsbuildinfo`);
  run(bin("tsc"), ["-p", project, "--incremental", "--tsBuildInfoFile", known]);
}

function explainBrowser() {
  const found = [
    process.env.OPENWARD_TEST_BROWSER,
    "/usr/bin/chromium",
    "/usr/bin/chromium-browser",
    "/usr/bin/google-chrome",
  ].find((path) => path && existsSync(path));
  if (found) process.env.OPENWARD_TEST_BROWSER = found;
  else if (process.env.CI === "true") {
    say("no browser on this machine, and CI needs one: install Chromium");
    process.exit(1);
  } else say("no browser on this machine: the browser tests are skipped (install Chromium to run them)");
}

const MEMORY = "/dev/shm";
const ROOMY = 8 * 1024 ** 3;

/**
 * What tests leave behind, above all those that were killed, goes with their run. The database's user has to get through. Hundreds
 * of databases of fifty megabytes are copied: in memory, where there is plenty, that takes a fifth of what a disk takes.
 */
function temporaryPlace() {
  const place = mkdtempSync(join(hasRoomInMemory() ? MEMORY : tmpdir(), "openward-tests-"));
  chmodSync(place, 0o755);
  return place;
}

function hasRoomInMemory() {
  if (process.env.TMPDIR || !existsSync(MEMORY) || !existsSync("/proc/mounts")) return false;
  // Some tests build what they load into other programs.
  const mount = readFileSync("/proc/mounts", "utf8")
    .split("\n")
    .find((line) => line.includes(` ${MEMORY} `));
  if (!mount || /\bnoexec\b/.test(mount)) return false;
  const { bavail, bsize } = statfsSync(MEMORY);
  return bavail * bsize >= ROOMY && freemem() >= ROOMY;
}

/** The rest of this run is the other program: its streams, its signals, its exit code. */
function handOver(nodeArgs, { endWithinMinutes, env = {}, ended = () => {} } = {}) {
  const child = spawn(pinnedNode(), nodeArgs, { stdio: "inherit", cwd: root, env: { ...pinnedEnvironment(), ...env } });
  if (endWithinMinutes !== undefined) {
    const giveUp = () => {
      say(`not ended within ${endWithinMinutes} minutes: stopped`);
      // The runner closes with its summary when it is asked to end.
      child.kill("SIGTERM");
      setTimeout(() => child.kill("SIGKILL"), 15_000);
    };
    setTimeout(giveUp, endWithinMinutes * 60_000);
  }
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  child.on("exit", (code, signal) => {
    ended();
    process.exit(signal ? 1 : (code ?? 1));
  });
}

if (!command || !Object.hasOwn(commands, command)) {
  say(`unknown command ${command ?? ""}; one of ${Object.keys(commands).join(", ")}`);
  process.exit(2);
}
install();
commands[command]();
