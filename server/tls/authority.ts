// The library builds itself on decorators, and needs their polyfill loaded before it.
import "reflect-metadata";
import { createHash, createPublicKey, webcrypto } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { isIP } from "node:net";
import { join } from "node:path";
import { RefusedInput } from "@openward/errors";
import type { Clock, Random } from "@openward/runtime";
import * as x509 from "@peculiar/x509";
import { writeWhole } from "./files.ts";
import type { Material } from "./ports.ts";

x509.cryptoProvider.set(webcrypto as Crypto);

const DAY_MS = 86_400_000;
const AUTHORITY_DAYS = 3_650;
const SERVER_DAYS = 90;
const DEVICE_DAYS_MAX = 397;
/** A client whose clock is a little behind must not find a certificate that is not valid yet. */
const BEFORE_MS = 3_600_000;

const CURVE = { name: "ECDSA", namedCurve: "P-256" } as const;
const SIGNING = { name: "ECDSA", hash: "SHA-256" } as const;

/** Our own small certificate authority. */
export interface Authority {
  /** Its certificate, PEM: what a client is given to trust us. */
  readonly cert: string;
  /** A key and certificate for a server of these names and addresses. */
  issueServer(names: readonly string[]): Promise<Material>;
  /**
   * A certificate with which a device proves who it is.
   *
   * @param csr PEM (PKCS #10) of a key that the device keeps; null: a key is made, and is in the answer and nowhere else
   * @param options.isRenewal the request must name the device, as the certificate before does
   * @throws RefusedInput FIELD_INVALID
   */
  issueDevice(
    deviceId: string,
    options: { csr: string | null; days: number; isRenewal?: boolean },
  ): Promise<DeviceMaterial>;
}

export interface DeviceMaterial {
  readonly cert: string;
  readonly key: string | null;
  readonly expiresAt: number;
  /** SHA-256 of the certificate's DER. */
  readonly hash: Uint8Array;
}

interface Deps {
  readonly clock: Clock;
  readonly random: Random;
}

/** The authority of `folder` (ca.crt, ca.key), made when there is none. */
export async function openAuthority(folder: string, deps: Deps): Promise<Authority> {
  const certPath = join(folder, "ca.crt");
  const keyPath = join(folder, "ca.key");
  if (!existsSync(certPath) || !existsSync(keyPath)) {
    const made = await makeAuthority(deps);
    // The key first: a certificate without one would be taken for an authority.
    writeWhole(keyPath, made.key, { isPublic: false });
    writeWhole(certPath, made.cert, { isPublic: true });
  }
  const cert = new x509.X509Certificate(readFileSync(certPath, "utf8"));
  const pkcs8 = x509.PemConverter.decodeFirst(readFileSync(keyPath, "utf8"));
  const key = await webcrypto.subtle.importKey("pkcs8", pkcs8, CURVE, false, ["sign"]);
  return {
    cert: cert.toString("pem"),
    async issueServer(names) {
      const keys = await newKeys();
      const now = deps.clock.now();
      const issued = await x509.X509CertificateGenerator.create({
        serialNumber: serialNumber(deps.random),
        subject: [{ CN: [names[0] ?? "openward"] }],
        issuer: cert.subjectName,
        notBefore: new Date(now - BEFORE_MS),
        notAfter: new Date(Math.min(now + SERVER_DAYS * DAY_MS, cert.notAfter.getTime())),
        signingAlgorithm: SIGNING,
        publicKey: keys.publicKey,
        signingKey: key,
        extensions: [
          new x509.BasicConstraintsExtension(false, undefined, true),
          new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
          new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
          new x509.SubjectAlternativeNameExtension(
            names.map((value) => ({ type: isIP(value) === 0 ? ("dns" as const) : ("ip" as const), value })),
          ),
          await x509.AuthorityKeyIdentifierExtension.create(cert),
          await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
        ],
      });
      return { cert: issued.toString("pem"), key: await toPem(keys.privateKey) };
    },
    async issueDevice(deviceId, { csr, days, isRenewal = false }) {
      if (!(Number.isInteger(days) && days >= 1 && days <= DEVICE_DAYS_MAX))
        throw new RefusedInput("FIELD_INVALID", { at: "days", expected: `1 to ${DEVICE_DAYS_MAX}` });
      const keys = csr === null ? await newKeys() : null;
      const publicKey = keys ? keys.publicKey : await publicKeyOf(csr ?? "", isRenewal ? deviceId : null);
      const now = deps.clock.now();
      const expiresAt = Math.min(now + days * DAY_MS, cert.notAfter.getTime());
      const issued = await x509.X509CertificateGenerator.create({
        serialNumber: serialNumber(deps.random),
        // The subject is ours to say: what a request asks for besides its key is not looked at.
        subject: [{ CN: [deviceId] }],
        issuer: cert.subjectName,
        notBefore: new Date(now - BEFORE_MS),
        notAfter: new Date(expiresAt),
        signingAlgorithm: SIGNING,
        publicKey,
        signingKey: key,
        extensions: [
          new x509.BasicConstraintsExtension(false, undefined, true),
          new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
          new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.clientAuth]),
          await x509.AuthorityKeyIdentifierExtension.create(cert),
        ],
      });
      return {
        cert: issued.toString("pem"),
        key: keys && (await toPem(keys.privateKey)),
        expiresAt,
        hash: createHash("sha256").update(new Uint8Array(issued.rawData)).digest(),
      };
    },
  };
}

