import type { NewGrantBody } from "@openward/api";
import type { Role } from "../app/permissions.ts";

/** What a person may give another; an emergency is one's own act, and programs have tokens. */
export const GIVEN_PURPOSES = ["care", "monitoring", "technical", "family", "research"] as const;
export type GivenPurpose = (typeof GIVEN_PURPOSES)[number];

type Bases = readonly [NewGrantBody["basis"], ...NewGrantBody["basis"][]];

const BASES: Readonly<Record<GivenPurpose, Bases>> = {
  care: ["care-team", "ward-assignment", "incident"],
  monitoring: ["ward-assignment", "care-team", "incident"],
  technical: ["ward-assignment", "incident"],
  family: ["invitation"],
  research: ["research-cohort"],
};

/** What a purpose can rest on, the usual one first. */
export const basesOf = (purpose: GivenPurpose): Bases => BASES[purpose];

const WARD: readonly Role[] = ["nurse", "physician", "clinical-engineer", "administrator"];
const OF_PURPOSE: Readonly<Record<GivenPurpose, readonly Role[]>> = {
  care: WARD,
  monitoring: ["nurse", "physician", "administrator"],
  technical: ["clinical-engineer", "administrator"],
  family: ["patient", "family"],
  research: ["researcher", "physician"],
};

/** Who is offered for it: a patient is not asked to watch a ward. */
export const isOffered = (role: Role, purpose: GivenPurpose): boolean => OF_PURPOSE[purpose].includes(role);
