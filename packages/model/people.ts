import type { AgeGroup } from "./alarm.ts";
import type { Millis } from "./telemetry.ts";

export type Sex = "male" | "female" | "other" | "unknown";

export interface Patient {
  readonly id: string;
  readonly organisationId: string;
  /** As shown: "Hansen, Kari". */
  readonly name: string;
  /** ISO date, "1948-03-21"; null when not known. */
  readonly birthDate: string | null;
  readonly sex: Sex;
  /** Medical record number, unique in the organisation. */
  readonly mrn: string;
  /** Admitted without a known identity. */
  readonly isUnknown: boolean;
  /** IANA time zone in which the patient's days are counted. */
  readonly timeZone: string;
  /** Chosen by a person where the birth date does not tell. */
  readonly ageGroup: AgeGroup | null;
  readonly mergedInto: string | null;
  readonly createdAt: Millis;
  readonly updatedAt: Millis;
}

/** Where an admitted patient lies. */
export interface Stay {
  readonly id: string;
  readonly organisationId: string;
  readonly patientId: string;
  readonly wardId: string;
  readonly bed: string;
  readonly from: Millis;
  readonly to: Millis | null;
}

export interface Ward {
  readonly id: string;
  readonly organisationId: string;
  readonly name: string;
  readonly timeZone: string;
}

export interface Organisation {
  readonly id: string;
  readonly name: string;
  readonly isDemo: boolean;
}

export interface Device {
  /** `[A-Za-z0-9._-]{1,64}`: also the MQTT user name. */
  readonly id: string;
  readonly organisationId: string;
  /** Key of packages/drivers. */
  readonly type: string;
  readonly display: string;
  readonly manufacturer: string | null;
  readonly model: string | null;
  readonly serial: string | null;
  readonly createdAt: Millis;
  readonly revokedAt: Millis | null;
}

/** What somebody is here. Which role may call which route is the table of packages/api. */
export const ROLES = [
  "patient",
  "family",
  "nurse",
  "physician",
  "clinical-engineer",
  "researcher",
  "privacy-officer",
  "administrator",
  "integration",
] as const;
export type Role = (typeof ROLES)[number];

/** What somebody asks as. A screen on a wall is no person, and has a role that nobody is given. */
export type PrincipalRole = Role | "kiosk";

/** Roles whose work is the ward: they call its routes, and know its devices. Whom somebody sees, grants say. */
const WARD_ROLES: ReadonlySet<PrincipalRole> = new Set([
  "nurse",
  "physician",
  "clinical-engineer",
  "administrator",
  "integration",
]);

export const isOfTheWard = (role: PrincipalRole): boolean => WARD_ROLES.has(role);

/** Whose work the devices are, whoever wears them: how they are, though not on whom. */
export const looksAfterDevices = (role: PrincipalRole): boolean =>
  role === "clinical-engineer" || role === "administrator";

/** Somebody who can sign in. */
export interface Person {
  readonly id: string;
  readonly organisationId: string;
  readonly display: string;
  readonly role: Role;
  readonly createdAt: Millis;
  readonly disabledAt: Millis | null;
}

/** Who asks. */
export interface Principal {
  readonly kind: "person" | "token" | "kiosk" | "system";
  readonly id: string;
  readonly display: string;
  readonly organisationId: string;
  readonly role: PrincipalRole;
}

/**
 * The patients that a principal may see now. Minted by `access` from a query; memory (tails, live, watch) is read
 * through it and through nothing else.
 */
export interface PatientView {
  readonly principal: Principal;
  /** Also of a record that was merged into one that is visible. */
  has(patientId: string): boolean;
  /** Those that were not merged into another. */
  patientIds(): readonly string[];
  /** This record, and those that were merged into it: one person's. Empty for one that is not visible. */
  recordsOf(patientId: string): readonly string[];
  /**
   * Kinds of data of this record (packages/signals/categories.json) that the patient does not share with who has the view;
   * undefined: everything is shared. Of a patient who is not visible it says nothing.
   */
  hiddenOf(patientId: string): ReadonlySet<string> | undefined;
  /** All records of which it tells something, where they are at hand; left out: each has to be asked for. */
  hiddenIds?(): readonly string[];
}
