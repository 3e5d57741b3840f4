import { OutsideTrouble } from "@openward/errors";
import type { JournalEntry, RawInput } from "@openward/model";
import type { Timer, Timers } from "@openward/runtime";

/** ok: enough. low: somebody must make room. full: devices get no acks until there is room again. */
export type SpaceState = "ok" | "low" | "full";

/** A folder that is written to, and the room on its disk. */
export interface WatchedPlace {
  readonly name: string;
  readonly folder: string;
}

export interface PlaceSpace {
  readonly name: string;
  /** Bytes that this user may still write; null: could not be asked. */
  readonly freeBytes: number | null;
}

export interface SpaceWatch {
  readonly state: SpaceState;
  places(): readonly PlaceSpace[];
  onChange(listener: (state: SpaceState) => void): void;
  /** Look now. */
  look(): Promise<void>;
  stop(): void;
}

export interface SpaceOptions {
  readonly places: readonly WatchedPlace[];
  /** Bytes free on the disk of a folder. */
  readonly freeOf: (folder: string) => Promise<number>;
  /** Less than this is low. */
  readonly warnBytes: number;
  /** Less than this is full; 0: never. */
  readonly floorBytes: number;
  readonly timers: Timers;
  readonly log: { warn(facts: object, text: string): void; info(facts: object, text: string): void };
}

/** A disk that takes 100 MB a second loses a tenth of the usual floor between two looks. */
const LOOK_EVERY_MS = 500;

/** The first look is over when this resolves. */
export async function watchSpace(options: SpaceOptions): Promise<SpaceWatch> {
  const { places, freeOf, warnBytes, floorBytes, timers, log } = options;
  const listeners = new Set<(state: SpaceState) => void>();
  let found: PlaceSpace[] = places.map(({ name }) => ({ name, freeBytes: null }));
  let state: SpaceState = "ok";
  let looking: Promise<void> | undefined;

  const judge = (free: number): SpaceState => {
    // A little more than the threshold ends a state, so that it does not come and go with every file.
    const margin = (limit: number) => limit + limit / 8;
    if (free < (state === "full" ? margin(floorBytes) : floorBytes)) return "full";
    return free < (state === "ok" ? warnBytes : margin(warnBytes)) ? "low" : "ok";
  };
  const ask = async ({ name, folder }: WatchedPlace): Promise<PlaceSpace> => {
    try {
      return { name, freeBytes: await freeOf(folder) };
    } catch {
      // What cannot be asked is not known to be full; what cannot be written says so itself.
      return { name, freeBytes: null };
    }
  };
  const look = async () => {
    found = await Promise.all(places.map(ask));
    const known = found.flatMap(({ freeBytes }) => (freeBytes === null ? [] : [freeBytes]));
    if (known.length === 0) return;
    const next = judge(Math.min(...known));
    if (next === state) return;
    const facts = { state: next, places: found };
    state = next;
    if (next === "ok") log.info(facts, "there is room on the disk again");
    else if (next === "low") log.warn(facts, "the disk is filling up");
    else log.warn(facts, "the disk is as good as full: devices get no acks until there is room");
    for (const listener of listeners) listener(next);
  };
  const lookOnce = () => {
    looking ??= look().finally(() => {
      looking = undefined;
    });
    return looking;
  };

  await lookOnce();
  const timer: Timer = timers.every(LOOK_EVERY_MS, () => void lookOnce());
  return {
    get state() {
      return state;
    },
    places: () => found,
    onChange: (listener) => void listeners.add(listener),
    look: lookOnce,
    stop: () => timer.cancel(),
  };
}

interface Journal {
  append(entries: readonly JournalEntry[], raw?: RawInput): Promise<void>;
}

/**
 * The journal as devices have it: closed while the disk is full. Records of alarms, standby and what people do go past it
 * into what is left below the floor.
 */
export function refuseWhenFull<T extends Journal>(journal: T, space: Pick<SpaceWatch, "state">): Journal {
  return {
    append: (entries, raw) =>
      space.state === "full"
        ? Promise.reject(new OutsideTrouble("DISK_FULL", true, { at: "OPENWARD_DATA_DIR" }))
        : journal.append(entries, raw),
  };
}
