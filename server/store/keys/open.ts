import type { Runtime } from "@openward/runtime";
import { commandKms } from "./command-kms.ts";
import { bindStore, boundStore, type Queries, replayErasures } from "./erase.ts";
import { type KeyStore, openKeyStore } from "./key-store.ts";
import { environmentKms, fileKms, type Kms } from "./master.ts";
import type { KeyLog, KeySubject } from "./ports.ts";

export interface KeySettings {
  readonly keyDir: string;
  readonly masterKeyFile: string;
  /** "": it is elsewhere. */
  readonly masterKey: string;
  /** "": it is elsewhere. */
  readonly masterKeyCommand: string;
}

/** Where the settings say that the master key is. */
export function kmsOf(settings: KeySettings, { random }: Pick<Runtime, "random">): (mayMake: boolean) => Kms {
  return (mayMake) => {
    if (settings.masterKeyCommand !== "") return commandKms(settings.masterKeyCommand);
    if (settings.masterKey !== "") return environmentKms(settings.masterKey, random);
    return fileKms(settings.masterKeyFile, mayMake, random);
  };
}

/**
 * The key store that belongs to a database, to serve with: whoever was erased is erased again before it is given out, and
 * every patient has a key.
 *
 * @throws the errors of openKeyStore, and the database's
 */
export async function openKeysOf(
  worker: Queries,
  options: { readonly settings: KeySettings; readonly runtime: Runtime; readonly log: KeyLog },
): Promise<KeyStore> {
  const { settings, runtime, log } = options;
  const { clock } = runtime;
  const kms = kmsOf(settings, runtime);
  const keys = await openKeyStore({ folder: settings.keyDir, kms, boundTo: await boundStore(worker), runtime, log });
  try {
    const deleted = await replayErasures(worker, keys, clock.now());
    if (deleted > 0) log.warn({ deleted }, "rows of patients who were erased had come back; they are deleted again");
    keys.ensure([...(await subjectsOf(worker)), { kind: "audit" }]);
    await bindStore(worker, keys, clock.now());
    return keys;
  } catch (error) {
    keys.close();
    throw error;
  }
}

/** So that a key is rarely made while a device waits for its answer. */
async function subjectsOf(worker: Queries): Promise<KeySubject[]> {
  const { rows } = await worker.query(
    `SELECT organisation_id::text AS organisation, id::text AS patient FROM patient WHERE merged_into IS NULL
     UNION ALL SELECT organisation_id::text, NULL FROM organisation`,
  );
  return (rows as { organisation: string; patient: string | null }[]).map(({ organisation, patient }) =>
    patient === null
      ? { kind: "organisation", organisationId: organisation }
      : { kind: "patient", organisationId: organisation, patientId: patient },
  );
}
