import { existsSync } from "node:fs";
import { join } from "node:path";
import compress from "@fastify/compress";
import files from "@fastify/static";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { problem, sendProblem } from "./problem.ts";

/** Where the built portals lie: `index.html`, and `assets/` with a hash in every name. */
export interface Portals {
  readonly dist: string;
}

/** Addresses that are never a page of the portals: what is unknown there is a problem, not a page. */
const notPages = /^\/(api|fhir|ingest|live|mqtt|health|metrics|assets)(\/|\?|$)/;

const notBuilt = `<!doctype html><html lang="en"><meta charset="utf-8"><title>Openward</title>
<body style="font-family:sans-serif;max-width:40em;margin:4em auto">
<h1>The portals are not built</h1>
<p>The server runs, and /api, /fhir and /ingest answer. Build the portals with <code>npm start</code>, then load this page again.</p>
</body></html>`;

/** Serves the portals: files that exist, and `index.html` for every other page a browser asks for. */
export async function servePortals(app: FastifyInstance, { dist }: Portals): Promise<void> {
  const index = join(dist, "index.html");
  // Asked anew each time: a build may finish while the server runs.
  const isBuilt = () => existsSync(index);

  // Small answers (acks above all) stay as they are: compression is for the bundle, in its own scope.
  await app.register(async (scope) => {
    await scope.register(compress, { threshold: 2048, encodings: ["gzip", "identity"] });
    await scope.register(files, {
      root: dist,
      wildcard: true,
      index: false,
      decorateReply: true,
      cacheControl: false,
      dotfiles: "deny",
      setHeaders: (response, path) => {
        // Only the bundle's own names carry a hash of their content.
        const isHashed = path.startsWith(join(dist, "assets"));
        response.setHeader("cache-control", isHashed ? "public, max-age=31536000, immutable" : "no-cache");
      },
    });
    scope.get("/", (_request, reply) => page(reply));
  });

  const page = (reply: FastifyReply) => {
    reply.header("cache-control", "no-cache").type("text/html; charset=utf-8");
    return isBuilt() ? reply.sendFile("index.html") : reply.code(503).send(notBuilt);
  };

  app.setNotFoundHandler((request, reply) => {
    if (isPage(request)) return page(reply);
    return sendProblem(reply, problem("NOT_FOUND"));
  });
}

function isPage(request: FastifyRequest): boolean {
  if (request.method !== "GET" && request.method !== "HEAD") return false;
  return !notPages.test(request.url) && (request.headers.accept ?? "").includes("text/html");
}
