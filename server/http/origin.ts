import type { IncomingHttpHeaders } from "node:http";

/** The address that people use, where the operator said so; otherwise the Host header speaks for it. */
export type PublicUrl = () => string | null;

/**
 * Does a request that a browser sends come from our own pages? Programs send neither header and pass: they hold no
 * cookie of somebody else's. The rule is that of Go's http.CrossOriginProtection.
 */
export function isSameOrigin(headers: IncomingHttpHeaders, publicUrl: PublicUrl): boolean {
  const site = headers["sec-fetch-site"];
  if (site !== undefined) return site === "same-origin" || site === "none" || isOurs(headers, publicUrl);
  return headers.origin === undefined || isOurs(headers, publicUrl);
}

/** A WebSocket handshake: browsers always send Origin, and no other rule keeps a foreign page out. */
export function isAllowedOrigin(headers: IncomingHttpHeaders, publicUrl: PublicUrl): boolean {
  return headers.origin === undefined || isOurs(headers, publicUrl);
}

function isOurs({ origin, host }: IncomingHttpHeaders, publicUrl: PublicUrl): boolean {
  if (origin === undefined || !URL.canParse(origin)) return false;
  const url = new URL(origin);
  const known = publicUrl();
  if (known !== null && URL.canParse(known) && new URL(known).origin === url.origin) return true;
  return (
    host !== undefined && (url.protocol === "http:" || url.protocol === "https:") && url.host === host.toLowerCase()
  );
}
