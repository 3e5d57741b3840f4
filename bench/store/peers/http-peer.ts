import { type HttpSocket, openHttpSocket } from "../../load/http-socket.ts";
import type { Prepared } from "../system.ts";

/** A few connections to a peer that speaks HTTP; the first is also for questions. */
export interface HttpPeer {
  post(path: string, body: Uint8Array): Prepared;
  /** @throws on any status but 2xx */
  ask(method: "GET" | "POST", path: string, body?: Uint8Array): Promise<Buffer>;
  close(): void;
}

export const PEER_CONNECTIONS = 16;

export async function openHttpPeer(port: number): Promise<HttpPeer> {
  const sockets = await Promise.all(Array.from({ length: PEER_CONNECTIONS }, () => openHttpSocket(port)));
  const head = (method: string, path: string, length: number) =>
    `${method} ${path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${length}\r\n\r\n`;
  const send = async (socket: HttpSocket | undefined, text: string, body?: Uint8Array) => {
    if (!socket) throw new Error("no such connection");
    const answer = await socket.send(text, body);
    if (answer.status < 200 || answer.status > 299) {
      throw new Error(`${text.split("\r\n", 1)[0]}: ${answer.status} ${answer.body.toString().slice(0, 1500)}`);
    }
    return answer.body;
  };
  return {
    post(path, body) {
      const text = head("POST", path, body.length);
      return {
        async send(connection) {
          await send(sockets[connection], text, body);
        },
      };
    },
    ask: (method, path, body) => send(sockets[0], head(method, path, body?.length ?? 0), body),
    close() {
      for (const socket of sockets) socket.close();
    },
  };
}

export const isAnswering = (port: number, path: string) => async () =>
  (await fetch(`http://127.0.0.1:${port}${path}`)).status < 300;
