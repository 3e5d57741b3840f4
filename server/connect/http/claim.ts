import { RefusedInput } from "@openward/errors";
import type { FastifyInstance } from "fastify";
import { z } from "zod";
import { parseFields } from "../../http/index.ts";
import type { Claims, Guesses } from "../ports.ts";
import { tooMany } from "./too-many.ts";

const body = z.object({
  code: z.string().min(1).max(64),
  /** PEM; left out, the answer has a token. */
  csr: z.string().max(16_384).optional(),
});

/**
 * `POST /ingest/claim`: a device in a box exchanges the code on its label for what it signs in with from then on.
 * Whoever guesses waits longer with every wrong one after the tenth, and the code is in no log and no answer.
 */
export function registerClaim(app: FastifyInstance, { claims, guesses }: { claims: Claims; guesses: Guesses }): void {
  app.post("/ingest/claim", { bodyLimit: 32_768 }, async (request, reply) => {
    const guess = { what: "claim code", address: request.ip };
    const waitMs = guesses.waitMs(guess);
    if (waitMs > 0) throw tooMany(waitMs);
    const { code, csr } = parseFields(body, request.body, "body");
    reply.header("cache-control", "no-store");
    try {
      const { deviceId, token, certificate } = await claims.claim(code, csr ?? null);
      if (!certificate) return { id: deviceId, token };
      const { cert, expiresAt, authority } = certificate;
      return { id: deviceId, certificate: cert, authority, expiresAt };
    } catch (error) {
      if (error instanceof RefusedInput && error.code === "CLAIM_EXPIRED") guesses.failed(guess);
      throw error;
    }
  });
}
