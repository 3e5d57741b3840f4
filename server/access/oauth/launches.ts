import { RefusedInput } from "@openward/errors";
import type { Clock, Random } from "@openward/runtime";
import { hashSecret, isSecret, newSecret } from "../credentials.ts";
import type { Tables, Transaction } from "../ports.ts";
import { fhirBase } from "./facts.ts";

/** From the click to the page of consent. */
export const LAUNCH_MS = 300_000;

export interface Launches {
  /** @throws RefusedInput NOT_FOUND where there is no such application that can be opened from a patient's page */
  begin(
    by: { readonly organisationId: string; readonly personId: string },
    clientId: string,
    patientId: string,
  ): Promise<{ url: string; expiresAt: number }>;
}

/** Applications opened from a patient's page: the patient is known, and nobody has to choose again. */
export function createLaunches(deps: {
  tables: Tables;
  runtime: { readonly clock: Clock; readonly random: Random };
  issuer: () => string;
}): Launches {
  const { tables, runtime, issuer } = deps;
  return {
    async begin({ organisationId, personId }, clientId, patientId) {
      const at = runtime.clock.now();
      const expiresAt = at + LAUNCH_MS;
      const token = newSecret(runtime.random);
      const launchUri = await tables.inOrganisation(organisationId, async (tx) => {
        const [client] = await tx.rows<{ launch_uri: string }>(
          "SELECT launch_uri FROM oauth_client WHERE id = $1 AND disabled_at IS NULL AND launch_uri IS NOT NULL",
          [clientId],
        );
        if (!client) throw new RefusedInput("NOT_FOUND", { at: "clientId" });
        await tx.run(
          `INSERT INTO oauth_launch (id_hash, organisation_id, client_id, person_id, patient_id, created_at, expires_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7)`,
          [hashSecret(token), organisationId, clientId, personId, patientId, at, expiresAt],
        );
        return client.launch_uri;
      });
      const url = new URL(launchUri);
      url.searchParams.set("iss", fhirBase(issuer()));
      url.searchParams.set("launch", token);
      return { url: url.href, expiresAt };
    },
  };
}

export interface LaunchOf {
  readonly organisationId: string;
  readonly clientId: string;
  readonly personId: string;
}

/** The patient of a launch that is good for this application and this person, and was not used; undefined: there is none. */
export async function launchedPatient(
  tables: Tables,
  token: string,
  { organisationId, clientId, personId }: LaunchOf,
  now: number,
): Promise<string | undefined> {
  if (!isSecret(token)) return undefined;
  const [row] = await tables.inOrganisation(organisationId, (tx) =>
    tx.rows<{ patient_id: string }>(
      `SELECT patient_id FROM oauth_launch
        WHERE id_hash = $1 AND client_id = $2 AND person_id = $3 AND used_at IS NULL AND expires_at > $4`,
      [hashSecret(token), clientId, personId, now],
    ),
  );
  return row?.patient_id;
}

/** @throws RefusedInput LINK_EXPIRED when another was faster */
export async function useLaunch(tx: Transaction, token: string, now: number): Promise<void> {
  const used = await tx.run("UPDATE oauth_launch SET used_at = $2 WHERE id_hash = $1 AND used_at IS NULL", [
    hashSecret(token),
    now,
  ]);
  if (used === 0) throw new RefusedInput("LINK_EXPIRED", { at: "launch" });
}
