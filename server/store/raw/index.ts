export { type Fault, type KeptReadings, type KeptRow, type KeptWaveform, type Queries, rowsBetween } from "./span.ts";
