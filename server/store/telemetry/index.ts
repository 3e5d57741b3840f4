export type { BlockRow, BlockStore, PeriodKey, SavedBlock, SavedRow, SealRows } from "./block-store.ts";
export type { StoreLog } from "./blocks.ts";
export type * from "./ports.ts";
export { postgresBlocks } from "./postgres-blocks.ts";
export type { StreamQueries } from "./queries.ts";
export type { TailRoom } from "./relief.ts";
export type { Replay, ReplayVisitor } from "./replay.ts";
export type { SealRun } from "./sealer.ts";
export { type OpenTelemetry, openTelemetry, type TelemetryOptions } from "./telemetry.ts";
