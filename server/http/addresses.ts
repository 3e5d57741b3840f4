import { BlockList, isIP } from "node:net";

/** Which peers are proxies whose X-Forwarded-* are believed. */
export interface TrustedProxies {
  has(address: string | undefined): boolean;
}

export const noProxies: TrustedProxies = { has: () => false };

/** @param list addresses and networks (10.0.0.0/8), with commas between; undefined when one of them is neither */
export function parseProxies(list: string): TrustedProxies | undefined {
  const trusted = new BlockList();
  for (const item of list.split(",").map((part) => part.trim())) {
    if (item === "") continue;
    const [address = "", bits] = item.split("/");
    const version = isIP(address);
    if (version === 0) return undefined;
    const family = version === 6 ? "ipv6" : "ipv4";
    if (bits === undefined) trusted.addAddress(address, family);
    else if (/^\d{1,3}$/.test(bits) && Number(bits) <= (version === 6 ? 128 : 32))
      trusted.addSubnet(address, Number(bits), family);
    else return undefined;
  }
  return {
    has(given) {
      const address = plain(given);
      const version = isIP(address);
      return version !== 0 && trusted.check(address, version === 6 ? "ipv6" : "ipv4");
    },
  };
}

export function isLoopback(address: string | undefined): boolean {
  const text = plain(address);
  return text === "::1" || text.startsWith("127.");
}

/** A socket that takes both families shows IPv4 peers as IPv6. */
function plain(address: string | undefined): string {
  return (address ?? "").replace(/^::ffff:(?=\d+\.)/i, "");
}
