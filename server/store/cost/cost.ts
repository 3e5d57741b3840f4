import type { ResourceAsker, ResourceQuery } from "@openward/fhir/store";
import type { Tables } from "../registry/transaction.ts";
import { searchStatement } from "../resources/search.ts";

/** Of a dense stream; a sparse one takes more bytes for each, and is taken for longer than it is. */
const BYTES_PER_READING = 4;
const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
/** As many rows of the index as are looked at within a few milliseconds. */
const ROWS_MAX = 20_000;

/** @param readingsMax how many readings, @param textsMax how much work of the database, one search may cost */
export function createSearchCost({
  tables,
  readingsMax,
  textsMax,
}: {
  readonly tables: Tables;
  readonly readingsMax: number;
  readonly textsMax: number;
}) {
  return {
    readingsMax,
    textsMax,

    async readings(streamIds: readonly string[], from: number, to: number, atMost: number): Promise<number> {
      const [row] = await tables.everywhere((tx) =>
        tx.rows<{ bytes: number; rows: number }>(
          `SELECT coalesce(sum(n), 0)::float8 AS bytes, count(*)::int AS rows FROM (
             (SELECT octet_length(payload) AS n FROM day_block
               WHERE stream_id = ANY ($1::uuid[]) AND day_start >= $2 AND day_start < $4 LIMIT ${ROWS_MAX})
             UNION ALL
             (SELECT octet_length(payload) FROM block
               WHERE stream_id = ANY ($1::uuid[]) AND period_start >= $3 AND period_start < $4 LIMIT ${ROWS_MAX})) b`,
          [streamIds, Math.floor(from / DAY_MS) * DAY_MS, Math.floor(from / HOUR_MS) * HOUR_MS, to],
        ),
      );
      // What was not looked at to its end is more than anybody waits for.
      if ((row?.rows ?? 0) >= ROWS_MAX) return atMost;
      return Math.min(atMost, Math.round((row?.bytes ?? 0) / BYTES_PER_READING));
    },

    async texts(asker: ResourceAsker, query: ResourceQuery): Promise<number> {
      const { text, values } = searchStatement(query);
      const [row] = await tables.inOrganisation(asker, (tx) =>
        tx.rows<{ "QUERY PLAN": readonly { readonly Plan: { readonly "Total Cost": number } }[] }>(
          `EXPLAIN (FORMAT JSON) ${text}`,
          values,
        ),
      );
      return row?.["QUERY PLAN"][0]?.Plan["Total Cost"] ?? 0;
    },
  };
}
