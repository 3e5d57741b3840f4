import type { Disk } from "../../server/store/journal/index.ts";
import type { Process } from "./process.ts";
import type { World } from "./world.ts";

interface File {
  written: Uint8Array;
  /** What survives the loss of power for certain. */
  flushed: Uint8Array;
  /** Ranges that a failed flush has lost for good, whatever a later one says. */
  lost: { from: number; to: number }[];
}

const SECTOR = 64;
/** By then the file system has flushed its folders on its own account. */
const NAMES_FLUSHED_MS = 30_000;

/** A folder whose un-flushed writes may be torn, dropped and reordered, whose flush may fail, and that may be full. */
export class ModelDisk {
  readonly #world: World;
  readonly #files = new Map<string, File>();
  /** Removed and renamed names that the loss of power may bring back. */
  #undo: { at: number; run: () => void }[] = [];
  failFlushes = 0;
  isFull = false;
  slowMs = 0;

  constructor(world: World) {
    this.#world = world;
  }

  /** Files as a start after the loss of power would find them for certain. */
  flushed(): Uint8Array[] {
    return [...this.#files.values()].map((file) => file.flushed);
  }

  /** Files as the next process finds them. */
  written(): Uint8Array[] {
    return [...this.#files.values()].map((file) => file.written);
  }

  mend(): void {
    this.failFlushes = 0;
    this.isFull = false;
    this.slowMs = 0;
  }

  losePower(): void {
    const { chance } = this.#world;
    for (const { at, run } of this.#undo.splice(0).reverse())
      if (this.#world.now - at < NAMES_FLUSHED_MS && chance.is(0.5)) run();
    for (const [name, file] of this.#files) {
      const before = file.flushed.length;
      const torn = new Uint8Array(before + chance.int(file.written.length - before + 1));
      torn.set(file.flushed);
      for (let at = before; at < torn.length; at += SECTOR) {
        const end = Math.min(at + SECTOR, torn.length);
        if (chance.is(0.7)) torn.set(file.written.subarray(at, end), at);
        else this.#world.count("sectors lost");
      }
      if (torn.length !== file.written.length) this.#world.count("files torn");
      this.#files.set(name, { written: torn, flushed: torn.slice(), lost: [] });
    }
  }

  of(process: Process): Disk {
    const { chance } = this.#world;
    const files = this.#files;
    const act = <T>(name: string, run: () => T): Promise<T> =>
      process.operation({
        name: `disk ${name}`,
        delayMs: chance.int(2) + this.slowMs,
        answerMs: chance.int(2),
        run,
        mayOutlive: false,
      });
    const fileOf = (name: string): File => {
      const file = files.get(name);
      if (!file) throw Object.assign(new Error("no such file"), { code: "ENOENT" });
      return file;
    };
    return {
      list: () => act("list", () => [...files.keys()].sort()),
      read: (name) => act("read", () => fileOf(name).written.slice()),
      create: (name) =>
        act("create", () => {
          if (files.has(name)) throw Object.assign(new Error("the file exists"), { code: "EEXIST" });
          if (this.isFull && chance.is(0.5)) throw Object.assign(new Error("no space left"), { code: "ENOSPC" });
          const file: File = { written: new Uint8Array(), flushed: new Uint8Array(), lost: [] };
          files.set(name, file);
          return {
            append: (chunks) => {
              const bytes = Buffer.concat(chunks);
              return act("append", () => this.#append(file, bytes));
            },
            flush: () => act("flush", () => this.#flush(file)),
            close: () => act("close", () => {}),
          };
        }),
      remove: (name) =>
        act("remove", () => {
          const file = files.get(name);
          files.delete(name);
          if (file) this.#undo.push({ at: this.#world.now, run: () => files.has(name) || files.set(name, file) });
        }),
      rename: (name, to) =>
        act("rename", () => {
          const file = fileOf(name);
          files.delete(name);
          files.set(to, file);
          this.#undo.push({ at: this.#world.now, run: () => files.delete(to) && files.set(name, file) });
        }),
    };
  }

  #append(file: File, bytes: Uint8Array): void {
    const { chance } = this.#world;
    if (!this.isFull) {
      file.written = Buffer.concat([file.written, bytes]);
      return;
    }
    this.#world.count("disk full");
    file.written = Buffer.concat([file.written, bytes.subarray(0, chance.int(bytes.length))]);
    throw Object.assign(new Error("no space left"), { code: "ENOSPC" });
  }

  #flush(file: File): void {
    const { chance } = this.#world;
    if (this.failFlushes > 0) {
      this.failFlushes--;
      this.#world.count("flushes failed");
      const range = { from: file.flushed.length, to: file.written.length };
      if (chance.is(0.5)) file.lost.push(range);
      throw Object.assign(new Error("input/output error"), { code: "EIO" });
    }
    file.flushed = file.written.slice();
    for (const { from, to } of file.lost) file.flushed.fill(0, from, to);
  }
}
