import { setTimeout as wait } from "node:timers/promises";
import type { Ledger } from "./ledger.ts";
import { payloadOf } from "./load.ts";

/** Devices that send readings in batches over HTTP, as gateways do; what was not acknowledged is sent again as it was. */
export interface Batches {
  /** Batches of which every reading was taken. */
  readonly acknowledged: number;
  /** Of each device, how many readings there have been. */
  readonly sequences: readonly number[];
  /** Nothing new is sent; resolves when every batch is answered. */
  pause(): Promise<void>;
  stop(): void;
}

const READINGS = 100;
const PAUSE_MS = 400;

export function startBatches(options: {
  readonly beds: readonly { readonly deviceId: string; readonly token: string }[];
  readonly httpPort: number;
  readonly ledger: Ledger;
  /** Time of the reading before the first. */
  readonly base: number;
  /** The number of the first of them in the ledger. */
  readonly firstDevice: number;
}): Batches {
  const { beds, httpPort, ledger, base, firstDevice } = options;
  const sequences = new Array<number>(beds.length).fill(0);
  let acknowledged = 0;
  let isPaused = false;
  let isStopped = false;

  const post = async ({ deviceId, token }: { deviceId: string; token: string }, body: string): Promise<boolean> => {
    try {
      const answer = await fetch(`http://127.0.0.1:${httpPort}/ingest/devices/${deviceId}/readings`, {
        method: "POST",
        headers: {
          authorization: `Basic ${Buffer.from(`${deviceId}:${token}`).toString("base64")}`,
          "content-type": "application/json",
        },
        body,
        signal: AbortSignal.timeout(30_000),
      });
      if (answer.status >= 500 || answer.status === 429) return false;
      if (!answer.ok) throw new Error(`a batch was refused: ${answer.status} ${await answer.text()}`);
      const { accepted, quarantined } = (await answer.json()) as { accepted: number; quarantined: unknown[] };
      if (accepted !== READINGS || quarantined.length > 0)
        throw new Error(`a batch was taken in part: ${JSON.stringify({ accepted, quarantined })}`);
      return true;
    } catch (error) {
      // The server was killed: whether it has the batch is not known.
      if (error instanceof TypeError || (error as Error).name === "TimeoutError") return false;
      throw error;
    }
  };

  const run = async (bed: { deviceId: string; token: string }, place: number) => {
    while (!isPaused && !isStopped) {
      const first = (sequences[place] ?? 0) + 1;
      sequences[place] = first + READINGS - 1;
      const lines = Array.from({ length: READINGS }, (_, i) => payloadOf(base, first + i).toString());
      while (!isStopped && !(await post(bed, `[${lines.join(",")}]`))) await wait(50);
      if (isStopped) return;
      acknowledged++;
      lines.forEach((_, i) => void ledger.note(`${firstDevice + place} ${first + i}`));
      await wait(PAUSE_MS);
    }
  };
  const running = Promise.all(beds.map(run));
  // Told where it is waited for.
  running.catch(() => {});

  return {
    get acknowledged() {
      return acknowledged;
    },
    sequences,
    async pause() {
      isPaused = true;
      await running;
    },
    stop() {
      isStopped = true;
    },
  };
}
