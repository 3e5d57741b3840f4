import type { Principal } from "@openward/model";
import type { Authenticated, CodeProof, RelyingParty } from "./authenticated.ts";

/** A screen that locks itself, or is locked, until the same person shows that it is they. */
export interface Screen {
  input(authenticated: Authenticated): Promise<void>;
  lockAfter(authenticated: Authenticated, afterMs: number | null): Promise<void>;
  lock(authenticated: Authenticated): Promise<void>;
  unlock(
    authenticated: Authenticated,
    by: { readonly pin: string } | CodeProof | { readonly party: RelyingParty; readonly response: object },
  ): Promise<void>;
  readonly pins: {
    has(principal: Principal): Promise<boolean>;
    set(principal: Principal, pin: string): Promise<void>;
    remove(principal: Principal): Promise<void>;
  };
}
