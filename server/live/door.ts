import type { IncomingMessage } from "node:http";
import { screenRedactor } from "@openward/api";
import { RefusedInput, refusalText } from "@openward/errors";
import type { KioskShows, PrincipalRole } from "@openward/model";
import type { WebSocketRoute } from "../http/index.ts";
import type { Live } from "./live.ts";
import type { Access, ScreenSocket, Viewer } from "./ports.ts";

/**
 * The WebSocket route /live: signed in by session cookie (browsers) or bearer token (programs).
 *
 * @param deps.kiosk the route of screens on walls, by their own cookie, whoever else is signed in on that machine
 */
export function liveRoute(deps: {
  live: Pick<Live, "connect">;
  access: Access;
  kiosk?: boolean;
}): WebSocketRoute<Viewer | undefined> {
  const { live, access, kiosk = false } = deps;
  return {
    maxPayloadBytes: 65_536,
    async authorise(request) {
      const viewer = await viewerOf(access, request, kiosk);
      // A page's script cannot read the status of a refused handshake; it is told by a message instead.
      if (!viewer && request.headers.origin === undefined) throw new RefusedInput("NOT_SIGNED_IN");
      return viewer;
    },
    onConnection(socket, _request, viewer) {
      if (viewer) {
        live.connect(shownTo(socket, viewer.principal.role, viewer.shows), viewer);
        return;
      }
      socket.send(JSON.stringify({ type: "refused", code: "NOT_SIGNED_IN", detail: refusalText.NOT_SIGNED_IN }));
      socket.close(4401, "NOT_SIGNED_IN");
    },
  };
}

/** The same socket: what a screen of this role is not shown leaves nothing but its place. */
function shownTo<S extends ScreenSocket>(socket: S, role: PrincipalRole, shows?: KioskShows): ScreenSocket {
  const redact = screenRedactor(role, shows);
  if (!redact) return socket;
  return {
    get bufferedAmount() {
      return socket.bufferedAmount;
    },
    send: (text) => socket.send(redact(text)),
    ping: () => socket.ping(),
    close: (code, reason) => socket.close(code, reason),
    terminate: () => socket.terminate(),
    on: socket.on.bind(socket) as ScreenSocket["on"], // all of its events
  };
}

async function viewerOf(access: Access, { headers }: IncomingMessage, kiosk: boolean): Promise<Viewer | undefined> {
  const { cookie, authorization } = headers;
  const ask = () => access.authenticate({ cookie, authorization }, { kiosk });
  const signedIn = await ask();
  if (!signedIn) return undefined;
  const { principal, expiresAt } = signedIn;
  let view = await access.viewOf(principal);
  return {
    principal,
    expiresAt,
    ...(signedIn.kiosk ? { shows: signedIn.kiosk.shows } : {}),
    view: () => view,
    async recheck() {
      const still = await ask();
      if (!still) return undefined;
      // When one session of a person ends, all views that they hold become empty: this one goes on with its own.
      view = await access.viewOf(still.principal);
      return still.expiresAt;
    },
  };
}
