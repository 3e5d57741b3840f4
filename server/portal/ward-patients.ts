import { OutsideTrouble, RefusedInput } from "@openward/errors";
import type { Clock } from "@openward/runtime";
import type { Changes, Patients, Wards } from "./ports/index.ts";

/** Should the announcement of a change be lost, this is how long it can go unnoticed. */
const AGE_MS_MAX = 10_000;

interface Known {
  readonly byWard: ReadonlyMap<string, readonly string[]>;
  /** Monotonic. */
  readonly readAt: number;
}

/**
 * Who lies on which ward, kept until somebody is moved: a ward's screen asks every second. Who may be seen is decided by
 * the view, not here.
 */
export function createWardPatients(deps: {
  patients: Pick<Patients, "list">;
  wards: Pick<Wards, "list">;
  changes: Changes;
  clock: Pick<Clock, "monotonic">;
}) {
  const { patients, wards, changes, clock } = deps;
  const organisations = new Map<string, Known>();
  /** How often each was told to have changed: what was read before that is not kept. */
  const turns = new Map<string, number>();
  const turnOf = (organisationId: string) => turns.get(organisationId) ?? 0;
  changes.onPatient((organisationId) => void turns.set(organisationId, turnOf(organisationId) + 1));
  const stamps = new WeakMap<Known, number>();

  async function load(organisationId: string): Promise<Known> {
    const turn = turnOf(organisationId);
    const readAt = clock.monotonic();
    const [records, all] = await Promise.all([
      patients.list(organisationId, { all: false }),
      wards.list(organisationId),
    ]);
    const byWard = new Map<string, string[]>(all.map((ward) => [ward.id, []]));
    for (const { patient, stay } of records) if (stay) byWard.get(stay.wardId)?.push(patient.id);
    const known = { byWard, readAt };
    organisations.set(organisationId, known);
    stamps.set(known, turn);
    return known;
  }

  /** @throws RefusedInput NOT_FOUND */
  return async function wardPatients(organisationId: string, wardId: string): Promise<readonly string[]> {
    const before = organisations.get(organisationId);
    const isCurrent =
      before &&
      stamps.get(before) === turnOf(organisationId) &&
      clock.monotonic() - before.readAt < AGE_MS_MAX &&
      before.byWard.has(wardId);
    let known = before;
    if (!isCurrent) {
      try {
        known = await load(organisationId);
      } catch (error) {
        // The readings go on while the database is away, and so does the ward's screen.
        if (!(error instanceof OutsideTrouble) || !before) throw error;
      }
    }
    const found = known?.byWard.get(wardId);
    if (!found) throw new RefusedInput("NOT_FOUND", { at: "ward" });
    return found;
  };
}
