import type { PatientView } from "@openward/model";
import type { Clock } from "@openward/runtime";
import { type Call, Encoded, type Handlers } from "./call.ts";
import { createLongAnswers } from "./columns/long-answers.ts";
import type { Names } from "./names.ts";
import type { AuditLog, Everything, Hold, Holds, Records } from "./ports/index.ts";

type RightsRoutes =
  | "exportMine"
  | "exportPatient"
  | "disclosures"
  | "breach"
  | "findRecord"
  | "holds"
  | "placeHold"
  | "endHold";

const SIX_YEARS_MS = 6 * 365.25 * 86_400_000;

/** What a patient may ask for, and the privacy officer on their behalf. */
export function rightsHandlers({
  audit,
  everything,
  holds,
  records,
  names,
  clock,
}: {
  audit: AuditLog;
  everything: Everything;
  holds: Holds;
  records: Records;
  names: Names;
  clock: Clock;
}): Pick<Handlers, RightsRoutes> {
  // Each reads all of somebody's record: one person's downloads must not take the ward's turns.
  const underWay = createLongAnswers({ each: 1, all: 4 });

  async function exported(call: Call<"exportMine" | "exportPatient">, reason: string): Promise<Encoded> {
    const { signedIn } = call;
    const view: PatientView = await call.view();
    const [patientId = call.params.id] = view.patientIds();
    const end = underWay.begin(signedIn.principal.id);
    try {
      const { organisation } = signedIn;
      const archive = await everything.begin({ view, organisation, patientId, reason, stillMay: call.stillMay });
      archive.once("close", end);
      const answer = new Encoded("application/zip", archive);
      answer.fileName = `openward-${patientId}-${new Date(clock.now()).toISOString().slice(0, 10)}.zip`;
      return answer;
    } catch (error) {
      end();
      throw error;
    }
  }

  async function told(some: readonly Hold[]): Promise<Hold[]> {
    await names.learn(some.flatMap(({ createdBy, endedBy }) => [createdBy, endedBy]));
    return some.map((hold) => ({
      ...hold,
      createdBy: names.of(hold.createdBy),
      endedBy: hold.endedBy === null ? null : names.of(hold.endedBy),
    }));
  }
  const one = async (hold: Hold): Promise<Hold> => (await told([hold]))[0] ?? hold;

  return {
    holds: async ({ signedIn, query }) => told(await holds.list(signedIn.organisation.id, query)),
    placeHold: async ({ signedIn: { organisation, principal }, body }) =>
      one(await holds.place(organisation.id, body, principal.id)),
    endHold: async ({ signedIn: { organisation, principal }, params, body }) =>
      one(await holds.end(organisation.id, params.id, body.reason, principal.id)),
    async disclosures({ signedIn, params, query, view }) {
      const now = clock.now();
      const { from = now - SIX_YEARS_MS, to = now } = query;
      const patientIds = (await view()).recordsOf(params.id);
      const found = await audit.disclosures(signedIn.organisation.id, { patientIds, from, to });
      return found.map((record) => ({
        at: record.at,
        to: record.who.display,
        role: record.who.role,
        what: record.entity,
        via: record.via,
        purpose: record.purpose ?? null,
        address: record.address ?? null,
        words: audit.inWords(record),
      }));
    },
    breach: async ({ signedIn, query: { by, from, to } }) =>
      (await audit.affected(signedIn.organisation.id, { agentId: by, from, to })).map((one) => ({
        ...one,
        entities: [...one.entities],
      })),
    findRecord: ({ signedIn: { organisation, principal }, body }) =>
      records.find(organisation.id, body.mrn, principal.id),
    exportMine: (call) => exported(call, "asked for by the patient or a guardian"),
    exportPatient: (call) => exported(call, call.body.reason),
  };
}
