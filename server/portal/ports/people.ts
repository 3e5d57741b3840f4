import type { Person, Role } from "@openward/model";

export interface People {
  list(organisationId: string): Promise<Person[]>;
  create(organisationId: string, display: string, role: Role, by: string): Promise<Person>;
  find(personId: string): Promise<Person | undefined>;
  change(
    organisationId: string,
    personId: string,
    /** `email`: where they are told what cannot wait; null: nowhere. */
    change: {
      readonly display?: string | undefined;
      readonly role?: Role | undefined;
      readonly email?: string | null | undefined;
    },
    by: string,
  ): Promise<Person>;
  disable(organisationId: string, personId: string, by: string): Promise<Person>;
  enable(organisationId: string, personId: string, by: string): Promise<Person>;
}
