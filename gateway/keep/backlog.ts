import { OutsideTrouble } from "@openward/errors";
import { type Disk, readSpoolFile, type Spool, spoolRecord } from "@openward/spool";
import { decodeMessage, encodeMessage, type KeptMessage } from "./message.ts";

/** Where a kept message lies. */
export interface Place {
  readonly file: string;
  /** Of the file's records, from 0. */
  readonly ordinal: number;
}

export interface Entry extends Place {
  readonly message: KeptMessage;
  /** In bytes on the disk, about. */
  readonly size: number;
}

export interface BacklogState {
  /** Messages that the server has not confirmed. */
  readonly messages: number;
  /** On the disk, what is confirmed of a file that holds others as well included. */
  readonly bytes: number;
  readonly bytesMax: number;
  /** When the oldest of them came, ms UTC; null: there are none. */
  readonly oldestAt: number | null;
  /** Messages that were refused for want of room since the start. */
  readonly refused: number;
  /** Records that could not be read: the disk did not keep what it had confirmed. */
  readonly damaged: number;
}

/**
 * What the server has not confirmed, on the disk. A message is answered when it is flushed, and goes with its file when
 * all of the file is confirmed. What is full takes nothing more: nothing that was answered is ever given up for something newer.
 */
export interface Backlog {
  /**
   * Takes stock of what an earlier process left.
   *
   * @param onFound told of each message that is there, confirmed or not, oldest first
   */
  open(onFound?: (message: KeptMessage) => void): Promise<void>;
  /**
   * Resolves when the message is on the disk; what is asked for while a flush runs shares the next one.
   *
   * @throws OutsideTrouble STORE_UNAVAILABLE: there is no room, or the disk does not keep what is written
   */
  keep(message: KeptMessage): Promise<Entry>;
  /** The oldest that nobody has taken; they are taken until `done` or `giveBack`. */
  take(messagesMax: number, bytesMax: number): Promise<readonly Entry[]>;
  /** The server has them. */
  done(places: readonly Place[]): Promise<void>;
  giveBack(places: readonly Place[]): void;
  readonly state: BacklogState;
  close(): Promise<void>;
}

/** What is known of a file; the messages themselves are read when their turn comes. */
interface KnownFile {
  readonly name: string;
  count: number;
  bytes: number;
  readonly done: Set<number>;
  readonly taken: Set<number>;
  /** When each message came. */
  readonly keptAt: number[];
  /** Messages before this one are done or taken. */
  from: number;
  acks: { append(chunks: readonly Uint8Array[]): Promise<void>; close(): Promise<void> } | undefined;
}

/** So much of the room is for calls for help alone. */
const RESERVE = 0.05;
const DONE_SUFFIX = ".done";
/**
 * A file that is confirmed stays for so long, as long as there is room: a device whose answer was lost with the power delivers again,
 * and what it delivers must be known.
 */
const KNOWN_MS = 10 * 60_000;
const KNOWN_SHARE = 0.1;

