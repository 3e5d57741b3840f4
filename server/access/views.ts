import type { PatientView, Principal } from "@openward/model";
import type { Runtime } from "@openward/runtime";
import type { Tables } from "./ports.ts";

const RETRY_MS = 1_000;

/** The patients of one organisation that its people may see: all that were not merged into another. */
interface Visible {
  readonly ids: Set<string>;
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

  const select = async (organisationId: string, patientId: string | null): Promise<string[]> => {
    const rows = await tables.inOrganisation(organisationId, (tx) =>
      tx.rows<{ id: string }>("SELECT id FROM patient WHERE merged_into IS NULL AND ($1::uuid IS NULL OR id = $1)", [
        patientId,
      ]),
    );
    return rows.map((row) => row.id);
  };

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
      const fresh: Visible = { ids: new Set(), asked: new Map(), pending: new Set() };
      visible = fresh;
      organisations.set(organisationId, fresh);
      const work = select(organisationId, null).then((ids) => {
        for (const id of ids) if (!fresh.asked.has(id)) fresh.ids.add(id);
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
    const work = select(organisationId, patientId).then((ids) => {
      if (visible.asked.get(patientId) !== turn) return;
      if (ids.includes(patientId)) visible.ids.add(patientId);
      else visible.ids.delete(patientId);
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
      const { ids } = await open(principal.organisationId);
      return {
        principal,
        has: (patientId) => !held.isOver && ids.has(patientId),
        patientIds: () => (held.isOver ? [] : [...ids]),
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
