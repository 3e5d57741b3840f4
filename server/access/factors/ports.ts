import type { Principal } from "@openward/model";

/** Encrypts small things under a key of the key store. */
export interface Vault {
  seal(name: string, plain: Uint8Array): { readonly keyId: number; readonly sealed: Uint8Array };
  open(name: string, keyId: number, sealed: Uint8Array): Uint8Array;
  derive(name: string): string;
}

/** What somebody has beside passkeys. */
export interface CodeSignInState {
  /** What they type to sign in; null: they have no password. */
  readonly signInName: string | null;
  readonly since: number | null;
  readonly recoveryCodesLeft: number;
}

/** For the authenticator app, once. */
export interface CodeEnrolment {
  readonly signInName: string;
  readonly secret: string;
  readonly uri: string;
}

export interface CodeProof {
  readonly password: string;
  /** Of the app, or a recovery code. */
  readonly code: string;
}

/** A password and codes of an authenticator app together, for who cannot have a passkey. One without the other opens nothing. */
export interface CodeSignIn {
  of(principal: Principal): Promise<CodeSignInState>;
  /** Nothing counts until `confirm`. @throws RefusedInput FIELD_INVALID */
  begin(principal: Principal, password: string): Promise<CodeEnrolment>;
  /** @returns recovery codes, shown once. @throws RefusedInput SIGN_IN_REFUSED, CONFLICT */
  confirm(principal: Principal, code: string): Promise<string[]>;
  /** Ends the sessions that it began. @throws RefusedInput NOT_FOUND */
  remove(principal: Principal): Promise<void>;
  /** @throws RefusedInput SIGN_IN_REFUSED, whatever the reason is; RATE_LIMITED */
  signIn(name: string, proof: CodeProof, device: string): Promise<{ secret: string }>;
  /** Of somebody who is signed in. @throws RefusedInput SIGN_IN_REFUSED, RATE_LIMITED */
  prove(principal: Principal, proof: CodeProof): Promise<void>;
}

export interface Pins {
  has(principal: Principal): Promise<boolean>;
  /** @throws RefusedInput FIELD_INVALID */
  set(principal: Principal, pin: string): Promise<void>;
  /** @throws RefusedInput NOT_FOUND */
  remove(principal: Principal): Promise<void>;
}
