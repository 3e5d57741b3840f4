import type { Millis } from "./telemetry.ts";

/** What for. "monitoring": somebody watches. */
export const PURPOSES = ["care", "monitoring", "technical", "integration", "research", "family", "emergency"] as const;
export type Purpose = (typeof PURPOSES)[number];

/** Because of what. */
export const BASES = [
  "care-team",
  "ward-assignment",
  "invitation",
  "consent",
  "incident",
  "break-glass",
  "research-cohort",
  "organisation-token",
] as const;
export type Basis = (typeof BASES)[number];

/** Who: a person, a token, a screen on a wall, or every person of a role. */
export type Grantee =
  | { readonly kind: "person" | "token" | "kiosk"; readonly id: string }
  | { readonly kind: "role"; readonly role: string };

/** Whom: one patient, whoever lies on a ward (and for a while after they left it), or everybody of the organisation. */
export type GrantReach =
  | { readonly kind: "patient"; readonly patientId: string }
  | { readonly kind: "ward"; readonly wardId: string; readonly afterStayMs: number }
  | { readonly kind: "organisation" };

/** A principal may see patients for a purpose, from when to when, because of something. It is ended, never changed. */
export interface Grant {
  readonly id: string;
  readonly organisationId: string;
  readonly grantee: Grantee;
  readonly reach: GrantReach;
  readonly purpose: Purpose;
  readonly basis: Basis;
  readonly from: Millis;
  /** Ends by itself; null: when somebody ends it. */
  readonly to: Millis | null;
  readonly reason: string | null;
  readonly createdAt: Millis;
  readonly createdBy: string;
  readonly endedAt: Millis | null;
  readonly endedBy: string | null;
  readonly endReason: string | null;
  /** Kinds of data (packages/signals/categories.json); null or left out: all. */
  readonly categories?: readonly string[] | null;
}
