import type { OperationOutcome, OperationOutcomeIssue } from "@medplum/fhirtypes";
import { RefusedInput, refusalText } from "@openward/errors";
import { isObject, plainFhir, type Resource } from "@openward/fhir/json";
import { findableOf, patientsOf } from "@openward/fhir/search";
import type { Findable, Whose } from "@openward/fhir/store";
import { type Issue, validate } from "@openward/fhir/validate";
import type { Patient } from "@openward/model";
import { toBaseUnits } from "@openward/signals/units";
import type { RecordContext } from "../context.ts";
import { ERROR_SYSTEM } from "../outcome.ts";
import { isUuid } from "../uuid.ts";
import { definitions } from "./definitions.ts";
import { findablePatient } from "./patient.ts";
import { isReached } from "./reach.ts";

/** Found good: whom it is about, and by what it will be found. */
export interface Checked {
  readonly patientIds: readonly string[];
  readonly findable: Findable;
}

/** It breaks rules of R4 or of a profile that it declares; each is told. */
export class ResourceRefused extends Error {
  readonly outcome: OperationOutcome;
  constructor(place: string, issues: readonly Issue[]) {
    super("a resource breaks the rules of its type");
    const issue = issues.slice(0, ISSUES_MAX).map(({ severity, code, expression, text }): OperationOutcomeIssue => {
      const at = `${place}${expression.slice(/^\w*/.exec(expression)?.[0].length ?? 0)}`;
      const coding = [{ system: ERROR_SYSTEM, code: "FIELD_INVALID", display: refusalText.FIELD_INVALID }];
      return {
        severity,
        code: code as OperationOutcomeIssue["code"],
        details: { coding, text: `${at} ${text}` },
        expression: [at],
      };
    });
    this.outcome = { resourceType: "OperationOutcome", issue };
  }
}

const ISSUES_MAX = 100;

/**
 * Everything that could keep a resource out, told by its place.
 *
 * @param place "Condition", "Bundle.entry[3].resource"
 * @param patient of a Patient: who it is, and what the house knows of them
 * @throws ResourceRefused; RefusedInput BODY_SHAPE, FIELD_INVALID with a FHIRPath in `at`
 */
export function checkResource(
  context: RecordContext,
  reach: Whose,
  resource: Resource,
  type: string,
  place: string,
  patient?: { readonly id: string; readonly house: Patient | undefined },
): Checked {
  if (resource.resourceType !== type)
    throw new RefusedInput("FIELD_INVALID", { at: `${place}.resourceType`, expected: type });
  const faults = validate(plainFhir(resource)).filter(({ severity }) => severity === "error");
  if (faults.length > 0) throw new ResourceRefused(place, faults);
  const { base, view, made } = context;
  const { table, compartment } = definitions();
  const named = patientsOf(resource, { table, compartment, base });
  for (const id of named) {
    // One who is not there and one who is not seen are the same; of whom something is kept back nothing could be read.
    if (!isUuid(id) || !(isReached(view, reach, [id]) || made?.has(id) || id === patient?.id))
      throw new RefusedInput("FIELD_INVALID", {
        at: place,
        expected: "references to patients whom you see: Patient/{id}",
      });
  }
  if (patient)
    return {
      patientIds: [...new Set([patient.id, ...named])],
      findable: findablePatient(resource, base, patient.house),
    };
  if (reach.onlyPatients && named.length === 0)
    throw new RefusedInput("FIELD_INVALID", { at: place, expected: "a resource about the patient of the application" });
  const findable = findableOf(resource, table.of(type).values(), { base, toCanonical: toBaseUnits });
  return { patientIds: named, findable };
}

/** @throws RefusedInput BODY_SHAPE */
export function resourceIn(body: unknown, place: string): Resource {
  if (!isObject(body) || typeof body.resourceType !== "string")
    throw new RefusedInput("BODY_SHAPE", { at: place, expected: "a resource" });
  return body as Resource;
}
