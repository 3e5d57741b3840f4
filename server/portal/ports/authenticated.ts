import type { KioskScreen, Principal } from "@openward/model";

export interface Authenticated {
  readonly principal: Principal;
  readonly organisation: { readonly id: string; readonly name: string; readonly isDemo: boolean };
  readonly expiresAt: number;
  readonly via: "session" | "token" | "app" | "kiosk";
  /** Of a screen on a wall. */
  readonly kiosk?: KioskScreen;
  /** Of a session: what showed last that it is the person. */
  readonly proof?: Proof;
  /** Of a session: its screen is locked after so long without input. */
  readonly lockAfterMs?: number;
}

export interface Proof {
  readonly by: "link" | "passkey" | "codes" | "external";
  readonly at: number;
}

export interface CodeProof {
  readonly password: string;
  readonly code: string;
}

export interface SignedIn {
  readonly authenticated: Authenticated;
  readonly cookie: string;
}

/** For whom a passkey is: the name that authenticators keep it under, and the pages that may ask for it. */
export interface RelyingParty {
  readonly id: string;
  readonly origins: readonly string[];
}
