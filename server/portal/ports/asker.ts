import type { Principal } from "@openward/model";

/**
 * In whose name the registries look: a principal, whose grants decide what is there; or an organisation's id, for what is
 * kept for everybody and read through a view.
 */
export type Asker = string | Pick<Principal, "organisationId" | "id">;
