import { RefusedInput } from "@openward/errors";
import type { FastifyInstance, FastifyReply } from "fastify";
import { certificateOf } from "../certificate.ts";
import type { DeviceAccess, Pace, Renewal } from "../ports.ts";
import { tooMany } from "./too-many.ts";

/** A signing request of RSA 8192 in base64 is half of this. */
const BODY_BYTES = 8_192;
/** Proving a request's key and signing a certificate, in messages. */
const COST = 10;
const BASE64 = /^[A-Za-z0-9+/\s]+={0,2}\s*$/;

/**
 * Enrolment over Secure Transport, as far as a device needs it that has a certificate of ours: the authority, and the next
 * certificate for the one that is shown. Bodies are base64 whatever the header for it says.
 *
 * @source RFC 7030, 4.1 and 4.2.2; RFC 8951
 */
export function registerReenroll(
  app: FastifyInstance,
  { access, renewal, pace }: { access: DeviceAccess; renewal: Renewal; pace: Pace },
): void {
  app.register((scope, _options, ready) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser("application/pkcs10", { parseAs: "string" }, (_request, body, done) => done(null, body));

    scope.get("/.well-known/est/cacerts", async (_request, reply) => answer(reply, await renewal.authorities()));

    scope.post("/.well-known/est/simplereenroll", { bodyLimit: BODY_BYTES }, async (request, reply) => {
      const certificate = certificateOf(request.raw.socket);
      const device = certificate && access.signInByCertificate(certificate);
      if (!certificate || !device?.credentialId) {
        const expected = "the certificate that is to be renewed, shown over TLS";
        throw new RefusedInput("DEVICE_SIGN_IN", { at: "certificate", expected });
      }
      const waitMs = pace.spend(device.deviceId, COST);
      if (waitMs > 0) throw tooMany(waitMs);
      const text = request.body;
      if (typeof text !== "string" || !BASE64.test(text))
        throw new RefusedInput("FIELD_INVALID", {
          at: "body",
          expected: "a signing request (PKCS #10, DER) in base64",
        });
      const lines = text.replace(/\s/g, "").replace(/.{64}/g, "$&\n");
      const csr = `-----BEGIN CERTIFICATE REQUEST-----\n${lines}\n-----END CERTIFICATE REQUEST-----\n`;
      return answer(reply, await renewal.renew({ ...device, credentialId: device.credentialId }, csr));
    });
    ready();
  });
}

function answer(reply: FastifyReply, certificates: Uint8Array): FastifyReply {
  return reply
    .header("cache-control", "no-store")
    .header("content-transfer-encoding", "base64")
    .type("application/pkcs7-mime; smime-type=certs-only")
    .send(
      `${(
        Buffer.from(certificates)
          .toString("base64")
          .match(/.{1,76}/g) ?? []
      ).join("\r\n")}\r\n`,
    );
}
