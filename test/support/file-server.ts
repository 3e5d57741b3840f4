import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** A server of files on this machine, as a bucket that gives out signed addresses. */
export interface FileServer {
  readonly url: string;
  /** How often each was asked for. */
  readonly asked: ReadonlyMap<string, number>;
  /** @returns its address */
  put(name: string, body: string | Uint8Array, headers?: Readonly<Record<string, string>>): string;
  /** Answered by hand. */
  serve(name: string, answer: (request: IncomingMessage, response: ServerResponse) => void): string;
  close(): Promise<void>;
}

export async function startFileServer(): Promise<FileServer> {
  const answers = new Map<string, (request: IncomingMessage, response: ServerResponse) => void>();
  const asked = new Map<string, number>();
  const server = createServer((request, response) => {
    const name = (request.url ?? "").slice(1).split("?", 1)[0] ?? "";
    asked.set(name, (asked.get(name) ?? 0) + 1);
    const answer = answers.get(name);
    if (answer) answer(request, response);
    else response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const serve: FileServer["serve"] = (name, answer) => {
    answers.set(name, answer);
    return `${url}/${name}?sig=secret-of-${name}`;
  };
  return {
    url,
    asked,
    serve,
    put: (name, body, headers = {}) =>
      serve(name, (_request, response) => {
        response.writeHead(200, { "content-type": "application/fhir+ndjson", ...headers }).end(body);
      }),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
