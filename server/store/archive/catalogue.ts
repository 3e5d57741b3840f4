import type { Pool, PoolClient } from "pg";
import { DUE_DAYS, DUE_WAVEFORMS, LOAD_DAYS, LOAD_WAVEFORMS, MOVE_DAYS, MOVE_WAVEFORMS } from "./catalogue-sql.ts";
import type { PlacedBlock, StoredBlock } from "./file.ts";
import { FILE_FORMAT } from "./place.ts";
import type { Kind } from "./ports.ts";

const LAST_HOUR_MS = 23 * 3_600_000;

export interface BlockKey {
  readonly streamId: string;
  readonly periodStart: number;
  readonly associationId: string;
}

/** A block that is old enough, without its bytes. */
export interface DueBlock extends BlockKey {
  readonly patientId: string;
  readonly bytes: number;
}

/** A block as PostgreSQL has it; and of a day that is archived in part, where. */
export interface LoadedBlock extends Omit<StoredBlock, "source"> {
  readonly check: Buffer;
  readonly baseFileId: number | null;
  readonly baseAt: number;
  readonly baseLength: number;
  readonly baseCheck: Buffer;
  readonly baseBounds: readonly number[];
}

export interface FileRow {
  readonly id: number;
  readonly key: string;
  readonly kind: Kind;
  readonly format: number;
  readonly isDamaged: boolean;
}

const FILE = `id, object_key AS key, kind, format, damaged_at IS NOT NULL AS "isDamaged"`;

/** archive_file and archived_block: what is due, what lies where. Under the role `worker`. */
export class Catalogue {
  readonly #pool: Pool;

  constructor(pool: Pool) {
    this.#pool = pool;
  }

  /** Organisations that have blocks of before. */
  async organisations(kind: Kind, before: number): Promise<string[]> {
    const text =
      kind === "numeric"
        ? "SELECT DISTINCT organisation_id AS id FROM day_block WHERE day_start < $1"
        : `SELECT DISTINCT b.organisation_id AS id FROM block b JOIN stream s ON s.id = b.stream_id
           WHERE b.period_start < $1 AND s.kind = 'waveform'`;
    const { rows } = await this.#pool.query(text, [before]);
    return (rows as { id: string }[]).map(({ id }) => id);
  }

  /** The oldest blocks of before; of readings whole days. Not a stream's newest: what is newest is known without the archive. */
  async due(organisationId: string, kind: Kind, before: number, limit: number): Promise<DueBlock[]> {
    const text = kind === "numeric" ? DUE_DAYS : DUE_WAVEFORMS;
    const { rows } = await this.#pool.query(text, [organisationId, before, limit]);
    return rows as DueBlock[];
  }

  /** Those that are still there; and of a day, where it lies that was archived of it before. */
  async load(kind: Kind, keys: readonly BlockKey[]): Promise<LoadedBlock[]> {
    const { rows } = await this.#pool.query(kind === "numeric" ? LOAD_DAYS : LOAD_WAVEFORMS, keyColumns(keys));
    return rows as LoadedBlock[];
  }

