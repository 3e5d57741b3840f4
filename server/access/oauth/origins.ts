import type { FastifyReply, FastifyRequest } from "fastify";
import { originsOf } from "./facts.ts";
import type { OAuthDeps } from "./ports.ts";

/** How long an origin that was taken away is let call on: its tokens end at once. */
const TRUST_MS = 1_000;

/** What an application in a browser calls; the authorisation server speaks for its own endpoints. */
const SHARED = /^\/fhir(\/|\?|$)/;
/** Holds nothing of anybody, and is asked before anybody is known. */
const PUBLIC = /^\/fhir\/(metadata|\.well-known\/smart-configuration)(\?|$)/;

/**
 * Lets pages of registered applications read answers of /fhir (CORS). Cookies never count there: what another page may
 * read is what its token lets it.
 */
export function createOrigins({ tables, runtime }: Pick<OAuthDeps, "tables" | "runtime">) {
  let known: { readonly at: number; readonly origins: Promise<ReadonlySet<string>> } | undefined;

  const registered = (): Promise<ReadonlySet<string>> => {
    const now = runtime.clock.monotonic();
    if (!known || now - known.at > TRUST_MS) {
      const mine = { at: now, origins: load() };
      mine.origins.catch(() => {
        if (known === mine) known = undefined;
      });
      known = mine;
    }
    return known.origins;
  };

  const load = async (): Promise<ReadonlySet<string>> => {
    const rows = await tables.everywhere((tx) =>
      tx.rows<{ uri: string }>(
        "SELECT DISTINCT unnest(redirect_uris) AS uri FROM oauth_client WHERE disabled_at IS NULL",
      ),
    );
    return new Set(originsOf(rows.map(({ uri }) => uri)));
  };

  return {
    async allow({ url, method, headers }: FastifyRequest, reply: FastifyReply): Promise<FastifyReply | undefined> {
      const { origin } = headers;
      if (origin === undefined || !SHARED.test(url)) return undefined;
      reply.header("vary", "origin");
      if (!PUBLIC.test(url) && !(await registered()).has(origin)) return undefined;
      reply.header("access-control-allow-origin", origin);
      reply.header("access-control-expose-headers", "etag, last-modified, retry-after, www-authenticate");
      if (method !== "OPTIONS" || headers["access-control-request-method"] === undefined) return undefined;
      return reply
        .code(204)
        .header("access-control-allow-methods", "GET, HEAD, POST")
        .header("access-control-allow-headers", "authorization, content-type, accept, prefer, if-none-match")
        .header("access-control-max-age", "600")
        .send();
    },
  };
}
