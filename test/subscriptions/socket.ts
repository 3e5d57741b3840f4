import { setTimeout as wait } from "node:timers/promises";
import WebSocket from "ws";
import { type Notified, readNotification } from "./receiver.ts";

/** A client of the WebSocket of FHIR Subscriptions. */
export async function openSocket(url: string, ...bind: readonly string[]) {
  const got: Notified[] = [];
  let closed: number | undefined;
  const socket = new WebSocket(url);
  socket.on("message", (data) => got.push(readNotification(String(data))));
  socket.on("close", (code) => {
    closed = code;
  });
  socket.on("error", () => {});
  await new Promise<void>((resolve) => {
    socket.once("open", () => resolve());
    socket.once("close", () => resolve());
  });
  for (const text of bind) socket.send(text);
  return {
    got,
    closed: () => closed,
    events: () => got.flatMap(({ events }) => events),
    send: (text: string) => socket.send(text),
    async until(what: string, isThere: () => boolean): Promise<void> {
      for (const end = performance.now() + 120_000; !isThere(); await wait(20))
        if (performance.now() > end)
          throw new Error(
            `waited for: ${what}; there is ${JSON.stringify(got.map(({ bundle: _, ...one }) => one)).slice(0, 3_000)}, closed ${closed}`,
          );
    },
    close: () => socket.terminate(),
  };
}
