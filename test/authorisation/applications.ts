import { createHash, randomBytes } from "node:crypto";
import type { Known } from "./marks.ts";
import type { House } from "./patients.ts";
import type { TestServer } from "./server.ts";

const HOUR = 3_600_000;

/** A program that acts for nobody, and one that a nurse gave her patient's readings: each with an access token. */
export async function newApplications(server: TestServer, home: House, { own, nurse }: { own: Known; nurse: string }) {
  const { clients, database } = server.foundation;
  const { client: program } = await clients.add(
    home.organisationId,
    {
      name: "Registry",
      kind: "backend",
      scope: "system/*.rs",
      jwks: { keys: [{ kty: "EC", crv: "P-384", ...POINT }] },
    },
    "test",
  );
  const { client: app } = await clients.add(
    home.organisationId,
    { name: "Trend", kind: "public", scope: "launch/patient patient/*.rs", redirectUris: ["http://127.0.0.1:1/back"] },
    "test",
  );
  const issue = async (kind: string, clientId: string, scope: string, person: string | null, grant: Buffer | null) => {
    const token = `owa_${randomBytes(32).toString("base64url")}`;
    await record(kind, createHash("sha256").update(token).digest(), clientId, person, null, grant, { scope });
    return token;
  };
  const record = (
    kind: string,
    hash: Buffer,
    clientId: string,
    person: string | null,
    patient: string | null,
    grant: Buffer | null,
    payload: object,
  ) =>
    database.owner.query(
      `INSERT INTO oauth_record (kind, id_hash, organisation_id, client_id, person_id, patient_id, grant_hash, payload, created_at, expires_at)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
      [kind, hash, home.organisationId, clientId, person, patient, grant, payload, Date.now(), Date.now() + HOUR],
    );
  const grant = randomBytes(32);
  await record("Grant", grant, app.id, nurse, own.id, null, {});
  const scopes = {
    program: "system/*.rs",
    readings: "patient/Observation.rs",
    patient: "patient/*.rs",
    writes: "patient/Observation.c",
  };
  return [
    {
      name: "backend client",
      token: await issue("ClientCredentials", program.id, scopes.program, null, null),
      sees: ["own", "other", "glass", "kept"],
      scopes: scopes.program,
    },
    {
      name: "application, writes only",
      token: await issue("AccessToken", app.id, scopes.writes, nurse, grant),
      sees: ["own"],
      scopes: scopes.writes,
    },
    {
      name: "application, readings only",
      token: await issue("AccessToken", app.id, scopes.readings, nurse, grant),
      sees: ["own"],
      scopes: scopes.readings,
    },
    {
      name: "application, one patient",
      token: await issue("AccessToken", app.id, scopes.patient, nurse, grant),
      sees: ["own"],
      scopes: scopes.patient,
    },
  ];
}

/** Of P-384's base point: a key that signs nothing here. */
const POINT = {
  x: "qofKIr6LBTeOscce8yCtdG4dO2KLp5uYWfdB4IJUKjhVAvJdv1UpbDpUXjhydgq3",
  y: "NhfeSpYmLG9dnpi_kpLcKfj0Hb0omhR86doxE7XwuMAKYLHOHX6BnXpDHXyQ6g5f",
};
