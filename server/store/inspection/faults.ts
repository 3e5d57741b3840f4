import type { Timers } from "@openward/runtime";
import type { Fault, Queries } from "./ports.ts";

/**
 * Keep what a whole verification found. What was a fault before and is none now has been mended.
 *
 * @param worker under the role `worker`
 */
export async function saveFaults(worker: Queries, faults: readonly Fault[], now: number): Promise<void> {
  await worker.query(
    `WITH found AS (
        SELECT * FROM unnest($1::text[], $2::text[], $3::uuid[], $4::uuid[], $5::text[]) AS f (kind, key, organisation_id, patient_id, reason)),
      mended AS (
        UPDATE store_fault SET mended_at = $6 WHERE mended_at IS NULL AND (kind, key) NOT IN (SELECT kind, key FROM found))
      INSERT INTO store_fault (kind, key, organisation_id, patient_id, reason, found_at) SELECT *, $6 FROM found
        ON CONFLICT (kind, key) DO UPDATE SET reason = excluded.reason, mended_at = NULL`,
    [
      faults.map(({ kind }) => kind),
      faults.map(({ key }) => key),
      faults.map(({ organisationId }) => organisationId),
      faults.map(({ patientId }) => patientId),
      faults.map(({ reason }) => reason),
      now,
    ],
  );
}

const LOOK_EVERY_MS = 10_000;

export interface FaultWatch {
  /** How many rows are known to be wrong, and are not mended yet. */
  count(): number;
  onChange(listener: () => void): void;
  stop(): void;
}

/** For a server: what a verification found is told on the ward, whoever ran it. */
export async function watchFaults(
  worker: Queries,
  timers: Timers,
  report: (error: unknown, doing: string) => void,
): Promise<FaultWatch> {
  const listeners = new Set<() => void>();
  let count = await openFaults(worker);
  let isAsking = false;
  const look = async () => {
    if (isAsking) return;
    isAsking = true;
    try {
      const found = await openFaults(worker);
      if (found === count) return;
      count = found;
      for (const listener of listeners) listener();
    } catch (error) {
      // A database that does not answer is told by the journal.
      report(error, "counting damaged rows");
    } finally {
      isAsking = false;
    }
  };
  const timer = timers.every(LOOK_EVERY_MS, () => void look());
  return { count: () => count, onChange: (listener) => void listeners.add(listener), stop: () => timer.cancel() };
}

async function openFaults(worker: Queries): Promise<number> {
  const { rows } = await worker.query("SELECT count(*)::float8 AS count FROM store_fault WHERE mended_at IS NULL");
  return (rows[0] as { count: number }).count;
}
