import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as wait } from "node:timers/promises";

export interface Received {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly status: number;
}

export interface Told {
  readonly id: string;
  readonly type: string;
  readonly patient: string | null;
  readonly cursor: string;
  readonly signal?: string | null;
  readonly [field: string]: unknown;
}

/** Somebody whom a webhook calls; answers as it is told. */
export async function startReceiver() {
  const received: Received[] = [];
  let answer: (nth: number) => number = () => 204;
  const server = createServer((request, response) => {
    let body = "";
    request.setEncoding("utf8").on("data", (chunk) => {
      body += chunk;
    });
    request.on("end", () => {
      const status = answer(received.length);
      received.push({ headers: request.headers, body, status });
      // 0: it hangs.
      if (status > 0) response.writeHead(status).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const taken = () => received.filter(({ status }) => status > 0 && status < 300);
  const events = (): Told[] => taken().flatMap(({ body }) => JSON.parse(body).data.events as Told[]);
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`,
    received,
    events,
    answerWith(how: (nth: number) => number) {
      answer = how;
    },
    /** @throws after two minutes, saying what was waited for */
    async until(what: string, isThere: (events: Told[]) => boolean): Promise<Told[]> {
      for (const end = performance.now() + 120_000; ; await wait(20)) {
        const all = events();
        if (isThere(all)) return all;
        if (performance.now() > end)
          throw new Error(`waited for ${what}; there is ${JSON.stringify(all).slice(0, 2000)}`);
      }
    },
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  };
}
