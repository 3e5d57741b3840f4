import { OutsideTrouble } from "@openward/errors";
import type { JournalEntry } from "@openward/model";
import { tailBytesOf } from "@openward/timeseries";
import type { JournalLog, TailRoom } from "./ports.ts";

/** Appends that wait until the tails have room for them, in order: so devices wait for their acks, and memory ends there. */
export interface Waiting {
  /**
   * Resolves when there is room; undefined: there is now. Alarms, events and what else takes no tail never wait.
   *
   * @param bytes what it will take of the tails
   * @throws OutsideTrouble STORE_UNAVAILABLE when too much waits
   */
  forRoom(bytes: number): Promise<void> | undefined;
  /** What was let in takes part of the room until it is in the tails, or given up. */
  settled(bytes: number): void;
  readonly bytes: number;
  /** Nobody is let in any more. */
  close(): void;
}

interface Waiter {
  readonly bytes: number;
  readonly resolve: () => void;
  readonly reject: (error: OutsideTrouble) => void;
}

/** @param bytesMax how much may wait */
export function createWaiting(room: TailRoom | undefined, bytesMax: number, log: JournalLog): Waiting {
  const waiters: Waiter[] = [];
  let waitingBytes = 0;
  /** Let in, not yet in the tails. */
  let expected = 0;

  // One that alone is larger than all the room there will ever be goes through when nothing else is under way.
  const hasRoom = (bytes: number) => !room || expected === 0 || expected + bytes <= room.bytesFree();
  const isFull = () => room !== undefined && room.bytesFree() <= 0;
  const next = () => {
    for (let head = waiters[0]; head && !isFull() && hasRoom(head.bytes); head = waiters[0]) {
      waiters.shift();
      waitingBytes -= head.bytes;
      expected += head.bytes;
      head.resolve();
      if (waiters.length === 0) log.info({}, "recent readings have room again: nobody waits");
    }
  };
  room?.onFreed(next);

  return {
    forRoom(bytes) {
      if (!room || bytes === 0) return undefined;
      if (waiters.length === 0 && !isFull() && hasRoom(bytes)) {
        expected += bytes;
        return undefined;
      }
      if (waitingBytes + bytes > bytesMax) {
        return Promise.reject(new OutsideTrouble("STORE_UNAVAILABLE", true, { at: "tails" }));
      }
      waitingBytes += bytes;
      if (waiters.length === 0)
        log.warn({ bytesFree: room.bytesFree() }, "memory for recent readings is full: devices wait for their acks");
      return new Promise((resolve, reject) => waiters.push({ bytes, resolve, reject }));
    },
    settled(bytes) {
      expected -= bytes;
      if (waiters.length > 0) next();
    },
    get bytes() {
      return waitingBytes;
    },
    close() {
      for (const waiter of waiters.splice(0))
        waiter.reject(new OutsideTrouble("STORE_UNAVAILABLE", true, { at: "journal" }));
      waitingBytes = 0;
    },
  };
}

/** What the entries will take of the tails, about. */
export function tailBytesIn(entries: readonly JournalEntry[]): number {
  let bytes = 0;
  for (const entry of entries) {
    if (entry.kind === "readings") bytes += tailBytesOf(entry.readings.times.length);
    else if (entry.kind === "waveform") bytes += entry.waveform.samples.byteLength;
  }
  return bytes;
}
