import type { PatientView, Principal } from "@openward/model";
import type { Runtime, Timer } from "@openward/runtime";
import { changedBetween, EVERYTHING, readBroken, readShared, type Shared } from "./consent/shared.ts";
import { type Because, becauseOf, type Reasons, readReasons } from "./grants/because.ts";
import type { Tables, Transaction } from "./ports.ts";

const RETRY_MS = 1_000;
/** Should the announcement of a change be lost, this is how long it can go unnoticed. */
const AGE_MS_MAX = 30_000;
/** Of whom nobody has asked for so long, and whose views nobody holds, nothing is asked any more. */
const IDLE_MS = 5 * 60_000;

/** The patients that one principal may see. */
interface Visible {
  readonly principal: Principal;
  /** Those that were not merged into another. */
  readonly ids: Set<string>;
  /** Records that were merged, and into which. */
  readonly mergedInto: Map<string, string>;
  /** By record: the kinds of data that consent hides from this principal. */
  hidden: ReadonlyMap<string, ReadonlySet<string>>;
  /** By record: what lets them be seen. */
  reasons: Reasons;
  /** What has to be asked for again: some patients, or everybody. */
  readonly due: Set<string>;
  isAllDue: boolean;
  isLoaded: boolean;
  /** Their access has ended: whoever holds the view sees nothing in it. */
  isOver: boolean;
  /** What is being read right now; who asks for a view waits for it. */
  running: Promise<void> | undefined;
  /** Something begins or ends by itself then. */
  timer: Timer | undefined;
  askedAt: number;
  /** Views that were given out and not yet cleared away: a screen holds one for as long as it shows something. */
  views: number;
}

/**
 * Patient views, a set of patients for each principal who asked. What is in it is what a query under row-level security
 * gave to this principal; it is asked again for each patient who changes, and whole when their grants change or a time
 * comes at which one begins or ends. So a view that somebody holds follows by itself.
 */
