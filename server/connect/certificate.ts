import { TLSSocket } from "node:tls";
import type { DeviceCertificate } from "./ports.ts";

const COMMON_NAME = /^CN=([A-Za-z0-9._-]{1,64})$/gm;

/** The certificate by which a client has proven who it is; undefined without one, or one of another authority, or expired. */
export function certificateOf(socket: object): DeviceCertificate | undefined {
  if (!(socket instanceof TLSSocket) || !socket.authorized) return undefined;
  const certificate = socket.getPeerX509Certificate();
  // Two names would leave open which of them was meant.
  const names = [...(certificate?.subject.matchAll(COMMON_NAME) ?? [])];
  const deviceId = names.length === 1 ? names[0]?.[1] : undefined;
  if (!certificate || deviceId === undefined) return undefined;
  return { deviceId, hash: Buffer.from(certificate.fingerprint256.replaceAll(":", ""), "hex"), x509: certificate };
}
