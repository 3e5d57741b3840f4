import type { Disk } from "@openward/spool";

interface ModelFile {
  chunks: Uint8Array[];
  length: number;
  flushed: number;
}

function bytesOf(file: ModelFile): Uint8Array {
  if (file.chunks.length > 1) file.chunks = [new Uint8Array(Buffer.concat(file.chunks))];
  return file.chunks[0] ?? new Uint8Array();
}

/**
 * A folder in memory. A power cut leaves of each file what was flushed and some of what was not, torn where chance has it;
 * an answer that was not given by then is never given.
 */
export class ModelDisk implements Disk {
  readonly files = new Map<string, ModelFile>();
  readonly #float: () => number;
  readonly #flush: () => Promise<void>;
  #generation = 0;
  #flushing = 0;

  /** @param flush resolves after the time that a flush takes */
  constructor(float: () => number, flush: () => Promise<void>) {
    this.#float = float;
    this.#flush = flush;
  }

  /** Something is written that is not sure yet. */
  get isBusy(): boolean {
    return this.#flushing > 0;
  }

  /** Power is cut: whoever wrote until now writes nothing more. */
  cut(): void {
    this.#generation++;
    this.#flushing = 0;
    for (const file of this.files.values()) {
      const unsure = file.length - file.flushed;
      if (unsure === 0) continue;
      file.chunks = [bytesOf(file).slice(0, file.flushed + Math.floor(this.#float() * (unsure + 1)))];
      file.length = file.chunks[0]?.length ?? 0;
      file.flushed = file.length;
    }
  }

  /** The folder as the process that runs now sees it. */
  opened(): Disk {
    const generation = this.#generation;
    const alive = async () => {
      if (generation !== this.#generation) await new Promise(() => {});
    };
    const guarded = async <T>(work: () => Promise<T>): Promise<T> => {
      await alive();
      const result = await work();
      await alive();
      return result;
    };
    return {
      list: () => guarded(() => this.list()),
      read: (name) => guarded(() => this.read(name)),
      create: (name) =>
        guarded(async () => {
          const file = await this.create(name);
          return {
            append: (chunks) => guarded(() => file.append(chunks)),
            flush: () => guarded(() => file.flush()),
            close: () => guarded(() => file.close()),
          };
        }),
      remove: (name) => guarded(() => this.remove(name)),
      rename: (name, to) => guarded(() => this.rename(name, to)),
    };
  }

  async list(): Promise<string[]> {
    return [...this.files.keys()].sort();
  }

  async read(name: string): Promise<Uint8Array> {
    const file = this.files.get(name);
    if (!file) throw new Error(`no file ${name}`);
    // As a disk gives it: a view of a larger buffer, which is filled with something else around it.
    const bytes = bytesOf(file);
    const larger = Buffer.alloc(bytes.length + 64, 1);
    larger.set(bytes, 3);
    return larger.subarray(3, 3 + bytes.length);
  }

  async create(name: string) {
    if (this.files.has(name)) throw new Error(`there is a file ${name}`);
    const file: ModelFile = { chunks: [], length: 0, flushed: 0 };
    this.files.set(name, file);
    return {
      async append(chunks: readonly Uint8Array[]) {
        for (const chunk of chunks) {
          file.chunks.push(chunk.slice());
          file.length += chunk.length;
        }
      },
      flush: async () => {
        const generation = this.#generation;
        const { length } = file;
        this.#flushing++;
        await this.#flush();
        // Power was cut meanwhile: nothing more reaches the disk.
        if (generation !== this.#generation) return;
        this.#flushing--;
        file.flushed = Math.max(file.flushed, length);
      },
      async close() {},
    };
  }

  async remove(name: string): Promise<void> {
    this.files.delete(name);
  }

  async rename(name: string, to: string): Promise<void> {
    const file = this.files.get(name);
    if (file) this.files.set(to, file);
    this.files.delete(name);
  }
}