export function createViews(deps: {
  tables: Tables;
  runtime: Runtime;
  onTrouble(error: unknown): void;
  /** Told of patients whom somebody sees now and did not before, or no more. */
  onSeen(organisationId: string, patientIds: readonly string[]): void;
}) {
  const { tables, runtime, onTrouble } = deps;
  const principals = new Map<string, Visible>();
  const given = new FinalizationRegistry<Visible>((visible) => void visible.views--);
  let isClosed = false;

  /** One after the other, so that a later answer is of a later question. */
  async function catchUp(visible: Visible): Promise<void> {
    while (visible.isAllDue || visible.due.size > 0) {
      const isAll = visible.isAllDue;
      const patients = [...visible.due];
      visible.isAllDue = false;
      visible.due.clear();
      try {
        const before = new Set(visible.ids);
        const hiddenBefore = visible.hidden;
        if (isAll) await loadAll(visible);
        else await loadSome(visible, patients);
        const others = before.symmetricDifference(visible.ids);
        for (const id of changedBetween(hiddenBefore, visible.hidden)) others.add(keptOf(visible, id));
        if (visible.isLoaded && others.size > 0 && !visible.isOver)
          deps.onSeen(visible.principal.organisationId, [...others]);
        visible.isLoaded = true;
      } catch (error) {
        visible.isAllDue ||= isAll;
        for (const id of patients) visible.due.add(id);
        throw error;
      }
    }
  }

  async function loadAll(visible: Visible): Promise<void> {
    const { rows, reasons, shared } = await tables.inOrganisation(visible.principal, async (tx) => ({
      rows: await tx.rows<PatientRow>("SELECT id, merged_into FROM patient"),
      reasons: await readReasons(tx),
      shared: await sharedWith(tx),
    }));
    visible.reasons = reasons;
    visible.ids.clear();
    visible.mergedInto.clear();
    for (const row of rows) keep(visible, row);
    await follow(visible, shared);
  }

  async function loadSome(visible: Visible, patients: readonly string[]): Promise<void> {
    const { rows, reasons, shared } = await tables.inOrganisation(visible.principal, async (tx) => ({
      rows: await tx.rows<PatientRow>(PERSONS, [patients]),
      reasons: await readReasons(tx),
      shared: await sharedWith(tx),
    }));
    visible.reasons = reasons;
    for (const id of patients) {
      for (const merged of [...visible.mergedInto.keys()])
        if (leadsTo(visible, merged, id)) visible.mergedInto.delete(merged);
      visible.ids.delete(id);
      visible.mergedInto.delete(id);
    }
    for (const row of rows) keep(visible, row);
    // Where a record went, others may have come along: by whom it is seen now is a question about the whole person. And a
    // stay that ended is seen until a time.
    visible.isAllDue ||= rows.some((row) => row.merged_into !== null);
    await follow(visible, shared);
  }

  /** What consent leaves, and when that is next otherwise. */
  async function follow(visible: Visible, shared: Shared | undefined): Promise<void> {
    if (shared) {
      visible.hidden = shared.hidden;
      wake(visible, shared.changesAt);
      return;
    }
    // Rules that cannot be read hide what they hid, of whom nothing is known everything; a broken glass shows all.
    const broken = await readBroken(visible.principal, tables);
    const isBroken = (id: string) => broken.has(keptOf(visible, id));
    const records = [...visible.ids, ...visible.mergedInto.keys()];
    const before = visible.isLoaded ? visible.hidden : new Map(records.map((id) => [id, EVERYTHING]));
    visible.hidden = new Map([...before].filter(([id]) => !isBroken(id)));
    wake(visible, runtime.clock.now() + RETRY_MS);
  }

  /** Last in its transaction, which nothing else is read in when this fails. */
  async function sharedWith(tx: Transaction): Promise<Shared | undefined> {
    try {
      return await readShared(tx);
    } catch (error) {
      onTrouble(error);
      return undefined;
    }
  }

  function wake(visible: Visible, at: number | null): void {
    visible.timer?.cancel();
    visible.timer = undefined;
    if (visible.isOver || isClosed) return;
    const inMs = at === null ? AGE_MS_MAX : Math.min(AGE_MS_MAX, at - runtime.clock.now());
    // It came while the question was on its way.
    if (inMs <= 0) visible.isAllDue = true;
    else visible.timer = runtime.timers.after(inMs, () => (isIdle(visible) ? forget(visible) : reload(visible)));
  }

  const isIdle = ({ views, askedAt }: Visible) => views <= 0 && runtime.clock.now() - askedAt >= IDLE_MS;

  /** Who asks again gets a new one; else a house of thousands would be read anew every half minute, and at each change. */
  function forget(visible: Visible): void {
    visible.timer?.cancel();
    // Should anybody hold one after all, it shows nothing rather than what was.
    visible.isOver = true;
    principals.delete(visible.principal.id);
  }

  /** Asks in the background; what fails is asked again. */
  function ask(visible: Visible): Promise<void> {
    visible.running ??= catchUp(visible).finally(() => {
      visible.running = undefined;
    });
    return visible.running;
  }

  function askLater(visible: Visible): void {
    if (visible.isOver || isClosed) return;
    ask(visible).catch((error) => {
      onTrouble(error);
      visible.timer?.cancel();
      if (!visible.isOver && !isClosed) visible.timer = runtime.timers.after(RETRY_MS, () => askLater(visible));
    });
  }

  function reload(visible: Visible): void {
    visible.isAllDue = true;
    askLater(visible);
  }

  function viewedBy(principal: Principal): Visible {
    let visible = principals.get(principal.id);
    if (visible && visible.principal.organisationId === principal.organisationId) return visible;
    visible = {
      principal,
      ids: new Set(),
      mergedInto: new Map(),
      hidden: new Map(),
      reasons: new Map(),
      due: new Set(),
      isAllDue: true,
      isLoaded: false,
      isOver: false,
      running: undefined,
      timer: undefined,
      askedAt: runtime.clock.now(),
      views: 0,
    };
    principals.set(principal.id, visible);
    return visible;
  }

  return {
    async viewOf(principal: Principal): Promise<PatientView> {
      const visible = viewedBy(principal);
      visible.askedAt = runtime.clock.now();
      if (!visible.isLoaded) await ask(visible);
      // What has been read once stands while the database does not answer.
      while (visible.running) await visible.running.catch(() => {});
      // What a view is made of holds it: it counts as given out also where only a part of it was passed on.
      const held = { visible };
      visible.views++;
      given.register(held, visible);
      return {
        principal,
        has: (patientId) => !held.visible.isOver && held.visible.ids.has(keptOf(held.visible, patientId)),
        patientIds: () => (held.visible.isOver ? [] : [...held.visible.ids]),
        recordsOf(patientId) {
          const { isOver, ids, mergedInto } = held.visible;
          if (isOver || !ids.has(keptOf(held.visible, patientId))) return [];
          const merged = [...mergedInto.keys()].filter((id) => leadsTo(held.visible, id, patientId));
          return [patientId, ...merged];
        },
        hiddenOf: (patientId) => held.visible.hidden.get(patientId),
        hiddenIds: () => [...held.visible.hidden.keys()],
      };
    },

    /** What lets this principal see the patient, as it was when their view was read; undefined: nobody has asked for it yet. */
    becauseOf(principal: Pick<Principal, "id">, patientId: string): Because | undefined {
      const visible = principals.get(principal.id);
      if (!visible) return undefined;
      const kept = keptOf(visible, patientId);
      const merged = [...visible.mergedInto.keys()].filter((id) => leadsTo(visible, id, kept));
      return becauseOf(visible.reasons, [kept, ...merged]);
    },

    /** A patient came, went, moved or was merged. */
    refresh(organisationId: string, patientId: string): void {
      for (const visible of principals.values()) {
        if (visible.principal.organisationId !== organisationId) continue;
        if (isIdle(visible)) {
          forget(visible);
          continue;
        }
        visible.due.add(patientId);
        askLater(visible);
      }
    },

    /** What this principal may see has changed; null: any principal's. */
    regrant(organisationId: string | null, principalId: string | null): void {
      for (const visible of principals.values()) {
        if (organisationId !== null && visible.principal.organisationId !== organisationId) continue;
        if (principalId === null || visible.principal.id === principalId) reload(visible);
      }
    },

    /** Empties the views that this principal holds; who signs in again gets new ones. */
    end(principalId: string): void {
      const visible = principals.get(principalId);
      if (!visible) return;
      visible.isOver = true;
      visible.timer?.cancel();
      principals.delete(principalId);
    },

    close(): void {
      isClosed = true;
      for (const visible of principals.values()) visible.timer?.cancel();
    },
  };
}

interface PatientRow {
  readonly id: string;
  readonly merged_into: string | null;
}

/** These records, and all that were merged into them. */
const PERSONS = `WITH RECURSIVE person AS (
    SELECT id, merged_into FROM patient WHERE id = ANY ($1::uuid[])
    UNION
    SELECT p.id, p.merged_into FROM person r JOIN patient p ON p.merged_into = r.id
  ) SELECT id, merged_into FROM person`;

function keep({ ids, mergedInto }: Visible, row: PatientRow): void {
  if (row.merged_into === null) ids.add(row.id);
  else {
    ids.delete(row.id);
    mergedInto.set(row.id, row.merged_into);
  }
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
