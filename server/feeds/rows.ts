import { RefusedInput } from "@openward/errors";
import type { Feed, FeedKind, FeedProgress, FeedTarget, FeedWay, OutboxPlace } from "@openward/model";
import type { Tables, Transaction, Vault } from "./ports.ts";

interface Row {
  readonly id: string;
  readonly organisation_id: string;
  readonly owner_kind: "person" | "token";
  readonly owner_id: string;
  readonly patient_id: string | null;
  readonly name: string;
  readonly way: FeedWay;
  readonly kinds: FeedKind[];
  readonly signals: string[] | null;
  readonly target: FeedTarget;
  readonly secret_hash: Buffer | null;
  readonly secret_key: number | null;
  readonly secret: Buffer | null;
  readonly old_secret_key: number | null;
  readonly old_secret: Buffer | null;
  readonly old_secret_until: number | null;
  readonly created_at: number;
  readonly created_by: string;
  readonly paused_at: number | null;
  readonly pause_reason: string | null;
  readonly position: number;
  readonly number: number;
  readonly reached_at: number;
  readonly delivered: number;
  readonly last_success_at: number | null;
  readonly last_error_at: number | null;
  readonly last_error: string | null;
  readonly last_status: number | null;
  readonly failing_since: number | null;
  readonly published: string[];
}

/** A feed with what it is kept with. */
export interface Kept {
  readonly feed: Feed;
  readonly progress: FeedProgress;
  /** SHA-256 of what its receiver signs in with. */
  readonly secretHash: Uint8Array | null;
  /** What we sign, or sign in, with, as it is kept; the older until it counts no more. */
  readonly secret: Sealed | null;
  readonly oldSecret: (Sealed & { readonly until: number }) | null;
}

export interface Sealed {
  readonly keyId: number;
  readonly sealed: Uint8Array;
}

export interface NewFeed extends Omit<Feed, "id" | "createdAt" | "pausedAt" | "pauseReason"> {
  readonly secretHash: Uint8Array | null;
  readonly secret: Sealed | null;
}

const SELECT = `SELECT f.id::text, f.organisation_id::text, f.owner_kind, f.owner_id::text, f.patient_id::text, f.name, f.way, f.kinds, f.signals,
    f.target, f.secret_hash, f.secret_key, f.secret, f.old_secret_key, f.old_secret, f.old_secret_until, f.created_at, f.created_by,
    f.paused_at, f.pause_reason, p.position::float8 AS position, p.number::float8 AS number, p.reached_at, p.delivered, p.last_success_at,
    p.last_error_at, p.last_error, p.last_status, p.failing_since, p.published
  FROM feed f JOIN feed_progress p ON p.feed_id = f.id WHERE f.ended_at IS NULL`;

