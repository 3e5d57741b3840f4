import { OutsideTrouble } from "@openward/errors";
import type { Runtime, Timer } from "@openward/runtime";
import type { Head } from "./chain.ts";
import { createChainer, type Unlinked } from "./chainer.ts";
import type { AuditLogger, Kept, Recorder, Spool } from "./ports.ts";
import { decodeRecord, encodeRecord, mayBeKept } from "./record.ts";
import type { AuditTable } from "./table.ts";

const RETRY_MS = 1_000;
/** Records of one commit, on the disk and in the database. */
const TOGETHER_MAX = 500;
/** More than this wait for the disk, or for the database, only where it hangs. */
const WAITING_MAX = 20_000;
/** What comes within so long goes into the chain in one statement. */
const CHAIN_MS = 50;
/** The chain may be so far behind what was shown; a database that hangs is as one that is gone. */
const BEHIND_MAX_MS = 3_000;
/** So much of what the chain has may still be in files; the next start looks through it. */
const TIDY_BYTES = 256 * 1024;

interface Waiting extends Unlinked {
  resolve(kept: Kept): void;
  reject(error: unknown): void;
}

interface Unchained extends Unlinked {
  readonly since: number;
  /** There where the record is on no disk: whoever waits hears of the chain. */
  readonly waiting?: Waiting;
}

export type WriterState = "ok" | "spooling" | "failed";

export interface Writer extends Recorder {
  readonly state: WriterState;
  /** On the disk: what the database does not have yet, and a little that it has. */
  readonly spooledBytes: number;
  /** Where this node's chain is now. */
  head(): Head;
  /** Resolves when all that was appended before is in the chain, or waits in the spool for a database that is gone. */
  flush(): Promise<void>;
  /** A connection of the log was lost: the database is looked for at once, and not by the next record. */
  lost(): void;
  /** Resolves when nothing waits any more, and the spool is not written. */
  close(): Promise<void>;
}

/**
 * Keeps the records of one node: durable in the spool before anybody is answered, and a moment later, many in one statement, in the
 * node's chain. Those that come while the disk is written share the next write, so that a lonely one waits for nobody and a
 * crowd costs one flush.
 */
