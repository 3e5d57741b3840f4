import type { PatientView, Principal } from "@openward/model";
import type { Runtime } from "@openward/runtime";
import type { Tables } from "./ports.ts";

const RETRY_MS = 1_000;

/** The patients of one organisation, all of whom its people may see. */
interface Visible {
  /** Those that were not merged into another. */
  readonly ids: Set<string>;
  /** Records that were merged, and into which. */
  readonly mergedInto: Map<string, string>;
  /** How often a patient was asked for again: only the newest answer counts. */
  readonly asked: Map<string, number>;
  /** Everything that is being read right now; who asks for a view waits for it. */
  readonly pending: Set<Promise<void>>;
}

/**
 * Patient views. What is in them is what a query under row-level security gave, asked again for each patient who
 * changes; so a view that somebody holds follows admissions and merges by itself, and one whose holder's access has
 * ended is empty.
 */
export function createViews(deps: { tables: Tables; runtime: Runtime; onTrouble(error: unknown): void }) {
  const { tables, runtime, onTrouble } = deps;
  const organisations = new Map<string, Visible>();
  const leases = new Map<string, { isOver: boolean }>();
  let isClosed = false;

  const select = (organisationId: string, patientId: string | null): Promise<PatientRow[]> =>
    tables.inOrganisation(organisationId, (tx) =>
      tx.rows<PatientRow>("SELECT id, merged_into FROM patient WHERE $1::uuid IS NULL OR id = $1", [patientId]),
    );

  const track = (visible: Visible, work: Promise<void>): Promise<void> => {
    visible.pending.add(work);
    const done = () => void visible.pending.delete(work);
    work.then(done, done);
    return work;
  };

  /** The organisation's patients; read once, then kept. */
  const open = async (organisationId: string): Promise<Visible> => {
    let visible = organisations.get(organisationId);
    if (!visible) {
      const fresh: Visible = { ids: new Set(), mergedInto: new Map(), asked: new Map(), pending: new Set() };
      visible = fresh;
      organisations.set(organisationId, fresh);
      const work = select(organisationId, null).then((rows) => {
        for (const row of rows) if (!fresh.asked.has(row.id)) keep(fresh, row);
      });
      try {
        await track(fresh, work);
      } catch (error) {
        organisations.delete(organisationId);
        throw error;
      }
    }
    while (visible.pending.size > 0) await Promise.all(visible.pending);
    return visible;
  };

  const refresh = (organisationId: string, patientId: string): void => {
    const visible = organisations.get(organisationId);
    if (!visible || isClosed) return;
    const turn = (visible.asked.get(patientId) ?? 0) + 1;
    visible.asked.set(patientId, turn);
    const work = select(organisationId, patientId).then(([row]) => {
      if (visible.asked.get(patientId) !== turn) return;
      visible.ids.delete(patientId);
      visible.mergedInto.delete(patientId);
      if (row) keep(visible, row);
    });
    track(visible, work).catch((error) => {
      onTrouble(error);
      if (visible.asked.get(patientId) === turn)
        runtime.timers.after(RETRY_MS, () => refresh(organisationId, patientId));
    });
  };

  return {
    async viewOf(principal: Principal): Promise<PatientView> {
      let lease = leases.get(principal.id);
      if (!lease) {
        lease = { isOver: false };
        leases.set(principal.id, lease);
      }
      const held = lease;
      const visible = await open(principal.organisationId);
      return {
        principal,
        has: (patientId) => !held.isOver && visible.ids.has(keptOf(visible, patientId)),
        patientIds: () => (held.isOver ? [] : [...visible.ids]),
        recordsOf(patientId) {
          if (held.isOver || !visible.ids.has(keptOf(visible, patientId))) return [];
          const merged = [...visible.mergedInto.keys()].filter((id) => leadsTo(visible, id, patientId));
          return [patientId, ...merged];
        },
      };
    },

    refresh,

    /** Empties the views that this principal holds; who signs in again gets new ones. */
    end(principalId: string): void {
      const lease = leases.get(principalId);
      if (lease) lease.isOver = true;
      leases.delete(principalId);
    },

    close(): void {
      isClosed = true;
    },
  };
}

interface PatientRow {
  readonly id: string;
  readonly merged_into: string | null;
}

function keep({ ids, mergedInto }: Visible, row: PatientRow): void {
  if (row.merged_into === null) ids.add(row.id);
  else mergedInto.set(row.id, row.merged_into);
}

/** The record that stands for this one today. The database lets nobody be merged twice, so the way ends. */
function keptOf({ mergedInto }: Visible, patientId: string): string {
  let kept = patientId;
  for (let next = mergedInto.get(kept); next !== undefined; next = mergedInto.get(kept)) kept = next;
  return kept;
}

function leadsTo({ mergedInto }: Visible, from: string, to: string): boolean {
  for (let next = mergedInto.get(from); next !== undefined; next = mergedInto.get(next)) if (next === to) return true;
  return false;
}
