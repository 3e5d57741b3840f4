import { readFile } from "node:fs/promises";
import { join } from "node:path";
import compress from "@fastify/compress";
import files from "@fastify/static";
import type { Random } from "@openward/runtime";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { portalPolicy } from "./headers.ts";
import { problem, sendProblem } from "./problem.ts";

/** Where the built portals lie: `index.html`, and `assets/` with a hash in every name. */
export interface Portals {
  readonly dist: string;
  /** For the nonce of each page. */
  readonly random: Pick<Random, "bytes">;
}

/** What the build writes where a page's nonce belongs (web/vite.config.ts). */
const NONCE = /\bCSP-NONCE-OF-THIS-ANSWER\b/g;
const NONCE_BYTES = 18;

/**
 * Addresses that are never a page of the portals: what is unknown there is a problem, not a page. The address on a claim label is one, for
 * the telephone that it is scanned with; a device posts to it.
 */
const notPages = /^\/(?!ingest\/claim$)(api|fhir|ingest|live|mqtt|health|metrics|assets)(\/|\?|$)/;

const notBuilt = `<!doctype html><html lang="en"><meta charset="utf-8"><title>Openward</title>
<body>
<h1>The portals are not built</h1>
<p>The server runs, and /api, /fhir and /ingest answer. Build the portals with <code>npm start</code>, then load this page again.</p>
</body></html>`;

/** Serves the portals: files that exist, and `index.html` for every other page a browser asks for. */
export async function servePortals(app: FastifyInstance, { dist, random }: Portals): Promise<void> {
  const index = join(dist, "index.html");

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
    // The page itself, whatever it is called, goes out with a nonce.
    scope.get("/", page);
    scope.get("/index.html", page);
  });

  async function page(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    // A nonce is for one answer: what a browser kept would have another than its policy names.
    reply.header("cache-control", "no-store").type("text/html; charset=utf-8");
    // Read anew each time: a build may finish while the server runs.
    const built = await readFile(index, "utf8").catch(() => undefined);
    if (built === undefined) return reply.code(503).send(notBuilt);
    const nonce = Buffer.from(random.bytes(NONCE_BYTES)).toString("base64");
    const origin = { host: request.host, isSecure: request.protocol === "https" };
    return reply.header("content-security-policy", portalPolicy(nonce, origin)).send(built.replaceAll(NONCE, nonce));
  }

  app.setNotFoundHandler((request, reply) => {
    if (isPage(request)) return page(request, reply);
    return sendProblem(reply, problem("NOT_FOUND"));
  });
}

function isPage(request: FastifyRequest): boolean {
  if (request.method !== "GET" && request.method !== "HEAD") return false;
  return !notPages.test(request.url) && (request.headers.accept ?? "").includes("text/html");
}
