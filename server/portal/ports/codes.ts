import type { Principal } from "@openward/model";

/** A password and codes of an authenticator app, which open together and not alone. */
export interface CodeSignIn {
  of(
    principal: Principal,
  ): Promise<{ readonly signInName: string | null; readonly since: number | null; readonly recoveryCodesLeft: number }>;
  begin(
    principal: Principal,
    password: string,
  ): Promise<{ readonly signInName: string; readonly secret: string; readonly uri: string }>;
  confirm(principal: Principal, code: string): Promise<string[]>;
  remove(principal: Principal): Promise<void>;
}
