import type { BulkOwner } from "@openward/model";
import type { Clock } from "@openward/runtime";
import type { Tables } from "./ports.ts";

/** A program's own token. $1 it, $2 organisation, $3 now. */
const TOKEN = "SELECT FROM api_token WHERE id = $1 AND organisation_id = $2 AND revoked_at IS NULL AND expires_at > $3";
/** An application that acts for nobody: its tokens last minutes, its registration lasts. */
const BACKEND =
  "SELECT FROM oauth_client WHERE id = $1 AND organisation_id = $2 AND kind = 'backend' AND disabled_at IS NULL AND $3::bigint IS NOT NULL";

/** Does the access still run by which a program of the house asked for long work? */
export function createStanding({
  tables,
  clock,
}: {
  readonly tables: Tables;
  readonly clock: Pick<Clock, "now">;
}): (owner: BulkOwner) => Promise<boolean> {
  return ({ principal, organisation, app }) =>
    tables.everywhere(async (tx) => {
      const rows = await tx.rows(app ? BACKEND : TOKEN, [principal.id, organisation.id, clock.now()]);
      return rows.length > 0;
    });
}
