import { Worker } from "node:worker_threads";
import { OutsideTrouble, RefusedInput } from "@openward/errors";
import type { Timer, Timers } from "@openward/runtime";
import type { Answered, FromThread, Question, Reach, ToThread } from "./protocol.ts";

export interface GraphQl {
  /**
   * @param reach each read and search of the answer
   * @returns the answer's own JSON: data, and errors of fields that could not be read
   * @throws RefusedInput FIELD_INVALID for what is no query of the schema, too deep or too dear; SEARCH_TOO_COSTLY for what reads too much
   */
  ask(question: Question, reach: Reach): Promise<object>;
  close(): Promise<void>;
}

/** From when the schema is made. */
const ANSWER_WITHIN_MS = 60_000;
/** On a busy machine the schema, some seconds of work, takes a minute. */
const READY_WITHIN_MS = 300_000;
/** The schema is half a gigabyte, and not kept for nobody. */
const IDLE_MS = 600_000;
const READS_MAX = 500;
const TEXT_MAX = 16_000_000;
/** Asked at once; the thread answers one after the other. */
const ASKED_MAX = 20;
const MEMORY_MB = 768;
/** Of one resource, or a search of a type. */
const ADDRESS = /^[A-Z][A-Za-z]{1,40}(?:\/[A-Za-z0-9.-]{1,64}|\?[^#]*)?$/;

interface Open {
  readonly reach: Reach;
  readonly resolve: (answered: Answered) => void;
  readonly reject: (error: Error) => void;
  late: Timer | undefined;
  reads: number;
  characters: number;
}

/** Answers in a thread of its own, which begins with the first question; whoever asks waits, and nobody else. */
export function createGraphQl({ timers, report }: { timers: Timers; report: (error: unknown) => void }): GraphQl {
  const open = new Map<number, Open>();
  let thread: Worker | undefined;
  let isReady = false;
  let notReady: Timer | undefined;
  let idle: Timer | undefined;
  let asked = 0;

  function begin(): Worker {
    const begun = new Worker(new URL("./thread.ts", import.meta.url), {
      resourceLimits: { maxOldGenerationSizeMb: MEMORY_MB },
    });
    begun.unref();
    isReady = false;
    notReady?.cancel();
    notReady = timers.after(READY_WITHIN_MS, () => endAll(begun, new OutsideTrouble("STORE_UNAVAILABLE", true)));
    begun.on("message", (message: FromThread) => void told(begun, message));
    begun.on("error", (error) => {
      report(error);
      endAll(begun, new OutsideTrouble("STORE_UNAVAILABLE", true));
    });
    return begun;
  }

  function ready(from: Worker): void {
    if (from !== thread) return;
    isReady = true;
    notReady?.cancel();
    for (const one of open.values()) one.late = lateOf(from);
  }

  const lateOf = (which: Worker) =>
    timers.after(ANSWER_WITHIN_MS, () =>
      endAll(
        which,
        new RefusedInput("SEARCH_TOO_COSTLY", { at: "graphql", expected: "a query that is answered sooner" }),
      ),
    );

  async function told(from: Worker, message: FromThread): Promise<void> {
    if (message.kind === "ready") return ready(from);
    const one = open.get(message.id);
    if (!one) return;
    if (message.kind === "answer") return one.resolve(message);
    const { id, call, url } = message;
    const isTooMuch = ++one.reads > READS_MAX || one.characters > TEXT_MAX;
    if (isTooMuch || !ADDRESS.test(url))
      return one.reject(
        new RefusedInput("SEARCH_TOO_COSTLY", { at: "graphql", expected: `at most ${READS_MAX} reads` }),
      );
    const { status, text } = await one.reach(url);
    one.characters += text.length;
    const reached: ToThread = { kind: "reached", id, call, status, text };
    from.postMessage(reached);
  }

  /** What runs too long is ended with its thread; the next question begins another. */
  function endAll(which: Worker, error: Error): void {
    if (thread === which) {
      thread = undefined;
      notReady?.cancel();
    }
    void which.terminate();
    for (const { reject } of open.values()) reject(error);
  }

  return {
    async ask(question, reach) {
      if (open.size >= ASKED_MAX) throw new RefusedInput("RATE_LIMITED", { at: "graphql", retryAfterS: 5 });
      const id = ++asked;
      idle?.cancel();
      thread ??= begin();
      const worker = thread;
      const { promise, resolve, reject } = Promise.withResolvers<Answered>();
      const one: Open = { reach, resolve, reject, late: isReady ? lateOf(worker) : undefined, reads: 0, characters: 0 };
      open.set(id, one);
      try {
        const message: ToThread = { kind: "ask", id, question };
        worker.postMessage(message);
        const { isValid, json } = await promise;
        const parsed: unknown = JSON.parse(json);
        if (isValid) return parsed as object;
        const [text = "a query of the schema"] = parsed as string[];
        throw new RefusedInput("FIELD_INVALID", { at: "graphql", expected: text });
      } finally {
        one.late?.cancel();
        open.delete(id);
        if (open.size === 0 && thread) idle = timers.after(IDLE_MS, () => thread && endAll(thread, new Error("idle")));
      }
    },
    async close() {
      idle?.cancel();
      notReady?.cancel();
      await thread?.terminate();
    },
  };
}

export type { Question, Reach } from "./protocol.ts";
