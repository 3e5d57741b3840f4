import type { Principal } from "@openward/model";
import type { Runtime, Timer } from "@openward/runtime";
import type { Monitoring, MonitoringChange, MonitoringMail, Tables, Unwatched } from "../ports.ts";
import { createTelling } from "./telling.ts";

/** Changes come in bursts: one look answers them all. */
const SETTLE_MS = 200;
/** Grants also end by the clock, and an announcement can be lost. */
const LOOK_EVERY_MS = 30_000;
const HISTORY_MAX = 500;

/** Notices when the last person who watched a patient does not any more, and says so. */
export function createMonitoring(deps: {
  tables: Tables;
  runtime: Pick<Runtime, "clock" | "timers">;
  log: { warn(facts: object, text: string): void };
  onTrouble(error: unknown): void;
}): Monitoring & { start(mail?: MonitoringMail | null): Promise<void>; changed(): void; close(): Promise<void> } {
  const { tables, runtime, log, onTrouble } = deps;
  let isStarted = false;
  let isClosed = false;
  let soon: Timer | undefined;
  let regularly: Timer | undefined;
  let running = Promise.resolve();
  const telling = createTelling({ tables, runtime, onTrouble });
  let mail: MonitoringMail | null = null;

  async function look(): Promise<void> {
    const rows = await tables.everywhere((tx) =>
      tx.rows<{ patient: string; watched: boolean }>("SELECT patient, watched FROM note_monitoring($1)", [
        runtime.clock.now(),
      ]),
    );
    const patients = rows.filter(({ watched }) => !watched).map(({ patient }) => patient);
    if (patients.length > 0) log.warn({ patients }, "nobody watches these patients");
  }

  function lookNow(): Promise<void> {
    running = running.then(() => (isClosed ? undefined : look().catch(onTrouble)));
    void running.then(() => !isClosed && telling.tell(mail));
    return running;
  }

  return {
    /** From here on, in the one process that serves. */
    async start(by = null) {
      isStarted = true;
      mail = by;
      regularly = runtime.timers.every(LOOK_EVERY_MS, () => void lookNow());
      await lookNow();
    },
    changed() {
      if (!isStarted || isClosed || soon) return;
      soon = runtime.timers.after(SETTLE_MS, () => {
        soon = undefined;
        void lookNow();
      });
    },
    async close() {
      isClosed = true;
      soon?.cancel();
      regularly?.cancel();
      await running;
      await telling.close();
    },

    async unwatched(principal: Principal): Promise<Unwatched[]> {
      // Whoever manages has to know that somebody must be assigned, though not what is measured.
      const asker = principal.role === "administrator" ? principal.organisationId : principal;
      const kept = await tables.inOrganisation(principal.organisationId, (tx) =>
        tx.rows<{ patient: string; categories: string[]; at: number }>(
          `SELECT k.patient, k.categories, (SELECT max(c.said_at) FROM consent c WHERE c.patient_id = k.patient) AS at
             FROM unwatched_kinds() k WHERE k.categories <> '{}'`,
        ),
      );
      const kinds = new Map(kept.map((one) => [one.patient, one]));
      const rows = await tables.inOrganisation(asker, (tx) =>
        tx.rows<Row>(
          `SELECT p.id, p.mrn, s.ward_id, w.name AS ward_name, s.bed, m.at, m.is_watched
             FROM stay s JOIN patient p ON p.id = s.patient_id JOIN ward w ON w.id = s.ward_id
             CROSS JOIN LATERAL (SELECT at, is_watched FROM monitoring_change m WHERE m.patient_id = p.id ORDER BY position DESC LIMIT 1) m
            WHERE s.to_at IS NULL AND (NOT m.is_watched OR p.id = ANY ($1::uuid[])) ORDER BY w.name, s.bed, p.id`,
          [[...kinds.keys()]],
        ),
      );
      return rows.map(({ id, mrn, ward_id: wardId, ward_name: wardName, bed, at, is_watched: isWatched }) => {
        const ofPatient = isWatched ? kinds.get(id) : undefined;
        const place = { patientId: id, mrn, wardId, wardName, bed };
        return { ...place, since: ofPatient?.at ?? at, categories: ofPatient?.categories ?? null };
      });
    },

    async ofPatient(principal: Principal, patientId: string): Promise<MonitoringChange[]> {
      const rows = await tables.inOrganisation(principal, (tx) =>
        tx.rows<{ at: number; is_watched: boolean }>(
          `SELECT at, is_watched FROM monitoring_change WHERE patient_id = $1 ORDER BY position DESC LIMIT ${HISTORY_MAX}`,
          [patientId],
        ),
      );
      return rows.map(({ at, is_watched: isWatched }) => ({ at, isWatched }));
    },
  };
}

interface Row {
  readonly id: string;
  readonly mrn: string;
  readonly ward_id: string;
  readonly ward_name: string;
  readonly bed: string;
  readonly at: number;
  readonly is_watched: boolean;
}
