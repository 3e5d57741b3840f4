import { createHash } from "node:crypto";
import { PassThrough, Readable } from "node:stream";
import { ZipFile } from "yazl";

/** One file of an archive: its records are asked for when it is written, and not before. */
export interface Entry {
  readonly name: string;
  /** Lines of text, or one text. */
  parts(): AsyncIterable<string> | Iterable<string>;
}

export interface Written {
  readonly name: string;
  /** How many parts there were: records, of a file of records. */
  readonly records: number;
  readonly bytes: number;
  readonly sha256: string;
}

const CHUNK_BYTES = 65_536;

/**
 * A zip archive while it is made: file after file at the pace of its reader, of which no more is in memory than one chunk for
 * each step of the way.
 *
 * @param last the file that ends it, made of what was written before
 */
export function zipOf(
  entries: readonly Entry[],
  last: { readonly name: string; text(written: readonly Written[]): string },
): { readonly stream: Readable; readonly written: readonly Written[] } {
  const zip = new ZipFile();
  const written: Written[] = [];
  const stream = new PassThrough();
  let current: Readable | undefined;
  const fail = (error: Error) => stream.destroy(error);
  zip.on("error", fail);
  (zip.outputStream as Readable).pipe(stream);
  stream.once("close", () => current?.destroy());

  const add = (name: string, open: () => Readable) =>
    zip.addReadStreamLazy(name, { compress: true }, (begin) => {
      // The files behind the one that was cut are not begun.
      if (stream.destroyed) return begin(new Error("nobody reads it any more"), Readable.from([]));
      current = open();
      current.once("error", fail);
      begin(null, current);
    });
  for (const entry of entries)
    add(entry.name, () =>
      Readable.from(
        counted(entry, (one) => void written.push(one)),
        { objectMode: false },
      ),
    );
  add(last.name, () => Readable.from([Buffer.from(last.text(written))], { objectMode: false }));
  zip.end();
  return { stream, written };
}

async function* counted({ name, parts }: Entry, done: (written: Written) => void): AsyncGenerator<Buffer> {
  const hash = createHash("sha256");
  let bytes = 0;
  let records = 0;
  const give = (text: string) => {
    const chunk = Buffer.from(text);
    hash.update(chunk);
    bytes += chunk.length;
    return chunk;
  };
  let text = "";
  for await (const part of parts()) {
    records++;
    text += part;
    if (text.length < CHUNK_BYTES) continue;
    yield give(text);
    text = "";
  }
  if (text !== "") yield give(text);
  done({ name, records, bytes, sha256: hash.digest("hex") });
}
