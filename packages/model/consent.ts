import type { Role } from "./people.ts";
import type { Millis } from "./telemetry.ts";

/** Whom it is said to. "everybody": whoever is here, but the patient and who decides for them. */
export type ConsentActor =
  | { readonly kind: "everybody" }
  | { readonly kind: "role"; readonly role: Role }
  | { readonly kind: "person" | "token"; readonly id: string };

export const CONSENT_PURPOSES = ["care", "research"] as const;
/** "care" is everything that is not research: watching, family and programs too. */
export type ConsentPurpose = (typeof CONSENT_PURPOSES)[number];

/** What a patient says: share these kinds of data with these, or do not, for this, from when to when. */
export interface ConsentStatement {
  readonly decision: "permit" | "deny";
  /** Keys of packages/signals/categories.json. */
  readonly categories: readonly string[];
  /** null: whatever for; of what is denied only. */
  readonly purpose: ConsentPurpose | null;
  readonly actors: readonly ConsentActor[];
  readonly from: Millis;
  /** Exclusive; null: until it is taken back. */
  readonly to: Millis | null;
  /** Those from whom it hides something are not told that it does. */
  readonly isSilent: boolean;
  /** In the patient's own words. */
  readonly note: string | null;
}

/** One version of a consent; the newest counts. "inactive": taken back. */
export interface Consent extends ConsentStatement {
  readonly id: string;
  readonly version: number;
  readonly organisationId: string;
  readonly patientId: string;
  readonly status: "active" | "inactive";
  readonly saidAt: Millis;
  readonly saidBy: string;
  /** "staff": written down for the patient, who cannot or does not sign in. */
  readonly saidAs: "self" | "guardian" | "staff";
}
