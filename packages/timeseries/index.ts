/** Blocks, tails and downsampling of readings and waveforms. Pure: compression is handed in. */
export * from "./block-file.ts";
export * from "./bytes.ts";
export * from "./column-memory.ts";
export * from "./columns.ts";
export { crc32 } from "./crc32.ts";
export * from "./downsample.ts";
export * from "./lttb.ts";
export * from "./merge.ts";
export * from "./numeric-block.ts";
export * from "./rollup.ts";
export * from "./samples.ts";
export * from "./tail.ts";
export { TailMemory, tailBytesOf } from "./tail-memory.ts";
export { UuidTable } from "./uuid-table.ts";
export * from "./waveform-block.ts";
export * from "./waveform-overview.ts";
export * from "./waveform-runs.ts";
export * from "./waveform-tail.ts";
