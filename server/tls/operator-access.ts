import type { X509Certificate } from "node:crypto";
import type { OperatorChain } from "./operator-chain.ts";
import type { Log } from "./ports.ts";

interface Certificate {
  readonly deviceId: string;
  readonly hash: Uint8Array;
  readonly x509: X509Certificate;
}

interface Door<S> {
  signInByCertificate(certificate: Certificate & { readonly isOperators?: boolean }): S | undefined;
  isActive(deviceId: string, credentialId?: string): boolean;
  onRevoked(listener: (deviceId: string) => void): () => void;
}

const REMEMBERED = 10_000;

/**
 * The devices' door, where certificates of the operator's authorities count too: as long as their path holds. A session that
 * began with one ends when its authorities or their lists change so that it holds no more.
 */
export function admitOperatorCertificates<
  S extends { readonly deviceId: string; readonly credentialId?: string },
  D extends Door<S>,
>(door: D, chain: OperatorChain, log: Log): D {
  const inUse = new Map<string, { readonly deviceId: string; readonly x509: X509Certificate }>();
  const over = new Set<string>();
  const listeners = new Set<(deviceId: string) => void>();
  /** Told once each: a device that is refused comes again every few seconds. */
  const told = new Set<string>();

  chain.onChange(() => {
    told.clear();
    const ended = new Set<string>();
    for (const [credentialId, { deviceId, x509 }] of inUse) {
      if (chain.judge(x509) === "good") over.delete(credentialId);
      else {
        over.add(credentialId);
        ended.add(deviceId);
      }
    }
    for (const deviceId of ended) for (const listener of listeners) listener(deviceId);
    // What the register has ended needs no second end.
    for (const credentialId of [...inUse.keys()])
      if (!door.isActive(inUse.get(credentialId)?.deviceId ?? "", credentialId)) {
        inUse.delete(credentialId);
        over.delete(credentialId);
      }
  });

  return {
    ...door,
    signInByCertificate(certificate: Certificate) {
      const { deviceId, x509 } = certificate;
      const standing = chain.judge(x509);
      if (standing === "other") return door.signInByCertificate(certificate);
      if (standing !== "good" || x509.ca) {
        const why = x509.ca ? "an authority is no device" : standing;
        if (told.size < REMEMBERED && !told.has(x509.fingerprint256)) {
          told.add(x509.fingerprint256);
          log.warn({ deviceId, why }, "a certificate of the operator's authorities was refused");
        }
        return undefined;
      }
      const signedIn = door.signInByCertificate({ ...certificate, isOperators: true });
      if (signedIn?.credentialId !== undefined) {
        inUse.set(signedIn.credentialId, { deviceId, x509 });
        over.delete(signedIn.credentialId);
      }
      return signedIn;
    },
    isActive: (deviceId: string, credentialId?: string) =>
      !(credentialId !== undefined && over.has(credentialId)) && door.isActive(deviceId, credentialId),
    onRevoked(listener: (deviceId: string) => void) {
      listeners.add(listener);
      const stop = door.onRevoked(listener);
      return () => {
        listeners.delete(listener);
        stop();
      };
    },
  };
}
