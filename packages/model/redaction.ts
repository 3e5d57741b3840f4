import type { PrincipalRole } from "./people.ts";

/** What a field tells, beside the measurements themselves. */
export const FIELD_KINDS = ["name", "birth", "sex", "identifier", "location", "staff", "free-text"] as const;
/**
 * name, birth, sex, identifier (record number) of the patient; location: ward and bed; staff: who of the house did something;
 * free-text: what people wrote, which may be anything.
 */
export type FieldKind = (typeof FIELD_KINDS)[number];

/** What is withheld from a role of the patients whom a grant shows to it. A role that is not here is shown all of them. */
const WITHHELD: Readonly<Partial<Record<PrincipalRole, readonly FieldKind[]>>> = {
  // Finds the bed by its number, the ward and the record number, and needs no more.
  "clinical-engineer": ["name", "birth", "sex", "free-text"],
  researcher: ["name", "birth", "identifier", "location", "staff", "free-text"],
  family: ["staff", "free-text"],
  // Whoever walks by reads it.
  kiosk: ["name", "birth", "sex", "free-text"],
};

const NOTHING: ReadonlySet<FieldKind> = new Set();
const withheld = new Map(Object.entries(WITHHELD).map(([role, kinds]) => [role, new Set(kinds)]));

/** Applications and programs see what their scopes and grants say, whole. */
export const withheldFrom = (role: PrincipalRole): ReadonlySet<FieldKind> => withheld.get(role) ?? NOTHING;
