import { type LookupAddress, lookup as lookUp } from "node:dns";
import { request as requestClear } from "node:http";
import { request as requestSecure } from "node:https";
import { BlockList, isIP, type LookupFunction } from "node:net";

const TIMEOUT_MS = 5_000;
const BODY_BYTES_MAX = 65_536;

/** What is not the public Internet. @source IANA special-purpose address registries (RFC 6890) */
const INSIDE = new BlockList();
for (const [network, bits] of [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.0.2.0", 24],
  ["192.88.99.0", 24],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["198.51.100.0", 24],
  ["203.0.113.0", 24],
  ["224.0.0.0", 3],
] as const)
  INSIDE.addSubnet(network, bits, "ipv4");
/** Of IPv6 only what is given out as global unicast is outside; of that, not what holds IPv4 addresses or documentation. */
const GLOBAL = new BlockList();
GLOBAL.addSubnet("2000::", 3, "ipv6");
for (const [network, bits] of [
  ["2001::", 23],
  ["2001:db8::", 32],
  ["2002::", 16],
  ["3fff::", 20],
] as const)
  INSIDE.addSubnet(network, bits, "ipv6");

/** Networks inside that may be asked all the same. */
export interface Networks {
  has(address: string | undefined): boolean;
}

/**
 * `fetch`, for addresses that come from outside: where an application keeps its keys. Only over https, and only to public
 * addresses, unless a network is named; the address is checked as it is connected to, so that a name that answers differently the
 * second time leads nowhere. Redirects are not followed.
 */
export function createOutsideFetch(networks: Networks) {
  const mayAsk = (address: string) => {
    if (networks.has(address)) return true;
    const version = isIP(address);
    if (version === 6) return GLOBAL.check(address, "ipv6") && !INSIDE.check(address, "ipv6");
    return version === 4 && !INSIDE.check(address, "ipv4");
  };

  const lookup: LookupFunction = (hostname, options, done) =>
    lookUp(hostname, { ...options, all: true }, (error, found: LookupAddress[]) => {
      const [first] = found ?? [];
      const isRefused = !error && !(first && found.every(({ address }) => mayAsk(address)));
      if (error || isRefused || !first) return done(error ?? new Error("the name leads to an address inside"), "", 0);
      if (options.all) done(null, found);
      else done(null, first.address, first.family);
    });

  return async (address: string | URL, init: RequestInit = {}): Promise<Response> => {
    const url = new URL(address);
    const host = url.hostname.replace(/^\[|\]$/g, "");
    const isNamed = isIP(host) !== 0 && networks.has(host);
    if (url.protocol !== "https:" && !(url.protocol === "http:" && isNamed)) throw new TypeError("only over https");
    // A literal address is looked up by nobody.
    if (isIP(host) !== 0 && !mayAsk(host)) throw new TypeError("an address inside");
    const signal = AbortSignal.any([AbortSignal.timeout(TIMEOUT_MS), ...(init.signal ? [init.signal] : [])]);
    const headers = Object.fromEntries(new Headers(init.headers));
    const request = url.protocol === "https:" ? requestSecure : requestClear;
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
