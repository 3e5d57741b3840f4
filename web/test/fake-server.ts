/**
 * A server for working on the screens: invented patients, invented signals, nothing is kept. It answers the routes of
 * packages/api and feeds /live. `node web/test/fake-server.ts [port]` serves web/dist and the API on one port.
 * It also listens on the terminal's standard input: `silence`, `speak`, `drop`, `spooling`, `ok`.
 */
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";
import { createInterface } from "node:readline";
import { api } from "./fake-server/api.ts";
import { screens, serveLive } from "./fake-server/live.ts";
import { port, state } from "./fake-server/state.ts";

const DIST = join(import.meta.dirname, "..", "dist");

const types: Record<string, string> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".css": "text/css",
  ".svg": "image/svg+xml",
  ".json": "application/json",
};

const server = createServer(async (request, response) => {
  const url = new URL(request.url ?? "/", "http://x");
  if (url.pathname.startsWith("/api/")) return api(request, response, url);
  const wanted = normalize(url.pathname);
  const path = extname(wanted) ? join(DIST, wanted) : join(DIST, "index.html");
  try {
    const body = await readFile(path);
    response.writeHead(200, {
      "content-type": types[extname(path)] ?? "application/octet-stream",
      "content-security-policy":
        "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'",
    });
    response.end(body);
  } catch {
    response.writeHead(404).end();
  }
});

serveLive(server);

createInterface({ input: process.stdin }).on("line", (line) => {
  if (line === "silence") state.isSilent = true;
  if (line === "speak") state.isSilent = false;
  if (line === "drop") for (const socket of screens.keys()) socket.terminate();
  if (
    line === "ok" ||
    line === "damaged" ||
    line === "low" ||
    line === "spooling" ||
    line === "full" ||
    line === "failed"
  )
    state.storage = line;
});

server.listen(port, "127.0.0.1", () =>
  console.log(`http://127.0.0.1:${port}/sign-in#token=fake-link-token-0123456789`),
);
