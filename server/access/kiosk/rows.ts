import type { Kiosk, KioskShows } from "@openward/model";
import type { Authenticated, Tables } from "../ports.ts";

export interface KioskRow {
  readonly id: string;
  readonly organisation_id: string;
  readonly ward_id: string;
  readonly name: string;
  readonly shows: KioskShows;
  readonly takes_badges: boolean;
  readonly created_at: number;
  readonly created_by: string;
  readonly code_until: number | null;
  readonly enrolled_at: number | null;
  readonly browser: string | null;
  readonly seen_at: number | null;
  readonly expires_at: number | null;
  readonly ended_at: number | null;
}

export const toKiosk = (row: KioskRow): Kiosk => ({
  id: row.id,
  organisationId: row.organisation_id,
  name: row.name,
  wardId: row.ward_id,
  shows: row.shows,
  takesBadges: row.takes_badges,
  createdAt: row.created_at,
  createdBy: row.created_by,
  enrolledAt: row.enrolled_at,
  browser: row.browser,
  seenAt: row.seen_at,
  codeUntil: row.code_until,
  endedAt: row.ended_at,
});

/** The screen whose cookie hashes to this. */
export async function readKiosk(
  tables: Tables,
  idHash: Buffer,
): Promise<{ authenticated: Authenticated; usedAt: number } | undefined> {
  const [row] = await tables.everywhere((tx) =>
    tx.rows<KioskRow & { readonly organisation_name: string; readonly is_demo: boolean; readonly expires_at: number }>(
      `SELECT k.*, o.name AS organisation_name, o.is_demo FROM kiosk k JOIN organisation o USING (organisation_id)
        WHERE k.session_hash = $1 AND k.ended_at IS NULL`,
      [idHash],
    ),
  );
  if (!row) return undefined;
  const authenticated: Authenticated = {
    principal: {
      kind: "kiosk",
      id: row.id,
      display: row.name,
      organisationId: row.organisation_id,
      role: "kiosk",
    },
    organisation: { id: row.organisation_id, name: row.organisation_name, isDemo: row.is_demo },
    expiresAt: row.expires_at,
    via: "kiosk",
    kiosk: { wardId: row.ward_id, shows: row.shows, takesBadges: row.takes_badges },
  };
  return { authenticated, usedAt: row.seen_at ?? 0 };
}
