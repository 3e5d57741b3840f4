import { RefusedInput } from "@openward/errors";
import type { Problem, QuarantineEntry } from "@openward/model";
import { audit } from "./audit.ts";
import type { RegistryContext } from "./context.ts";
import type { QuarantineRecord, QuarantineRegistry } from "./ports.ts";
import { HOUSE, inOrganisation, isUuid, lookAs, needSeen, needUuid, type Transaction } from "./transaction.ts";

interface QuarantineRow {
  readonly id: string;
  readonly organisation_id: string;
  readonly device_id: string;
  readonly received_at: number;
  readonly kind: QuarantineEntry["kind"];
  readonly content_type: string;
  readonly problems: Problem[];
  readonly raw: Buffer;
  readonly state: "claimed" | "dismissed" | null;
  readonly patient_id: string | null;
  readonly remainder: Problem[] | null;
  readonly resolved_by: string | null;
  readonly resolved_at: number | null;
}

const LIMIT_MAX = 500;

/** What could not be placed, and what people made of it. */
export function createQuarantineRegistry({ api, runtime, openRaw }: RegistryContext): QuarantineRegistry {
  const toRecord = (row: QuarantineRow) => recordOf(row, openRaw);
  const findOne = async (tx: Transaction, id: string) => {
    const [row] = await read(tx, "q.id = $1", [id]);
    return row && toRecord(row);
  };

  return {
    list(asker, { state, deviceId, code, contentType, from, to, before, limit }) {
      return inOrganisation(api, asker, async (tx) => {
        const values: unknown[] = [];
        const conditions = [state === "open" ? "r.quarantine_id IS NULL" : `r.state = $${values.push(state)}`];
        if (deviceId !== undefined) conditions.push(`q.device_id = $${values.push(deviceId)}`);
        if (contentType !== undefined) conditions.push(`q.content_type = $${values.push(contentType)}`);
        if (from !== undefined) conditions.push(`q.received_at >= $${values.push(from)}`);
        if (to !== undefined) conditions.push(`q.received_at < $${values.push(to)}`);
        if (code !== undefined)
          conditions.push(
            `EXISTS (SELECT FROM json_array_elements(q.problems) p WHERE p->>'code' = $${values.push(code)})`,
          );
        if (before !== undefined) {
          const place = `$${values.push(needUuid(before, "before"))}`;
          conditions.push(`(q.received_at, q.id) < (SELECT received_at, id FROM quarantine WHERE id = ${place})`);
        }
        const count = `$${values.push(Math.min(limit, LIMIT_MAX))}`;
        return (
          await read(tx, `${conditions.join(" AND ")} ORDER BY q.received_at DESC, q.id DESC LIMIT ${count}`, values)
        ).map(toRecord);
      });
    },

    async find(asker, id) {
      if (!isUuid(id)) return undefined;
      return inOrganisation(api, asker, (tx) => findOne(tx, id));
    },

    resolve(organisationId, id, as, by, detail) {
      return inOrganisation(api, organisationId, async (tx) => {
        const at = runtime.clock.now();
        await lookAs(tx, by);
        const entry = await findOne(tx, needUuid(id, "id"));
        await lookAs(tx, HOUSE);
        if (!entry) throw new RefusedInput("NOT_FOUND", { at: "id" });
        const patientId = as === "claimed" ? needUuid(detail.patientId ?? "", "patientId") : null;
        if (patientId !== null) await needSeen(tx, by, [patientId]);
        // Of two people at the same moment one waits here for the other, and then finds it done.
        const inserted = await tx.run(
          `INSERT INTO quarantine_resolution (quarantine_id, organisation_id, state, patient_id, reason, remainder, resolved_by, resolved_at, run_id)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (quarantine_id) DO NOTHING`,
          [
            id,
            organisationId,
            as,
            patientId,
            detail.reason ?? null,
            JSON.stringify(detail.remainder ?? []),
            by,
            at,
            detail.runId ?? null,
          ],
        );
        if (inserted === 0) throw new RefusedInput("CONFLICT", { at: "state", expected: "an entry that is open" });
        const { deviceId } = entry.entry;
        await audit(tx, {
          organisationId,
          at,
          by,
          action: `quarantine.${as}`,
          deviceId,
          patientId,
          detail: { quarantineId: id },
        });
        return (await findOne(tx, id)) as QuarantineRecord;
      });
    },
  };
}

/** With their bytes, in the order of their arrival; those that are open. */
export async function entriesOf(
  { api, openRaw }: Pick<RegistryContext, "api" | "openRaw">,
  organisationId: string,
  ids: readonly string[],
): Promise<(QuarantineEntry & { readonly isExpired: boolean })[]> {
  const rows = await inOrganisation(api, organisationId, (tx) =>
    read(tx, "q.id = ANY ($1::uuid[]) AND r.quarantine_id IS NULL ORDER BY q.received_at, q.id", [ids]),
  );
  return rows.map((row) => {
    const { entry, isExpired = false } = recordOf(row, openRaw);
    return { ...entry, isExpired };
  });
}

/** @param condition SQL over q (quarantine) and r (its resolution) */
function read(tx: Transaction, condition: string, values: readonly unknown[]): Promise<QuarantineRow[]> {
  return tx.rows<QuarantineRow>(
    `SELECT q.id, q.organisation_id, q.device_id, q.received_at, q.kind, q.content_type, q.problems, q.raw,
            r.state, r.patient_id, r.remainder, r.resolved_by, r.resolved_at
       FROM quarantine q LEFT JOIN quarantine_resolution r ON r.quarantine_id = q.id
      WHERE ${condition}`,
    values,
  );
}

function recordOf(row: QuarantineRow, openRaw: RegistryContext["openRaw"]): QuarantineRecord {
  const raw = openRaw({ id: row.id, organisationId: row.organisation_id, raw: row.raw });
  return {
    ...(raw === undefined ? { isExpired: true } : {}),
    entry: {
      id: row.id,
      organisationId: row.organisation_id,
      deviceId: row.device_id,
      receivedAt: row.received_at,
      kind: row.kind,
      contentType: row.content_type,
      problems: row.problems,
      raw: raw ?? new Uint8Array(),
    },
    state: row.state ?? "open",
    resolvedBy: row.resolved_by,
    resolvedAt: row.resolved_at,
    patientId: row.patient_id,
    remainder: row.remainder ?? [],
  };
}
