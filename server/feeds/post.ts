import { request as requestClear } from "node:http";
import { request as requestSecure } from "node:https";
import { isIP, type LookupFunction } from "node:net";
import { RefusedInput } from "@openward/errors";

const TIMEOUT_MS = 15_000;
/** Of an answer nothing but its status counts. */
const ANSWER_BYTES_MAX = 65_536;

/** Where the server may call. */
export interface Guard {
  mayReach(address: string): boolean;
  readonly lookup: LookupFunction;
}

export interface Networks {
  has(address: string | undefined): boolean;
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

const hostOf = (url: URL) => url.hostname.replace(/^\[|\]$/g, "");

/**
 * An address that may be called: https, with a name or a public address, or one in a network that the operator names (there also
 * http). Names are looked up when they are called.
 *
 * @throws RefusedInput FIELD_INVALID
 */
export function checkAddress(
  text: string,
  { guard, networks, schemes }: { guard: Guard; networks: Networks; schemes: { secure: string; clear: string } },
): URL {
  const refuse = (expected: string) => new RefusedInput("FIELD_INVALID", { at: "url", expected });
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw refuse(`an address that begins with ${schemes.secure}//`);
  }
  const host = hostOf(url);
  if (url.username !== "" || url.password !== "") throw refuse("an address without a user name in it");
  if (url.hash !== "") throw refuse("an address without #");
  const isNamed = isIP(host) !== 0 && networks.has(host);
  if (url.protocol !== schemes.secure && !(url.protocol === schemes.clear && isNamed))
    throw refuse(`an address that begins with ${schemes.secure}//`);
  if (isIP(host) !== 0 && !guard.mayReach(host))
    throw refuse("a public address, or one that OPENWARD_FEED_NETWORKS names");
  if (host === "localhost" || host.endsWith(".localhost")) throw refuse("an address of another machine");
  return url;
}

export const WEB = { secure: "https:", clear: "http:" } as const;

/** Sends and reads the status. Redirects are an answer like any other: what is signed for one address goes to no other. */
export function createPost(guard: Guard, networks: Networks): Post {
  return async (address, headers, body, stopped, timeoutMs = TIMEOUT_MS) => {
    const url = checkAddress(address, { guard, networks, schemes: WEB });
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
