import type { NewGrantBody } from "@openward/api";

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
