import type { Asking, Role } from "@openward/model";
import type { Clock } from "@openward/runtime";
import type { Tables } from "../ports.ts";
import type { Found, SubscriptionsDeps } from "./ports.ts";
import type { Kept } from "./rows.ts";

/** The end of an access is announced; should that be lost, it is noticed after so long. */
const KNOWN_MS = 5_000;

interface Row {
  readonly display: string;
  readonly role: Role;
  readonly organisation_name: string;
  readonly is_demo: boolean;
  readonly client_name: string | null;
}

const of = (columns: string, from: string, where: string) =>
  `SELECT x.display, x.role, x.client_name, o.name AS organisation_name, o.is_demo FROM (SELECT ${columns} FROM ${from} WHERE ${where}) x
    JOIN organisation o ON o.organisation_id = x.organisation_id`;

/** A program's own token. $1 owner, $2 organisation, $3 now. */
const TOKEN = of(
  "t.display, t.role, NULL AS client_name, t.organisation_id",
  "api_token t",
  "t.id = $1 AND t.organisation_id = $2 AND t.revoked_at IS NULL AND t.expires_at > $3",
);
/** An application that acts for nobody. */
const BACKEND = of(
  "c.name AS display, 'integration' AS role, c.name AS client_name, c.organisation_id",
  "oauth_client c",
  "c.id = $1 AND c.organisation_id = $2 AND c.kind = 'backend' AND c.disabled_at IS NULL AND $3::bigint IS NOT NULL",
);
/** An application that acts for a person, as long as the person's grant runs. $4 application, $5 grant. */
const FOR_PERSON = of(
  "p.display, p.role, c.name AS client_name, p.organisation_id",
  "person p JOIN oauth_client c ON c.id = $4 AND c.disabled_at IS NULL JOIN oauth_record g ON g.kind = 'Grant' AND g.id_hash = $5 AND g.expires_at > $3",
  "p.id = $1 AND p.organisation_id = $2 AND p.disabled_at IS NULL",
);

/** In whose name a subscription is told, as long as there is somebody. */
export function createOwners({
  tables,
  clock,
  viewOf,
}: {
  readonly tables: Tables;
  readonly clock: Pick<Clock, "now">;
  readonly viewOf: SubscriptionsDeps["viewOf"];
}) {
  const known = new Map<string, { readonly at: number; readonly found: Promise<(Found & Named) | undefined> }>();

  async function look({ subscription, application }: Kept): Promise<(Found & Named) | undefined> {
    const { owner, organisationId } = subscription;
    const values: unknown[] = [owner.id, organisationId, clock.now()];
    const isBackend = application !== null && application.grantHash === null;
    const text = application === null ? TOKEN : isBackend ? BACKEND : FOR_PERSON;
    if (text === FOR_PERSON) values.push(application?.clientId, application?.grantHash);
    const [row] = await tables.everywhere((tx) => tx.rows<Row>(text, values));
    return (
      row && {
        principal: { kind: owner.kind, id: owner.id, display: row.display, organisationId, role: row.role },
        organisation: { id: organisationId, name: row.organisation_name, isDemo: row.is_demo },
        clientName: row.client_name ?? "",
      }
    );
  }

  return {
    /** undefined: their access is over. */
    async askingOf(kept: Kept): Promise<Asking | undefined> {
      const { id } = kept.subscription;
      const now = clock.now();
      let entry = known.get(id);
      if (!entry || now - entry.at >= KNOWN_MS) {
        entry = { at: now, found: look(kept) };
        known.set(id, entry);
        entry.found.catch(() => known.delete(id));
      }
      const found = await entry.found;
      if (!found) return undefined;
      const { principal, organisation, clientName } = found;
      const view = await viewOf(principal);
      const app = kept.application && {
        clientId: kept.application.clientId,
        name: clientName,
        scopes: kept.application.scopes,
        patientId: kept.application.patientId,
        fhirUser: kept.application.fhirUser,
        endsWith: [],
      };
      return { principal, organisation, view, ...(app ? { app } : {}) };
    },
    /** Somebody's access has changed. */
    forget: () => known.clear(),
  };
}

interface Named {
  readonly clientName: string;
}

export type SubscriptionOwners = ReturnType<typeof createOwners>;
