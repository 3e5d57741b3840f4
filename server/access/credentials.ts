import { hash } from "node:crypto";
import type { Random } from "@openward/runtime";
import type { Authenticated } from "./ports.ts";

/** 256 random bits as text of 43 characters; the database has their SHA-256 only. */
export const newSecret = (random: Random): string => Buffer.from(random.bytes(32)).toString("base64url");

export const hashSecret = (secret: string): Buffer => hash("sha256", secret, "buffer");

export const COOKIE = "openward_session";
/** Of a screen on a wall; whoever else signs in on that machine does so beside it. */
const KIOSK_COOKIE = "openward_kiosk";
/** Tells a bearer token of ours from others, for people and for scanners of leaked secrets. */
export const TOKEN_PREFIX = "ow_";
/** The same of an application's token. */
export const APP_TOKEN_PREFIX = "owa_";

const SECRET = /^[A-Za-z0-9_-]{43}$/;

/** Anything else is not looked up. */
export const isSecret = (text: string): boolean => SECRET.test(text);

/** What a request brings: a bearer token counts before a cookie. Undefined: nothing that could be ours. */
export function readCredential(headers: {
  cookie?: string | undefined;
  authorization?: string | undefined;
}): { readonly via: Authenticated["via"]; readonly secret: string } | undefined {
  const { cookie, authorization } = headers;
  if (authorization !== undefined && /^bearer /i.test(authorization)) {
    const token = authorization.slice(7).trim();
    const [via, prefix] = token.startsWith(APP_TOKEN_PREFIX)
      ? (["app", APP_TOKEN_PREFIX] as const)
      : (["token", TOKEN_PREFIX] as const);
    return token.startsWith(prefix) && isSecret(token.slice(prefix.length)) ? { via, secret: token } : undefined;
  }
  const secret = cookieOf(cookie ?? "", COOKIE);
  return secret !== undefined && isSecret(secret) ? { via: "session", secret } : undefined;
}

/** The same of a screen on a wall: its cookie opens its own doors, and at all others is not looked at. */
export function readKioskCredential({
  cookie,
}: {
  cookie?: string | undefined;
}): { readonly via: "kiosk"; readonly secret: string } | undefined {
  const secret = cookieOf(cookie ?? "", KIOSK_COOKIE);
  return secret !== undefined && isSecret(secret) ? { via: "kiosk", secret } : undefined;
}

function cookieOf(header: string, name: string): string | undefined {
  for (const pair of header.split(";")) {
    const at = pair.indexOf("=");
    if (at > 0 && pair.slice(0, at).trim() === name) return pair.slice(at + 1).trim();
  }
  return undefined;
}

/**
 * The Set-Cookie header. Scripts cannot read it, other sites' pages cannot send it.
 *
 * @param secret null takes the cookie away
 */
export const sessionCookie = (secret: string | null, options: CookieOptions): string =>
  setCookie(COOKIE, secret, options);

/** The same of a screen on a wall. */
export const kioskCookie = (secret: string, options: CookieOptions): string => setCookie(KIOSK_COOKIE, secret, options);

interface CookieOptions {
  readonly maxAgeMs: number;
  readonly isSecure: boolean;
}

function setCookie(name: string, secret: string | null, { maxAgeMs, isSecure }: CookieOptions): string {
  const age = secret === null ? 0 : Math.floor(maxAgeMs / 1000);
  return `${name}=${secret ?? ""}; Path=/; Max-Age=${age}; HttpOnly; SameSite=Strict${isSecure ? "; Secure" : ""}`;
}
