import type { Role } from "@openward/model";
import type { Authenticated, Tables } from "../ports.ts";
import { parseScopes } from "./scopes.ts";

interface Row {
  readonly client_id: string;
  readonly client_name: string;
  readonly organisation_id: string;
  readonly organisation_name: string;
  readonly is_demo: boolean;
  readonly person_id: string | null;
  readonly display: string | null;
  readonly role: Role | null;
  readonly patient_id: string | null;
  readonly grant_id: string | null;
  readonly scope: string | null;
  readonly fhir_user: string | null;
  readonly created_at: number;
  readonly expires_at: number;
}

/**
 * Whom an application's access token lets in: the person who gave it access, or, for a program that acts for nobody,
 * the program. It counts while its grant, its application and its person do.
 */
export async function readAppToken(
  tables: Tables,
  tokenHash: Buffer,
): Promise<{ authenticated: Authenticated; usedAt: number } | undefined> {
  const [row] = await tables.everywhere((tx) =>
    tx.rows<Row>(
      `SELECT t.client_id, c.name AS client_name, t.organisation_id, o.name AS organisation_name, o.is_demo,
          t.person_id, p.display, p.role, g.patient_id, encode(t.grant_hash, 'hex') AS grant_id,
          t.payload->>'scope' AS scope, t.payload->'extra'->>'fhirUser' AS fhir_user, t.created_at, t.expires_at
         FROM oauth_record t
         JOIN oauth_client c ON c.id = t.client_id AND c.disabled_at IS NULL
         JOIN organisation o ON o.organisation_id = t.organisation_id
         LEFT JOIN person p ON p.id = t.person_id AND p.disabled_at IS NULL
         LEFT JOIN oauth_record g ON g.kind = 'Grant' AND g.id_hash = t.grant_hash
        WHERE t.id_hash = $1 AND (t.kind = 'ClientCredentials' AND c.kind = 'backend'
           OR t.kind = 'AccessToken' AND p.id IS NOT NULL AND g.id_hash IS NOT NULL)`,
      [tokenHash],
    ),
  );
  return row && { authenticated: toAuthenticated(row, tokenHash), usedAt: row.created_at };
}

function toAuthenticated(row: Row, tokenHash: Buffer): Authenticated {
  const organisation = { id: row.organisation_id, name: row.organisation_name, isDemo: row.is_demo };
  const of = { organisationId: organisation.id };
  return {
    principal:
      row.person_id !== null
        ? { ...of, kind: "person", id: row.person_id, display: row.display ?? "", role: row.role ?? "integration" }
        : { ...of, kind: "token", id: row.client_id, display: row.client_name, role: "integration" },
    organisation,
    expiresAt: row.expires_at,
    via: "app",
    app: {
      clientId: row.client_id,
      name: row.client_name,
      scopes: parseScopes(row.scope ?? ""),
      patientId: row.patient_id,
      // An address, of which the base may be another by now.
      fhirUser: row.fhir_user?.split("/").slice(-2).join("/") ?? null,
      endsWith: [tokenHash.toString("hex"), row.client_id, ...(row.grant_id === null ? [] : [row.grant_id])],
    },
  };
}