export function createBacklog({
  spool,
  disk,
  bytesMax,
  now,
  log,
}: {
  /** Of `bytesMax` in all. */
  spool: Spool;
  /** The same folder. */
  disk: Disk;
  bytesMax: number;
  now: () => number;
  log: { warn(facts: object, text: string): void; error(facts: object, text: string): void };
}): Backlog {
  const files = new Map<string, KnownFile>();
  let current: string | undefined;
  let refused = 0;
  let damaged = 0;
  let waiting: {
    message: KeptMessage;
    bytes: Uint8Array;
    resolve(entry: Entry): void;
    reject(error: unknown): void;
  }[] = [];
  let isWriting = false;
  let reading: { readonly name: string; readonly records: readonly Uint8Array[] } | undefined;
  let turn: Promise<unknown> = Promise.resolve();

  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const result = turn.then(work);
    turn = result.catch(() => {});
    return result;
  };
  const known = (name: string): KnownFile => {
    let file = files.get(name);
    if (!file) {
      file = { name, count: 0, bytes: 0, done: new Set(), taken: new Set(), keptAt: [], from: 0, acks: undefined };
      files.set(name, file);
    }
    return file;
  };

  async function write(): Promise<void> {
    if (isWriting) return;
    isWriting = true;
    while (waiting.length > 0) {
      const group = waiting;
      waiting = [];
      try {
        const name = await spool.append(group.map(({ bytes }) => bytes));
        const before = current;
        current = name;
        if (before !== undefined && before !== name) void inTurn(sweep);
        const file = known(name);
        for (const { message, bytes, resolve } of group) {
          const ordinal = file.count++;
          file.bytes += bytes.length;
          file.keptAt.push(message.keptAt);
          // Whoever keeps it has it in hand, and says when it is done or given back.
          file.taken.add(ordinal);
          resolve({ file: name, ordinal, message, size: bytes.length });
        }
      } catch (error) {
        refused += group.length;
        for (const { reject } of group) reject(error);
      }
    }
    isWriting = false;
  }

  const roomFor = (isUrgent: boolean) => bytesMax * (isUrgent ? 1 : 1 - RESERVE);

  async function recordsOf(name: string): Promise<readonly Uint8Array[]> {
    if (reading?.name === name) return reading.records;
    if (name === current) {
      // It is written on in another file: what is read is whole.
      await spool.rotate();
      if (current === name) current = undefined;
    }
    reading = { name, records: await spool.read(name) };
    return reading.records;
  }

  async function remove(file: KnownFile): Promise<void> {
    files.delete(file.name);
    if (reading?.name === file.name) reading = undefined;
    await spool.done(file.name);
    await file.acks?.close().catch(() => {});
    await disk.remove(`${file.name}${DONE_SUFFIX}`);
  }

  const isWhole = (file: KnownFile) => file.done.size === file.count && file.name !== current;

  /** Files that are confirmed, oldest first, when nobody will deliver again what is in them. */
  async function sweep(): Promise<void> {
    const whole = [...files.values()].filter(isWhole).sort((a, b) => (a.name < b.name ? -1 : 1));
    let bytes = whole.reduce((sum, file) => sum + file.bytes, 0);
    for (const file of whole) {
      const isOld = now() - (file.keptAt.at(-1) ?? 0) >= KNOWN_MS;
      if (!isOld && bytes <= bytesMax * KNOWN_SHARE) continue;
      bytes -= file.bytes;
      await remove(file);
    }
  }

  /** Not flushed: what is forgotten is sent again, and is the same message. */
  async function note(file: KnownFile, ordinals: readonly number[]): Promise<void> {
    const bytes = new Uint8Array(new Uint32Array(ordinals).buffer);
    try {
      file.acks ??= await disk.create(`${file.name}${DONE_SUFFIX}`);
      await file.acks.append(spoolRecord(bytes));
    } catch (error) {
      await file.acks?.close().catch(() => {});
      file.acks = undefined;
      log.warn({ file: file.name, reason: (error as Error).message }, "what is confirmed could not be noted");
    }
  }

  async function openFile(name: string, onFound: (message: KeptMessage) => void): Promise<void> {
    const contents = readSpoolFile(await disk.read(name));
    const file = known(name);
    for (const record of contents.batches) {
      const message = decodeMessage(record);
      file.count++;
      file.bytes += record.length;
      file.keptAt.push(message.keptAt);
      onFound(message);
    }
    // Of a file that is damaged nobody knows which record is which: all of it is sent again.
    if (contents.damagedBytes > 0) damaged++;
    else for (const ordinal of await doneOf(name, file.count)) file.done.add(ordinal);
    await disk.remove(`${name}${DONE_SUFFIX}`);
    if (file.done.size > 0) await note(file, [...file.done]);
    if (file.count === 0) await remove(file);
  }

  async function doneOf(name: string, count: number): Promise<readonly number[]> {
    const noted = await disk.read(`${name}${DONE_SUFFIX}`).catch(() => new Uint8Array());
    const { batches } = readSpoolFile(noted);
    // A copy: what is read from a disk is a view of a larger buffer, and may begin anywhere in it.
    return batches.flatMap((batch) =>
      [...new Uint32Array(new Uint8Array(batch).buffer)].filter((ordinal) => ordinal < count),
    );
  }

  return {
    open: (onFound = () => {}) =>
      inTurn(async () => {
        await spool.open();
        const names = await disk.list();
        for (const name of names) {
          if (name.endsWith(".spool")) await openFile(name, onFound);
          else if (name.endsWith(DONE_SUFFIX) && !names.includes(name.slice(0, -DONE_SUFFIX.length)))
            await disk.remove(name);
        }
      }),

    keep(message) {
      const bytes = encodeMessage(message);
      if (spool.bytes + bytes.length > roomFor(message.isUrgent)) {
        refused++;
        const facts = { at: "spool", expected: `at most ${bytesMax} bytes` };
        return Promise.reject(new OutsideTrouble("STORE_UNAVAILABLE", true, facts));
      }
      return new Promise<Entry>((resolve, reject) => {
        waiting.push({ message, bytes, resolve, reject });
        void write();
      });
    },

    take: (messagesMax, takeBytesMax) =>
      inTurn(async () => {
        const taken: Entry[] = [];
        let bytes = 0;
        for (const name of [...files.keys()].sort()) {
          const file = files.get(name);
          if (!file) continue;
          while (file.from < file.count && (file.done.has(file.from) || file.taken.has(file.from))) file.from++;
          if (file.from >= file.count) continue;
          const records = await recordsOf(name);
          // A write that failed may have left more than was counted: the same messages stand behind it again.
          file.count = Math.max(file.count, records.length);
          for (let ordinal = file.from; ordinal < file.count; ordinal++) {
            if (file.done.has(ordinal) || file.taken.has(ordinal)) continue;
            const record = records[ordinal];
            if (!record) {
              // It was confirmed to the device, and the disk has it no more.
              file.done.add(ordinal);
              damaged++;
              continue;
            }
            if (taken.length >= messagesMax || (taken.length > 0 && bytes + record.length > takeBytesMax)) return taken;
            file.taken.add(ordinal);
            bytes += record.length;
            taken.push({ file: name, ordinal, message: decodeMessage(record), size: record.length });
          }
          if (taken.length > 0) return taken;
        }
        return taken;
      }),

    done: (places) =>
      inTurn(async () => {
        for (const [name, ordinals] of Map.groupBy(places, ({ file }) => file)) {
          const file = files.get(name);
          if (!file) continue;
          for (const { ordinal } of ordinals) {
            file.done.add(ordinal);
            file.taken.delete(ordinal);
          }
          await note(
            file,
            ordinals.map(({ ordinal }) => ordinal),
          );
        }
        await sweep();
      }),

    giveBack(places) {
      for (const { file: name, ordinal } of places) {
        const file = files.get(name);
        if (!file?.taken.delete(ordinal)) continue;
        file.from = Math.min(file.from, ordinal);
      }
    },

    get state() {
      let messages = 0;
      let oldestAt: number | null = null;
      for (const file of files.values()) {
        messages += file.count - file.done.size;
        for (let ordinal = 0; ordinal < file.count; ordinal++) {
          if (file.done.has(ordinal)) continue;
          const at = file.keptAt[ordinal];
          if (at !== undefined && (oldestAt === null || at < oldestAt)) oldestAt = at;
          break;
        }
      }
      return { messages, bytes: spool.bytes, bytesMax, oldestAt, refused, damaged };
    },

    close: () =>
      inTurn(async () => {
        for (const file of files.values()) await file.acks?.close().catch(() => {});
        await spool.close();
      }),
  };
}
