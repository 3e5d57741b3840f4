import "reflect-metadata";
import { webcrypto, type X509Certificate } from "node:crypto";
import * as x509 from "@peculiar/x509";

x509.cryptoProvider.set(webcrypto as Crypto);

/** What an authority says of its certificates: those that it took back. */
export interface RevocationList {
  has(serialNumber: string): boolean;
  /** When the next one is due; null where it does not say. */
  readonly nextUpdate: number | null;
}

/** RFC 5280, 5.2.4 and 5.2.5: a list that is only a difference, or only a part. */
const PARTIAL = new Set(["2.5.29.27", "2.5.29.28"]);
const PEM = /-----BEGIN X509 CRL-----[^-]+-----END X509 CRL-----/g;

/**
 * The lists of a file, by the fingerprint of the authority that signed each; of two of one authority the later.
 *
 * @throws Error what is wrong with it: nothing in it, not readable, of no authority, a part only
 */
export async function readRevocationLists(
  pem: string,
  authorities: readonly X509Certificate[],
): Promise<Map<string, RevocationList>> {
  const texts = pem.match(PEM);
  if (!texts) throw new Error("certificate revocation lists in PEM");
  const newest = new Map<string, { list: RevocationList; since: number }>();
  for (const text of texts) {
    const parsed = new x509.X509Crl(text);
    const author = await authorOf(parsed, authorities);
    if (!author) throw new Error(`lists signed by an authority of OPENWARD_DEVICE_CA, not by ${parsed.issuer}`);
    if (parsed.extensions.some(({ type }) => PARTIAL.has(type)))
      throw new Error(`the whole list of ${parsed.issuer}, not a part of it`);
    const since = parsed.thisUpdate.getTime();
    if ((newest.get(author.fingerprint256)?.since ?? Number.NEGATIVE_INFINITY) > since) continue;
    const revoked = new Set(parsed.entries.map(({ serialNumber }) => plain(serialNumber)));
    const list = {
      has: (serial: string) => revoked.has(plain(serial)),
      nextUpdate: parsed.nextUpdate?.getTime() ?? null,
    };
    newest.set(author.fingerprint256, { list, since });
  }
  return new Map([...newest].map(([author, { list }]) => [author, list]));
}

async function authorOf(
  list: x509.X509Crl,
  authorities: readonly X509Certificate[],
): Promise<X509Certificate | undefined> {
  for (const authority of authorities) {
    const candidate = new x509.X509Certificate(authority.raw);
    if (candidate.subject !== list.issuer) continue;
    if (await list.verify({ publicKey: candidate.publicKey })) return authority;
  }
  return undefined;
}

/** Of one number there are several spellings: letters, leading zeros. */
const plain = (serialNumber: string): string => BigInt(`0x${serialNumber}`).toString(16);
