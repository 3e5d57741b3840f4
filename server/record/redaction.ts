import type { Extension, Meta, Observation, Patient, Provenance, Resource } from "@medplum/fhirtypes";
import { type FieldKind, type PrincipalRole, withheldFrom } from "@openward/model";

/** HL7's word for a value that is there and not shown. */
const MASKED: { extension: Extension[] } = {
  extension: [{ url: "http://hl7.org/fhir/StructureDefinition/data-absent-reason", valueCode: "masked" }],
};
const OBSERVATION_VALUE = "http://terminology.hl7.org/CodeSystem/v3-ObservationValue";

type Redact = (resource: never, withheld: ReadonlySet<FieldKind>) => Resource | undefined;

/** Of each type the fields that tell more than what was measured; undefined: nothing of it is withheld. */
const byType: Readonly<Partial<Record<string, Redact>>> = {
  Patient(patient: Patient, withheld) {
    const told: Record<string, unknown> = { ...patient };
    if (withheld.has("name")) told.name = [MASKED];
    if (withheld.has("identifier")) told.identifier = [MASKED];
    if (withheld.has("birth")) mask(told, "birthDate");
    if (withheld.has("sex")) mask(told, "gender");
    return told as unknown as Patient; // the same but for what is masked
  },
  // Why a reading was amended is said beside it, with who says so; what its quality is nobody wrote.
  Observation(observation: Observation, withheld) {
    const { note, ...told } = observation;
    const ours = note?.filter(({ authorString }) => authorString === undefined) ?? [];
    if (ours.length === (note?.length ?? 0) || !(withheld.has("free-text") || withheld.has("staff"))) return undefined;
    return ours.length > 0 ? { ...told, note: ours } : told;
  },
  Provenance(provenance: Provenance, withheld) {
    const isText = withheld.has("free-text");
    const isStaff = withheld.has("staff");
    if (!isText && !isStaff) return undefined;
    return {
      ...provenance,
      ...(isText ? { reason: [MASKED] } : {}),
      ...(isStaff ? { agent: provenance.agent.map((agent) => ({ ...agent, who: MASKED })) } : {}),
    };
  },
};

/** A primitive that is masked has its extension beside it, and no value. */
function mask(resource: Record<string, unknown>, field: string): void {
  if (!(field in resource)) return;
  delete resource[field];
  resource[`_${field}`] = MASKED;
}

/** What this role is shown of an answer; what is masked says so, and the resource says that it is not whole. */
export function redactedResource<R extends Resource>(resource: R, role: PrincipalRole): R {
  const withheld = withheldFrom(role);
  if (withheld.size === 0) return resource;
  if (resource.resourceType === "Bundle") {
    const entry = resource.entry?.map((one) =>
      one.resource ? { ...one, resource: redactedResource(one.resource, role) } : one,
    );
    return { ...resource, ...(entry ? { entry } : {}) };
  }
  const redact = byType[resource.resourceType] as
    | ((one: R, kinds: ReadonlySet<FieldKind>) => R | undefined)
    | undefined;
  const told = redact?.(resource, withheld);
  return told ? { ...told, meta: marked(told.meta) } : resource;
}

function marked(meta: Meta | undefined): Meta {
  return {
    ...meta,
    security: [...(meta?.security ?? []), { system: OBSERVATION_VALUE, code: "REDACTED", display: "redacted" }],
    tag: [...(meta?.tag ?? []), { system: OBSERVATION_VALUE, code: "SUBSETTED", display: "subsetted" }],
  };
}

/** Parameters by which a field that is withheld could be found out. */
const PARAMETERS: Readonly<Record<string, FieldKind>> = {
  "Patient.name": "name",
  "Patient.family": "name",
  "Patient.given": "name",
  "Patient.birthdate": "birth",
  "Patient.gender": "sex",
  "Patient.phonetic": "name",
  "Patient.identifier": "identifier",
  "Provenance.agent": "staff",
};

/** Types of which words are withheld: nobody looks in all of them at once. */
const WORDED: ReadonlySet<string> = new Set(["Patient", "Provenance"]);

/** The first parameter that asks for what is withheld from this role. @param key as it was asked: "family:exact" */
export function isWithheld(type: string, key: string, role: PrincipalRole): boolean {
  const name = key.split(/[:.]/, 1)[0] ?? "";
  const withheld = withheldFrom(role);
  if ((name === "_content" || name === "_text") && WORDED.has(type)) return withheld.size > 0;
  const kind = PARAMETERS[`${type}.${name}`];
  return kind !== undefined && withheld.has(kind);
}
