import type { Duplex } from "node:stream";
import type { Ids } from "@openward/runtime";
import Fastify, { type FastifyInstance } from "fastify";
import { noProxies, type TrustedProxies } from "./addresses.ts";
import { refuseInTheClear } from "./confidential.ts";
import { securityHeaders } from "./headers.ts";
import { innerCookies } from "./host-cookies.ts";
import { lingerAfterRefusals } from "./linger.ts";
import type { Log } from "./log.ts";
import { problem, problemOf, sendProblem, unexpected } from "./problem.ts";
import { type Portals, servePortals } from "./static.ts";

export interface HttpLimits {
  /** Time for a request's headers to arrive. */
  readonly headersTimeoutMs: number;
  /** Time for a whole request to arrive. */
  readonly requestTimeoutMs: number;
  /** How long an idle connection stays open for the next request. */
  readonly keepAliveTimeoutMs: number;
  /** Largest body; a route may ask for another. */
  readonly bodyLimitBytes: number;
  /** More open connections than this are refused. */
  readonly maxConnections: number;
}

export const defaultLimits: HttpLimits = {
  headersTimeoutMs: 10_000,
  requestTimeoutMs: 30_000,
  keepAliveTimeoutMs: 72_000,
  bodyLimitBytes: 1_048_576,
  maxConnections: 20_000,
};

export interface HttpOptions {
  readonly log: Log;
  readonly ids: Ids;
  readonly limits?: Partial<HttpLimits>;
  /** Proxies in front whose X-Forwarded-* are believed. */
  readonly proxies?: TrustedProxies;
  /** Where a browser that asks for a page in the clear is sent, by its Host header. */
  readonly httpsUrl?: (host: string | undefined) => string | null;
  /** The built portals; left out: nothing is served beside the rooms' routes. */
  readonly portals?: Portals;
}

/** The one HTTP server: rooms register their routes on it, each in a plugin scope of its own. */
export async function createHttp({
  log,
  ids,
  limits: given,
  proxies = noProxies,
  httpsUrl,
  portals,
}: HttpOptions): Promise<FastifyInstance> {
  const limits = { ...defaultLimits, ...given };
  const app = Fastify({
    // Addresses carry names that people search for: requests are not logged, faults are, by id.
    logger: false,
    trustProxy: (address) => proxies.has(address),
    bodyLimit: limits.bodyLimitBytes,
    requestTimeout: limits.requestTimeoutMs,
    keepAliveTimeout: limits.keepAliveTimeoutMs,
    forceCloseConnections: "idle",
    return503OnClosing: true,
    // Node looks for requests that take too long only this often; its own default is half a minute.
    http: { headersTimeout: limits.headersTimeoutMs, connectionsCheckingInterval: 2_000 },
    routerOptions: { maxParamLength: 256, ignoreTrailingSlash: true },
    clientErrorHandler: answerBrokenRequest,
  });
  app.server.maxConnections = limits.maxConnections;

  app.addHook("onRequest", (request, reply, done) => {
    reply.headers(securityHeaders);
    const cookie = innerCookies(request.headers.cookie, request.protocol === "https");
    if (cookie !== undefined) request.raw.headers.cookie = cookie;
    done();
  });
  refuseInTheClear(app, { proxies, httpsUrl });
  lingerAfterRefusals(app);

  app.setErrorHandler((error, request, reply) => {
    const known = problemOf(error);
    if (known) {
      if (known.status >= 500)
        log.warn({ code: known.code, route: request.routeOptions.url }, "request failed for outside trouble");
      return sendProblem(reply, known);
    }
    const id = ids.uuid();
    // The stack names our files; the message may quote the input, so it stays out.
    log.error(
      { errorId: id, route: request.routeOptions.url, method: request.method, fault: faultOf(error) },
      "unexpected error",
    );
    return sendProblem(reply, unexpected(id));
  });

  if (portals) await servePortals(app, portals);
  else app.setNotFoundHandler((_request, reply) => sendProblem(reply, problem("NOT_FOUND")));
  return app;
}

/** Name and places of an error, without its message. */
function faultOf(error: unknown): { name: string; stack: string } {
  if (!(error instanceof Error)) return { name: typeof error, stack: "" };
  const places = (error.stack ?? "").split("\n").filter((line) => /^\s+at /.test(line));
  return { name: error.name, stack: places.slice(0, 12).join("\n") };
}

/** What does not parse as HTTP, or takes too long, gets one short answer and the connection ends. */
export function answerBrokenRequest(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (error.code === "ECONNRESET" || !socket.writable) {
    socket.destroy();
    return;
  }
  const [line, code] =
    error.code === "ERR_HTTP_REQUEST_TIMEOUT"
      ? (["408 Request Timeout", "BODY_SHAPE"] as const)
      : error.code === "HPE_HEADER_OVERFLOW"
        ? (["431 Request Header Fields Too Large", "PROTOCOL_ERROR"] as const)
        : (["400 Bad Request", "PROTOCOL_ERROR"] as const);
  const body = JSON.stringify(problem(code, {}, Number(line.slice(0, 3))));
  const head = `HTTP/1.1 ${line}\r\ncontent-type: application/problem+json\r\nconnection: close\r\ncontent-length: ${Buffer.byteLength(body)}`;
  socket.end(`${head}\r\n\r\n${body}`, () => socket.destroy());
}
