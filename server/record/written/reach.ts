import { RefusedInput } from "@openward/errors";
import type { Whose } from "@openward/fhir/store";
import { type AppAccess, type PatientView, withheldFrom } from "@openward/model";
import type { RecordContext } from "../context.ts";

export type { Whose } from "@openward/fhir/store";

/** Of "cruds". */
export type Interaction = "c" | "r" | "u" | "d" | "s";

/** Roles that write, by an application or a program's token. A cookie comes along with whatever page asks. */
const WRITERS: ReadonlySet<string> = new Set(["nurse", "physician", "integration", "patient", "administrator"]);

const OVERSIGHT: ReadonlySet<string> = new Set(["administrator", "privacy-officer", "integration"]);

/**
 * What was written may be anything: names, who treats, what people think. It is for roles from which nothing of a patient is
 * withheld, and of patients who keep nothing back from the asker: of a Condition nobody can say to which kind of data it belongs.
 *
 * @throws RefusedInput NOT_PERMITTED where no scope of an application has this interaction, or the role does not write
 */
export function reachOf({ view, app }: RecordContext, type: string, interaction: Interaction): Whose {
  const { role, kind } = view.principal;
  const isWithoutPatients = withheldFrom(role).size > 0;
  if (!isTold(view, type)) throw notPermitted("an administrator, a privacy officer or an integration");
  if ("cud".includes(interaction) && !(app ? WRITERS.has(role) : kind === "token" && role === "integration"))
    throw notPermitted(`an application with ${type}.${interaction}, or an integration's token`);
  if (!app) return whoseOf(view, { isWithoutPatients, onlyPatients: undefined });
  const scopes = app.scopes.filter(
    (scope) =>
      (scope.type === "*" || scope.type === type) &&
      scope.interactions.includes(interaction) &&
      scope.query.length === 0 &&
      (scope.compartment !== "patient" || app.patientId !== null),
  );
  if (scopes.length === 0) throw notPermitted(`a scope with ${type}.${interaction}`);
  const isOfPatient = scopes.every(({ compartment }) => compartment === "patient");
  return whoseOf(view, { isWithoutPatients, onlyPatients: isOfPatient ? patientsOfApp(view, app) : undefined });
}

/** Who keeps something back is looked up when it is first asked for: a house has thousands of patients, and most requests never do. */
export function whoseOf(view: PatientView, of: Pick<Whose, "isWithoutPatients" | "onlyPatients">): Whose {
  let withoutPatients: readonly string[] | undefined;
  return {
    ...of,
    get withoutPatients() {
      const all = () => view.patientIds().flatMap((id) => view.recordsOf(id));
      withoutPatients ??= (view.hiddenIds?.() ?? all()).filter((id) => view.hiddenOf(id));
      return withoutPatients;
    },
  };
}

/** What another system says of who looked is for those whose work that is, and for the program that wrote it. */
export const isTold = ({ principal }: PatientView, type: string): boolean =>
  type !== "AuditEvent" || OVERSIGHT.has(principal.role);

/** Records of the one patient whom an application is about. */
export const patientsOfApp = (view: PatientView, { patientId }: AppAccess): readonly string[] =>
  patientId === null ? [] : view.recordsOf(patientId);

const notPermitted = (expected: string) => new RefusedInput("NOT_PERMITTED", { at: "http.Authorization", expected });

/**
 * May something that is about these be told? The database has asked the grants; the view is asked again, which is newer than a
 * statement, and has it noted who was looked at.
 */
export function isReached(view: PatientView, whose: Whose, patientIds: readonly string[]): boolean {
  if (patientIds.length === 0) return true;
  const { isWithoutPatients, onlyPatients } = whose;
  if (isWithoutPatients || !patientIds.every((id) => view.has(id))) return false;
  if (onlyPatients && !patientIds.every((id) => onlyPatients.includes(id))) return false;
  return !patientIds.some((id) => view.hiddenOf(id));
}
