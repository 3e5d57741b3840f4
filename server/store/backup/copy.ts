import { pipeline } from "node:stream/promises";
import type pg from "pg";
import { from, to } from "pg-copy-streams";

/** The rows of a query in PostgreSQL's own binary form, which does not change between its versions. */
export function copyOut(client: pg.Client, query: string): AsyncIterable<Uint8Array> {
  return client.query(to(`COPY (${query}) TO STDOUT (FORMAT binary)`));
}

/** @returns how many rows came in */
export async function copyIn(client: pg.Client, into: string, source: AsyncIterable<Uint8Array>): Promise<number> {
  const stream = client.query(from(`COPY ${into} FROM STDIN (FORMAT binary)`));
  await pipeline(source, stream);
  return stream.rowCount;
}
