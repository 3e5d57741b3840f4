import { RefusedInput } from "@openward/errors";
import type { Patient } from "@openward/model";
import { systemRuntime } from "@openward/runtime/system";
import type { Command } from "commander";
import { readConfig } from "../config.ts";
import { createLog } from "../log.ts";
import { givenAway } from "../store/amendments/index.ts";
import { beginErasure, boundStore, eraseRows, openKeyStore, withMerged } from "../store/keys/index.ts";
import { print } from "./output.ts";
import { type Registry, withRegistry } from "./registry.ts";

interface Options {
  reason: string;
  confirm?: string;
  by: string;
  withGivenAway?: boolean;
  organisation?: string;
  json?: boolean;
}

const REASON_MAX = 500;

export function addEraseCommand(program: Command): void {
  program
    .command("erase <patient>")
    .description("erase a patient for ever: destroy the key of everything measured, and delete every record")
    .requiredOption("--reason <text>", "why; it stays in the erasure ledger, so name nobody")
    .option("--confirm <number>", "the patient's record number once more: this cannot be undone")
    .option("--by <name>", "who decided it; it stays in the ledger", "command line")
    .option("--with-given-away", "also what was measured in this record and is another patient's: they lose it")
    .option("--organisation <name>", "needed only where there are several")
    .option("--json", "print one JSON object")
    .action(erase);
}

async function erase(wanted: string, options: Options): Promise<void> {
  const reason = options.reason.trim();
  if (reason === "" || reason.length > REASON_MAX)
    throw new RefusedInput("FIELD_INVALID", { at: "--reason", expected: `1 to ${REASON_MAX} characters` });
  await withRegistry(options.organisation, async (registry) => {
    const patient = await findPatient(registry, wanted);
    if (options.confirm !== patient.mrn) {
      throw new RefusedInput("FIELD_INVALID", {
        at: "--confirm",
        expected: "the patient's record number: what is erased is in no backup either",
        ...(options.confirm === undefined ? {} : { received: options.confirm }),
      });
    }
    const { worker, owner } = registry.database;
    const organisationId = registry.organisation.id;
    const at = systemRuntime.clock.now();
    const patients = await withMerged(worker, patient.id);
    const others = await givenAway(worker, patients);
    if (others.length > 0 && !options.withGivenAway) {
      throw new RefusedInput("CONFLICT", {
        at: "--with-given-away",
        expected: `consent to this: spans measured in this record were given to patient ${others.join(", ")}, and go with its key`,
      });
    }
    const erasures = patients.map((patientId) => ({ patientId, organisationId, at, by: options.by, reason }));
    const keys = await openKeyStore({
      folder: readConfig(process.env).keyDir,
      kms: null,
      boundTo: await boundStore(worker),
      runtime: systemRuntime,
      log: createLog("warn"),
    });
    let deleted: number;
    try {
      await beginErasure(worker, patients, at);
      // Ledger and key first: if this ends here, the next start deletes the rows.
      keys.erase(erasures);
      deleted = await eraseRows(worker, erasures, [], at);
    } finally {
      keys.close();
    }
    await worker.query(
      "INSERT INTO audit_event (organisation_id, at, actor, action, patient_id, detail) SELECT $1, $2, $3, 'patient.erase', unnest($4::uuid[]), $5",
      [organisationId, at, options.by, patients, { reason }],
    );
    // So that what was deleted does not stay on the pages of tables until somebody tidies.
    await owner.query("VACUUM patient, patient_time_zone, stay, association, event, alarm_revision, quarantine");
    const { expireExports } = await import("../store/export/index.ts");
    const which = { organisationId, patientIds: patients };
    const exports = await expireExports(which, { runtime: systemRuntime, worker });
    print(options.json ?? false, { id: patient.id, patients, deleted, exports }, [
      `erased: patient ${patient.id}; the key is destroyed and ${deleted} rows are deleted.`,
      ...exports.map(({ outcome, folder, purpose }) =>
        outcome === "removed"
          ? `the export in ${folder} (${purpose}) held the patient and is removed; copies are yours to remove.`
          : `NOT REMOVED: the export of ${folder} (${purpose}) holds the patient and is not there any more: find and remove it.`,
      ),
      "Copies of the key store from before can still read old backups: let them expire (docs/guides/operations.md).",
    ]);
  });
}

/** By record number or id. @throws RefusedInput NOT_FOUND; CONFLICT where they were merged into somebody else */
async function findPatient({ patients, organisation }: Registry, wanted: string): Promise<Patient> {
  const found = await patients.list(organisation.id, { all: true, q: wanted });
  const byNumber = found.find(({ patient }) => patient.mrn === wanted)?.patient;
  const patient = byNumber ?? (await patients.find(organisation.id, wanted))?.patient;
  if (!patient) throw new RefusedInput("NOT_FOUND", { at: "patient" });
  if (patient.mergedInto !== null)
    throw new RefusedInput("CONFLICT", {
      at: "patient",
      expected: `patient ${patient.mergedInto}, who is the same person`,
    });
  return patient;
}
