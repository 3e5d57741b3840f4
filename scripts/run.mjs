// What `npm start`, `npm test` and the other scripts run: sets up what is missing, then hands over to the pinned Node.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { buildWeb, install, pinnedNode, programEnv, root, run, say } from "./set-up.mjs";

const [command, ...args] = process.argv.slice(2);
const bin = (name) => join(root, "node_modules", ".bin", name);
const TESTS = ["packages", "server", "simulator", "web", "bench", "test"].map((folder) => `${folder}/**/*.test.ts`);

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
    const chosen = args.length > 0 ? args : TESTS;
    handOver(["--test", "--test-concurrency=2", "--test-timeout=300000", ...chosen]);
  },
  bench() {
    buildWeb();
    handOver([join(root, "bench/main.ts"), ...args]);
  },
  campaign() {
    handOver([join(root, "test/campaign.ts"), ...args]);
  },
};

function check() {
  say("format and lint ...");
  run(bin("biome"), ["check", "--error-on-warnings", "."]);
  say("types ...");
  run(bin("tsc"), ["-p", "tsconfig.json"]);
  run(bin("tsc"), ["-p", "web/tsconfig.json"]);
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

/** The rest of this run is the other program: its streams, its signals, its exit code. */
function handOver(nodeArgs) {
  const child = spawn(pinnedNode(), nodeArgs, { stdio: "inherit", cwd: root, env: programEnv() });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  child.on("exit", (code, signal) => process.exit(signal ? 1 : (code ?? 1)));
}

if (!command || !Object.hasOwn(commands, command)) {
  say(`unknown command ${command ?? ""}; one of ${Object.keys(commands).join(", ")}`);
  process.exit(2);
}
install();
commands[command]();
