import { createHash } from "node:crypto";
import { RefusedInput } from "@openward/errors";
import type { Role } from "@openward/model";
import type { Runtime } from "@openward/runtime";
import { hashSecret } from "../credentials.ts";
import type { Authenticated, Tables } from "../ports.ts";
import type { NewNightscoutKey, NightscoutKey, NightscoutKeys } from "./ports.ts";

/** Tells one of ours from other secrets, for people and for scanners of leaked ones; nothing in it needs escaping in a URL. */
const PREFIX = "owns-";
const SECRET = /^owns-[0-9a-f]{40}$/;
const SHA1 = /^[0-9a-f]{40}$/i;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const NOTE_USE_EVERY_MS = 60_000;
/** Whoever was let in a moment ago is let in while the database does not answer: nobody can be shut out then either. */
const REMEMBERED_MAX = 10_000;

interface Row {
  readonly id: string;
  readonly organisation_id: string;
  readonly organisation_name: string;
  readonly is_demo: boolean;
  readonly patient_id: string;
  readonly person_id: string;
  readonly display: string;
  readonly role: Role;
  readonly name: string;
  readonly device_id: string | null;
  readonly created_at: number;
  readonly used_at: number | null;
}

const COLUMNS = `k.id, k.organisation_id, o.name AS organisation_name, o.is_demo, k.patient_id, k.person_id, p.display, p.role, k.name,
  k.device_id, k.created_at, k.used_at`;
const FROM = `nightscout_key k JOIN organisation o ON o.organisation_id = k.organisation_id
  JOIN person p ON p.id = k.person_id AND p.disabled_at IS NULL`;

/** What clients of Nightscout sign in with: each for one patient, in the name of whoever made it. */
export function createNightscoutKeys(deps: {
  readonly tables: Tables;
  readonly runtime: Pick<Runtime, "clock" | "ids" | "random">;
  readonly onTrouble: (error: unknown) => void;
}): NightscoutKeys {
  const { tables, runtime, onTrouble } = deps;
  const remembered = new Map<string, Row>();
  const now = () => runtime.clock.now();

  async function look(by: "secret_hash" | "id", value: Buffer | string): Promise<Row | undefined> {
    const key = `${by} ${value.toString("base64")}`;
    try {
      const [row] = await tables.everywhere((tx) =>
        tx.rows<Row>(`SELECT ${COLUMNS} FROM ${FROM} WHERE k.${by} = $1 AND k.ended_at IS NULL`, [value]),
      );
      remembered.delete(key);
      if (!row) return undefined;
      if (remembered.size >= REMEMBERED_MAX) remembered.delete(remembered.keys().next().value as string);
      remembered.set(key, row);
      return row;
    } catch (error) {
      const row = remembered.get(key);
      if (!row) throw error;
      onTrouble(error);
      return row;
    }
  }

  function noteUse({ id, used_at }: Row): void {
    if (used_at !== null && now() - used_at < NOTE_USE_EVERY_MS) return;
    tables
      .everywhere((tx) =>
        tx.run("UPDATE nightscout_key SET used_at = greatest(used_at, $2) WHERE id = $1", [id, now()]),
      )
      .catch(onTrouble);
  }

  function letIn(row: Row | undefined): { authenticated: Authenticated; key: NightscoutKey } {
    if (!row) throw new RefusedInput("NOT_SIGNED_IN");
    noteUse(row);
    return { authenticated: toAuthenticated(row), key: toKey(row) };
  }

  return {
    async signIn(secret) {
      const hash = hashOf(secret);
      return letIn(hash && (await look("secret_hash", hash)));
    },

    async signInById(keyId) {
      return letIn(UUID.test(keyId) ? await look("id", keyId) : undefined);
    },

    async create({ organisationId, patientId, personId, name, deviceId }: NewNightscoutKey) {
      const secret = PREFIX + Buffer.from(runtime.random.bytes(20)).toString("hex");
      const id = runtime.ids.uuid();
      await tables.inOrganisation(organisationId, (tx) =>
        tx.run(
          `INSERT INTO nightscout_key (id, organisation_id, patient_id, person_id, name, device_id, secret_hash, created_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
          [id, organisationId, patientId, personId, name, deviceId, hashOf(secret), now()],
        ),
      );
      const made = { id, organisationId, patientId, personId, name, deviceId, createdAt: now(), usedAt: null };
      return { key: made, secret };
    },

    async list(organisationId, patientIds) {
      const rows = await tables.inOrganisation(organisationId, (tx) =>
        tx.rows<Row>(
          `SELECT ${COLUMNS} FROM ${FROM} WHERE k.patient_id = ANY ($1::uuid[]) AND k.ended_at IS NULL ORDER BY k.created_at DESC, k.id`,
          [patientIds],
        ),
      );
      return rows.map((row) => ({ ...toKey(row), madeBy: row.display }));
    },

    async end(organisationId, keyId, by) {
      remembered.clear();
      const ended = await tables.inOrganisation(organisationId, (tx) =>
        tx.run("UPDATE nightscout_key SET ended_at = $2, ended_by = $3 WHERE id = $1 AND ended_at IS NULL", [
          keyId,
          now(),
          by,
        ]),
      );
      if (ended === 0) throw new RefusedInput("NOT_FOUND", { at: "keyId" });
    },
  };
}

/** A secret is sent as it is (a token), or as its SHA-1 (`api-secret`); what is kept is the SHA-256 of the second. */
function hashOf(secret: string): Buffer | undefined {
  if (SHA1.test(secret)) return hashSecret(secret.toLowerCase());
  return SECRET.test(secret) ? hashSecret(createHash("sha1").update(secret).digest("hex")) : undefined;
}

function toKey(row: Row): NightscoutKey {
  return {
    id: row.id,
    organisationId: row.organisation_id,
    patientId: row.patient_id,
    personId: row.person_id,
    name: row.name,
    deviceId: row.device_id,
    createdAt: row.created_at,
    usedAt: row.used_at,
  };
}

/** An application of the person's own, which sees one patient. */
function toAuthenticated(row: Row): Authenticated {
  return {
    principal: {
      kind: "person",
      id: row.person_id,
      display: row.display,
      organisationId: row.organisation_id,
      role: row.role,
    },
    organisation: { id: row.organisation_id, name: row.organisation_name, isDemo: row.is_demo },
    expiresAt: Number.MAX_SAFE_INTEGER,
    via: "app",
    app: {
      clientId: row.id,
      name: row.name,
      scopes: [],
      patientId: row.patient_id,
      fhirUser: null,
      endsWith: [row.id],
    },
  };
}
