import type { OwnCaptureTakenBody } from "@openward/api";
import type { Outbox, Sealed } from "./outbox.ts";

export type SendState =
  /** All is sent, or on its way. */
  | { readonly state: "going" }
  /** No line, or the server does not answer: it is tried again. */
  | { readonly state: "offline" }
  | { readonly state: "signed-out" }
  /** It will not be taken as it is: a person has to look. */
  | { readonly state: "refused"; readonly deviceId: string; readonly text: string };

export interface SenderDeps {
  readonly outbox: Outbox;
  readonly personId: string;
  /** @param signal aborts when there is no answer for too long */
  send(sealed: Sealed, sentAt: number, signal: AbortSignal): Promise<OwnCaptureTakenBody>;
  /** "offline": to be tried again; else in words why it is refused. */
  whyNot(error: unknown): "offline" | "signed-out" | { readonly text: string };
  now(): number;
  /** The server has told its time. */
  observe(serverTime: number): void;
  /** @returns how to call it off */
  after(ms: number, run: () => void): () => void;
  /** One page at a time, of all that are open. */
  alone(work: () => Promise<void>): Promise<void>;
  onState(state: SendState): void;
  /** Some of it is in quarantine. */
  onQuarantined(deviceId: string, problems: OwnCaptureTakenBody["quarantined"]): void;
  onSent(): void;
}

/** Once is enough; more only where a clock runs away while it sends. */
const MOVED_MAX = 3;
const RETRY_MS_MIN = 2_000;
const RETRY_MS_MAX = 60_000;
/**
 * A line that broke without a word (a phone that left its Wi-Fi) never answers: what is sent is given up then and sent
 * again under its key, and no other page waits for this one any longer.
 */
const ANSWER_MS_MAX = 30_000;

class NoAnswer extends Error {
  override readonly name = "NoAnswer";
}

/** Sends what waits, the oldest first, until nothing waits; each under its key until the server has said that it has it. */
export function createSender(deps: SenderDeps) {
  const { outbox, personId } = deps;
  let isRunning = false;
  let isWanted = false;
  let isStopped = false;
  let retryMs = RETRY_MS_MIN;

  async function sendAll(): Promise<void> {
    let moved = 0;
    for (let sealed = await outbox.next(personId); sealed && !isStopped; sealed = await outbox.next(personId)) {
      const sentAt = deps.now();
      const taken = await sendOne(sealed, sentAt);
      deps.observe(taken.now);
      if (!taken.isTaken) {
        if (++moved > MOVED_MAX) throw new Error("the clocks of this browser and of the server do not come together");
        // It was kept by a clock that is wrong: its times are moved here, once, and stay so however often it is sent.
        const off = sentAt - taken.now;
        await outbox.replace({ ...sealed, values: sealed.values.map((one) => ({ ...one, at: one.at - off })) });
        continue;
      }
      await outbox.done(sealed.key);
      if (taken.quarantined.length > 0) deps.onQuarantined(sealed.deviceId, taken.quarantined);
      deps.onSent();
    }
  }

  async function sendOne(sealed: Sealed, sentAt: number): Promise<OwnCaptureTakenBody> {
    const waiting = new AbortController();
    const callOff = deps.after(ANSWER_MS_MAX, () => waiting.abort());
    try {
      return await deps.send(sealed, sentAt, waiting.signal);
    } catch (error) {
      throw waiting.signal.aborted ? new NoAnswer() : error;
    } finally {
      callOff();
    }
  }

  async function run(): Promise<void> {
    let retryIn: number | undefined;
    try {
      await deps.alone(sendAll);
      retryMs = RETRY_MS_MIN;
      deps.onState({ state: "going" });
    } catch (error) {
      const why = error instanceof NoAnswer ? "offline" : deps.whyNot(error);
      if (why === "signed-out") deps.onState({ state: "signed-out" });
      else if (why === "offline") deps.onState({ state: "offline" });
      else {
        const sealed = await outbox.next(personId).catch(() => undefined);
        deps.onState({ state: "refused", deviceId: sealed?.deviceId ?? "", text: why.text });
      }
      retryIn = retryMs;
      retryMs = Math.min(retryMs * 2, RETRY_MS_MAX);
    }
    if (retryIn !== undefined) deps.after(retryIn, () => poke());
  }

  function poke(): void {
    isWanted = true;
    if (isRunning || isStopped) return;
    isRunning = true;
    isWanted = false;
    void run().finally(() => {
      isRunning = false;
      if (isWanted) poke();
    });
  }

  return {
    /** Something waits, or the line is back. */
    poke,
    stop() {
      isStopped = true;
    },
  };
}
