import { type LookupAddress, lookup as lookUp } from "node:dns";
import { BlockList, isIP, type LookupFunction } from "node:net";
import { RefusedInput } from "@openward/errors";

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

/** Schemes of one protocol, with their colons. */
export interface Schemes {
  readonly secure: string;
  readonly clear: string;
}

const WEB: Schemes = { secure: "https:", clear: "http:" };

/**
 * Where the server may call that somebody named: public addresses, and networks that the operator names. The address is checked as
 * it is connected to, so that a name that answers differently the second time leads nowhere.
 *
 * @param setting by which the operator names networks
 */
export function guardOutside(networks: Networks, setting: string) {
  const mayReach = (address: string): boolean => {
    if (networks.has(address)) return true;
    const version = isIP(address);
    if (version === 6) return GLOBAL.check(address, "ipv6") && !INSIDE.check(address, "ipv6");
    return version === 4 && !INSIDE.check(address, "ipv4");
  };
  const lookup: LookupFunction = (hostname, options, done) =>
    lookUp(hostname, { ...options, all: true }, (error, found: LookupAddress[]) => {
      const [first] = found ?? [];
      const isRefused = !error && !(first && found.every(({ address }) => mayReach(address)));
      if (error || isRefused || !first) return done(error ?? new Error("the name leads to an address inside"), "", 0);
      if (options.all) done(null, found);
      else done(null, first.address, first.family);
    });
  /**
   * An address that may be called: secure, with a name or a public address, or one in a network that the operator names (there
   * also in the clear). Names are looked up when they are connected to.
   *
   * @throws RefusedInput FIELD_INVALID
   */
  function addressOf(text: string, { secure, clear }: Schemes = WEB): URL {
    const refuse = (expected: string) => new RefusedInput("FIELD_INVALID", { at: "url", expected });
    const url = URL.canParse(text) ? new URL(text) : undefined;
    if (!url) throw refuse(`an address that begins with ${secure}//`);
    const host = url.hostname.replace(/^\[|\]$/g, "");
    if (url.username !== "" || url.password !== "") throw refuse("an address without a user name in it");
    if (url.hash !== "") throw refuse("an address without #");
    const isNamed = isIP(host) !== 0 && networks.has(host);
    if (url.protocol !== secure && !(url.protocol === clear && isNamed))
      throw refuse(`an address that begins with ${secure}//`);
    // A literal address is looked up by nobody.
    if (isIP(host) !== 0 && !mayReach(host)) throw refuse(`a public address, or one that ${setting} names`);
    if (host === "localhost" || host.endsWith(".localhost")) throw refuse("an address of another machine");
    return url;
  }

  return {
    addressOf,
    /** For a socket: refuses where any address of the name is inside. */
    lookup,
  };
}
