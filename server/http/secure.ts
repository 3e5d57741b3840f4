import { createServer, type Server } from "node:https";
import type { TlsOptions } from "node:tls";
import type { FastifyInstance } from "fastify";
import { answerBrokenRequest, defaultLimits } from "./http.ts";

/** The same app over TLS, with the limits of its plain listener. Routes must be registered and the app ready. */
export function createSecureHttp(app: FastifyInstance, tls: TlsOptions): Server {
  const { headersTimeoutMs, requestTimeoutMs, keepAliveTimeoutMs, maxConnections } = defaultLimits;
  const server = createServer(
    {
      ...tls,
      headersTimeout: headersTimeoutMs,
      requestTimeout: requestTimeoutMs,
      keepAliveTimeout: keepAliveTimeoutMs,
      connectionsCheckingInterval: 2_000,
    },
    app.routing,
  );
  server.maxConnections = maxConnections;
  server.on("clientError", answerBrokenRequest);
  // A handshake that fails has nobody to be told but the client, and has told it.
  server.on("tlsClientError", (_error, socket) => socket.destroy());
  return server;
}