/** The key of a request, whose sender has proven to have its other half. */
async function publicKeyOf(csr: string, named: string | null): Promise<x509.PublicKey> {
  const expected = "a certificate signing request (PKCS #10, PEM) with a key of P-256, P-384 or RSA from 2048 bits";
  const refusal = new RefusedInput("FIELD_INVALID", { at: "csr", expected });
  try {
    const request = new x509.Pkcs10CertificateRequest(csr);
    const { asymmetricKeyType, asymmetricKeyDetails } = createPublicKey({
      key: Buffer.from(request.publicKey.rawData),
      format: "der",
      type: "spki",
    });
    const { namedCurve = "", modulusLength = 0 } = asymmetricKeyDetails ?? {};
    const isStrong =
      asymmetricKeyType === "ec"
        ? ["prime256v1", "secp384r1"].includes(namedCurve)
        : asymmetricKeyType === "rsa" && modulusLength >= 2048 && modulusLength <= 8192;
    if (!isStrong || !(await request.verify())) throw refusal;
    if (named !== null && request.subject !== `CN=${named}`) {
      const as = "the subject of the certificate that is to be renewed";
      throw new RefusedInput("FIELD_INVALID", { at: "csr", expected: as });
    }
    return request.publicKey;
  } catch (error) {
    throw error instanceof RefusedInput ? error : refusal;
  }
}

async function makeAuthority({ clock, random }: Deps): Promise<Material> {
  const keys = await newKeys();
  const now = clock.now();
  const id = Buffer.from(random.bytes(4)).toString("hex");
  const cert = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(random),
    // Two installs that a client trusts must be told apart.
    name: [{ O: ["Openward"] }, { CN: [`Openward authority ${id}`] }],
    notBefore: new Date(now - BEFORE_MS),
    notAfter: new Date(now + AUTHORITY_DAYS * DAY_MS),
    signingAlgorithm: SIGNING,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { cert: cert.toString("pem"), key: await toPem(keys.privateKey) };
}

const newKeys = () => webcrypto.subtle.generateKey(CURVE, true, ["sign", "verify"]);

async function toPem(key: webcrypto.CryptoKey): Promise<string> {
  return `${x509.PemConverter.encode(await webcrypto.subtle.exportKey("pkcs8", key), "PRIVATE KEY")}\n`;
}

/** Positive, and as long as no two ever meet. RFC 5280, 4.1.2.2: at most 20 octets. */
function serialNumber(random: Random): string {
  const bytes = random.bytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40;
  return Buffer.from(bytes).toString("hex");
}
