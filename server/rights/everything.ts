import type { Readable } from "node:stream";
import { RefusedInput } from "@openward/errors";
import type { Organisation, PatientView } from "@openward/model";
import type { Runtime } from "@openward/runtime";
import type { Turn } from "@openward/runtime/turns";
import { type Entry, zipOf } from "./archive.ts";
import type { Amendments, DocumentsOf, FhirOf, Tables, WriteNote } from "./ports.ts";
import { readme } from "./readme.ts";
import { patientTables, rowsOf } from "./rows.ts";

/** How often it is asked whether who gets it still may: what is revoked is gone within a second. */
const ASK_EVERY_MS = 400;

export interface ExportRequest {
  /** Of this one patient. */
  readonly view: PatientView;
  readonly organisation: Organisation;
  readonly patientId: string;
  readonly reason: string;
  /** Whether who asked still may have it. */
  stillMay(): Promise<boolean>;
}

/** Everything about one patient as one archive, made while it is read; nothing of it is kept here. */
export function createEverything(deps: {
  readonly fhirOf: FhirOf;
  readonly amendments: Amendments;
  readonly documentsOf: DocumentsOf;
  readonly tables: Tables;
  readonly note: WriteNote;
  /** Told of whoever's access has changed, at once; what is lost on the way is found by asking. @returns how to stop */
  readonly onEnded: (listener: (principalId: string) => void) => () => void;
  readonly runtime: Pick<Runtime, "clock" | "timers" | "ids">;
  /** Between any two records: hours of fast ECG must not keep alarms waiting. */
  readonly turn: Turn;
  readonly report: (error: unknown, doing: string) => void;
}) {
  const { tables, runtime } = deps;

  return {
    /**
     * The archive. It ends with an error, and without its last file, when the right to it ends or something cannot be read.
     *
     * @throws OutsideTrouble DATABASE_UNREACHABLE: nothing leaves that was not noted down
     */
    async begin({ view, organisation, patientId, reason, stillMay }: ExportRequest): Promise<Readable> {
      const id = runtime.ids.uuid();
      const madeAt = runtime.clock.now();
      const records = view.recordsOf(patientId);
      const found = await patientTables(tables, organisation.id);
      let isOver = () => false;
      async function* lines(parts: AsyncIterable<object> | Iterable<object>): AsyncGenerator<string> {
        for await (const record of parts) {
          yield `${JSON.stringify(record)}\n`;
          await deps.turn();
          // Nothing more is read or made for somebody who gets none of it.
          if (isOver()) throw cut();
        }
      }
      const common = { organisationId: organisation.id, by: view.principal.id, patientId };
      const entries: Entry[] = [
        { name: "README.txt", parts: () => [readme({ organisation: organisation.name, madeAt, tables: found })] },
        ...deps.fhirOf(view, organisation, patientId).map(({ type, resources }) => ({
          name: `fhir/${type}.ndjson`,
          parts: () => lines(resources()),
        })),
        {
          name: "amendments.ndjson",
          parts: () => lines(deps.amendments.ofPatient(view, patientId).map(seenBy(view))),
        },
        { name: "nightscout.ndjson", parts: () => lines(deps.documentsOf(organisation.id, records)) },
        ...found.map((table) => ({
          name: `records/${table.name}.ndjson`,
          parts: () => lines(rowsOf(tables, organisation.id, table, records)),
        })),
      ];
      await deps.note({ ...common, at: madeAt, action: "patient.export", detail: { exportId: id, reason } });

      const manifest = { format: 1, exportId: id, patientId, records, organisation: organisation.name, madeAt, reason };
      const { stream, written } = zipOf(entries, {
        name: "manifest.json",
        text: (files) => `${JSON.stringify({ ...manifest, files }, null, 2)}\n`,
      });
      isOver = () => stream.destroyed;
      let isAsking = false;
      let isToldMeanwhile = false;
      const ask = () => {
        isAsking = true;
        stillMay()
          .catch(() => false)
          .then((may) => {
            isAsking = false;
            if (!may) stream.destroy(cut());
            else if (isToldMeanwhile) {
              isToldMeanwhile = false;
              ask();
            }
          });
      };
      const asking = runtime.timers.every(ASK_EVERY_MS, () => {
        if (!isAsking) ask();
      });
      const stopListening = deps.onEnded((principalId) => {
        if (principalId !== view.principal.id) return;
        // An answer that is under way may be that of before.
        if (isAsking) isToldMeanwhile = true;
        else ask();
      });
      stream.once("close", () => {
        asking.cancel();
        stopListening();
        const isWhole = stream.readableEnded;
        const detail = { exportId: id, isWhole, because: codeOf(stream.errored), files: written.length };
        const action = isWhole ? "patient.exported" : "patient.export-cut";
        deps
          .note({ ...common, at: runtime.clock.now(), action, detail })
          .catch((error: unknown) => deps.report(error, "noting the end of an export"));
      });
      return stream;
    },
  };
}

export type Everything = ReturnType<typeof createEverything>;

const cut = () => new RefusedInput("EXPORT_CUT", { expected: "a right that lasts to its end" });

/** Of a re-attribution the other patient is nobody to whom this is given. */
const seenBy =
  (view: PatientView) =>
  ({ amendment, withdrawnBy }: ReturnType<Amendments["ofPatient"]>[number]): object => ({
    ...amendment,
    patientId: view.has(amendment.patientId) ? amendment.patientId : null,
    toPatientId: amendment.toPatientId !== null && view.has(amendment.toPatientId) ? amendment.toPatientId : null,
    withdrawn: withdrawnBy
      ? { by: withdrawnBy.by, byDisplay: withdrawnBy.byDisplay, reason: withdrawnBy.reason, at: withdrawnBy.at }
      : null,
  });

function codeOf(error: Error | null): string | null {
  if (error === null) return null;
  return "code" in error ? String(error.code) : error.name;
}
