import type { Ward } from "@openward/model";

export interface Wards {
  list(organisationId: string): Promise<Ward[]>;
  create(organisationId: string, name: string, timeZone: string, by: string): Promise<Ward>;
}
