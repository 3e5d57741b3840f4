import { RefusedInput } from "@openward/errors";
import type { FastifyInstance } from "fastify";
import { z } from "zod";
import { parseFields } from "../../http/index.ts";
import type { Claims } from "../ports.ts";
import type { SignInFailures } from "../sign-in-failures.ts";

const body = z.object({
  code: z.string().min(1).max(64),
  /** PEM; left out, the answer has a token. */
  csr: z.string().max(16_384).optional(),
});

/** What failures are counted under beside the address: no device has this id. */
const CLAIMING = "claim code";

/**
 * `POST /ingest/claim`: a device in a box exchanges the code on its label for what it signs in with from then on.
 * Whoever guesses is stopped after ten wrong codes a minute, and the code is in no log and no answer.
 */
export function registerClaim(
  app: FastifyInstance,
  { claims, failures }: { claims: Claims; failures: SignInFailures },
): void {
  app.post("/ingest/claim", { bodyLimit: 32_768 }, async (request, reply) => {
    if (failures.isBlocked(request.ip, CLAIMING)) throw new RefusedInput("RATE_LIMITED");
    const { code, csr } = parseFields(body, request.body, "body");
    reply.header("cache-control", "no-store");
    try {
      const { deviceId, token, certificate } = await claims.claim(code, csr ?? null);
      if (!certificate) return { id: deviceId, token };
      const { cert, expiresAt, authority } = certificate;
      return { id: deviceId, certificate: cert, authority, expiresAt };
    } catch (error) {
      if (error instanceof RefusedInput && error.code === "CLAIM_EXPIRED") failures.add(request.ip, CLAIMING);
      throw error;
    }
  });
}
