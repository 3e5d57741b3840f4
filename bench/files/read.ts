// A process of its own: reads the file as `openward import --dry-run` does, and tells what that took.
import { systemRuntime } from "@openward/runtime/system";
import { bringIn } from "../../server/cli/import/bring-in.ts";
import { createDatabases } from "../../server/cli/import/health-connect/open.ts";
import { openSources } from "../../server/cli/import/sources.ts";

const [path = ""] = process.argv.slice(2);
const began = performance.now();
const opened = await openSources(path, createDatabases(systemRuntime.timers));
const wishes = { format: null, sender: null, after: 0, now: Date.now(), timeZone: null, onProgress() {} };
const { found, ignored, pieces } = await bringIn(opened.sources, wishes);
opened.close();
const { user, system } = process.cpuUsage();
const maxRss = process.resourceUsage().maxRSS * 1024;
console.log(
  JSON.stringify({
    found,
    ignored,
    pieces,
    wallS: (performance.now() - began) / 1000,
    cpuS: (user + system) / 1e6,
    maxRss,
  }),
);
