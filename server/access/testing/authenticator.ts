import { createHash, generateKeyPairSync, randomBytes, sign } from "node:crypto";
import type { RelyingParty } from "../ports.ts";

interface Asked {
  readonly challenge: string;
}
/** What a test changes of an honest answer. */
export interface Answering {
  readonly origin?: string;
  readonly rpId?: string;
  /** Nobody showed the authenticator that it was them. */
  readonly isVerified?: boolean;
  readonly challenge?: string;
  readonly counter?: number;
}

const USER_PRESENT = 0x01;
const USER_VERIFIED = 0x04;
const ATTESTED = 0x40;

/** A security key in software: ES256, attestation "none", as WebAuthn level 2, section 6 has it. */
export function createAuthenticator(party: RelyingParty) {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const { x = "", y = "" } = publicKey.export({ format: "jwk" });
  const id = randomBytes(32);
  let counter = 0;

  const clientData = (type: string, asked: Asked, { origin, challenge }: Answering) =>
    Buffer.from(
      JSON.stringify({
        type,
        challenge: challenge ?? asked.challenge,
        origin: origin ?? party.origins[0],
        crossOrigin: false,
      }),
    );
  const authenticatorData = (flags: number, answering: Answering, attested = Buffer.alloc(0)) => {
    const count = Buffer.alloc(4);
    counter = answering.counter ?? counter + 1;
    count.writeUInt32BE(counter);
    const verified = answering.isVerified === false ? 0 : USER_VERIFIED;
    const rpIdHash = createHash("sha256")
      .update(answering.rpId ?? party.id)
      .digest();
    return Buffer.concat([rpIdHash, Buffer.from([flags | USER_PRESENT | verified]), count, attested]);
  };
  const credential = { id: id.toString("base64url"), rawId: id.toString("base64url"), type: "public-key" } as const;

  return {
    /** As navigator.credentials.create. */
    enrol(asked: object, answering: Answering = {}): object {
      const coordinates = [Buffer.from(x, "base64url"), Buffer.from(y, "base64url")] as const;
      // COSE: kty EC2, alg ES256, crv P-256, x, y.
      const key = Buffer.concat([
        Buffer.from("a5010203262001215820", "hex"),
        coordinates[0],
        Buffer.from("225820", "hex"),
        coordinates[1],
      ]);
      const attested = Buffer.concat([Buffer.alloc(16), Buffer.from([0, id.length]), id, key]);
      const data = authenticatorData(ATTESTED, answering, attested);
      // CBOR {"fmt": "none", "attStmt": {}, "authData": data}; its length is in two bytes.
      const length = Buffer.alloc(2);
      length.writeUInt16BE(data.length);
      const attestation = Buffer.concat([
        Buffer.from([0xa3, 0x63]),
        Buffer.from("fmt"),
        Buffer.from([0x64]),
        Buffer.from("none"),
        Buffer.from([0x67]),
        Buffer.from("attStmt"),
        Buffer.from([0xa0, 0x68]),
        Buffer.from("authData"),
        Buffer.from([0x59]),
        length,
        data,
      ]);
      return {
        ...credential,
        clientExtensionResults: {},
        response: {
          clientDataJSON: clientData("webauthn.create", asked as Asked, answering).toString("base64url"),
          attestationObject: attestation.toString("base64url"),
          transports: ["usb"],
        },
      };
    },

    /** As navigator.credentials.get. */
    answer(asked: object, answering: Answering = {}): object {
      const client = clientData("webauthn.get", asked as Asked, answering);
      const data = authenticatorData(0, answering);
      const signed = Buffer.concat([data, createHash("sha256").update(client).digest()]);
      return {
        ...credential,
        clientExtensionResults: {},
        response: {
          clientDataJSON: client.toString("base64url"),
          authenticatorData: data.toString("base64url"),
          signature: sign("sha256", signed, privateKey).toString("base64url"),
        },
      };
    },
  };
}