export async function openWriter(deps: {
  readonly node: string;
  readonly table: Pick<AuditTable, "openNode" | "headOf" | "insert" | "known">;
  readonly spool: Spool;
  readonly runtime: Pick<Runtime, "clock" | "timers">;
  readonly log: AuditLogger;
}): Promise<Writer> {
  const { node, table, spool, runtime, log } = deps;
  const chainer = createChainer(node, table, log);
  const waiting: Waiting[] = [];
  let writing: Promise<void> | undefined;
  /** What is on the disk is kept here too, for the chain; false: it is read from there when the database is back. */
  let isFollowed = true;
  let unchained: Unchained[] = [];
  /** How many were ever in `unchained`, and how many of them left it. */
  let followed = 0;
  let left = 0;
  /** Files that are not written any more, to be removed when as many have left. */
  let old: { readonly names: readonly string[]; readonly upTo: number } | undefined;
  let chaining: Promise<void> | undefined;
  let soon: Timer | undefined;
  let retry: Timer | undefined;
  let state: WriterState = "ok";
  let isClosed = false;

  const stateNow = (): WriterState => {
    const since = unchained[0]?.since;
    const isBehind = since !== undefined && runtime.clock.monotonic() - since > BEHIND_MAX_MS;
    return state === "ok" && isBehind ? "spooling" : state;
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

  /** In turn with what goes into the chain; a database that does not answer leaves all of it to the spool. */
  const inChainsTurn = (work: () => Promise<void>) => {
    const mine = (chaining ?? Promise.resolve())
      .then(work)
      .catch(leaveToSpool)
      .finally(() => {
        if (chaining === mine) chaining = undefined;
        if (unchained.length > 0) chainSoon();
      });
    chaining = mine;
  };

  function leaveToSpool(error: unknown): void {
    setState(unchained.some((one) => one.waiting) ? "failed" : "spooling", error);
    for (const { waiting: one } of unchained) one?.reject(unavailable(error));
    isFollowed = false;
    unchained = [];
    left = followed;
    old = undefined;
    if (isClosed || retry) return;
    retry = runtime.timers.after(RETRY_MS, () => {
      retry = undefined;
      inChainsTurn(takeUpSpool);
    });
  }

  async function takeUpSpool(): Promise<void> {
    // From here on records are followed in memory; all that came before is in the files that are named now.
    isFollowed = true;
    await chainer.look();
    for (const name of await spool.rotate()) {
      const bodies = (await spool.read(name)).flatMap((batch) => Buffer.from(batch).toString().split("\n"));
      for (let at = 0; at < bodies.length; at += TOGETHER_MAX) {
        const some = bodies.slice(at, at + TOGETHER_MAX);
        await chainer.addMissing(some.map((body) => ({ record: decodeRecord(body), body })));
      }
      await spool.done(name);
    }
    if (isFollowed) setState("ok");
  }

  const chain = async (): Promise<void> => {
    soon?.cancel();
    soon = undefined;
    for (let list = unchained; unchained === list && list.length > 0; ) {
      const records = list.slice(0, TOGETHER_MAX);
      await chainer.add(records);
      // Else all of it was left to the spool meanwhile.
      if (unchained !== list) return;
      list.splice(0, records.length);
      left += records.length;
      for (const { waiting: one } of records) one?.resolve("recorded");
    }
    if (!old || left < old.upTo) return;
    const { names } = old;
    old = undefined;
    for (const name of names) await spool.done(name);
  };

  function chainSoon(): void {
    if (!chaining) soon ??= runtime.timers.after(CHAIN_MS, () => inChainsTurn(chain));
  }

  const follow = (records: readonly Unchained[]) => {
    if (unchained.length + records.length > WAITING_MAX)
      leaveToSpool(new Error(`${unchained.length} records wait for the database`));
    if (!isFollowed) return;
    for (const one of records) unchained.push(one);
    followed += records.length;
    if (records.some((one) => one.waiting)) inChainsTurn(chain);
    else chainSoon();
  };

  const write = async (records: readonly Waiting[]): Promise<void> => {
    // In turn with what is written: all that is in these files is followed already.
    if (spool.bytes >= TIDY_BYTES && !old && isFollowed && state === "ok")
      old = { names: await spool.rotate(), upTo: followed };
    const wasFollowed = isFollowed;
    const since = runtime.clock.monotonic();
    try {
      await spool.append([Buffer.from(records.map(({ body }) => body).join("\n"))]);
    } catch (error) {
      const trouble = unavailable(error);
      if (state === "ok" && isFollowed) {
        // The database is as good: whoever waits hears of the chain.
        follow(records.map((waiting) => ({ record: waiting.record, body: waiting.body, since, waiting })));
        if (isFollowed) return;
      }
      setState("failed", error);
      for (const { reject } of records) reject(trouble);
      return;
    }
    if (state === "failed") setState("spooling");
    if (wasFollowed) follow(records.map(({ record, body }) => ({ record, body, since })));
    const kept = stateNow() === "ok" ? "recorded" : "spooled";
    for (const { resolve } of records) resolve(kept);
  };

  function next(): void {
    writing = undefined;
    if (waiting.length === 0) return;
    const records = waiting.splice(0, TOGETHER_MAX);
    writing = write(records)
      .catch((error: unknown) => {
        for (const { reject } of records) reject(unavailable(error));
      })
      .finally(next);
  }

  await spool.open();
  await table.openNode(node, runtime.clock.now());
  await takeUpSpool();

  return {
    get state() {
      return stateNow();
    },
    get spooledBytes() {
      return spool.bytes;
    },
    head: () => chainer.head,
    append(record) {
      if (isClosed || waiting.length >= WAITING_MAX || !mayBeKept(record))
        return Promise.reject(new OutsideTrouble("AUDIT_UNAVAILABLE", !isClosed));
      return new Promise<Kept>((resolve, reject) => {
        waiting.push({ record, body: encodeRecord(record), resolve, reject });
        if (!writing) next();
      });
    },
    async flush() {
      const upTo = followed;
      while (left < upTo) {
        inChainsTurn(chain);
        await chaining;
      }
    },
    lost() {
      if (state !== "ok" || isClosed) return;
      inChainsTurn(chainer.look);
    },
    async close() {
      isClosed = true;
      retry?.cancel();
      while (writing) await writing;
      inChainsTurn(chain);
      while (chaining) await chaining;
      soon?.cancel();
      if (state === "ok") for (const name of await spool.rotate()) await spool.done(name);
      await spool.close();
    },
  };
}

const unavailable = (cause: unknown) => new OutsideTrouble("AUDIT_UNAVAILABLE", true, {}, { cause });
