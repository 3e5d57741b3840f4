import { RefusedInput } from "@openward/errors";
import type { FastifyInstance } from "fastify";
import { costOf } from "./cost.ts";
import { sourceOf } from "./sources.ts";
import type { Allowance, Spending } from "./spending.ts";

export interface GateDeps {
  readonly spending: Spending;
  /** Of somebody who is signed in. Of whom is not known yet, a tenth of it is their source's. */
  readonly allowance: Allowance;
  /** Who it was a moment ago; undefined: nobody who is known, or not known yet. Asks nothing of the database. */
  readonly identityOf: (headers: {
    cookie?: string | undefined;
    authorization?: string | undefined;
  }) => string | undefined;
}

/** A wrong credential costs so much more than a right one. */
const REFUSED_COST = 20;
const REFUSED = new Set([401, 403]);

declare module "fastify" {
  interface FastifyRequest {
    /** Set by the gate: the source that pays for a request of nobody known. */
    payer?: string;
  }
}

/**
 * In front of /api, /fhir and /oauth: each identity pays for what it asks, in reads of a row. Whoever is known pays for
 * themselves, so that a stranger on the same address takes nothing from them.
 */
export function limitRequests(app: FastifyInstance, { spending, allowance, identityOf }: GateDeps): void {
  const ofStrangers = { perSecond: allowance.perSecond / 10, atOnce: allowance.atOnce / 10 };
  app.addHook("onRequest", (request, _reply, done) => {
    const cost = costOf(request.method, request.url);
    if (cost === undefined) return done();
    const identity = identityOf(request.headers);
    if (identity === undefined) request.payer = `source ${sourceOf(request.ip)}`;
    // What costs a signed-in person nothing is not free to strangers: they get no answer from it.
    const waitMs =
      identity === undefined
        ? spending.spend(request.payer as string, Math.max(1, cost), ofStrangers)
        : spending.spend(`who ${identity}`, cost, allowance);
    done(waitMs > 0 ? tooMany(waitMs) : undefined);
  });
  app.addHook("onResponse", (request, reply, done) => {
    if (request.payer !== undefined && REFUSED.has(reply.statusCode))
      spending.charge(request.payer, REFUSED_COST, ofStrangers);
    done();
  });
}

/** 429, with the time after which it can be asked again. */
function tooMany(waitMs: number): RefusedInput {
  return new RefusedInput("RATE_LIMITED", { retryAfterS: Math.max(1, Math.ceil(waitMs / 1000)) });
}
