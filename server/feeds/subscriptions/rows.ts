import { RefusedInput } from "@openward/errors";
import type {
  AppAccess,
  NewEvent,
  NumberedEvent,
  OutboxPlace,
  Subscription,
  SubscriptionDelivery,
  SubscriptionProgress,
  SubscriptionStatus,
  SubscriptionTopic,
} from "@openward/model";
import type { Tables, Transaction } from "../ports.ts";
import type { Sealed } from "../rows.ts";

export const TOPIC_URL = "urn:openward:subscription-topic:";

/** Of an application, what its subscriptions go on with. */
export interface Application {
  readonly clientId: string;
  /** null: it acts for nobody. */
  readonly grantHash: Uint8Array | null;
  readonly scopes: AppAccess["scopes"];
  readonly fhirUser: string | null;
  readonly patientId: string | null;
}

export interface Kept {
  readonly subscription: Subscription;
  readonly progress: SubscriptionProgress;
  readonly application: Application | null;
  readonly headers: Sealed | null;
}

type Meaning = SubscriptionDelivery & Pick<Subscription, "filters" | "until">;

interface Row {
  readonly id: string;
  readonly organisation_id: string;
  readonly owner_kind: "person" | "token";
  readonly owner_id: string;
  readonly client_id: string | null;
  readonly grant_hash: Buffer | null;
  readonly scopes: AppAccess["scopes"] | null;
  readonly fhir_user: string | null;
  readonly patient_id: string | null;
  readonly topic: string;
  readonly content: string;
  readonly delivery: Meaning;
  readonly headers_key: number | null;
  readonly headers: Buffer | null;
  readonly version: number;
  readonly created_at: number;
  readonly updated_at: number;
  readonly status: SubscriptionStatus;
  readonly error: string | null;
  readonly position: number;
  readonly number: number;
  readonly reached_at: number;
  readonly events: number;
  readonly delivered: number;
  readonly failing_since: number | null;
  readonly last_success_at: number | null;
}

const PROGRESS = `p.position::float8 AS position, p.number::float8 AS number, p.reached_at, p.events::float8 AS events,
  p.delivered::float8 AS delivered, p.failing_since, p.last_success_at`;
const SELECT = `SELECT s.id::text, s.organisation_id::text, s.owner_kind, s.owner_id::text, s.client_id::text, s.grant_hash, s.scopes, s.fhir_user,
    s.patient_id::text, s.topic, s.content, s.delivery, s.headers_key, s.headers, s.version, s.created_at, s.updated_at, s.status, s.error, ${PROGRESS}
  FROM subscription s JOIN subscription_progress p ON p.subscription_id = s.id WHERE s.ended_at IS NULL`;

/** A row of the log has no more than this. */
const EVENTS_A_ROW = 500;

export interface NewSubscription
  extends Omit<Subscription, "version" | "createdAt" | "updatedAt" | "error" | "status"> {
  readonly status: SubscriptionStatus;
  readonly application: Application | null;
  readonly headers: Sealed | null;
}

