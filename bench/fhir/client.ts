import { type HttpAnswer, openHttpSocket } from "../load/http-socket.ts";
import { percentile } from "../support.ts";

export interface Ask {
  readonly method: "GET" | "POST";
  readonly path: string;
  readonly body?: string;
}

export interface Measured {
  readonly requestsPerSecond: number;
  readonly p50: number;
  readonly p99: number;
}

/** A FHIR client on bare sockets, kept alive, one request at a time on each. */
export interface FhirClient {
  /** @throws Error on any answer but 2xx */
  ask(ask: Ask, headers?: Readonly<Record<string, string>>): Promise<HttpAnswer>;
  /**
   * As many requests as there are answers for, over `connections`, after a warm-up of a fifth of the time.
   *
   * @param next the n-th request; with `undefined` it is over early
   */
  run(options: { connections: number; seconds: number; next: (n: number) => Ask | undefined }): Promise<Measured>;
  close(): void;
}

export async function openFhirClient(port: number, token: string | undefined, prefix = ""): Promise<FhirClient> {
  const authorization = token === undefined ? "" : `Authorization: Bearer ${token}\r\n`;
  const sockets = await Promise.all(Array.from({ length: 32 }, () => openHttpSocket(port)));
  const send = async (
    socket: (typeof sockets)[number],
    { method, path, body = "" }: Ask,
    headers: Readonly<Record<string, string>> = {},
  ) => {
    const bytes = Buffer.from(body);
    const more = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
    const about = body === "" ? "" : `Content-Type: application/fhir+json\r\nContent-Length: ${bytes.length}\r\n`;
    const head = `${method} ${prefix}${path} HTTP/1.1\r\nHost: 127.0.0.1\r\n${authorization}${more.join("")}${about}\r\n`;
    const answer = await socket.send(head, bytes);
    if (answer.status < 200 || answer.status > 299)
      throw new Error(`${method} ${path}: ${answer.status} ${answer.body.toString("utf8", 0, 800)}`);
    return answer;
  };
  const first = sockets[0];
  if (!first) throw new Error("no connection");
  return {
    ask: (ask, headers) => send(first, ask, headers),
    async run({ connections, seconds, next }) {
      let n = 0;
      const from = performance.now() + seconds * 200;
      const until = from + seconds * 1_000;
      const times: number[] = [];
      let last = from;
      const one = async (socket: (typeof sockets)[number]) => {
        for (;;) {
          const began = performance.now();
          const ask = began < until ? next(n++) : undefined;
          if (!ask) return;
          await send(socket, ask);
          last = performance.now();
          if (began >= from) times.push(last - began);
        }
      };
      await Promise.all(sockets.slice(0, connections).map(one));
      return {
        requestsPerSecond: (1_000 * times.length) / (last - from),
        p50: percentile(times, 0.5),
        p99: percentile(times, 0.99),
      };
    },
    close() {
      for (const socket of sockets) socket.close();
    },
  };
}
