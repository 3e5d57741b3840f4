import { type Canonical, canonical } from "./canonical.ts";
import { digestOf, type Head } from "./chain.ts";
import type { SignedCheckpoint } from "./checkpoint.ts";
import type { StoredRecord } from "./log-file.ts";
import type { Rows } from "./ports.ts";
import type { AuditRecord } from "./record.ts";

/** A record with its place in its node's chain. */
export interface Linked {
  readonly record: AuditRecord;
  readonly body: string;
  readonly head: Head;
}

/** A row of audit_event that is not in any chain yet. */
export interface PendingChange {
  readonly position: number;
  readonly at: number;
  readonly organisationId: string;
  readonly actor: string;
  readonly action: string;
  readonly patientId: string | null;
  readonly deviceId: string | null;
  /** Of everything that the row says. */
  readonly digest: string;
}

/** A record, the columns that it is searched by, and the row of the change that it is of. */
export interface ComparedRow {
  readonly position: number;
  readonly body: string;
  readonly eventPosition: number | null;
  readonly columns: Canonical;
  /** null: there is none. */
  readonly event: { readonly digest: string } | null;
}

const PAGE = 1_000;
/** Organisation of what belongs to none. */
const NOBODYS = "00000000-0000-0000-0000-000000000000";

/** The tables of the log. Nothing here changes or removes a row: the role could not. */
export function createAuditTable(db: Rows) {
  return {
    async openNode(node: string, at: number): Promise<void> {
      await db.rows("INSERT INTO audit_node (node, opened_at) VALUES ($1, $2) ON CONFLICT DO NOTHING", [node, at]);
    },

    /** undefined: the chain has not begun. */
    async headOf(node: string): Promise<Head | undefined> {
      const [row] = await db.rows<{ position: number; hash: Buffer }>(
        "SELECT position, hash FROM audit_record WHERE node = $1 ORDER BY position DESC LIMIT 1",
        [node],
      );
      return row && { node, position: row.position, hash: row.hash.toString("hex") };
    },

    async heads(): Promise<Head[]> {
      const rows = await db.rows<{ node: string; position: number; hash: Buffer }>(
        `SELECT n.node, r.position, r.hash FROM audit_node n CROSS JOIN LATERAL
           (SELECT position, hash FROM audit_record WHERE node = n.node ORDER BY position DESC LIMIT 1) r`,
      );
      return rows.map(({ node, position, hash }) => ({ node, position, hash: hash.toString("hex") }));
    },

    /** One statement, and so one commit: all of them or none. As one text, which costs a fifth of as many arrays. */
    async insert(linked: readonly Linked[]): Promise<void> {
      await db.rows(INSERT, [JSON.stringify(linked.map(toRow))], "audit");
    },

    /** Which of these are in a chain already. */
    async known(ids: readonly string[]): Promise<ReadonlySet<string>> {
      const rows = await db.rows<{ id: string }>("SELECT id FROM audit_record WHERE id = ANY ($1::uuid[])", [ids]);
      return new Set(rows.map(({ id }) => id));
    },

    /** @param above nothing at or below is looked at */
    async pendingChanges(above: number, limit: number): Promise<PendingChange[]> {
      const rows = await db.rows<EventRow>(
        `SELECT position, at, organisation_id, actor, action, patient_id, device_id, detail FROM audit_event e
          WHERE position > $1 AND NOT EXISTS (SELECT FROM audit_record r WHERE r.event_position = e.position)
          ORDER BY position LIMIT $2`,
        [above, limit],
      );
      return rows.map(toChange);
    },

    /** Where `pendingChanges` may begin: what is older than this was linked, unless it was never seen. */
    async lastChangeBefore(at: number): Promise<number> {
      const [row] = await db.rows<{ position: number | null }>(
        "SELECT max(event_position) AS position FROM audit_record WHERE event_position IS NOT NULL AND at < $1",
        [at],
      );
      return row?.position ?? 0;
    },

    async lastCheckpoint(): Promise<SignedCheckpoint | undefined> {
      const [row] = await db.rows<CheckpointRow>(
        "SELECT number, body, signature FROM audit_checkpoint ORDER BY number DESC LIMIT 1",
      );
      return row;
    },

    /** @returns false: another process has taken this number */
    async addCheckpoint(number: number, at: number, { body, signature }: SignedCheckpoint): Promise<boolean> {
      const added = await db.rows(
        `INSERT INTO audit_checkpoint (number, at, body, signature) VALUES ($1, $2, $3, $4)
         ON CONFLICT DO NOTHING RETURNING number`,
        [number, at, body, signature],
      );
      return added.length > 0;
    },

    async nodes(): Promise<string[]> {
      return (await db.rows<{ node: string }>("SELECT node FROM audit_node")).map(({ node }) => node);
    },

    async *checkpoints(): AsyncGenerator<SignedCheckpoint> {
      for (let after = 0; ; ) {
        const page = await db.rows<CheckpointRow>(
          "SELECT number, body, signature FROM audit_checkpoint WHERE number > $1 ORDER BY number LIMIT $2",
          [after, PAGE],
        );
        yield* page;
        if (page.length < PAGE) return;
        after = page.at(-1)?.number ?? after;
      }
    },

    /** Changes that no chain holds yet. */
    async unlinked(): Promise<number> {
      const [row] = await db.rows<{ n: number }>(
        `SELECT count(*)::int AS n FROM audit_event e
          WHERE NOT EXISTS (SELECT FROM audit_record r WHERE r.event_position = e.position)`,
      );
      return row?.n ?? 0;
    },

    async *compared(node: string): AsyncGenerator<ComparedRow> {
      for (let after = 0; ; ) {
        const page = await db.rows<ComparedColumns>(COMPARED, [node, after, PAGE]);
        for (const row of page) yield toCompared(row);
        if (page.length < PAGE) return;
        after = page.at(-1)?.position ?? after;
      }
    },

    async *records(node: string, from: number, to: number | null): AsyncGenerator<StoredRecord> {
      for (let after = from; ; ) {
        const page = await db.rows<{ position: number; hash: Buffer; body: string }>(
          `SELECT position, hash, body FROM audit_record WHERE node = $1 AND position > $2
              AND ($3::bigint IS NULL OR position <= $3) ORDER BY position LIMIT $4`,
          [node, after, to, PAGE],
        );
        for (const { position, hash, body } of page) yield { position, hash: hash.toString("hex"), body };
        if (page.length < PAGE) return;
        after = page.at(-1)?.position ?? after;
      }
    },
  };
}