/** Subscriptions, their events and how far they are, as the database keeps them. */
export function createSubscriptionRows({ tables, now }: { tables: Tables; now: () => number }) {
  const audited = (tx: Transaction, action: string, one: Pick<Subscription, "id" | "organisationId">, by: string) =>
    tx.run("INSERT INTO audit_event (organisation_id, at, actor, action, detail) VALUES ($1, $2, $3, $4, $5)", [
      one.organisationId,
      now(),
      by,
      action,
      { subscriptionId: one.id },
    ]);

  return {
    /** Those that have not ended. */
    async all(): Promise<Kept[]> {
      const rows = await tables.everywhere((tx) => tx.rows<Row>(`${SELECT} ORDER BY s.created_at, s.id`));
      return rows.map(toKept);
    },

    /** undefined: it has ended. */
    async one(id: string): Promise<Kept | undefined> {
      const [row] = await tables.everywhere((tx) => tx.rows<Row>(`${SELECT} AND s.id = $1`, [id]));
      return row && toKept(row);
    },

    async create(one: NewSubscription, place: OutboxPlace): Promise<void> {
      const at = now();
      const { application: app, owner, organisationId } = one;
      await tables.inOrganisation({ organisationId, id: owner.id }, async (tx) => {
        await tx.run(
          `INSERT INTO subscription (id, organisation_id, owner_kind, owner_id, client_id, grant_hash, scopes, fhir_user, patient_id, topic,
             content, delivery, headers_key, headers, version, created_at, updated_at, status)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, 1, $15, $15, $16)`,
          [
            one.id,
            organisationId,
            owner.kind,
            owner.id,
            app?.clientId ?? null,
            app?.grantHash ?? null,
            app ? JSON.stringify(app.scopes) : null,
            app?.fhirUser ?? null,
            app?.patientId ?? null,
            TOPIC_URL + one.topic,
            one.text,
            JSON.stringify(meaningOf(one)),
            one.headers?.keyId ?? null,
            one.headers?.sealed ?? null,
            at,
            one.status,
          ],
        );
        await tx.run(
          "INSERT INTO subscription_progress (subscription_id, organisation_id, position, number, reached_at) VALUES ($1, $2, $3, $4, $5)",
          [one.id, organisationId, place.position, place.number, at],
        );
        await audited(tx, "subscription.create", one, owner.id);
      });
    },

    /** As it was written anew; its place and its numbers stay. @throws RefusedInput CONFLICT: it was changed meanwhile */
    async change(before: Subscription, next: Omit<NewSubscription, "application">): Promise<void> {
      await tables.everywhere(async (tx) => {
        const changed = await tx.run(
          `UPDATE subscription SET content = $3, delivery = $4, headers_key = $5, headers = $6, status = $7, error = NULL,
             version = version + 1, updated_at = $8 WHERE id = $1 AND version = $2 AND ended_at IS NULL`,
          [
            before.id,
            before.version,
            next.text,
            JSON.stringify(meaningOf(next)),
            next.headers?.keyId ?? null,
            next.headers?.sealed ?? null,
            next.status,
            now(),
          ],
        );
        if (changed === 0) throw new RefusedInput("CONFLICT", { at: "Subscription" });
        await tx.run("UPDATE subscription_progress SET failing_since = NULL WHERE subscription_id = $1", [before.id]);
        await audited(tx, "subscription.change", before, before.owner.id);
      });
    },

    /** What the house says of it. */
    async setStatus({ id }: Pick<Subscription, "id">, status: SubscriptionStatus, error: string | null): Promise<void> {
      await tables.everywhere((tx) =>
        tx.run(
          `UPDATE subscription SET status = $2, error = $3, version = version + 1, updated_at = $4
            WHERE id = $1 AND ended_at IS NULL AND (status, coalesce(error, '')) <> ($2, coalesce($3, ''))`,
          [id, status, error, now()],
        ),
      );
    },

    /** With it go its secrets, and of what it was told. */
    async end(one: Pick<Subscription, "id" | "organisationId">, by: string, reason: string): Promise<void> {
      await tables.everywhere(async (tx) => {
        const ended = await tx.run(
          `UPDATE subscription SET status = 'off', ended_at = $2, end_reason = $3, headers = NULL, headers_key = NULL, updated_at = $2,
             version = version + 1 WHERE id = $1 AND ended_at IS NULL`,
          [one.id, now(), reason],
        );
        if (ended === 0) return;
        await tx.run("DELETE FROM subscription_event WHERE subscription_id = $1", [one.id]);
        await audited(tx, "subscription.end", one, by);
      });
    },

    /**
     * Gives events their numbers, and says that everything up to a place was looked at: both or neither.
     *
     * @throws Error where another has done so meanwhile: read the progress again
     */
    async append(
      one: Pick<Subscription, "id" | "organisationId">,
      before: SubscriptionProgress,
      events: readonly NewEvent[],
      place: OutboxPlace,
      reachedAt: number,
    ): Promise<readonly NewEvent[]> {
      const rows = rowsOf(events, before.events);
      await tables.everywhere(async (tx) => {
        const taken = await tx.run(
          `UPDATE subscription_progress SET position = $2, number = $3, reached_at = $4, events = events + $5
            WHERE subscription_id = $1 AND events = $6`,
          [one.id, place.position, place.number, reachedAt, events.length, before.events],
        );
        if (taken === 0) throw new Error("the events of a subscription were numbered by another");
        for (const { first, last, patientId, list } of rows)
          await tx.run(
            // Whoever was erased a moment ago leaves numbers, and nothing behind them.
            `INSERT INTO subscription_event (subscription_id, first, last, organisation_id, patient_id, at, events)
             SELECT $1, $2, $3, $4, $5, $6, $7 WHERE $5::uuid IS NULL OR NOT EXISTS (SELECT FROM erased_patient WHERE patient_id = $5)`,
            [one.id, first, last, one.organisationId, patientId, now(), JSON.stringify(list)],
          );
      });
      return rows.flatMap(({ list, patientId }) =>
        list.map(([reference, method, at]) => ({ reference, method, at, patientId })),
      );
    },

    async taken({ id }: Pick<Subscription, "id">, delivered: number): Promise<void> {
      await tables.everywhere((tx) =>
        tx.run(
          `UPDATE subscription_progress SET delivered = greatest(delivered, $2), failing_since = NULL, last_success_at = $3
            WHERE subscription_id = $1`,
          [id, delivered, now()],
        ),
      );
    },

    async failing({ id }: Pick<Subscription, "id">, since: number): Promise<void> {
      await tables.everywhere((tx) =>
        tx.run("UPDATE subscription_progress SET failing_since = $2 WHERE subscription_id = $1", [id, since]),
      );
    },

    /**
     * Events by their numbers, from and up to these, as far as their patients are there for the owner; of each number there is one.
     */
    async events({ id, organisationId, owner }: Subscription, from: number, upTo: number): Promise<NumberedEvent[]> {
      const rows = await tables.inOrganisation({ organisationId, id: owner.id }, (tx) =>
        tx.rows<{ first: number; patient_id: string | null; events: [string, NewEvent["method"], number][] }>(
          `SELECT first::float8 AS first, patient_id::text, events FROM subscription_event
            WHERE subscription_id = $1 AND last >= $2 AND first <= $3 ORDER BY first`,
          [id, from, upTo],
        ),
      );
      const numbered = new Map<number, NewEvent>();
      for (const { first, patient_id: patientId, events } of rows)
        for (const [i, [reference, method, at]] of events.entries())
          numbered.set(first + i, { reference, method, at, patientId });
      return Array.from({ length: Math.max(0, upTo - from + 1) }, (_, i) => ({
        number: from + i,
        event: numbered.get(from + i) ?? null,
      }));
    },

    /** The first number that is kept; null: none is. */
    async oldest({ id }: Pick<Subscription, "id">): Promise<number | null> {
      const [row] = await tables.everywhere((tx) =>
        tx.rows<{ first: number | null }>(
          "SELECT min(first)::float8 AS first FROM subscription_event WHERE subscription_id = $1",
          [id],
        ),
      );
      return row?.first ?? null;
    },

    /** Lets go of events of before. */
    async drop(before: number): Promise<void> {
      await tables.everywhere((tx) => tx.run("DELETE FROM subscription_event WHERE at < $1", [before]));
    },
  };
}

