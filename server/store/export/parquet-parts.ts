import { createHash, type Hash } from "node:crypto";
import { type FileHandle, open } from "node:fs/promises";
import { join } from "node:path";
import type { SchemaElement } from "hyparquet";
import { ByteWriter, ParquetWriter } from "hyparquet-writer";

export interface WrittenFile {
  readonly name: string;
  readonly rows: number;
  readonly bytes: number;
  readonly sha256: string;
}

interface OpenPart {
  readonly name: string;
  readonly file: FileHandle;
  readonly out: ByteWriter;
  readonly writer: ParquetWriter;
  readonly hash: Hash;
  rows: number;
  bytes: number;
}

/**
 * Files "NAME-0001.parquet" and so on, a row group at a time, so that memory holds one group. Small pieces gather to a
 * group: a sparse stream's day would make a poor one.
 */
export class ParquetParts {
  readonly files: WrittenFile[] = [];
  /** Also those that are not finished. */
  readonly names: string[] = [];
  readonly #folder: string;
  readonly #name: string;
  readonly #schema: SchemaElement[];
  readonly #rowsMax: number;
  readonly #groupWeight: number;
  readonly #metadata: { readonly key: string; readonly value: string }[];
  #part: OpenPart | undefined;
  #gathered: Record<string, unknown[]> = {};
  #rows = 0;
  #weight = 0;

  constructor(parts: {
    readonly folder: string;
    readonly name: string;
    readonly schema: SchemaElement[];
    readonly rowsMax: number;
    /** How much makes a row group, in the unit of `weight`. */
    readonly groupWeight: number;
    /** Stands in each file's footer. */
    readonly metadata: Readonly<Record<string, string>>;
  }) {
    this.#folder = parts.folder;
    this.#name = parts.name;
    this.#schema = parts.schema;
    this.#rowsMax = parts.rowsMax;
    this.#groupWeight = parts.groupWeight;
    this.#metadata = Object.entries(parts.metadata).map(([key, value]) => ({ key, value }));
  }

  async add(columns: Readonly<Record<string, ArrayLike<unknown>>>, rows: number, weight = rows): Promise<void> {
    for (const [name, values] of Object.entries(columns)) {
      this.#gathered[name] ??= [];
      const gathered = this.#gathered[name];
      for (let i = 0; i < rows; i++) gathered.push(values[i]);
    }
    this.#rows += rows;
    this.#weight += weight;
    if (this.#weight >= this.#groupWeight) await this.#writeGroup();
  }

  async #writeGroup(): Promise<void> {
    const [gathered, rows] = [this.#gathered, this.#rows];
    [this.#gathered, this.#rows, this.#weight] = [{}, 0, 0];
    if (rows === 0) return;
    this.#part ??= await this.#open();
    const part = this.#part;
    const columnData = Object.entries(gathered).map(([name, data]) => ({ name, data }));
    await part.writer.write({ columnData, rowGroupSize: rows });
    await flush(part);
    part.rows += rows;
    if (part.rows >= this.#rowsMax) await this.#finish();
  }

  /** Every file is on the disk when this resolves. */
  async close(): Promise<void> {
    await this.#writeGroup();
    await this.#finish();
  }

  async abandon(): Promise<void> {
    await this.#part?.file.close();
    this.#part = undefined;
  }

  async #open(): Promise<OpenPart> {
    const name = `${this.#name}-${String(this.names.length + 1).padStart(4, "0")}.parquet`;
    this.names.push(name);
    const file = await open(join(this.#folder, name), "wx", 0o600);
    const out = new ByteWriter(1 << 20);
    const [schema, kvMetadata] = [this.#schema, this.#metadata];
    const writer = new ParquetWriter({ writer: out, schema, kvMetadata, createdBy: "openward" });
    return { name, file, out, writer, hash: createHash("sha256"), rows: 0, bytes: 0 };
  }

  async #finish(): Promise<void> {
    const part = this.#part;
    if (!part) return;
    part.writer.finish();
    await flush(part);
    await part.file.sync();
    await part.file.close();
    this.#part = undefined;
    const { name, rows, bytes, hash } = part;
    this.files.push({ name, rows, bytes, sha256: hash.digest("hex") });
  }
}

async function flush(part: OpenPart): Promise<void> {
  const bytes = part.out.getBytes();
  await part.file.writeFile(bytes);
  part.hash.update(bytes);
  part.bytes += bytes.length;
  part.out.index = 0;
}
