import type { Runtime } from "@openward/runtime";
import { audit } from "../audit.ts";
import type { MonitoringMail, Tables } from "../ports.ts";

/** Somebody who hands over at the change of a shift leaves nobody alarmed. */
export const SETTLED_MS = 60_000;
/** An address that takes nothing is given up after so many looks; the others were told meanwhile. */
const TRIES_MAX = 20;

interface Row {
  readonly change: number;
  readonly organisation: string;
  readonly patient: string;
  readonly watched: boolean;
  readonly person: string | null;
  readonly address: string | null;
  readonly is_patient: boolean;
}

/**
 * Tells the patient, and who is responsible for them, that nobody watches, and when somebody does again: each change once,
 * by mail where there is a mail server and an address. A server that stops between a mail and its record sends it twice.
 */
export function createTelling(deps: {
  tables: Tables;
  runtime: Pick<Runtime, "clock">;
  onTrouble(error: unknown): void;
}) {
  const { tables, runtime, onTrouble } = deps;
  const sent = new Set<string>();
  const tries = new Map<number, number>();
  let running: Promise<void> | undefined;

  async function tellAll(mail: MonitoringMail | null): Promise<void> {
    const rows = await tables.everywhere((tx) =>
      tx.rows<Row>("SELECT * FROM monitoring_to_tell($1, $2)", [runtime.clock.now(), SETTLED_MS]),
    );
    for (const [change, people] of Map.groupBy(rows, (row) => row.change)) {
      const reached = mail ? await mailTo(mail, change, people) : [];
      if (reached === "not yet") continue;
      await record(people, reached);
      tries.delete(change);
      for (const { person } of people) sent.delete(`${change} ${person}`);
    }
  }

  async function mailTo(mail: MonitoringMail, change: number, people: readonly Row[]): Promise<string[] | "not yet"> {
    const reached: string[] = [];
    let isMissed = false;
    for (const { person, address, watched, is_patient: isPatient } of people) {
      if (person === null || address === null) continue;
      const key = `${change} ${person}`;
      try {
        if (!sent.has(key)) await mail.sendMonitoring(address, { isWatched: watched, isPatient });
        sent.add(key);
        reached.push(person);
      } catch (error) {
        onTrouble(error);
        isMissed = true;
      }
    }
    const tried = (tries.get(change) ?? 0) + 1;
    tries.set(change, tried);
    return isMissed && tried < TRIES_MAX ? "not yet" : reached;
  }

  async function record(people: readonly Row[], reached: readonly string[]): Promise<void> {
    const [first] = people;
    if (!first) return;
    const { change, organisation: organisationId, patient: patientId, watched } = first;
    const at = runtime.clock.now();
    await tables.everywhere(async (tx) => {
      const inserted = await tx.run(
        `INSERT INTO monitoring_told (position, organisation_id, patient_id, at, is_watched, mails) VALUES ($1, $2, $3, $4, $5, $6)
           ON CONFLICT DO NOTHING`,
        [change, organisationId, patientId, at, watched, reached.length],
      );
      if (inserted === 0) return;
      const detail = { isWatched: watched, mailed: reached };
      await audit(tx, { organisationId, at, by: "system", action: "monitoring.told", patientId, detail });
    });
  }

  return {
    /** In the background; one run at a time, and what fails is tried again with the next look. */
    tell(mail: MonitoringMail | null): void {
      running ??= tellAll(mail)
        .catch(onTrouble)
        .finally(() => {
          running = undefined;
        });
    },
    close: async () => running,
  };
}
