import { request as requestClear } from "node:http";
import { request as requestSecure } from "node:https";
import type { LookupFunction } from "node:net";

const TIMEOUT_MS = 15_000;
/** Of an answer nothing but its status counts. */
const ANSWER_BYTES_MAX = 65_536;

/** Where the server may call. */
export interface Guard {
  /** @param schemes left out: those of the web @throws RefusedInput FIELD_INVALID */
  addressOf(text: string, schemes?: { readonly secure: string; readonly clear: string }): URL;
  /** For a socket: refuses where any address of the name is inside. */
  readonly lookup: LookupFunction;
}

export interface Answer {
  readonly status: number;
  /** What the receiver asks us to wait. */
  readonly retryAfterMs: number | null;
}

export type Post = (
  url: string,
  headers: Readonly<Record<string, string>>,
  body: string,
  signal: AbortSignal,
  /** Left out: 15 seconds, which is the longest. */
  timeoutMs?: number,
) => Promise<Answer>;

/** Sends and reads the status. Redirects are an answer like any other: what is signed for one address goes to no other. */
export function createPost(guard: Guard): Post {
  return async (address, headers, body, stopped, timeoutMs = TIMEOUT_MS) => {
    const url = guard.addressOf(address);
    const signal = AbortSignal.any([AbortSignal.timeout(Math.min(timeoutMs, TIMEOUT_MS)), stopped]);
    const request = url.protocol === "https:" ? requestSecure : requestClear;
    const length = { "content-length": String(Buffer.byteLength(body)) };
    return new Promise((resolve, reject) => {
      const asked = request(
        url,
        { method: "POST", headers: { ...headers, ...length }, lookup: guard.lookup, signal, agent: false },
        (answer) => {
          const status = answer.statusCode ?? 502;
          const told = { status, retryAfterMs: retryAfterOf(answer.headers["retry-after"]) };
          let bytes = 0;
          answer.on("data", (chunk: Buffer) => {
            bytes += chunk.length;
            if (bytes <= ANSWER_BYTES_MAX) return;
            resolve(told);
            asked.destroy();
          });
          answer.once("error", reject);
          answer.once("end", () => resolve(told));
        },
      );
      asked.once("error", reject);
      asked.end(body);
    });
  };
}

function retryAfterOf(value: string | undefined): number | null {
  return value !== undefined && /^\d{1,6}$/.test(value) ? Number(value) * 1_000 : null;
}
