import "reflect-metadata";
import { webcrypto } from "node:crypto";
import * as x509 from "@peculiar/x509";

x509.cryptoProvider.set(webcrypto as Crypto);

/** Certificates (PEM) as what EST answers with: PKCS #7 without a signature, DER. @source RFC 7030, 4.1.3 */
export function certsOnly(certificates: readonly string[]): Uint8Array {
  const all = certificates.map((pem) => new x509.X509Certificate(pem));
  return new Uint8Array(new x509.X509Certificates(all).export("raw"));
}
