import type { Bundle, BundleEntry, Parameters, Patient } from "@medplum/fhirtypes";
import { RefusedInput } from "@openward/errors";
import { withheldFrom } from "@openward/model";
import type { RecordContext } from "../context.ts";
import { within } from "../reach.ts";
import { mapPatient } from "../resources/patient.ts";
import { weigh } from "./match-weights.ts";
import type { Operation } from "./operation.ts";

const GRADE = "http://hl7.org/fhir/StructureDefinition/match-grade";
const COUNT_DEFAULT = 20;
const COUNT_MAX = 100;
/** As many as there might be: a house of a few does not make anybody more certain. */
const OTHERS_LEAST = 1_000;

type Grade = "certain" | "probable" | "possible";

interface Match {
  readonly patient: Patient;
  readonly score: number;
  readonly grade: Grade;
}

/** R4's Patient-match, among those whom the asker sees: of others it tells nothing, not even by what a score is. */
export const match: Operation = {
  name: "match",
  definition: "http://hl7.org/fhir/OperationDefinition/Patient-match",
  types: ["Patient"],
  method: "POST",
  async answer(whole, _place, { body }) {
    const context = within(whole, "Patient", "s");
    const withheld = withheldFrom(context.view.principal.role);
    if (["name", "birth", "sex", "identifier"].some((kind) => withheld.has(kind as never)))
      throw new RefusedInput("NOT_PERMITTED", {
        at: "http.url",
        expected: "a role that is told names, dates of birth and numbers",
      });
    const asked = askedOf(body);
    const found = (await matchesOf(context, asked.patient)).slice(0, asked.count);
    return { status: 200, resource: bundleOf(context, asked.onlyCertain ? onlyCertain(found) : found) };
  },
};

async function matchesOf({ view, patients, organisation, turn }: RecordContext, asked: Patient): Promise<Match[]> {
  const all = await patients.list(view.principal, { all: true });
  const seen = all.filter(({ patient }) => view.has(patient.id) && patient.mergedInto === null);
  const prior = Math.log2(Math.max(OTHERS_LEAST, seen.length));
  const matches: Match[] = [];
  for (const { patient } of seen) {
    await turn();
    const told = mapPatient(patient, organisation, view.recordsOf(patient.id).slice(1));
    const { weight, isIdentified, isDoubtful, isNamed } = weigh(asked, told);
    const score = 1 / (1 + 2 ** (prior - weight));
    const isCertain = !isDoubtful && isNamed && (isIdentified || score >= 0.99);
    const grade = isCertain ? "certain" : score >= 0.8 ? "probable" : score >= 0.1 ? "possible" : undefined;
    if (grade) matches.push({ patient: told, score, grade });
  }
  return matches
    .sort((a, b) => b.score - a.score || ((a.patient.id ?? "") < (b.patient.id ?? "") ? -1 : 1))
    .map((one, _, every) => {
      // Two of whom the same is said: a person has to look.
      const others = every.filter(({ grade }) => grade === "certain").length;
      return one.grade === "certain" && others > 1 ? { ...one, grade: "probable" as const } : one;
    });
}

/** R4: where several might be meant, none is certain. */
function onlyCertain(matches: readonly Match[]): readonly Match[] {
  const [first, ...others] = matches;
  return first?.grade === "certain" && !others.some(({ grade }) => grade === "probable") ? [first] : [];
}

function bundleOf({ base }: RecordContext, matches: readonly Match[]): Bundle {
  const entry = matches.map(
    ({ patient, score, grade }): BundleEntry => ({
      fullUrl: `${base}/Patient/${patient.id}`,
      resource: patient,
      search: {
        extension: [{ url: GRADE, valueCode: grade }],
        mode: "match",
        score: Math.round(score * 1e4) / 1e4,
      },
    }),
  );
  return { resourceType: "Bundle", type: "searchset", total: entry.length, ...(entry.length > 0 ? { entry } : {}) };
}

function askedOf(body: unknown): { patient: Patient; onlyCertain: boolean; count: number } {
  const { resourceType, parameter } = (body ?? {}) as Partial<Parameters> & { resourceType?: unknown };
  const all = resourceType === "Parameters" && Array.isArray(parameter) ? parameter : [];
  const one = (name: string) => all.find((each) => each?.name === name);
  const patient = (resourceType === "Parameters" ? one("resource")?.resource : body) as Patient | undefined;
  if (patient?.resourceType !== "Patient")
    throw new RefusedInput("BODY_SHAPE", {
      at: "Parameters.parameter.where(name = 'resource')",
      expected: "a Patient",
    });
  for (const name of ["identifier", "name", "telecom", "address"] as const)
    if (patient[name] !== undefined && !Array.isArray(patient[name]))
      throw new RefusedInput("BODY_SHAPE", { at: `Patient.${name}`, expected: "a list" });
  if (patient.birthDate !== undefined && !/^\d{4}(-\d\d(-\d\d)?)?$/.test(String(patient.birthDate)))
    throw new RefusedInput("FIELD_INVALID", { at: "Patient.birthDate", expected: "a date" });
  if (!patient.identifier?.length && !(patient.name?.length && (patient.birthDate || patient.telecom?.length)))
    throw new RefusedInput("FIELD_INVALID", {
      at: "Patient",
      expected: "an identifier, or a name with a date of birth or a telephone",
    });
  const count = Number(one("count")?.valueInteger ?? COUNT_DEFAULT);
  if (!(count >= 1))
    throw new RefusedInput("FIELD_INVALID", {
      at: "Parameters.parameter.where(name = 'count')",
      expected: "1 or more",
    });
  return { patient, onlyCertain: one("onlyCertainMatches")?.valueBoolean === true, count: Math.min(count, COUNT_MAX) };
}
