import type { KeyObject } from "node:crypto";
import { type Canonical, canonical } from "./canonical.ts";
import { after, beginningOf, digestOf, type Head } from "./chain.ts";
import { decodeCheckpoint, publicKeyText, type SignedCheckpoint } from "./checkpoint.ts";

/**
 * An exported audit log: a line of JSON each, in its canonical form. The head first, then of every checkpoint the records
 * that it covers (node by node, in order) and the checkpoint itself; behind the last one what no checkpoint covers yet.
 */
export const line = {
  head: (key: KeyObject): string => written({ type: "openward-audit-log", format: 1, key: publicKeyText(key) }),

  record: ({ node, position, hash }: Head, body: string): string =>
    written({ type: "record", node, position, hash, record: JSON.parse(body) }),

  /** Somebody else's: its place is shown and what it says is not. */
  withheld: ({ node, position, hash }: Head, digest: string): string =>
    written({ type: "withheld", node, position, hash, digest }),

  checkpoint: ({ body, signature }: SignedCheckpoint): string =>
    written({
      type: "checkpoint",
      checkpoint: JSON.parse(body),
      signature: Buffer.from(signature).toString("base64"),
    }),
};

const written = (value: Canonical) => `${canonical(value)}\n`;

export interface StoredRecord {
  readonly position: number;
  readonly hash: string;
  readonly body: string;
}

/** Where the records and checkpoints of an export come from. */
export interface LogSource {
  readonly nodes: readonly string[];
  checkpoints(): AsyncIterable<SignedCheckpoint>;
  /** In order, from a position (exclusive) to another (inclusive; null: all). */
  records(node: string, from: number, to: number | null): AsyncIterable<StoredRecord>;
}

/**
 * The lines of a log file.
 *
 * @param mayShow which records' texts go in; of the others the digest
 */
export async function* logLines(
  source: LogSource,
  { key, mayShow }: { key: KeyObject; mayShow(body: string): boolean },
): AsyncGenerator<string> {
  yield line.head(key);
  const done = new Map<string, number>();
  async function* some(node: string, to: number | null) {
    for await (const { position, hash, body } of source.records(node, done.get(node) ?? 0, to)) {
      const head = { node, position, hash };
      yield mayShow(body) ? line.record(head, body) : line.withheld(head, digestOf(body));
      done.set(node, position);
    }
  }
  for await (const checkpoint of source.checkpoints()) {
    for (const { node, position } of decodeCheckpoint(checkpoint.body).chains) yield* some(node, position);
    yield line.checkpoint(checkpoint);
  }
  for (const node of source.nodes.toSorted()) yield* some(node, null);
}

/** Chains bodies as a node does. */
export function chained(node: string, bodies: readonly string[], head: Head = beginningOf(node)): StoredRecord[] {
  let at = head;
  return bodies.map((body) => {
    at = after(at, digestOf(body));
    return { position: at.position, hash: at.hash, body };
  });
}
