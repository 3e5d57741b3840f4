import type { OwnSession, PasskeyBody } from "@openward/api";
import type { PatientView, Principal } from "@openward/model";
import type { Authenticated, CodeProof, Proof, RelyingParty, SignedIn } from "./authenticated.ts";
import type { BreakGlass } from "./break-glass.ts";
import type { CodeSignIn } from "./codes.ts";
import type { Consents } from "./consents.ts";
import type { External } from "./external.ts";
import type { Grants } from "./grants.ts";
import type { Badges, Kiosks } from "./kiosks.ts";
import type { Monitoring } from "./monitoring.ts";
import type { NightscoutKeys } from "./nightscout.ts";
import type { Screen } from "./screen.ts";

export interface Access {
  /** @param locked a session counts whose screen is locked */
  authenticate(
    headers: { cookie?: string | undefined; authorization?: string | undefined },
    options?: { readonly locked?: boolean; readonly kiosk?: boolean },
  ): Promise<Authenticated | undefined>;
  readonly screen: Screen;
  readonly kiosks: Kiosks;
  readonly badges: Badges;
  readonly nightscout: NightscoutKeys;
  readonly external: External;
  signInOutside(answer: string, cookie: string | undefined, userAgent?: string): Promise<SignedIn>;
  signIn(linkToken: string, userAgent?: string): Promise<SignedIn>;
  signInWithPasskey(party: RelyingParty, response: object, userAgent?: string): Promise<SignedIn>;
  signOut(authenticated: Authenticated): Promise<{ cookie: string }>;
  signOutEverywhere(authenticated: Authenticated): Promise<{ cookie: string }>;
  sessionsOf(authenticated: Authenticated): Promise<OwnSession[]>;
  endSession(principal: Principal, sessionId: string): Promise<void>;
  readonly passkeys: {
    list(principal: Principal): Promise<PasskeyBody[]>;
    enrolmentOptions(principal: Principal, party: RelyingParty): Promise<object>;
    remove(principal: Principal, passkeyId: string): Promise<void>;
    signInOptions(party: RelyingParty): Promise<object>;
    proofOptions(principal: Principal, party: RelyingParty): Promise<object>;
  };
  addPasskey(
    authenticated: Authenticated,
    party: RelyingParty,
    given: { readonly name: string; readonly response: object },
  ): Promise<PasskeyBody>;
  readonly codes: CodeSignIn;
  signInWithCodes(name: string, proof: CodeProof, userAgent?: string): Promise<SignedIn>;
  proveWithPasskey(authenticated: Authenticated, party: RelyingParty, response: object): Promise<Proof>;
  proveWithCodes(authenticated: Authenticated, proof: CodeProof): Promise<Proof>;
  viewOf(principal: Principal): Promise<PatientView>;
  /** Of this one patient, for whoever has a right to everything about them; empty for others. */
  subjectViewOf(principal: Principal, patientId: string): Promise<PatientView>;
  issueLink(personId: string, by: string): Promise<{ token: string; expiresAt: number }>;
  readonly grants: Grants;
  readonly breakGlass: BreakGlass;
  readonly monitoring: Monitoring;
  readonly consents: Consents;
}
