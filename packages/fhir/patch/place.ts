import type { Fhir, FhirObject } from "../json/index.ts";
import type { Written } from "./content.ts";

/** Where an element stands: in which object, under which name, and at which index of a list. */
export interface Place {
  readonly holder: FhirObject;
  /** As it is written: valueQuantity. */
  readonly name: string;
  readonly index: number | null;
}

/** A list with what stands beside it, as of equal length: extensions of primitives are in a list of their own, with gaps. */
export function fieldsIn(holder: FhirObject, name: string): { value: Fhir; extra: Fhir }[] {
  const values = (holder[name] ?? []) as Fhir[];
  const extras = (holder[`_${name}`] ?? []) as Fhir[];
  const length = Math.max(values.length, extras.length);
  return Array.from({ length }, (_, i) => ({ value: values[i] ?? null, extra: extras[i] ?? null }));
}

function setFields(holder: FhirObject, name: string, fields: readonly { value: Fhir; extra: Fhir }[]): void {
  const set = (key: string, list: Fhir[]) => {
    if (list.every((item) => item === null)) delete holder[key];
    else holder[key] = list;
  };
  set(
    name,
    fields.map(({ value }) => value),
  );
  set(
    `_${name}`,
    fields.map(({ extra }) => extra),
  );
}

/** Puts an element in a list, before the one that has its index now. */
export function inList({ holder, name }: Place, index: number, { value, extra }: Written): void {
  const fields = fieldsIn(holder, name);
  fields.splice(index, 0, { value: value ?? null, extra: extra ?? null });
  setFields(holder, name, fields);
}

/** Takes an element out of its object or its list. */
export function takeOut({ holder, name, index }: Place): Written {
  if (index === null) {
    const gone = { value: holder[name], extra: holder[`_${name}`], suffix: null };
    delete holder[name];
    delete holder[`_${name}`];
    return gone;
  }
  const fields = fieldsIn(holder, name);
  const [gone] = fields.splice(index, 1);
  setFields(holder, name, fields);
  return { value: gone?.value ?? undefined, extra: gone?.extra ?? undefined, suffix: null };
}

/**
 * Puts an element where one stands or may stand. Where it is one of several types its name says which: the place of the old name is
 * kept, so that the text of the resource changes no more than it must.
 */
export function put(
  { holder, name, index }: Place,
  { value, extra, suffix }: Written,
  choices: readonly string[] | null,
): void {
  if (index !== null) {
    const fields = fieldsIn(holder, name);
    fields[index] = { value: value ?? null, extra: extra ?? null };
    return void setFields(holder, name, fields);
  }
  const there = holder[name] !== undefined || holder[`_${name}`] !== undefined;
  const old = there ? choices?.find((one) => name.endsWith(one)) : undefined;
  const stem = old === undefined ? name : name.slice(0, -old.length);
  const now = suffix === null ? name : `${stem}${suffix}`;
  const before = Object.entries(holder);
  const gone = new Set([name, `_${name}`, now, `_${now}`]);
  let written = false;
  const write = () => {
    if (value !== undefined) holder[now] = value;
    if (extra !== undefined) holder[`_${now}`] = extra;
    written = true;
  };
  for (const [key] of before) delete holder[key];
  for (const [key, kept] of before) {
    if (!gone.has(key)) holder[key] = kept;
    else if (!written) write();
  }
  if (!written) write();
}
