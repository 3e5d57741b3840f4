import { type IncomingMessage, type Server, STATUS_CODES } from "node:http";
import type { Server as SecureServer } from "node:https";
import type { Duplex } from "node:stream";
import { type WebSocket, WebSocketServer } from "ws";
import { noProxies, type TrustedProxies } from "./addresses.ts";
import { isConfidential, isEncrypted } from "./confidential.ts";
import { innerCookies } from "./host-cookies.ts";
import type { Log } from "./log.ts";
import { isAllowedOrigin, type PublicUrl } from "./origin.ts";
import { type ProblemBody, problem, problemOf } from "./problem.ts";

export interface WebSocketRoute<Who> {
  /** The subprotocol that is spoken here ("mqtt"); a client that offers others only is refused. */
  readonly subprotocol?: string;
  /** Largest message; default 64 kB. */
  readonly maxPayloadBytes?: number;
  /** Who it is, before the handshake is answered; throws RefusedInput to refuse it with its HTTP status. */
  authorise?(request: IncomingMessage): Promise<Who> | Who;
  onConnection(socket: WebSocket, request: IncomingMessage, who: Who): void;
}

export interface WebSockets {
  /** The same routes on another server, the one with TLS. */
  listenOn(server: SecureServer): void;
  route<Who = undefined>(path: string, route: WebSocketRoute<Who>): void;
  /** Closes what is open ("going away"), and refuses new ones. */
  close(): void;
}

/** The WebSockets of an HTTP server: each path has its own protocol, and browsers must come from our own pages. */
export function createWebSockets(deps: {
  server: Server;
  publicUrl: PublicUrl;
  log: Log;
  proxies?: TrustedProxies;
}): WebSockets {
  const { publicUrl, log, proxies = noProxies } = deps;
  const routes = new Map<string, { ws: WebSocketServer; route: WebSocketRoute<unknown> }>();
  let isClosing = false;

  const onUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    // Until the handshake is done nobody else listens: an unheard error would end the process.
    const ignore = () => socket.destroy();
    socket.on("error", ignore);
    const found = routes.get((request.url ?? "/").split("?", 1)[0] ?? "/");
    if (isClosing || !found) return refuse(socket, problem("NOT_FOUND"));
    if (!isConfidential(request, proxies)) return refuse(socket, problem("TLS_REQUIRED", { expected: "wss" }));
    if (!isAllowedOrigin(request.headers, publicUrl)) {
      return refuse(socket, problem("NOT_PERMITTED", { at: "Origin", expected: "a page of this server" }));
    }
    const cookie = innerCookies(request.headers.cookie, isEncrypted(request, proxies));
    if (cookie !== undefined) request.headers.cookie = cookie;
    const { ws, route } = found;
    if (route.subprotocol !== undefined && !offers(request, route.subprotocol)) {
      return refuse(
        socket,
        problem("PROTOCOL_ERROR", { at: "Sec-WebSocket-Protocol", expected: route.subprotocol }, 400),
      );
    }
    authorise(route, request).then(
      (who) => {
        if (socket.destroyed || isClosing) {
          socket.destroy();
          return;
        }
        socket.off("error", ignore);
        ws.handleUpgrade(request, socket, head, (webSocket) => {
          // ws closes a socket after an error by itself; the error only has to be heard.
          webSocket.on("error", (error) =>
            log.debug({ code: (error as NodeJS.ErrnoException).code }, "websocket error"),
          );
          route.onConnection(webSocket, request, who);
        });
      },
      (error: unknown) => {
        const known = problemOf(error);
        if (!known)
          log.error({ name: error instanceof Error ? error.name : typeof error }, "websocket authorisation failed");
        refuse(socket, known ?? problem("NOT_PERMITTED", {}, 500));
      },
    );
  };
  deps.server.on("upgrade", onUpgrade);

  return {
    listenOn: (server) => void server.on("upgrade", onUpgrade),
    route(path, route) {
      const { subprotocol } = route;
      const ws = new WebSocketServer({
        noServer: true,
        clientTracking: true,
        // Compression costs up to 300 kB a connection, and frames are small.
        perMessageDeflate: false,
        maxPayload: route.maxPayloadBytes ?? 65_536,
        handleProtocols: (offered) => (subprotocol !== undefined && offered.has(subprotocol) ? subprotocol : false),
      });
      routes.set(path, { ws, route: route as WebSocketRoute<unknown> });
    },
    close() {
      isClosing = true;
      for (const { ws } of routes.values()) for (const client of ws.clients) client.close(1001);
    },
  };
}

async function authorise(route: WebSocketRoute<unknown>, request: IncomingMessage): Promise<unknown> {
  return route.authorise?.(request);
}

function offers(request: IncomingMessage, subprotocol: string): boolean {
  const offered = request.headers["sec-websocket-protocol"] ?? "";
  return offered.split(",").some((name) => name.trim() === subprotocol);
}

function refuse(socket: Duplex, body: ProblemBody): void {
  const text = JSON.stringify(body);
  const head = `HTTP/1.1 ${body.status} ${STATUS_CODES[body.status] ?? "Refused"}\r\ncontent-type: application/problem+json`;
  socket.end(`${head}\r\nconnection: close\r\ncontent-length: ${Buffer.byteLength(text)}\r\n\r\n${text}`, () =>
    socket.destroy(),
  );
}
