#!/usr/bin/env node
// The command `openward-gateway`: any Node >= 18 may call it; the work is done by the pinned one.
import { spawn } from "node:child_process";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { pinnedEnvironment, pinnedNode } from "../scripts/set-up.mjs";

const main = join(dirname(fileURLToPath(import.meta.url)), "main.ts");
const child = spawn(pinnedNode(), [main, ...process.argv.slice(2)], { stdio: "inherit", env: pinnedEnvironment() });
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP", "SIGUSR2"]) process.on(signal, () => child.kill(signal));
child.on("exit", (code, signal) => process.exit(signal ? 1 : (code ?? 1)));
