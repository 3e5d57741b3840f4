import { hostname, networkInterfaces } from "node:os";

interface Reached {
  readonly bind: string;
  readonly publicUrl: string | null;
}

/** An address that somebody on this machine can connect to. */
export function reachable(bind: string): string {
  if (bind === "0.0.0.0" || bind === "::") return "127.0.0.1";
  return bind.includes(":") ? `[${bind}]` : bind;
}

/** Every name and address under which somebody may know this server. */
export function namesOf({ bind, publicUrl }: Reached): string[] {
  const isWildcard = bind === "0.0.0.0" || bind === "::";
  const addresses = Object.values(networkInterfaces()).flatMap((all) => all ?? []);
  // An address of one link only has a zone, and no certificate can name it.
  const own = addresses.map(({ address }) => address).filter((address) => !address.startsWith("fe80:"));
  const names = [hostname(), "localhost", "127.0.0.1", "::1", ...(isWildcard ? own : [bind])];
  if (publicUrl) names.unshift(new URL(publicUrl).hostname.replace(/^\[|\]$/g, ""));
  return [...new Set(names)];
}

/** The https address of a page that was asked for under this Host header; null where there is none. */
export function httpsUrl(publicUrl: string | null, host: string | undefined, port: number | null): string | null {
  if (publicUrl?.startsWith("https:")) return new URL(publicUrl).origin;
  const name = /^(\[[0-9a-f:.]+\]|[a-z0-9.-]+)(:\d+)?$/i.exec(host ?? "")?.[1];
  return port === null || name === undefined ? null : `https://${name}:${port}`;
}

export const signInLink = (url: string, token: string) => `${url}/sign-in#token=${token}`;