export type SubscriptionRows = ReturnType<typeof createSubscriptionRows>;

/** Events of one patient follow on one another, in their order: between patients there is none. */
function rowsOf(events: readonly NewEvent[], before: number) {
  const byPatient = Map.groupBy(events, ({ patientId }) => patientId);
  const rows: {
    first: number;
    last: number;
    patientId: string | null;
    list: [reference: string, method: NewEvent["method"], at: number][];
  }[] = [];
  let last = before;
  for (const [patientId, theirs] of byPatient)
    for (let i = 0; i < theirs.length; i += EVENTS_A_ROW) {
      const some = theirs.slice(i, i + EVENTS_A_ROW);
      const list = some.map(({ reference, method, at }): (typeof rows)[number]["list"][number] => [
        reference,
        method,
        at,
      ]);
      rows.push({ first: last + 1, last: last + some.length, patientId, list });
      last += some.length;
    }
  return rows;
}

const meaningOf = (one: Meaning): Meaning => ({
  channel: one.channel,
  endpoint: one.endpoint,
  content: one.content,
  attaches: one.attaches,
  heartbeatMs: one.heartbeatMs,
  timeoutMs: one.timeoutMs,
  maxCount: one.maxCount,
  filters: one.filters,
  until: one.until,
});

function toKept(row: Row): Kept {
  return {
    subscription: {
      ...row.delivery,
      id: row.id,
      organisationId: row.organisation_id,
      owner: { kind: row.owner_kind, id: row.owner_id },
      topic: row.topic.slice(TOPIC_URL.length) as SubscriptionTopic, // written from one
      text: row.content,
      version: row.version,
      createdAt: row.created_at,
      updatedAt: row.updated_at,
      status: row.status,
      error: row.error,
    },
    progress: {
      place: { position: row.position, number: row.number },
      reachedAt: row.reached_at,
      events: row.events,
      delivered: row.delivered,
      failingSince: row.failing_since,
      lastSuccessAt: row.last_success_at,
    },
    application:
      row.client_id === null
        ? null
        : {
            clientId: row.client_id,
            grantHash: row.grant_hash,
            scopes: row.scopes ?? [],
            fhirUser: row.fhir_user,
            patientId: row.patient_id,
          },
    headers: row.headers && { keyId: row.headers_key ?? 0, sealed: row.headers },
  };
}
