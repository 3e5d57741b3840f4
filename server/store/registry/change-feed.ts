import type { Runtime, Timer } from "@openward/runtime";
import pg, { type ClientConfig } from "pg";
import type { RegistryChange } from "./ports.ts";

const CHANNEL = "openward_change";
const FIRST_RETRY_MS = 250;
const RETRY_MS_MAX = 5_000;
// A connection that was cut without a word is found out by asking.
const ASK_EVERY_MS = 5_000;
const ANSWER_WITHIN_MS = 5_000;

export interface ChangeFeed {
  close(): Promise<void>;
}

/**
 * Changes that any process commits, heard on a connection of its own. After every (re)connection `onListening` is
 * called, from when on nothing is missed: what happened before has to be loaded.
 */
export function startChangeFeed(options: {
  readonly config: ClientConfig;
  readonly runtime: Runtime;
  onListening(): void;
  onChange(change: RegistryChange): void;
  onTrouble(error: Error): void;
}): ChangeFeed {
  const { runtime } = options;
  let client: pg.Client | undefined;
  let retryMs = FIRST_RETRY_MS;
  let timer: Timer | undefined;
  let isClosed = false;

  const retry = (lost: pg.Client, error: Error) => {
    if (client !== lost) return;
    client = undefined;
    timer?.cancel();
    lost.end().catch(() => {});
    if (isClosed) return;
    options.onTrouble(error);
    timer = runtime.timers.after(retryMs, connect);
    retryMs = Math.min(retryMs * 2, RETRY_MS_MAX);
  };

  const ask = (asked: pg.Client) => {
    timer = runtime.timers.after(ASK_EVERY_MS, () => {
      asked.query("SELECT 1").then(
        () => {
          if (client === asked) ask(asked);
        },
        (error: Error) => retry(asked, error),
      );
    });
  };

  const connect = () => {
    const next = new pg.Client({ ...options.config, query_timeout: ANSWER_WITHIN_MS });
    client = next;
    next.on("error", (error) => retry(next, error));
    next.on("end", () => retry(next, new Error("the connection has ended")));
    next.on("notification", ({ payload }) => {
      const change = parse(payload);
      if (change && client === next) options.onChange(change);
    });
    next
      .connect()
      .then(() => next.query(`LISTEN ${CHANNEL}`))
      .then(
        () => {
          if (client !== next) return;
          retryMs = FIRST_RETRY_MS;
          ask(next);
          options.onListening();
        },
        (error: Error) => retry(next, error),
      );
  };

  connect();
  return {
    async close() {
      isClosed = true;
      timer?.cancel();
      const last = client;
      client = undefined;
      await last?.end().catch(() => {});
    },
  };
}

/** The triggers `announce_change`, `announce_amendment` and `announce_grant` of the schema are who writes it. */
function parse(payload: string | undefined): RegistryChange | undefined {
  try {
    const change = JSON.parse(payload ?? "") as RegistryChange;
    return ["patient", "device", "association", "session", "amendment", "grant"].includes(change.kind)
      ? change
      : undefined;
  } catch {
    return undefined;
  }
}
