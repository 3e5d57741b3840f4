import { request as requestClear } from "node:http";
import { request as requestSecure } from "node:https";
import { guardOutside, type Networks } from "./outside.ts";

/** Nothing came for so long. */
const IDLE_MS = 60_000;

export interface Download {
  readonly status: number;
  readonly type: string;
  readonly tag: string;
  readonly body: AsyncIterable<Buffer>;
  close(): void;
}

/**
 * Reads large files at addresses that somebody named, where the server may call (`outside.ts`). Redirects are an answer and not a way: what may be
 * read was named.
 *
 * @param setting by which the operator names networks
 */
export function createDownloads(networks: Networks, setting: string, timeoutMs = IDLE_MS) {
  const guard = guardOutside(networks, setting);

  return {
    /** @throws RefusedInput FIELD_INVALID */
    check: (address: string): void => void guard.addressOf(address),
    open(address: string): Promise<Download> {
      const url = guard.addressOf(address);
      const request = url.protocol === "https:" ? requestSecure : requestClear;
      const headers = {
        accept: "application/fhir+ndjson, application/ndjson;q=0.9, */*;q=0.1",
        "accept-encoding": "gzip",
      };
      return new Promise((resolve, reject) => {
        const asked = request(url, { headers, lookup: guard.lookup, agent: false, timeout: timeoutMs }, (answer) => {
          const { etag, "last-modified": modified, "content-type": type = "" } = answer.headers;
          resolve({
            status: answer.statusCode ?? 502,
            type: type.toLowerCase(),
            tag: etag ?? modified ?? "",
            body: answer,
            close: () => void asked.destroy(),
          });
        });
        asked.once("timeout", () => asked.destroy(new Error("nothing came for a minute")));
        asked.on("error", reject);
        asked.end();
      });
    },
  };
}
