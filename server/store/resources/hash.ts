import { hash } from "node:crypto";

/** 64 bits of the hash of a term or key, as PostgreSQL's bigint reads them. */
export function hashOf(type: string, term: string): string {
  return hash("sha1", `${type}\t${term}`, "buffer").readBigInt64BE().toString();
}
