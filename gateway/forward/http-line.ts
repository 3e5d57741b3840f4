import { request as httpRequest, Agent as PlainAgent } from "node:http";
import { request as httpsRequest, Agent as SecureAgent } from "node:https";
import type { Timers } from "@openward/runtime";

/** What the gateway shows, and whom it trusts. */
export interface SignIn {
  readonly deviceId: string;
  /** null: a client certificate does instead. */
  readonly token: string | null;
  /** PEM. */
  readonly tls: { readonly ca?: Buffer; readonly cert?: Buffer; readonly key?: Buffer };
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: Buffer;
}

/** Requests to the one server, over connections that stay open. */
export interface HttpLine {
  /** @throws Error when there is no answer, none in time, or one that is too long */
  ask(
    method: "GET" | "POST",
    path: string,
    options?: { readonly headers?: Record<string, string>; readonly body?: Buffer },
  ): Promise<Answer>;
  close(): void;
}

const ANSWER_BYTES = 4_000_000;

/**
 * @param baseUrl `https://` or, on this machine or where the network is known to be safe, `http://`
 * @param signIn asked for each request: its files may have been renewed
 */
export function createHttpLine({
  baseUrl,
  signIn,
  timers,
  timeoutMs = 30_000,
}: {
  baseUrl: URL;
  signIn: () => SignIn;
  timers: Timers;
  timeoutMs?: number;
}): HttpLine {
  const isSecure = baseUrl.protocol === "https:";
  const agent = isSecure
    ? new SecureAgent({ keepAlive: true, maxSockets: 4 })
    : new PlainAgent({ keepAlive: true, maxSockets: 4 });
  const root = baseUrl.pathname.replace(/\/+$/, "");
  return {
    ask(method, path, { headers = {}, body } = {}) {
      const { deviceId, token, tls } = signIn();
      return new Promise((resolve, reject) => {
        const ask = isSecure ? httpsRequest : httpRequest;
        const asked = ask(
          {
            agent,
            ...(isSecure ? tls : {}),
            host: baseUrl.hostname.replace(/^\[|\]$/g, ""),
            port: baseUrl.port === "" ? (isSecure ? 443 : 80) : Number(baseUrl.port),
            method,
            path: `${root}${path}`,
            headers: {
              ...(token === null
                ? {}
                : { authorization: `Basic ${Buffer.from(`${deviceId}:${token}`).toString("base64")}` }),
              ...(body ? { "content-length": String(body.length) } : {}),
              ...headers,
            },
          },
          (response) => {
            const chunks: Buffer[] = [];
            let length = 0;
            response.on("data", (chunk: Buffer) => {
              length += chunk.length;
              if (length > ANSWER_BYTES) asked.destroy(new Error("the answer is too long"));
              else chunks.push(chunk);
            });
            response.once("error", reject);
            response.once("end", () => {
              timer.cancel();
              resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) });
            });
          },
        );
        const timer = timers.after(timeoutMs, () => asked.destroy(new Error(`no answer within ${timeoutMs} ms`)));
        asked.once("error", (error) => {
          timer.cancel();
          reject(error);
        });
        asked.end(body);
      });
    },
    close: () => agent.destroy(),
  };
}
