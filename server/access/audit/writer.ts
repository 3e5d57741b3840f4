import { OutsideTrouble, RefusedInput } from "@openward/errors";
import type { Runtime, Timer } from "@openward/runtime";
import { after, beginningOf, digestOf, type Head } from "./chain.ts";
import type { AuditLogger, Kept, Recorder, Spool } from "./ports.ts";
import { type AuditRecord, decodeRecord, encodeRecord } from "./record.ts";
import type { AuditTable, Linked } from "./table.ts";

const RETRY_MS = 1_000;
const TOGETHER_MAX = 500;
/** More than this wait for their commit only where the database hangs. */
const WAITING_MAX = 20_000;

const ATTEMPTS = 3;

interface Unlinked {
  readonly record: AuditRecord;
  readonly body: string;
}

interface Waiting extends Unlinked {
  resolve(kept: Kept): void;
  reject(error: unknown): void;
}

export type WriterState = "ok" | "spooling" | "failed";

export interface Writer extends Recorder {
  readonly state: WriterState;
  readonly spooledBytes: number;
  /** Where this node's chain is now. */
  head(): Head;
  /** Resolves when nothing waits any more, and the spool is not written. */
  close(): Promise<void>;
}

/**
 * Chains the records of one node. Those that come while a commit is under way share the next, so that a lonely one waits
 * for nobody and a crowd costs one flush. It must be the node's only writer: the primary key finds another.
 */
export async function openWriter(deps: {
  readonly node: string;
  readonly table: Pick<AuditTable, "openNode" | "headOf" | "insert" | "known">;
  readonly spool: Spool;
  readonly runtime: Pick<Runtime, "clock" | "timers">;
  readonly log: AuditLogger;
}): Promise<Writer> {
  const { node, table, spool, runtime, log } = deps;
  let head = beginningOf(node);
  const waiting: Waiting[] = [];
  let running: Promise<void> | undefined;
  let retry: Timer | undefined;
  let state: WriterState = "ok";
  let isClosed = false;

  const link = (records: readonly Unlinked[]): Linked[] => {
    let at = head;
    return records.map(({ record, body }) => {
      at = after(at, digestOf(body));
      return { record, body, head: at };
    });
  };

  /** As far as they are not there yet: a commit without an answer may have been one. */
  const insertMissing = async (records: readonly Unlinked[]) => {
    for (let attempt = 1; ; attempt++) {
      head = (await table.headOf(node)) ?? beginningOf(node);
      const known = await table.known(records.map(({ record }) => record.id));
      const missing = records.filter(({ record }) => !known.has(record.id));
      if (missing.length === 0) return;
      try {
        return await insert(missing);
      } catch (error) {
        // What was late has come in between.
        if (!isConflict(error) || attempt === ATTEMPTS) throw error;
      }
    }
  };

  const insert = async (records: readonly Unlinked[]) => {
    const linked = link(records);
    await table.insert(linked);
    head = linked.at(-1)?.head ?? head;
  };

  /** One that the database refuses is a fault of ours: it is told, and does not keep the others out. */
  const insertEach = async (records: readonly Unlinked[]) => {
    try {
      return await insertMissing(records);
    } catch (error) {
      if (error instanceof OutsideTrouble) throw error;
    }
    for (const one of records) {
      try {
        await insertMissing([one]);
      } catch (error) {
        if (error instanceof OutsideTrouble) throw error;
        log.error({ record: one.record.id, code: one.record.code }, "the database takes no such audit record");
      }
    }
  };

  const setState = (next: WriterState, error?: unknown) => {
    if (state === next) return;
    state = next;
    const facts = { reason: (error as Error | undefined)?.message };
    if (next === "ok") log.info({}, "the audit log is written to the database again");
    else if (next === "spooling")
      log.warn(facts, "the audit log goes to its spool: records of patients are not shown until the database answers");
    else log.error(facts, "the audit log cannot be written at all: records of patients are not shown");
  };

  const toSpool = async (records: readonly Waiting[]) => {
    try {
      await spool.append([Buffer.from(records.map(({ body }) => body).join("\n"))]);
    } catch (error) {
      setState("failed", error);
      const trouble = new OutsideTrouble("AUDIT_UNAVAILABLE", true, {}, { cause: error });
      for (const { reject } of records) reject(trouble);
      return;
    }
    if (state === "failed") setState("spooling");
    for (const { resolve } of records) resolve("spooled");
  };

  const takeUpSpool = async () => {
    head = (await table.headOf(node)) ?? beginningOf(node);
    for (const name of await spool.rotate()) {
      for (const batch of await spool.read(name)) {
        const bodies = Buffer.from(batch).toString().split("\n");
        await insertEach(bodies.map((body) => ({ record: decodeRecord(body), body })));
      }
      await spool.done(name);
    }
    setState("ok");
  };

  const tryAgain = () => {
    if (isClosed || retry) return;
    retry = runtime.timers.after(RETRY_MS, () => {
      retry = undefined;
      // In turn with what is written: the spool is not taken up under the hands of whoever appends to it.
      running = (running ?? Promise.resolve()).then(takeUpSpool).catch(tryAgain).finally(next);
    });
  };

  const write = async (records: readonly Waiting[]): Promise<void> => {
    if (state !== "ok") return toSpool(records);
    try {
      await insert(records).catch((error: unknown) => {
        if (!isConflict(error)) throw error;
        return insertMissing(records);
      });
    } catch (error) {
      if (error instanceof OutsideTrouble) {
        setState("spooling", error);
        tryAgain();
        return toSpool(records);
      }
      if (records.length > 1) {
        for (const one of records) await write([one]);
        return;
      }
      for (const { record, reject } of records) {
        log.error({ record: record.id, code: record.code }, "the database takes no such audit record");
        reject(new OutsideTrouble("AUDIT_UNAVAILABLE", false, {}, { cause: error }));
      }
      return;
    }
    for (const { resolve } of records) resolve("chained");
  };

  function next(): void {
    running = undefined;
    if (waiting.length === 0) return;
    const records = waiting.splice(0, TOGETHER_MAX);
    running = write(records).finally(next);
  }

  await spool.open();
  await table.openNode(node, runtime.clock.now());
  await takeUpSpool();

  return {
    get state() {
      return state;
    },
    get spooledBytes() {
      return spool.bytes;
    },
    head: () => head,
    append(record) {
      if (isClosed || waiting.length >= WAITING_MAX)
        return Promise.reject(new OutsideTrouble("AUDIT_UNAVAILABLE", true));
      return new Promise<Kept>((resolve, reject) => {
        waiting.push({ record, body: encodeRecord(record), resolve, reject });
        if (!running) next();
      });
    },
    async close() {
      isClosed = true;
      retry?.cancel();
      while (running) await running;
      await spool.close();
    },
  };
}

const isConflict = (error: unknown) => error instanceof RefusedInput && error.code === "CONFLICT";
