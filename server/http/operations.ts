import type { FastifyInstance } from "fastify";
import type { Registry } from "prom-client";

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
}

/** /health/live, /health/ready and /metrics, for those who run the server. */
export function serveOperations(app: FastifyInstance, { live, ready, metrics }: Operations): void {
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
  app.get("/metrics", async (_request, reply) =>
    reply
      .header("cache-control", "no-store")
      .type(metrics.contentType)
      .send(await metrics.metrics()),
  );
}
