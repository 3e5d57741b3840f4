import type { JournalEntry } from "@openward/model";
import type { Timers } from "@openward/runtime";
import { tailBytesOf } from "@openward/timeseries";
import { createGate, stillRecovering } from "./gate.ts";

/** How long a reader waits for the journal to be read, before it is told to come again. */
const READER_WAITS_MS = 5_000;
/** What new entries may take while they wait for the older ones; of a small budget of the tails, a quarter. */
const HELD_BYTES_MAX = 256 * 1024 * 1024;
/** What an entry takes besides its columns: it is held as the objects that ingest made. */
const ENTRY_BYTES = 700;
/** Entries that are taken up before others have their turn. */
const ENTRIES_AT_ONCE = 500;

type Committed = (entries: readonly JournalEntry[], first: number, last: number) => void;

interface Held {
  readonly entries: readonly JournalEntry[];
  readonly first: number;
  readonly last: number;
  readonly bytes: number;
  readonly tailBytes: number;
}

/**
 * A start, while the server serves already. The journal of before is read into the tails in its order; what is committed
 * meanwhile is held behind it, in order too. So the tails get exactly what they would have got from a journal that was
 * read when all of that stood in it. Until then nobody reads them: who asks waits, and is refused when it takes long.
 */
export interface Recovery {
  readonly isWhole: boolean;
  /** Resolves when the deliveries of before are known; undefined: they are. @throws as `wait` */
  deliveries(): Promise<void> | undefined;
  deliveriesKnown(): void;
  /** For questions: resolves when the tails are whole. @throws OutsideTrouble STORE_RECOVERING when it takes longer */
  wait(): Promise<void>;
  /** For questions that cannot wait. @throws OutsideTrouble STORE_RECOVERING */
  check(): void;
  /** However long it takes. @throws OutsideTrouble STORE_RECOVERING when the server stops before */
  whole(): Promise<void>;
  /** The journal's side: taken up at once when everything before it was. */
  readonly committed: Committed;
  /** The journal of before was read: takes up what was held, and opens the tails. */
  finish(pause: () => Promise<void>): Promise<void>;
  /** What may still be taken in, where the tails have room for so much. */
  bytesFree(ofTails: number): number;
  /** The server stops: nobody waits any more. */
  stop(): void;
}

export function createRecovery(options: {
  readonly timers: Timers;
  readonly take: Committed;
  /** Told of a fault of ours: the entries are durable all the same. */
  readonly onFault: (error: unknown) => void;
  readonly tailBytesMax: number;
  readonly readerWaitsMs?: number | undefined;
  readonly heldBytesMax?: number | undefined;
}): Recovery {
  const { timers, take, onFault, tailBytesMax, readerWaitsMs = READER_WAITS_MS } = options;
  const heldMax = options.heldBytesMax ?? Math.min(HELD_BYTES_MAX, tailBytesMax / 4);
  const held: Held[] = [];
  const whole = createGate(timers);
  const deliveries = createGate(timers);
  let bytes = 0;
  let tailBytes = 0;

  const takeUp = ({ entries, first, last, ...took }: Held) => {
    bytes -= took.bytes;
    tailBytes -= took.tailBytes;
    try {
      take(entries, first, last);
    } catch (error) {
      onFault(error);
    }
  };

  return {
    get isWhole() {
      return whole.isOpen;
    },
    deliveries: () => (deliveries.isOpen ? undefined : deliveries.wait(readerWaitsMs)),
    deliveriesKnown: deliveries.open,
    wait: () => whole.wait(readerWaitsMs),
    whole: () => whole.wait(Number.POSITIVE_INFINITY),
    check() {
      if (!whole.isOpen) throw stillRecovering();
    },
    committed(entries, first, last) {
      if (whole.isOpen) return take(entries, first, last);
      const kept = entries.filter(isForTails);
      const ofTails = kept.reduce((sum, entry) => sum + tailBytesOfEntry(entry), 0);
      const each = { entries: kept, first, last, bytes: ofTails + kept.length * ENTRY_BYTES, tailBytes: ofTails };
      bytes += each.bytes;
      tailBytes += each.tailBytes;
      held.push(each);
    },
    async finish(pause) {
      let at = 0;
      let taken = 0;
      // What is committed during a pause comes behind the rest; between the last of it and the end there is none.
      for (let next = held[at]; next; next = held[at]) {
        takeUp(next);
        at++;
        taken += next.entries.length + 1;
        if (taken < ENTRIES_AT_ONCE) continue;
        held.splice(0, at);
        at = 0;
        taken = 0;
        await pause();
      }
      held.length = 0;
      whole.open();
    },
    bytesFree: (ofTails) => (whole.isOpen ? ofTails : Math.min(ofTails - tailBytes, heldMax - bytes)),
    stop() {
      deliveries.stop();
      whole.stop();
    },
  };
}

/** Others stand in tables of their own, or are nobody's business here. */
function isForTails({ kind }: JournalEntry): boolean {
  return kind === "readings" || kind === "waveform" || kind === "stream" || kind === "delivery";
}

function tailBytesOfEntry(entry: JournalEntry): number {
  if (entry.kind === "readings") return tailBytesOf(entry.readings.times.length);
  return entry.kind === "waveform" ? entry.waveform.samples.byteLength : 0;
}
