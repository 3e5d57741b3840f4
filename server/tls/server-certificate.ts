import { X509Certificate } from "node:crypto";
import { isIP } from "node:net";

const RENEW_BEFORE_MS = 30 * 86_400_000;

/** Must a server of these names get another certificate: none, nearly over, of another authority, or without a name? */
export function isDue(cert: string | undefined, names: readonly string[], authority: string, now: number): boolean {
  if (cert === undefined) return true;
  const held = new X509Certificate(cert);
  if (!held.verify(new X509Certificate(authority).publicKey)) return true;
  if (held.validToDate.getTime() - now < RENEW_BEFORE_MS) return true;
  return names.some((name) => (isIP(name) === 0 ? held.checkHost(name) : held.checkIP(name)) === undefined);
}
