/** A pool or a client, under a role that may read the catalogue. */
interface Queries {
  query(text: string, values?: unknown[]): Promise<{ rows: unknown[] }>;
}

/** Files that the catalogue refers to; hexadecimal SHA-256. For a backup, which names them and copies none. */
export async function referredFiles(snapshot: Queries): Promise<{ name: string; bytes: number; sha256: string }[]> {
  const { rows } = await snapshot.query(
    `SELECT object_key AS name, bytes::float8 AS bytes, encode(sha256, 'hex') AS sha256
      FROM archive_file WHERE state = 'live' ORDER BY object_key`,
  );
  return rows as { name: string; bytes: number; sha256: string }[];
}

/** Starts of the hours in [from, to) of a numeric stream of which the archive has something. */
export async function archivedHours(
  queries: Queries,
  streamId: string,
  from: number,
  to: number,
): Promise<ReadonlySet<number>> {
  const { rows } = await queries.query(
    `SELECT DISTINCT (a.period_start + h.hour * 3600000::bigint)::float8 AS hour
      FROM archived_block a CROSS JOIN generate_series(0, 23) AS h (hour)
      WHERE a.stream_id = $1 AND a.period_start > $2::bigint - 86400000 AND a.period_start < $3
        AND CASE WHEN a.bounds IS NULL THEN h.hour = 0 ELSE a.bounds[h.hour + 2] > a.bounds[h.hour + 1] END
        AND a.period_start + h.hour * 3600000::bigint >= $2 AND a.period_start + h.hour * 3600000::bigint < $3`,
    [streamId, from, to],
  );
  return new Set((rows as { hour: number }[]).map(({ hour }) => hour));
}
