import type { Basis, Grant, Grantee, GrantReach, Person, Principal, Purpose } from "@openward/model";

/** Who may see whom, and because of what. */
export interface Grants {
  add(organisationId: string, grants: readonly NewGrant[], by: string): Promise<Grant[]>;
  end(organisationId: string, grantId: string, by: string, reason: string | null): Promise<Grant>;
  list(
    asker: string | Principal,
    filter: { patientId?: string; principalId?: string; basis?: Basis; ended?: boolean },
  ): Promise<Grant[]>;
  /** To the ward, where the organisation has one only. */
  assignNewcomer(person: Person, by: string): Promise<void>;
}

export interface NewGrant {
  readonly grantee: Grantee;
  readonly reach: GrantReach;
  readonly purpose: Purpose;
  readonly basis: Basis;
  readonly from?: number;
  readonly to?: number | null;
  readonly reason?: string | null;
}
