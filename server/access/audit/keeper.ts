import type { Runtime } from "@openward/runtime";
import { digestOf } from "./chain.ts";
import { decodeCheckpoint, nextCheckpoint, type SignedCheckpoint, type Signer } from "./checkpoint.ts";
import type { AuditLogger, Recorder } from "./ports.ts";
import type { AuditRecord } from "./record.ts";
import type { AuditTable, PendingChange } from "./table.ts";

/** The promise is 60 seconds: a timer that is late, and a try that fails, still keep it. */
const CHECKPOINT_MS = 25_000;
const LINK_MS = 1_000;
const LINK_MAX = 500;
/** No transaction is open for so long: what is older and was not linked was looked for at the start. */
const SETTLED_MS = 3_600_000;

/** What the log says of a row that a change wrote of itself. */
function recordOf(change: PendingChange, id: string): AuditRecord {
  const isProgram = !/^[0-9a-f]{8}-/.test(change.actor);
  return {
    id,
    at: change.at,
    organisationId: change.organisationId,
    who: {
      kind: isProgram ? "system" : "person",
      id: change.actor,
      display: isProgram ? change.actor : "",
      role: null,
    },
    action: "U",
    code: change.action,
    patients: change.patientId === null ? [] : [change.patientId],
    entity: entityOf(change.action),
    entityId: change.deviceId ?? undefined,
    via: "change",
    outcome: "allowed",
    change: { position: change.position, digest: change.digest },
  };
}

/** "patient.admit" is of a Patient. */
function entityOf(action: string): string {
  const [noun = ""] = action.split(".");
  return noun.charAt(0).toUpperCase() + noun.slice(1).replace(/-./g, (two) => two.charAt(1).toUpperCase());
}

/** What says when its records are in the chain. */
export type ChainRecorder = Recorder & { flush(): Promise<void> };

/** Links what changes wrote in their own transactions into the chain. @returns how many */
export async function linkChanges(
  table: Pick<AuditTable, "pendingChanges">,
  { recorder, newId, above = 0 }: { recorder: ChainRecorder; newId: () => string; above?: number },
): Promise<number> {
  let linked = 0;
  for (let from = above; ; ) {
    const pending = await table.pendingChanges(from, LINK_MAX);
    await Promise.all(pending.map((change) => recorder.append(recordOf(change, newId()))));
    // What is not in the chain yet would be found once more.
    if (pending.length > 0) await recorder.flush();
    linked += pending.length;
    if (pending.length < LINK_MAX) return linked;
    from = pending.at(-1)?.position ?? from;
  }
}

/** Signs where all chains are, after the newest checkpoint. @returns undefined where another process did it just now */
export async function takeCheckpoint(
  table: Pick<AuditTable, "lastCheckpoint" | "heads" | "addCheckpoint">,
  { at, signer }: { at: number; signer: Signer },
): Promise<SignedCheckpoint | undefined> {
  const before = await table.lastCheckpoint();
  const made = nextCheckpoint(before, await table.heads(), { at, signer });
  const { number } = decodeCheckpoint(made.body);
  return (await table.addCheckpoint(number, at, made)) ? made : undefined;
}

/** Where the newest checkpoint is noted outside the database, so that a log which was set back is noticed. */
export interface CheckpointNote {
  load(): Promise<SignedCheckpoint | undefined>;
  save(checkpoint: SignedCheckpoint): Promise<void>;
}

/** Links changes every second and signs every half minute, as long as the database answers. */
export function startKeeper(deps: {
  readonly table: AuditTable;
  readonly recorder: ChainRecorder;
  readonly isWritable: () => boolean;
  readonly signer: Signer;
  readonly note: CheckpointNote;
  readonly runtime: Pick<Runtime, "clock" | "timers" | "ids">;
  readonly log: AuditLogger;
}) {
  const { table, recorder, signer, note, runtime, log } = deps;
  const newId = () => runtime.ids.uuid();
  let above = 0;
  let lookedAt = 0;
  let queue: Promise<unknown> = Promise.resolve();
  let isClosed = false;

  const inTurn = (work: () => Promise<unknown>): Promise<void> => {
    queue = queue.then(async () => {
      if (isClosed || !deps.isWritable()) return;
      try {
        await work();
      } catch (error) {
        log.warn({ reason: (error as Error).message }, "the audit log could not be looked after; it is tried again");
      }
    });
    return queue.then(() => {});
  };

  const link = async () => {
    await linkChanges(table, { recorder, newId, above });
    const now = runtime.clock.now();
    if (now - lookedAt < SETTLED_MS) return;
    above = await table.lastChangeBefore(now - SETTLED_MS);
    lookedAt = now;
  };

  const checkpoint = async () => {
    await link();
    await recorder.flush();
    const made = await takeCheckpoint(table, { at: runtime.clock.now(), signer });
    if (!made) return;
    await note.save(made);
    const { number, records } = decodeCheckpoint(made.body);
    // What collects the log keeps it elsewhere: whoever can change the database cannot change that.
    log.info({ number, records, digest: digestOf(made.body) }, "audit checkpoint");
  };

  const compare = async () => {
    const [noted, last] = [await note.load(), await table.lastCheckpoint()];
    if (!noted) return;
    const { number } = decodeCheckpoint(noted.body);
    const lastNumber = last ? decodeCheckpoint(last.body).number : 0;
    if (lastNumber >= number) return;
    log.error(
      { noted: number, found: lastNumber },
      "the audit log ends before a checkpoint that was made: the database was set back, or somebody cut it",
    );
    const at = runtime.clock.now();
    await recorder.append({
      id: newId(),
      at,
      organisationId: null,
      who: { kind: "system", id: "openward", display: "Openward", role: null },
      action: "E",
      code: "audit.set-back",
      patients: [],
      entity: "AuditEvent",
      entityId: `checkpoint ${number}`,
      via: "start",
      outcome: "failed",
    });
  };

  void inTurn(compare);
  void inTurn(checkpoint);
  const timers = [
    runtime.timers.every(LINK_MS, () => void inTurn(link)),
    runtime.timers.every(CHECKPOINT_MS, () => void inTurn(checkpoint)),
  ];
  return {
    /** Links and signs now. */
    checkpoint: () => inTurn(checkpoint),
    async close() {
      for (const timer of timers) timer.cancel();
      await inTurn(checkpoint);
      isClosed = true;
      await queue;
    },
  };
}
