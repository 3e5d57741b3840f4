import { hash } from "node:crypto";

/** Codes, units and keys are the same in most resources, and hashing them was a third of what a write cost. */
const KNOWN_MAX = 50_000;
/** Longer ones are of one resource alone. */
const KNOWN_LENGTH_MAX = 200;
const known = new Map<string, string>();

/** 64 bits of the hash of a term or key, as PostgreSQL's bigint reads them. */
export function hashOf(type: string, term: string): string {
  const text = `${type}\t${term}`;
  const before = known.get(text);
  if (before !== undefined) return before;
  const made = hash("sha1", text, "buffer").readBigInt64BE().toString();
  if (text.length <= KNOWN_LENGTH_MAX) {
    if (known.size >= KNOWN_MAX) known.clear();
    known.set(text, made);
  }
  return made;
}
