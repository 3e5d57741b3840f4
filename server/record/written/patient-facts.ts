import { RefusedInput } from "@openward/errors";
import { type Fhir, type FhirObject, isObject, type Resource } from "@openward/fhir/json";
import type { PatientFacts } from "@openward/fhir/store";
import type { Patient } from "@openward/model";
import { mrnSystem, nameOf } from "../resources/patient.ts";

/** Who somebody is to the house, of what was written of them. */
export type Told = PatientFacts & {
  /** The number that the writer gives them, and whether it is one of the house's own; undefined: none that could be it. */
  readonly number: { readonly value: string; readonly isOurs: boolean } | undefined;
};

const IDENTIFIER_TYPE = "http://terminology.hl7.org/CodeSystem/v2-0203";
const ZONES = ["http://hl7.org/fhir/StructureDefinition/tz-code", "http://hl7.org/fhir/StructureDefinition/timezone"];
const SEXES = ["male", "female", "other", "unknown"] as const;
const NAME_MAX = 200;
const NUMBER_MAX = 64;

/**
 * What the portals show of a Patient: the name in use, the whole birth date, the sex and the record number. What they have no
 * place for stays in the text.
 *
 * @param now ms UTC
 * @throws RefusedInput FIELD_INVALID for what the registry would refuse, by its place in the resource
 */
export function factsOf(resource: Resource, organisationId: string, now: number, place: string): Told {
  const name = shownName(resource);
  if (name !== undefined && name.length > NAME_MAX)
    throw new RefusedInput("FIELD_INVALID", { at: `${place}.name`, expected: `at most ${NAME_MAX} characters` });
  const { gender } = resource;
  return {
    name: name ?? "Unknown",
    isUnknown: name === undefined,
    birthDate: birthDateOf(resource, now, place),
    sex: SEXES.find((one) => one === gender) ?? "unknown",
    timeZone: zoneOf(resource),
    number: numberOf(resource, organisationId),
  };
}

/** A year or a month is no date by which somebody is told apart: to the house the date is not known then. */
function birthDateOf({ birthDate }: Resource, now: number, place: string): string | null {
  if (typeof birthDate !== "string" || !/^\d{4}-\d{2}-\d{2}$/.test(birthDate)) return null;
  if (birthDate < "1880-01-01" || Date.parse(birthDate) > now + 86_400_000)
    throw new RefusedInput("FIELD_INVALID", {
      at: `${place}.birthDate`,
      expected: "a date from 1880 to today, or a year or month alone",
    });
  return birthDate;
}

/** Of several the one in use: official, usual, any that is not old. */
function chosenName(resource: Resource): FhirObject | undefined {
  const all = objects(resource.name).filter((one) => shown(one) !== undefined);
  const rank = ({ use, period }: FhirObject): number => {
    const isOver = isObject(period) && period.end !== undefined;
    if (use === "old" || use === "maiden" || isOver) return 9;
    return use === "official" ? 0 : use === "usual" ? 1 : use === undefined ? 2 : use === "temp" ? 3 : 4;
  };
  return all.sort((a, b) => rank(a) - rank(b))[0];
}

const shownName = (resource: Resource): string | undefined => {
  const name = chosenName(resource);
  return name && shown(name);
};

/** "Hansen, Kari Anne", as the house writes names. */
function shown({ family, given, text }: FhirObject): string | undefined {
  const first = Array.isArray(given) ? given.filter((one) => typeof one === "string").join(" ") : "";
  const last = typeof family === "string" ? family : "";
  if (last !== "" && first !== "") return `${last}, ${first}`;
  const whole = typeof text === "string" && text.trim() !== "" ? text.trim() : last || first;
  return whole === "" ? undefined : whole;
}

function zoneOf(resource: Resource): string | null {
  const found = objects(resource.extension).find(({ url }) => ZONES.includes(String(url)));
  const { valueCode } = found ?? {};
  return typeof valueCode === "string" && isZone(valueCode) ? valueCode : null;
}

function isZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat("en", { timeZone: name });
    return !/^[+-]/.test(name);
  } catch {
    return false;
  }
}

