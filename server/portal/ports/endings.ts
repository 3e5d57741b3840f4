import type { Ending } from "@openward/model";

export interface Endings {
  /** The first to end first. */
  list(organisationId: string): Promise<readonly Omit<Ending, "subject">[]>;
}
