export { createSpool, type Disk, folderDisk, type Spool, type SpoolFile } from "@openward/spool";
export { BATCH_VERSION, type BatchVisitor, type RareEntry, readBatch, type WaveformHead } from "./batch.ts";
export { type Connect, connectWithPg, type SqlConnection, type SqlStatement } from "./connection.ts";
export {
  createJournal,
  type Journal,
  type JournalLimits,
  type JournalOptions,
  type JournalState,
  type JournalStatistics,
} from "./journal.ts";
export { type OpenJournalOptions, openJournal, type RecoverableTails, startJournal } from "./open.ts";
export type { JournalLog, Tails, WorkerQueries } from "./ports.ts";
export { type Recovered, replayJournal } from "./recovery.ts";
export { type JournalRows, postgresJournalRows } from "./rows.ts";