/** Feeds and how far they are, as the database keeps them. Who may make and end them is decided at the doors. */
export function createFeedRows({ tables, now }: { tables: Tables; now: () => number }) {
  const record = (
    tx: Transaction,
    action: string,
    feed: Pick<Feed, "id" | "organisationId" | "patientId">,
    by: string,
  ) =>
    tx.run(
      "INSERT INTO audit_event (organisation_id, at, actor, action, patient_id, detail) VALUES ($1, $2, $3, $4, $5, $6)",
      [feed.organisationId, now(), by, action, feed.patientId, { feedId: feed.id }],
    );

  const change = (feed: Feed, action: string, by: string, set: string, values: readonly unknown[]) =>
    tables.inOrganisation(feed.organisationId, async (tx) => {
      const changed = await tx.run(`UPDATE feed SET ${set} WHERE id = $1 AND ended_at IS NULL`, [feed.id, ...values]);
      if (changed === 0) throw new RefusedInput("NOT_FOUND", { at: "feedId" });
      await record(tx, action, feed, by);
    });

  return {
    /** Those that have not ended. */
    async all(): Promise<Kept[]> {
      const rows = await tables.everywhere((tx) => tx.rows<Row>(`${SELECT} ORDER BY f.created_at, f.id`));
      return rows.map(toKept);
    },

    async create(id: string, feed: NewFeed, place: OutboxPlace): Promise<void> {
      const at = now();
      const { organisationId, owner, secret } = feed;
      await tables.inOrganisation(organisationId, async (tx) => {
        await tx.run(
          `INSERT INTO feed (id, organisation_id, owner_kind, owner_id, patient_id, name, way, kinds, signals, target, secret_hash,
             secret_key, secret, created_at, created_by) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)`,
          [
            id,
            organisationId,
            owner.kind,
            owner.id,
            feed.patientId,
            feed.name,
            feed.way,
            feed.kinds,
            feed.signals,
            JSON.stringify(feed.target),
            feed.secretHash,
            secret?.keyId ?? null,
            secret?.sealed ?? null,
            at,
            feed.createdBy,
          ],
        );
        await tx.run(
          "INSERT INTO feed_progress (feed_id, organisation_id, position, number, reached_at) VALUES ($1, $2, $3, $4, $5)",
          [id, organisationId, place.position, place.number, at],
        );
        await record(tx, "feed.create", { ...feed, id }, feed.createdBy);
      });
    },

    pause: (feed: Feed, by: string, reason: string | null) =>
      change(feed, "feed.pause", by, "paused_at = $2, pause_reason = $3", [now(), reason]),

    /** Its failures are forgotten: it has its days again. */
    async resume(feed: Feed, by: string): Promise<void> {
      await change(feed, "feed.resume", by, "paused_at = NULL, pause_reason = NULL", []);
      await this.save(feed, { failingSince: null });
    },

    end: (feed: Feed, by: string, reason: string | null) =>
      change(
        feed,
        "feed.end",
        by,
        "ended_at = $2, ended_by = $3, end_reason = $4, secret = NULL, secret_key = NULL, old_secret = NULL, old_secret_key = NULL",
        [now(), by, reason],
      ),

    /** @param oldUntil left out: the old one counts no more */
    rotate: (feed: Feed, by: string, next: { hash: Uint8Array } | { secret: Sealed; oldUntil: number }) =>
      "hash" in next
        ? change(feed, "feed.rotate", by, "secret_hash = $2", [next.hash])
        : change(
            feed,
            "feed.rotate",
            by,
            "old_secret = secret, old_secret_key = secret_key, old_secret_until = $2, secret_key = $3, secret = $4",
            [next.oldUntil, next.secret.keyId, next.secret.sealed],
          ),

    replayed: (feed: Feed, by: string, place: OutboxPlace, reachedAt: number) =>
      tables.inOrganisation(feed.organisationId, async (tx) => {
        await tx.run("UPDATE feed_progress SET position = $2, number = $3, reached_at = $4 WHERE feed_id = $1", [
          feed.id,
          place.position,
          place.number,
          reachedAt,
        ]);
        await record(tx, "feed.replay", feed, by);
      }),

    async save(feed: Pick<Feed, "id">, progress: Partial<FeedProgress>): Promise<void> {
      const { place, ...rest } = progress;
      const set = new Map<string, unknown>(
        Object.entries(rest).map(([name, value]) => [COLUMNS[name as keyof typeof rest], value]),
      );
      if (place) set.set("position", place.position).set("number", place.number);
      if (set.size === 0) return;
      const columns = [...set.keys()].map((column, i) => `${column} = $${i + 2}`).join(", ");
      await tables.everywhere((tx) =>
        tx.run(`UPDATE feed_progress SET ${columns} WHERE feed_id = $1`, [feed.id, ...set.values()]),
      );
    },

    /** A person or a program in whose name something is told; undefined: they may do nothing any more. */
    async ownerOf(
      owner: Feed["owner"],
      organisationId: string,
    ): Promise<{ display: string; role: string; scope: string | null } | undefined> {
      const [row] = await tables.everywhere((tx) =>
        tx.rows<{ display: string; role: string; scope: string | null }>(owner.kind === "person" ? PERSON : PROGRAM, [
          owner.id,
          organisationId,
          now(),
        ]),
      );
      return row;
    },
  };
}

export type FeedRows = ReturnType<typeof createFeedRows>;

const PERSON = `SELECT display, role, NULL AS scope FROM person WHERE id = $1 AND organisation_id = $2 AND disabled_at IS NULL AND $3::bigint IS NOT NULL`;
const PROGRAM = `SELECT name AS display, 'integration' AS role, scope FROM oauth_client
  WHERE id = $1 AND organisation_id = $2 AND kind = 'backend' AND disabled_at IS NULL AND $3::bigint IS NOT NULL`;

const COLUMNS: Readonly<Record<Exclude<keyof FeedProgress, "place">, string>> = {
  reachedAt: "reached_at",
  delivered: "delivered",
  lastSuccessAt: "last_success_at",
  lastErrorAt: "last_error_at",
  lastError: "last_error",
  lastStatus: "last_status",
  failingSince: "failing_since",
  published: "published",
};

function toKept(row: Row): Kept {
  return {
    feed: {
      id: row.id,
      organisationId: row.organisation_id,
      owner: { kind: row.owner_kind, id: row.owner_id },
      patientId: row.patient_id,
      name: row.name,
      way: row.way,
      kinds: row.kinds,
      signals: row.signals,
      target: row.target,
      createdAt: row.created_at,
      createdBy: row.created_by,
      pausedAt: row.paused_at,
      pauseReason: row.pause_reason,
    },
    progress: {
      place: { position: row.position, number: row.number },
      reachedAt: row.reached_at,
      delivered: row.delivered,
      lastSuccessAt: row.last_success_at,
      lastErrorAt: row.last_error_at,
      lastError: row.last_error,
      lastStatus: row.last_status,
      failingSince: row.failing_since,
      published: row.published,
    },
    secretHash: row.secret_hash,
    secret: row.secret && { keyId: row.secret_key ?? 0, sealed: row.secret },
    oldSecret: row.old_secret && {
      keyId: row.old_secret_key ?? 0,
      sealed: row.old_secret,
      until: row.old_secret_until ?? 0,
    },
  };
}

/** The name under which a feed's secret is sealed: it opens for no other. */
export const secretName = (feedId: string): string => `feed ${feedId}`;

export function openSecret(vault: Vault, feedId: string, { keyId, sealed }: Sealed): Uint8Array {
  return vault.open(secretName(feedId), keyId, sealed);
}
