import type { TailMemory } from "@openward/timeseries";

/** Above this part of the budget tails are sealed and dropped before their time. */
const RELIEVE_ABOVE = 0.6;
/** Until they take this part. */
const RELIEVE_TO = 0.4;

/** The budget of the tails, for the journal: while there is no room, devices wait for their acks. */
export interface TailRoom {
  /** Bytes that may be taken up yet. */
  bytesFree(): number;
  /** Told whenever tails gave memory back. */
  onFreed(listener: () => void): void;
}

export function needsRelief({ used, bytesMax }: TailMemory): boolean {
  return used > bytesMax * RELIEVE_ABOVE;
}

export function isRelieved({ used, bytesMax }: TailMemory): boolean {
  return used <= bytesMax * RELIEVE_TO;
}