  /** A row before there is a file: what a crash leaves is found by it. */
  async begin(file: { organisationId: string; key: string; kind: Kind; now: number }): Promise<number> {
    const { rows } = await this.#pool.query(
      `INSERT INTO archive_file (organisation_id, object_key, kind, format, state, state_since, checked_at)
       VALUES ($1, $2, $3, $4, 'writing', $5, $5) RETURNING id`,
      [file.organisationId, file.key, file.kind, FILE_FORMAT, file.now],
    );
    return (rows[0] as { id: number }).id;
  }

  /**
   * In one transaction the file is to be trusted, its blocks are in the catalogue, and they are out of `block` or
   * `day_block`: those that are still what was written. One that has been sealed again meanwhile stays.
   *
   * @returns how many moved; undefined when somebody took the file for a crash's remains
   */
  async move(
    id: number,
    kind: Kind,
    file: { bytes: number; sha256: Buffer; placed: readonly PlacedBlock[]; now: number },
  ): Promise<number | undefined> {
    const { placed } = file;
    const lastPeriod =
      Math.max(...placed.map(({ block }) => block.periodStart)) + (kind === "numeric" ? LAST_HOUR_MS : 0);
    return inTransaction(this.#pool, async (client) => {
      const { rowCount } = await client.query(
        `UPDATE archive_file SET state = 'live', state_since = $2, checked_at = $2, bytes = $3, sha256 = $4, last_period = $5
         WHERE id = $1 AND state = 'writing'`,
        [id, file.now, file.bytes, file.sha256, lastPeriod],
      );
      if (rowCount !== 1) return undefined;
      const moved = await client.query(kind === "numeric" ? MOVE_DAYS : MOVE_WAVEFORMS, [
        id,
        ...keyColumns(placed.map(({ block }) => block)),
        placed.map(({ block }) => block.source.check),
        placed.map(({ block }) => block.source.base?.fileId ?? null),
        placed.map(({ block }) => block.source.base?.at ?? null),
        placed.map(({ block }) => block.bounds && `{${block.bounds.join(",")}}`),
        placed.map(({ payload }) => payload.at),
        placed.map(({ payload }) => payload.length),
        placed.map(({ payload }) => payload.check),
        placed.map(({ overview }) => overview?.at ?? null),
        placed.map(({ overview }) => overview?.length ?? null),
        placed.map(({ overview }) => overview?.check ?? null),
      ]);
      return moved.rowCount ?? 0;
    });
  }

  /**
   * Files that a process began and did not end, and files that hold nothing any more. The first are nobody's: they can
   * go at once. A query may be reading one of the others.
   */
  async retire(now: number): Promise<void> {
    // Waits for a transaction that is about to make the file live, and then leaves it alone.
    await this.#pool.query("UPDATE archive_file SET state = 'removing', state_since = 0 WHERE state = 'writing'");
    await this.#pool.query(
      `UPDATE archive_file f SET state = 'removing', state_since = $1 WHERE state = 'live'
         AND NOT EXISTS (SELECT 1 FROM archived_block b WHERE b.file_id = f.id)
         AND NOT EXISTS (SELECT 1 FROM lost_block b WHERE b.file_id = f.id)`,
      [now],
    );
  }

  async removable(since: number): Promise<FileRow[]> {
    const { rows } = await this.#pool.query(
      `SELECT ${FILE} FROM archive_file WHERE state = 'removing' AND state_since <= $1 ORDER BY id LIMIT 1000`,
      [since],
    );
    return rows as FileRow[];
  }

  /** Its object is gone. */
  async removed(id: number): Promise<void> {
    await this.#pool.query("DELETE FROM archive_file WHERE id = $1 AND state = 'removing'", [id]);
  }

  async files(ids: readonly number[]): Promise<FileRow[]> {
    const { rows } = await this.#pool.query(`SELECT ${FILE} FROM archive_file WHERE id = ANY($1::bigint[])`, [ids]);
    return rows as FileRow[];
  }

  /** Live files, the longest unread first; all of them, or some. */
  async toCheck(limit: number | null = null): Promise<(FileRow & { sha256: Buffer; bytes: number })[]> {
    const { rows } = await this.#pool.query(
      `SELECT ${FILE}, sha256, bytes FROM archive_file WHERE state = 'live' ORDER BY checked_at, id LIMIT $1`,
      [limit],
    );
    return rows as (FileRow & { sha256: Buffer; bytes: number })[];
  }

  async checked(id: number, now: number, isDamaged: boolean): Promise<void> {
    await this.#pool.query(
      "UPDATE archive_file SET checked_at = $2, damaged_at = CASE WHEN $3 THEN coalesce(damaged_at, $2) END WHERE id = $1",
      [id, now, isDamaged],
    );
  }

  async keys(): Promise<Set<string>> {
    const { rows } = await this.#pool.query("SELECT object_key AS key FROM archive_file");
    return new Set((rows as { key: string }[]).map(({ key }) => key));
  }

  async summary(): Promise<{
    damaged: number[];
    newest: Partial<Record<Kind, number>>;
    files: number;
    bytes: number;
  }> {
    const { rows } = await this.#pool.query(
      `SELECT kind, max(last_period) AS newest, count(*) AS files, sum(bytes)::bigint AS bytes,
         coalesce(array_agg(id::integer) FILTER (WHERE damaged_at IS NOT NULL), '{}') AS damaged
       FROM archive_file WHERE state = 'live' GROUP BY kind`,
    );
    const kinds = rows as { kind: Kind; newest: number; files: number; bytes: number; damaged: number[] }[];
    return {
      damaged: kinds.flatMap((each) => each.damaged),
      newest: Object.fromEntries(kinds.map(({ kind, newest }) => [kind, newest])),
      files: kinds.reduce((sum, each) => sum + each.files, 0),
      bytes: kinds.reduce((sum, each) => sum + each.bytes, 0),
    };
  }
}

function keyColumns(keys: readonly BlockKey[]): unknown[] {
  return [keys.map((key) => key.streamId), keys.map((key) => key.periodStart), keys.map((key) => key.associationId)];
}

export async function inTransaction<T>(pool: Pool, work: (client: PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  let failed: unknown;
  try {
    await client.query("BEGIN");
    const result = await work(client);
    await client.query("COMMIT");
    return result;
  } catch (error) {
    failed = error;
    await client.query("ROLLBACK").catch(() => {});
    throw error;
  } finally {
    // A connection that may be broken does not go back among the others.
    client.release(failed instanceof Error ? failed : undefined);
  }
}
