/** How an alarm sounds. */
export { type Burst, burstOf, type Melody, type Pulse, type TonePriority } from "./burst.ts";
export { waveFile } from "./wave-file.ts";
