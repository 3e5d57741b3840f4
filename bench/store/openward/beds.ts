import { randomBytes, randomUUID } from "node:crypto";
import { systemRuntime } from "@openward/runtime/system";
import { openDatabase } from "../../../server/store/database/index.ts";
import { hashToken } from "../../../server/store/registry/device-tokens.ts";
import { nameKey } from "../../../server/store/registry/similar-names.ts";
import { type RunningWard, startWard, temporaryDataDir } from "../../../test/support/ward.ts";

export interface Bed {
  readonly patientId: string;
  readonly deviceId: string;
  readonly token: string;
}

const DAY_MS = 86_400_000;
const ON_SINCE_DAYS = 60;
const quiet = { info: () => {}, warn: () => {}, error: () => {} };

/**
 * A ward of many beds, each with a monitor. Ten thousand admissions one by one are not what is measured here, so they
 * are written as rows while the server is down, in the form in which the registry writes them.
 *
 * @param sinceDays since when the monitors are on their patients
 */
export async function wardOfBeds(
  count: number,
  env: Record<string, string> = {},
  sinceDays: number = ON_SINCE_DAYS,
): Promise<{ ward: RunningWard; beds: readonly Bed[] }> {
  const dataDir = temporaryDataDir();
  // Organisation, ward and schema are made by the first start.
  await (await startWard({ dataDir })).stop();
  const token = randomBytes(32).toString("base64url");
  const beds = Array.from({ length: count }, (_, i) => ({ patientId: randomUUID(), deviceId: `bed-${i}`, token }));
  await admit(dataDir, beds, sinceDays);
  return { ward: await startWard({ dataDir, env }), beds };
}

async function admit(dataDir: string, beds: readonly Bed[], sinceDays: number): Promise<void> {
  const database = await openDatabase({ dataDir, mode: "command", runtime: systemRuntime, log: quiet });
  try {
    const { owner } = database;
    const { rows } = await owner.query<{ id: string; organisation_id: string }>("SELECT id, organisation_id FROM ward");
    const [place] = rows;
    if (!place) throw new Error("there is no ward");
    const now = Date.now();
    const since = now - sinceDays * DAY_MS;
    const patients = beds.map(({ patientId }) => patientId);
    const names = beds.map((_, i) => `Bench${i}, Test`);
    const devices = beds.map(({ deviceId }) => deviceId);
    const tokens = beds.map(({ token }) => hashToken(token));
    const numbers = beds.map((_, i) => String(i + 1));
    const ids = () => beds.map(() => randomUUID());
    const where = [place.organisation_id, now];
    await owner.query(
      `INSERT INTO patient (id, organisation_id, name, name_key, birth_date, sex, mrn, time_zone, age_group, created_at, updated_at)
       SELECT p.id, $1, p.name, p.key, '1960-01-01', 'female', 'B-' || p.n, 'Etc/UTC', 'adult', $2, $2
         FROM unnest($3::uuid[], $4::text[], $5::text[], $6::text[]) AS p (id, name, key, n)`,
      [...where, patients, names, names.map(nameKey), numbers],
    );
    await owner.query("INSERT INTO patient_time_zone SELECT $1, id, $2, 'Etc/UTC' FROM unnest($3::uuid[]) AS p (id)", [
      ...where,
      patients,
    ]);
    await owner.query(
      `INSERT INTO stay (id, organisation_id, patient_id, ward_id, bed, from_at)
       SELECT s.id, $1, s.patient, $3, s.bed, $2 FROM unnest($4::uuid[], $5::uuid[], $6::text[]) AS s (id, patient, bed)`,
      [...where, place.id, ids(), patients, numbers],
    );
    await owner.query(
      `INSERT INTO device (id, organisation_id, type, display, created_at)
       SELECT d.id, $1, 'bedside-monitor', d.id, $2 FROM unnest($3::text[]) AS d (id)`,
      [...where, devices],
    );
    await owner.query(
      `INSERT INTO device_credential (id, organisation_id, device_id, kind, hash, created_at, created_by)
       SELECT c.id, $1, c.device, 'token', c.hash, $2, 'bench' FROM unnest($3::uuid[], $4::text[], $5::bytea[]) AS c (id, device, hash)`,
      [...where, ids(), devices, tokens],
    );
    await owner.query(
      `INSERT INTO association (id, organisation_id, device_id, patient_id, from_at, created_at, created_by)
       SELECT a.id, $1, a.device, a.patient, $3, $2, 'bench' FROM unnest($4::uuid[], $5::text[], $6::uuid[]) AS a (id, device, patient)`,
      [...where, since, ids(), devices, patients],
    );
  } finally {
    await database.close();
  }
}