export type AuditTable = ReturnType<typeof createAuditTable>;

/** Who it was, as the log is searched by: "person 0190a...", "device cuff-1". */
export function agentOf({ who }: Pick<AuditRecord, "who">): string {
  return who.id === null ? who.kind : `${who.kind} ${who.id}`;
}

/** The person whom an application acted for, in the same words. */
export function behalfOf({ onBehalfOf: who }: Pick<AuditRecord, "onBehalfOf">): string | null {
  return who?.id == null ? null : agentOf({ who });
}

const toRow = ({ record, body, head }: Linked) => ({
  node: head.node,
  position: head.position,
  id: record.id,
  at: record.at,
  organisation_id: record.organisationId ?? NOBODYS,
  agent: agentOf(record),
  action: record.action,
  code: record.code,
  entity: record.entity,
  outcome: record.outcome,
  patients: record.patients,
  event_position: record.change?.position ?? null,
  behalf: behalfOf(record),
  body,
  hash: head.hash,
});

const INSERT = `
  INSERT INTO audit_record (node, position, id, at, organisation_id, agent, action, code, entity, outcome, patients,
      event_position, behalf, body, hash)
  SELECT node, position, id, at, organisation_id, agent, action, code, entity, outcome, patients,
      event_position, behalf, body, decode(hash, 'hex')
    FROM json_to_recordset($1::json) AS r (node text, position bigint, id uuid, at bigint, organisation_id uuid, agent text,
      action text, code text, entity text, outcome text, patients uuid[], event_position bigint, behalf text, body text,
      hash text)`;

const COMPARED = `
  SELECT r.position, r.body, r.event_position, r.id, r.at, r.organisation_id, r.agent, r.action, r.code, r.entity, r.outcome, r.behalf,
      r.patients::text[] AS patients, to_jsonb(e) AS event
    FROM audit_record r LEFT JOIN audit_event e ON e.position = r.event_position
   WHERE r.node = $1 AND r.position > $2 ORDER BY r.position LIMIT $3`;

interface ComparedColumns {
  readonly position: number;
  readonly body: string;
  readonly event_position: number | null;
  readonly id: string;
  readonly at: number;
  readonly organisation_id: string;
  readonly agent: string;
  readonly action: string;
  readonly code: string;
  readonly entity: string;
  readonly outcome: string;
  readonly behalf: string | null;
  readonly patients: readonly string[];
  /** The whole row. */
  readonly event: EventRow | null;
}

function toCompared({ body, position, event_position: eventPosition, event, ...row }: ComparedColumns): ComparedRow {
  const { organisation_id: organisationId, patients, ...columns } = row;
  return {
    position,
    body,
    eventPosition,
    columns: {
      ...columns,
      organisationId: organisationId === NOBODYS ? null : organisationId,
      patients: [...patients],
    },
    event: event && { digest: toChange(event).digest },
  };
}

interface CheckpointRow extends SignedCheckpoint {
  readonly number: number;
}

interface EventRow {
  readonly position: number;
  readonly at: number;
  readonly organisation_id: string;
  readonly actor: string;
  readonly action: string;
  readonly patient_id: string | null;
  readonly device_id: string | null;
  readonly detail: Canonical;
}

function toChange({ detail, ...row }: EventRow): PendingChange {
  return {
    position: row.position,
    at: row.at,
    organisationId: row.organisation_id,
    actor: row.actor,
    action: row.action,
    patientId: row.patient_id,
    deviceId: row.device_id,
    digest: digestOf(canonical({ ...row, detail })),
  };
}