/** The house's own number, else a medical record number of the writer, else the only identifier there is. */
function numberOf(resource: Resource, organisationId: string): Told["number"] {
  const all = objects(resource.identifier).filter(
    ({ value, use }) => typeof value === "string" && value.trim() !== "" && value.length <= NUMBER_MAX && use !== "old",
  );
  const ours = all.find(({ system }) => system === mrnSystem(organisationId));
  if (ours) return { value: String(ours.value), isOurs: true };
  const isMedical = ({ type }: FhirObject): boolean =>
    isObject(type) && objects(type.coding).some(({ system, code }) => system === IDENTIFIER_TYPE && code === "MR");
  const theirs =
    all.find(isMedical) ?? all.find(({ use }) => use === "usual") ?? (all.length === 1 ? all[0] : undefined);
  return theirs && { value: String(theirs.value), isOurs: false };
}

const objects = (value: Fhir | undefined): FhirObject[] => (Array.isArray(value) ? value.filter(isObject) : []);

/**
 * What an update changes of who somebody is. A field of which both texts say the same is left to the house, which may have
 * written it better since.
 */
export function changeOf(
  before: Told,
  after: Told,
  house: Pick<Patient, "mrn">,
): Partial<PatientFacts> & { readonly mrn?: string } {
  const change: Record<string, unknown> = {};
  for (const field of ["name", "isUnknown", "birthDate", "sex"] as const)
    if (before[field] !== after[field]) change[field] = after[field];
  if (after.timeZone !== null && before.timeZone !== after.timeZone) change.timeZone = after.timeZone;
  const { number } = after;
  // The number of the house follows the one that it was taken from, and no other.
  const isFollowed = number?.isOurs === true || before.number?.value === house.mrn;
  if (number && number.value !== house.mrn && isFollowed && number.value !== before.number?.value)
    change.mrn = number.value;
  return change as Partial<PatientFacts> & { readonly mrn?: string };
}

export interface HouseChange {
  readonly before: Patient;
  readonly after: Patient;
  /** A record that was merged into this one. */
  readonly replaces?: string;
}

/** What was written, with what the house changed since: nothing else is touched. The same object: it said so already. */
export function withHouse(resource: Resource, { before, after, replaces }: HouseChange): Resource {
  let told = resource;
  if (before.name !== after.name || before.isUnknown !== after.isUnknown)
    told = { ...told, name: withName(told, after) };
  if (before.birthDate !== after.birthDate) told = withPrimitive(told, "birthDate", after.birthDate ?? undefined);
  if (before.sex !== after.sex) told = withPrimitive(told, "gender", after.sex);
  if (before.mrn !== after.mrn) told = { ...told, identifier: withNumber(told, after) };
  if (before.mergedInto !== after.mergedInto) {
    told = { ...told, active: after.mergedInto === null };
    if (after.mergedInto !== null) told = withLink(told, after.mergedInto, "replaced-by");
  }
  return replaces === undefined ? told : withLink(told, replaces, "replaces");
}

/** Its extensions were about what it said before. */
function withPrimitive(resource: Resource, field: string, value: string | undefined): Resource {
  const { [field]: _value, [`_${field}`]: _extension, ...rest } = resource;
  return { ...rest, ...(value !== undefined && { [field]: value }) } as Resource;
}

function withName(resource: Resource, patient: Patient): Fhir {
  const names = Array.isArray(resource.name) ? resource.name : [];
  const chosen = chosenName(resource);
  const { use, ...said } = nameOf(patient);
  if (!chosen) return [{ use, ...said } as unknown as FhirObject, ...names]; // a HumanName is one
  const { family: _f, given: _g, text: _t, _family, _given, _text, ...rest } = chosen;
  const given = (rest.use === undefined || patient.isUnknown || rest.use === "temp") && { use };
  return names.map((one) => (one === chosen ? ({ ...rest, ...given, ...said } as unknown as FhirObject) : one));
}

function withNumber(resource: Resource, { organisationId, mrn }: Patient): Fhir {
  const system = mrnSystem(organisationId);
  const all = Array.isArray(resource.identifier) ? resource.identifier : [];
  const isOurs = (one: Fhir) => isObject(one) && one.system === system;
  if (all.some(isOurs)) return all.map((one) => (isOurs(one) ? { ...(one as FhirObject), value: mrn } : one));
  return [...all, { use: "usual", type: { coding: [{ system: IDENTIFIER_TYPE, code: "MR" }] }, system, value: mrn }];
}

function withLink(resource: Resource, id: string, type: string): Resource {
  const all = Array.isArray(resource.link) ? resource.link : [];
  return { ...resource, link: [...all, { other: { reference: `Patient/${id}` }, type }] };
}
