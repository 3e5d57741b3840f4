import type { PatientView } from "@openward/model";
import { createIngest, type DeviceMessage, type Ingest, type Receipt } from "../../server/ingest/index.ts";
import type { Deliveries, Directory, Journal as IngestJournal } from "../../server/ingest/ports.ts";
import {
  type Connect,
  type Disk,
  type Journal,
  type JournalRows,
  type RecoverableTails,
  startJournal,
  type Tails,
} from "../../server/store/journal/index.ts";
import type { DataKeys } from "../../server/store/keys/index.ts";
import { type BlockStore, type OpenTelemetry, openTelemetry } from "../../server/store/telemetry/index.ts";
import type { FaultyDatabase } from "./database/faults.ts";
import type { ModelDisk } from "./disk.ts";
import type { Keys } from "./keys.ts";
import type { Plan } from "./plan.ts";
import type { Process } from "./process.ts";
import { PATIENTS, patientId, type Ward } from "./ward.ts";
import type { Witness } from "./witness.ts";
import type { World } from "./world.ts";

/** What is handed to the rooms; a planted fault puts something else in the place of one of them. */
export interface Parts {
  readonly connect: Connect;
  readonly rows: JournalRows;
  readonly disk: Disk;
  readonly blocks: BlockStore;
  readonly keys: DataKeys;
  readonly tails: (tails: Tails) => Tails;
  readonly recovery: (recovery: RecoveryOfTails) => RecoveryOfTails;
  readonly journal: (journal: IngestJournal) => IngestJournal;
  readonly directory: (directory: Directory) => Directory;
  readonly deliveries: (deliveries: Deliveries) => Deliveries;
}

/** How a start reads the journal into the tails. */
export type RecoveryOfTails = Pick<RecoverableTails, "prepareReplay" | "deliveriesKnown" | "recovered">;

export type Plant = (parts: Parts, world: World) => Partial<Parts>;

export interface Server {
  readonly telemetry: OpenTelemetry;
  readonly journal: Journal;
  accept(message: DeviceMessage): Promise<Receipt>;
  stop(): Promise<void>;
}

const everybody = Array.from({ length: PATIENTS }, (_, n) => patientId(n));
const principal = { kind: "system", id: "check", display: "check", organisationId: "", role: "nurse" } as const;
export const VIEW: PatientView = {
  principal,
  has: (id) => everybody.includes(id),
  patientIds: () => everybody,
  recordsOf: (id) => [id],
  hiddenOf: () => undefined,
};

/** What a process finds, and leaves behind when it dies. */
export interface Machine {
  readonly ward: Ward;
  readonly database: FaultyDatabase;
  readonly disk: ModelDisk;
  readonly keys: Keys;
  readonly plant: Plant | undefined;
}

// What these lines say never happens to whoever has no damaged disk, and nothing here damages what was flushed.
const NEVER = /cannot be read|could not be shown|cannot be sealed/;

/** Ingest, journal, spool, tails and blocks as server/main.ts introduces them to one another, on what is modelled. */
export async function startServer(
  world: World,
  process: Process,
  plan: Plan,
  { ward, database, disk, keys, plant }: Machine,
  witness: Witness,
): Promise<Server> {
  const { runtime } = process;
  const plain: Parts = {
    connect: database.connect(process),
    rows: database.rows(process),
    disk: disk.of(process),
    blocks: database.blocks(process),
    keys: await keys.of(process),
    tails: (tails) => tails,
    recovery: (recovery) => recovery,
    journal: (journal) => journal,
    directory: (directory) => directory,
    deliveries: (deliveries) => deliveries,
  };
  const parts = { ...plain, ...plant?.(plain, world) };
  const log = logOf(world, process);
  await database.endEarlierWriters(process);
  const telemetry = await openTelemetry({
    runtime,
    store: parts.blocks,
    keys: parts.keys,
    log,
    tailBytesMax: plan.tailBytesMax,
  });
  const tails = parts.tails({
    committed(entries, first, last) {
      witness.committed(entries, first, last);
      telemetry.committed(entries, first, last);
    },
  });
  const journal = await startJournal({
    runtime,
    connect: parts.connect,
    // Small pages: what happens between two of them is what a start is tried by.
    rows: {
      ...parts.rows,
      async page(after, rowsMax) {
        if (plan.recoverySlowMs > 0) await world.sleep(plan.recoverySlowMs);
        return parts.rows.page(after, Math.min(rowsMax, plan.recoveryRows));
      },
    },
    disk: parts.disk,
    spoolBytesMax: plan.spoolBytesMax,
    journalDays: plan.journalDays,
    rawDays: plan.rawDays,
    limits: plan.limits,
    keys: parts.keys,
    log,
    tails: {
      ...parts.recovery({
        prepareReplay: telemetry.prepareReplay,
        deliveriesKnown: telemetry.deliveriesKnown,
        recovered: telemetry.recovered,
      }),
      room: telemetry.room,
      committed: tails.committed,
    },
  });
  const inner = parts.journal(journal);
  const ingest: Ingest = createIngest({
    runtime,
    directory: parts.directory({
      associationAt: (deviceId, at) => ward.at(deviceId, at),
      associations: (deviceId) => ward.of(deviceId),
      knowsStream: telemetry.knowsStream,
      addStream: telemetry.addStream,
      timeZoneAt: () => undefined,
      recordNumbersOf: () => [],
      deviceType: () => "bedside-monitor",
    }),
    deliveries: parts.deliveries(telemetry.deliveries),
    journal: {
      async append(entries, raw) {
        await inner.append(entries, raw);
        if (!process.isAlive) return;
        witness.acknowledged(entries);
        if (!telemetry.isWhole) world.count("acknowledged while the journal is read");
      },
    },
    watch: { readings() {}, waveform() {}, event() {}, status() {}, connection() {}, clock() {} },
    live: { readings() {}, waveform() {} },
    report: (error, doing) => world.break("recovers", `${doing}: ${(error as Error).stack}`),
  });
  return {
    telemetry,
    journal,
    accept: ingest.accept,
    async stop() {
      await telemetry.close();
      await journal.close();
    },
  };
}

function logOf(world: World, process: Process) {
  const write = (level: string) => (fields: Readonly<Record<string, unknown>>, text: string) => {
    world.note(() => `${level} of process ${process.number}: ${text} ${JSON.stringify(fields)}`);
    if (text === "tails were sealed before their time") world.count("tails sealed early");
    const isLost = text === "the journal was read again" && (fields.unreadable !== 0 || fields.unknownStreams !== 0);
    // After the loss of power the spool's last write may be there in part: it says so, and that is not confirmed data.
    if ((level === "error" && NEVER.test(text) && process.isAlive) || isLost)
      world.break("stored", `${text} ${JSON.stringify({ ...fields, err: String(fields.err) })}`);
  };
  return { info: write("info"), warn: write("warn"), error: write("error") };
}
