import { createHash, timingSafeEqual } from "node:crypto";
import { RefusedInput } from "@openward/errors";
import type { FastifyInstance, FastifyRequest } from "fastify";
import type { Registry } from "prom-client";
import { isLoopback } from "./addresses.ts";

export interface Readiness {
  readonly isReady: boolean;
  /** What is asked, and its answer: {"database": "ok", "journal": "spooling"}. */
  readonly checks: Readonly<Record<string, string>>;
}

export interface Operations {
  /** Does the process work at all? false asks the supervisor to restart it. */
  live(): boolean;
  /** Can it do its work now? */
  ready(): Promise<Readiness> | Readiness;
  /** Of prom-client; holds counts and times, nothing of a patient. */
  readonly metrics: Pick<Registry, "metrics" | "contentType">;
  /** With it metrics are read from elsewhere; left out: from this machine only. */
  readonly metricsToken?: string;
}

/** /health/live, /health/ready and /metrics, for those who run the server. */
export function serveOperations(app: FastifyInstance, { live, ready, metrics, metricsToken }: Operations): void {
  app.get("/health/live", (_request, reply) => {
    const isLive = live();
    return reply
      .header("cache-control", "no-store")
      .code(isLive ? 200 : 503)
      .send({ status: isLive ? "live" : "failed" });
  });
  app.get("/health/ready", async (_request, reply) => {
    const { isReady, checks } = await ready();
    return reply
      .header("cache-control", "no-store")
      .code(isReady ? 200 : 503)
      .send({ status: isReady ? "ready" : "not ready", checks });
  });
  app.get("/metrics", async (request, reply) => {
    if (!mayReadMetrics(request, metricsToken)) {
      const expected = "a program on this machine, or the token of OPENWARD_METRICS_TOKEN_FILE";
      throw new RefusedInput("NOT_PERMITTED", { at: "Authorization", expected });
    }
    return reply
      .header("cache-control", "no-store")
      .type(metrics.contentType)
      .send(await metrics.metrics());
  });
}

/** A proxy on this machine speaks for somebody who is elsewhere. */
function mayReadMetrics({ raw, headers }: FastifyRequest, token: string | undefined): boolean {
  const given = /^bearer (.+)$/i.exec(headers.authorization ?? "")?.[1]?.trim();
  if (token !== undefined && given !== undefined) return timingSafeEqual(digest(given), digest(token));
  const isForwarded = headers["x-forwarded-for"] !== undefined || headers.forwarded !== undefined;
  return isLoopback(raw.socket.remoteAddress) && !isForwarded;
}

const digest = (text: string) => createHash("sha256").update(text).digest();
