// Not through the door: commands make applications too, and need none of the server that stands behind it.
import { guardOutside, type Networks } from "../../http/outside.ts";

const TIMEOUT_MS = 5_000;
const BODY_BYTES_MAX = 65_536;

/**
 * `fetch`, for addresses that come from outside: where an application keeps its keys. Only over https, and only to public
 * addresses, unless a network is named; the address is checked as it is connected to, so that a name that answers differently the
 * second time leads nowhere. Redirects are not followed.
 */
export function createOutsideFetch(networks: Networks) {
  const { addressOf, lookup } = guardOutside(networks, "OPENWARD_KEY_NETWORKS");

  return async (address: string | URL, init: RequestInit = {}): Promise<Response> => {
    const url = addressOf(String(address));
    const signal = AbortSignal.any([AbortSignal.timeout(TIMEOUT_MS), ...(init.signal ? [init.signal] : [])]);
    const headers = Object.fromEntries(new Headers(init.headers));
    // Read when something is asked for: what stands behind them takes longer than many a command that asks for nothing.
    const { request } = url.protocol === "https:" ? await import("node:https") : await import("node:http");
    return new Promise((resolve, reject) => {
      const asked = request(url, { method: init.method ?? "GET", headers, lookup, signal, agent: false }, (answer) => {
        const chunks: Buffer[] = [];
        let bytes = 0;
        answer.on("data", (chunk: Buffer) => {
          bytes += chunk.length;
          if (bytes > BODY_BYTES_MAX) asked.destroy(new Error(`more than ${BODY_BYTES_MAX} bytes`));
          else chunks.push(chunk);
        });
        answer.once("error", reject);
        answer.once("end", () => {
          const type = answer.headers["content-type"];
          const status = answer.statusCode ?? 502;
          const isEmpty = [204, 205, 304].includes(status);
          const body = isEmpty ? null : Buffer.concat(chunks);
          resolve(new Response(body, { status, ...(type === undefined ? {} : { headers: { "content-type": type } }) }));
        });
      });
      asked.once("error", reject);
      asked.end();
    });
  };
}
