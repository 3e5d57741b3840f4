import { isWallPage } from "../kiosk/wall.ts";
import type { Socket, SocketEvents } from "./live.ts";

/** The browser's own WebSocket to /live of this page's server; of a screen on a wall to that one's door. */
export function openBrowserSocket(events: SocketEvents): Socket {
  const url = new URL(isWallPage() ? "/live/kiosk" : "/live", location.href);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  const socket = new WebSocket(url);
  socket.addEventListener("open", events.onOpen);
  socket.addEventListener("message", (event) => events.onMessage(event.data));
  socket.addEventListener("close", events.onClose);
  return {
    send(text) {
      if (socket.readyState === WebSocket.OPEN) socket.send(text);
    },
    close: () => socket.close(),
  };
}
