import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign, verify } from "node:crypto";
import { type Canonical, canonical } from "./canonical.ts";
import { digestOf, type Head } from "./chain.ts";

/** What is signed: where every chain was at one moment. */
export interface Checkpoint {
  readonly format: 1;
  /** 1, 2, 3 ... without a gap. */
  readonly number: number;
  readonly at: number;
  /** Sorted by node. */
  readonly chains: readonly Head[];
  /** Of all chains together. */
  readonly records: number;
  /** Digest of the checkpoint before; zeros at the first. */
  readonly previous: string;
  /** Which key has signed. @see fingerprintOf */
  readonly key: string;
}

export interface SignedCheckpoint {
  readonly body: string;
  readonly signature: Uint8Array;
}

export interface Signer {
  sign(body: string): Uint8Array;
  readonly publicKey: KeyObject;
  readonly fingerprint: string;
}

/** RFC 8410: an Ed25519 private key in PKCS #8 is these bytes and the seed. */
const PKCS8_HEAD = Buffer.from("302e020100300506032b657004220420", "hex");

/** @param seed 32 bytes, from the key store */
export function signerOf(seed: Uint8Array): Signer {
  const privateKey = createPrivateKey({ key: Buffer.concat([PKCS8_HEAD, seed]), format: "der", type: "pkcs8" });
  const publicKey = createPublicKey(privateKey);
  return {
    sign: (body) => sign(null, signedText(body), privateKey),
    publicKey,
    fingerprint: fingerprintOf(publicKey),
  };
}

export function encodeCheckpoint(checkpoint: Checkpoint): string {
  return canonical(checkpoint as unknown as Canonical); // an interface has no index signature; it is nothing but JSON
}

export function decodeCheckpoint(body: string): Checkpoint {
  return JSON.parse(body) as Checkpoint;
}

export function isSignedBy(key: KeyObject, { body, signature }: SignedCheckpoint): boolean {
  return verify(null, signedText(body), key, signature);
}

/** The checkpoint that follows: what it is signed over, too, is the chain of checkpoints. */
export function nextCheckpoint(
  before: SignedCheckpoint | undefined,
  chains: readonly Head[],
  { at, signer }: { at: number; signer: Signer },
): SignedCheckpoint {
  const body = encodeCheckpoint({
    format: 1,
    number: before ? decodeCheckpoint(before.body).number + 1 : 1,
    at,
    chains: chains.toSorted((a, b) => (a.node < b.node ? -1 : 1)),
    records: chains.reduce((sum, { position }) => sum + position, 0),
    previous: before ? digestOf(before.body) : "0".repeat(64),
    key: signer.fingerprint,
  });
  return { body, signature: signer.sign(body) };
}

/** Base64 of the key as SubjectPublicKeyInfo: what is given to whoever verifies. */
export function publicKeyText(key: KeyObject): string {
  return key.export({ format: "der", type: "spki" }).toString("base64");
}

/** @throws Error when it is no Ed25519 key */
export function parsePublicKey(text: string): KeyObject {
  const key = createPublicKey({ key: Buffer.from(text.trim(), "base64"), format: "der", type: "spki" });
  if (key.asymmetricKeyType !== "ed25519") throw new Error("not an Ed25519 key");
  return key;
}

/** Short enough to be read aloud and compared. */
export function fingerprintOf(key: KeyObject): string {
  const der = key.export({ format: "der", type: "spki" });
  return createHash("sha256").update(der).digest("hex").slice(0, 32);
}

const signedText = (body: string) => Buffer.from(`openward audit checkpoint 1\n${body}`);
