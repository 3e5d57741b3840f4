import type { Grant, Principal } from "@openward/model";

export type GlassOutcome = "justified" | "not-justified" | "unclear";

export interface GlassBroken {
  readonly grant: Grant;
  readonly mrn: string;
  readonly review: {
    readonly outcome: GlassOutcome;
    readonly note: string | null;
    readonly at: number;
    readonly by: string;
  } | null;
}

/** An emergency: a patient is seen without a grant that was there before, and somebody else looks at it afterwards. */
export interface BreakGlass {
  open(principal: Principal, asked: { readonly patient: string; readonly reason: string }): Promise<Grant>;
  running(principal: Principal): Promise<Grant[]>;
  end(principal: Principal, grantId: string): Promise<Grant>;
  list(organisationId: string, filter: { readonly reviewed: boolean }): Promise<GlassBroken[]>;
  review(
    principal: Principal,
    grantId: string,
    review: { readonly outcome: GlassOutcome; readonly note: string | null },
  ): Promise<GlassBroken>;
}
