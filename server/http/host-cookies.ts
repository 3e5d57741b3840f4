/** What we keep in a browser and would not have another host of the same domain write. */
const OURS = ["openward_session", "openward_external"];
const PREFIX = "__Host-";

/**
 * Over TLS our cookies have the prefix `__Host-`: a browser takes it from this very host only, for the whole host, over TLS.
 *
 * @param cookie a Set-Cookie header for `Path=/`
 * @source RFC 6265bis, 4.1.3.2
 */
export function outerCookie(cookie: string, isEncrypted: boolean): string {
  if (!isEncrypted) return cookie;
  return `${PREFIX}${/; secure/i.test(cookie) ? cookie : `${cookie}; Secure`}`;
}

/** The Cookie header as the rooms know it: over TLS, one of ours without the prefix is of somebody else. */
export function innerCookies(header: string | undefined, isEncrypted: boolean): string | undefined {
  if (header === undefined || !isEncrypted) return header;
  const pairs = header.split(";").flatMap((pair) => {
    const name = pair.slice(0, Math.max(0, pair.indexOf("="))).trim();
    if (OURS.includes(name)) return [];
    const isOurs = name.startsWith(PREFIX) && OURS.includes(name.slice(PREFIX.length));
    return [isOurs ? pair.trim().slice(PREFIX.length) : pair.trim()];
  });
  return pairs.join("; ");
}
