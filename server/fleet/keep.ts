import type { ConnectionSpan, GatewayReported } from "@openward/model";
import type { Runtime } from "@openward/runtime";

/** Where it is written down; all rejections mean: not now. */
interface Keeping {
  begin(runId: string, at: number): Promise<void>;
  alive(runId: string, at: number): Promise<void>;
  end(runId: string, at: number): Promise<void>;
  connections(runId: string, spans: readonly ConnectionSpan[]): Promise<void>;
  reports(
    receivedFrom: number,
    limit: number,
  ): Promise<
    readonly { detail: unknown; gatewayId: string; organisationId: string; receivedAt: number; everyMs: number }[]
  >;
  heard(reports: readonly GatewayReported[]): Promise<void>;
  forget(before: number): Promise<void>;
}

export interface FleetKeeper {
  /** From the live path: never waits. */
  connection(deviceId: string, organisationId: string, isConnected: boolean): void;
  stop(): Promise<void>;
}

const ROUND_MS = 30_000;
const DAY_MS = 86_400_000;
/** A device that comes back so soon was hardly away; one that does so all day is one span. */
const AWAY_MS = 10_000;
/** While the database is away; beyond, the oldest are lost: they explain gaps, and hold up nobody. */
const WAITING_MAX = 50_000;
/** A year and a month: the same month a year ago can be looked at. */
export const KEPT_MS = 400 * DAY_MS;
/** Reports that were chained in late, from the spool, are found again. */
const REPORTS_AGAIN_MS = 30 * 60_000;
const REPORTS_AFTER_START_MS = 2 * DAY_MS;
const REPORTS_AT_A_TIME = 500;

/** Writes down what nobody could tell afterwards: when the server ran, who was connected, whom gateways heard. */
export function keepFleet({
  runtime,
  keeping,
  reportOf,
  report,
}: {
  readonly runtime: Pick<Runtime, "clock" | "timers" | "ids">;
  readonly keeping: Keeping;
  /** What a gateway's report says of itself; undefined: it is of another form. */
  readonly reportOf: (
    detail: unknown,
  ) => { readonly clock: number; readonly devices: Readonly<Record<string, number>> } | undefined;
  readonly report: (error: unknown, doing: string) => void;
}): FleetKeeper {
  const { clock, timers } = runtime;
  const runId = runtime.ids.uuid();
  const startedAt = clock.now();
  const open = new Map<string, ConnectionSpan>();
  const waiting = new Map<string, ConnectionSpan>();
  let hasBegun = false;
  let forgottenAt = Number.NEGATIVE_INFINITY;
  let lookedUntil = startedAt - REPORTS_AFTER_START_MS;

  const wait = (span: ConnectionSpan) => {
    const key = `${span.deviceId} ${span.from}`;
    waiting.delete(key);
    waiting.set(key, span);
    if (waiting.size > WAITING_MAX) waiting.delete(waiting.keys().next().value as string);
  };

  async function save(): Promise<void> {
    const spans = [...waiting];
    if (spans.length === 0) return;
    await keeping.connections(
      runId,
      spans.map(([, span]) => span),
    );
    for (const [key, span] of spans) if (waiting.get(key) === span) waiting.delete(key);
    // Whoever comes back after this begins a span of their own.
    const now = clock.now();
    for (const [deviceId, { to }] of open) if (to !== null && now - to > AWAY_MS) open.delete(deviceId);
  }

  async function lookAtReports(): Promise<void> {
    const now = clock.now();
    for (let from = lookedUntil; ; ) {
      const page = await keeping.reports(from, REPORTS_AT_A_TIME);
      const reports = page.flatMap(({ detail, gatewayId, organisationId, everyMs }): GatewayReported[] => {
        const said = reportOf(detail);
        return said ? [{ gatewayId, organisationId, everyMs, at: said.clock, devices: said.devices }] : [];
      });
      await keeping.heard(reports.sort((a, b) => a.at - b.at));
      const last = page.at(-1)?.receivedAt;
      if (last === undefined || page.length < REPORTS_AT_A_TIME || last <= from) break;
      from = last;
    }
    lookedUntil = now - REPORTS_AGAIN_MS;
  }

  async function round(): Promise<void> {
    try {
      if (!hasBegun) await keeping.begin(runId, startedAt);
      hasBegun = true;
      await keeping.alive(runId, clock.now());
      await save();
      await lookAtReports();
      if (clock.monotonic() - forgottenAt > DAY_MS) {
        await keeping.forget(clock.now() - KEPT_MS);
        forgottenAt = clock.monotonic();
      }
    } catch (error) {
      report(error, "writing down how the fleet is");
    }
  }

  // One round after the other.
  let running = round();
  const timer = timers.every(ROUND_MS, () => {
    running = running.then(round);
  });

  return {
    connection(deviceId, organisationId, isConnected) {
      const now = clock.now();
      const before = open.get(deviceId);
      if (isConnected) {
        const isBack = before !== undefined && (before.to === null || now - before.to <= AWAY_MS);
        const span = { deviceId, organisationId, from: isBack ? before.from : now, to: null };
        open.set(deviceId, span);
        if (!isBack || before.to !== null) wait(span);
      } else if (before && before.to === null) {
        const span = { ...before, to: Math.max(now, before.from) };
        open.set(deviceId, span);
        wait(span);
      }
    },
    async stop() {
      timer.cancel();
      running = running.then(async () => {
        try {
          await save();
          if (hasBegun) await keeping.end(runId, clock.now());
        } catch (error) {
          report(error, "writing down how the fleet was");
        }
      });
      await running;
    },
  };
}
