import { RefusedInput } from "@openward/errors";
import type { Principal } from "@openward/model";
import type { Runtime } from "@openward/runtime";
import { audit } from "./audit.ts";
import { IDLE_MS } from "./authentication.ts";
import type { Proof, Session, Tables } from "./ports.ts";

interface Row {
  readonly id: string;
  readonly method: Session["method"];
  readonly device: string;
  readonly created_at: number;
  readonly last_used_at: number;
  readonly expires_at: number;
  readonly is_this: boolean;
}

/** Where somebody is signed in, and the way out of there. */
export function createSessions({ tables, runtime }: { tables: Tables; runtime: Runtime }) {
  return {
    async list({ id, organisationId }: Principal, current: Buffer | undefined): Promise<Session[]> {
      const now = runtime.clock.now();
      const rows = await tables.inOrganisation(organisationId, (tx) =>
        tx.rows<Row>(
          `SELECT id, method, device, created_at, last_used_at, expires_at, id_hash IS NOT DISTINCT FROM $4::bytea AS is_this
             FROM session WHERE person_id = $1 AND ended_at IS NULL AND expires_at > $2 AND last_used_at > $3
            ORDER BY last_used_at DESC, id LIMIT 100`,
          [id, now, now - IDLE_MS, current ?? null],
        ),
      );
      return rows.map((row) => ({
        id: row.id,
        method: row.method,
        device: row.device,
        createdAt: row.created_at,
        lastUsedAt: row.last_used_at,
        expiresAt: row.expires_at,
        isThis: row.is_this,
      }));
    },

    /** It is the person who sits there, as they have just shown. */
    async proved({ id, organisationId }: Principal, current: Buffer, by: Proof["by"]): Promise<Proof> {
      const at = runtime.clock.now();
      await tables.inOrganisation(organisationId, async (tx) => {
        await tx.run("UPDATE session SET proved_by = $2, proved_at = $3 WHERE id_hash = $1 AND ended_at IS NULL", [
          current,
          by,
          at,
        ]);
        await audit(tx, { organisationId, at, by: id, action: "person.prove", detail: { by } });
      });
      return { by, at };
    },

    /** @throws RefusedInput NOT_FOUND where it is not theirs, or has ended */
    async end({ id, organisationId }: Principal, sessionId: string): Promise<void> {
      const at = runtime.clock.now();
      await tables.inOrganisation(organisationId, async (tx) => {
        const ended = await tx.run(
          "UPDATE session SET ended_at = $3 WHERE id = $1 AND person_id = $2 AND ended_at IS NULL",
          [sessionId, id, at],
        );
        if (ended === 0) throw new RefusedInput("NOT_FOUND", { at: "session" });
        await audit(tx, { organisationId, at, by: id, action: "person.end-session", detail: { sessionId } });
      });
    },
  };
}
