import { OutsideTrouble, RefusedInput } from "@openward/errors";
import { after, beginningOf, digestOf, type Head } from "./chain.ts";
import type { AuditLogger } from "./ports.ts";
import type { AuditRecord } from "./record.ts";
import type { AuditTable, Linked } from "./table.ts";

const ATTEMPTS = 3;

/** A record and its text, which have no place in the chain yet. */
export interface Unlinked {
  readonly record: AuditRecord;
  readonly body: string;
}

export interface Chainer {
  /** Where this node's chain is now. */
  readonly head: Head;
  /** Looks where the chain is. @throws OutsideTrouble where the database does not answer */
  look(): Promise<void>;
  /** Records that are known to be new, behind the head. @throws OutsideTrouble where the database does not answer */
  add(records: readonly Unlinked[]): Promise<void>;
  /** As far as they are not in the chain yet: a commit without an answer may have been one. @throws OutsideTrouble */
  addMissing(records: readonly Unlinked[]): Promise<void>;
}

/** The end of one node's chain. It must be the node's only one: the primary key finds another. */
export function createChainer(
  node: string,
  table: Pick<AuditTable, "headOf" | "insert" | "known">,
  log: AuditLogger,
): Chainer {
  let head = beginningOf(node);

  const look = async () => {
    head = (await table.headOf(node)) ?? beginningOf(node);
  };

  const insert = async (records: readonly Unlinked[]) => {
    let at = head;
    const linked = records.map(({ record, body }): Linked => {
      at = after(at, digestOf(body));
      return { record, body, head: at };
    });
    await table.insert(linked);
    head = at;
  };

  const insertMissing = async (records: readonly Unlinked[]) => {
    for (let attempt = 1; ; attempt++) {
      await look();
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

  /** One that the database refuses is a fault of ours: it is told, and does not keep the others out. */
  const addMissing = async (records: readonly Unlinked[]) => {
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
        log.error({ record: one.record.id, body: one.body }, "the database takes no such audit record");
      }
    }
  };

  return {
    get head() {
      return head;
    },
    look,
    async add(records) {
      try {
        await insert(records);
      } catch (error) {
        if (error instanceof OutsideTrouble) throw error;
        await addMissing(records);
      }
    },
    addMissing,
  };
}

const isConflict = (error: unknown) => error instanceof RefusedInput && error.code === "CONFLICT";
