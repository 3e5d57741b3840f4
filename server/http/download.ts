import { request as requestClear } from "node:http";
import { request as requestSecure } from "node:https";
import { isIP } from "node:net";
import { RefusedInput } from "@openward/errors";
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
 * Reads large files at addresses that somebody named: https to public addresses, or what the operator's networks have (there also
 * http). Names are looked up, and addresses looked at, as they are connected to. Redirects are an answer and not a way: what may be
 * read was named.
 *
 * @param setting by which the operator names networks
 */
export function createDownloads(networks: Networks, setting: string, timeoutMs = IDLE_MS) {
  const guard = guardOutside(networks);

  /** @throws RefusedInput FIELD_INVALID */
  function check(address: string): URL {
    const refuse = (expected: string) => new RefusedInput("FIELD_INVALID", { at: "url", expected });
    const url = URL.canParse(address) ? new URL(address) : undefined;
    if (!url) throw refuse("an address that begins with https://");
    const host = url.hostname.replace(/^\[|\]$/g, "");
    if (url.username !== "" || url.password !== "") throw refuse("an address without a user name in it");
    const isNamed = isIP(host) !== 0 && networks.has(host);
    if (url.protocol !== "https:" && !(url.protocol === "http:" && isNamed))
      throw refuse("an address that begins with https://");
    if (isIP(host) !== 0 && !guard.mayReach(host)) throw refuse(`a public address, or one that ${setting} names`);
    if (host === "localhost" || host.endsWith(".localhost")) throw refuse("an address of another machine");
    return url;
  }

  return {
    check: (address: string): void => void check(address),
    open(address: string): Promise<Download> {
      const url = check(address);
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
