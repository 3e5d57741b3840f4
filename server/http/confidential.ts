import type { IncomingMessage } from "node:http";
import type { FastifyInstance } from "fastify";
import { isLoopback, type TrustedProxies } from "./addresses.ts";
import { problem, sendProblem } from "./problem.ts";

/** The bytes of this connection leave the machine readable to whoever is on the way. */
export function isInTheClear(
  socket: { readonly remoteAddress?: string | undefined; readonly encrypted?: boolean },
  proxies: TrustedProxies,
): boolean {
  return socket.encrypted !== true && !isLoopback(socket.remoteAddress) && !proxies.has(socket.remoteAddress);
}

/** Did it come over TLS as the client sees it: to us, or to a proxy that we believe? */
export function isEncrypted({ socket, headers }: IncomingMessage, proxies: TrustedProxies): boolean {
  if ((socket as { encrypted?: boolean }).encrypted === true) return true;
  return proxies.has(socket.remoteAddress) && lastOf(headers["x-forwarded-proto"]) === "https";
}

/** May secrets travel in this request and its answer? */
export function isConfidential(request: IncomingMessage, proxies: TrustedProxies): boolean {
  const { socket, headers } = request;
  if (isEncrypted(request, proxies)) return true;
  // A proxy speaks for somebody else: that it stands on this machine says nothing of the way to it.
  const isForwarded = headers["x-forwarded-for"] !== undefined || headers["x-forwarded-proto"] !== undefined;
  if (isForwarded && proxies.has(socket.remoteAddress)) return false;
  return isLoopback(socket.remoteAddress);
}

/** What a probe asks and what tells nothing of anybody. */
const OPEN = /^\/health(\/|\?|$)/;
const HSTS = "max-age=31536000";

/**
 * Off loopback nothing but /health is answered in the clear: a token, a cookie or a name would have been read on the way.
 * A browser that asks for a page is sent to the https address, where there is one.
 */
export function refuseInTheClear(
  app: FastifyInstance,
  {
    proxies,
    httpsUrl,
  }: { proxies: TrustedProxies; httpsUrl?: ((host: string | undefined) => string | null) | undefined },
): void {
  app.addHook("onRequest", (request, reply, done) => {
    const { raw, headers, method, url } = request;
    if (isEncrypted(raw, proxies) && !isLocalName(headers.host)) reply.header("strict-transport-security", HSTS);
    if (OPEN.test(url) || isConfidential(raw, proxies)) return done();
    const asksForPage = method === "GET" && (headers.accept ?? "").includes("text/html");
    const there = asksForPage ? httpsUrl?.(headers.host) : null;
    if (there) return void reply.redirect(there + url, 308);
    return void sendProblem(reply, problem("TLS_REQUIRED", { expected: "https" }));
  });
}

/** HSTS is for a name and all its ports: on this one it would shut out every other program of the machine. */
function isLocalName(host: string | undefined): boolean {
  return /^(localhost|127\.|\[::1\])/i.test(host ?? "localhost");
}

/** The proxy next to us wrote the last one. */
function lastOf(header: string | string[] | undefined): string {
  const text = Array.isArray(header) ? (header.at(-1) ?? "") : (header ?? "");
  return text.split(",").at(-1)?.trim().toLowerCase() ?? "";
}
