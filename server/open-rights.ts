import type { Runtime } from "@openward/runtime";
import type { Turn } from "@openward/runtime/turns";
import type { Foundation } from "./foundation.ts";
import { type EverythingContext, everythingOf } from "./record/operations/everything.ts";
import { createEverything, createHolds, createRecords } from "./rights/index.ts";
import type { NightscoutDocuments } from "./store/nightscout/index.ts";
import { audit } from "./store/registry/audit.ts";
import type { Tables } from "./store/registry/index.ts";

/** The rights of patients, introduced to what they are answered from. */
export function openRights(deps: {
  readonly foundation: Pick<Foundation, "patients" | "devices" | "access">;
  readonly tables: Tables;
  readonly telemetry: EverythingContext["telemetry"];
  readonly amendments: EverythingContext["amendments"];
  readonly audit: EverythingContext["audit"];
  readonly documents: Pick<NightscoutDocuments, "ofPatients">;
  readonly runtime: Runtime;
  readonly turn: Turn;
  /** Whoever's sign-in, role or relation has changed. */
  readonly onEnded: (listener: (principalId: string) => void) => () => void;
  readonly typeOf: EverythingContext["typeOf"];
  readonly publicUrl: () => string;
  readonly report: (error: unknown, doing: string) => void;
}) {
  const { foundation, tables, telemetry, amendments, runtime, report } = deps;
  const { patients, devices, access } = foundation;
  return {
    holds: createHolds({ tables, audit, runtime }),
    records: createRecords({ tables, audit, runtime }),
    everything: createEverything({
      runtime,
      turn: deps.turn,
      tables,
      amendments,
      documentsOf: async function* (organisationId, records) {
        for await (const { sameness: _, ...document } of deps.documents.ofPatients(organisationId, records))
          yield document;
      },
      report,
      onEnded: deps.onEnded,
      note: (entry) => tables.inOrganisation(entry.organisationId, (tx) => audit(tx, entry)),
      fhirOf: (view, organisation, patientId) =>
        everythingOf(
          {
            telemetry,
            amendments,
            audit: deps.audit,
            // The right to everything is no grant: the house looks, and the view says at whom.
            patients: {
              list: async () => [],
              find: async (_asker, id) => (view.has(id) ? patients.find(organisation.id, id) : undefined),
            },
            // Who looked and who said something stands in the resources themselves; people are read one by one.
            people: { list: async () => [], findIn: async () => undefined },
            relations: { find: async () => undefined, ofPatients: async () => [] },
            consents: {
              ofPatients: (_asker, ids) => access.consents.ofPatients(organisation.id, ids.filter(view.has)),
              versions: (_asker, id) => access.consents.versions(organisation.id, id),
            },
            devices: {
              list: () => devices.list(organisation.id),
              find: (_asker, id) => devices.find(organisation.id, id),
            },
            uses: {
              ofPatients: (_asker, ids) => devices.ofPatients(organisation.id, ids.filter(view.has)),
              use: async () => undefined,
            },
            typeOf: deps.typeOf,
            clock: runtime.clock,
            turn: deps.turn,
            organisation,
            view,
            base: `${deps.publicUrl()}/fhir`,
            strict: false,
          },
          patientId,
        ),
    }),
  };
}
