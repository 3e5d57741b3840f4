import { RefusedInput } from "@openward/errors";
import type { Condition, Whose } from "@openward/fhir/store";
import { withheldFrom } from "@openward/model";
import type { RecordContext } from "../context.ts";
import { readQuery } from "../written/query.ts";
import { type Interaction, patientsOfApp, whoseOf } from "../written/reach.ts";

const TYPE = "Observation";

/** Roles that write in their own name, by an application. */
const WRITERS: ReadonlySet<string> = new Set(["nurse", "physician", "integration", "patient", "family"]);

/** Of whose texts is told, and of which. */
export interface ObservationReach {
  readonly whose: Whose;
  /** What a text must be: the search that an application's scope is cut down to. */
  readonly conditions: readonly Condition[];
}

/** @throws RefusedInput NOT_PERMITTED where the role does not write, or no scope lets the application */
export function needObservationWriter({ view, app }: RecordContext, interaction: "c" | "u" | "d"): void {
  const { role, kind } = view.principal;
  // A cookie comes along with whatever page asks.
  if (app ? WRITERS.has(role) : kind === "token" && role === "integration") return;
  throw new RefusedInput("NOT_PERMITTED", {
    at: "http.Authorization",
    expected: `an application with ${TYPE}.${interaction}, or an integration's token`,
  });
}

/** @throws RefusedInput NOT_PERMITTED */
export function observationReach(context: RecordContext, interaction: Interaction): ObservationReach {
  const reach = reachOfTexts(context, interaction);
  if (reach) return reach;
  throw new RefusedInput("NOT_PERMITTED", {
    at: "http.Authorization",
    expected: `a scope with ${TYPE}.${interaction}`,
  });
}

/** undefined: no text is told, and readings are as if nobody had written of them. */
export function reachOfTexts(context: RecordContext, interaction: Interaction): ObservationReach | undefined {
  const { view, app } = context;
  const isWithoutPatients = !"cud".includes(interaction) && withheldFrom(view.principal.role).size > 0;
  if (!app) return { whose: whoseOf(view, { isWithoutPatients, onlyPatients: undefined }), conditions: [] };
  const isWrite = "cud".includes(interaction);
  const scopes = app.scopes.filter(
    (scope) =>
      (scope.type === "*" || scope.type === TYPE) &&
      scope.interactions.includes(interaction) &&
      // What narrows reads by what is there cannot say what may come.
      (!isWrite || scope.query.length === 0) &&
      (scope.compartment !== "patient" || app.patientId !== null),
  );
  if (scopes.length === 0) return undefined;
  const isOfPatient = scopes.every(({ compartment }) => compartment === "patient");
  const whose = whoseOf(view, {
    isWithoutPatients,
    onlyPatients: isOfPatient ? patientsOfApp(view, app) : undefined,
  });
  if (scopes.some(({ query }) => query.length === 0)) return { whose, conditions: [] };
  const each = scopes.map(({ query }) => readQuery({ ...context, strict: true }, TYPE, query).conditions);
  const [only] = each;
  if (each.length === 1 && only) return { whose, conditions: only };
  // Of several that are each cut down to several things, no one question can be made.
  if (each.some((conditions) => conditions.length !== 1)) return undefined;
  return { whose, conditions: [{ kind: "any", of: each.flat() }] };
}
