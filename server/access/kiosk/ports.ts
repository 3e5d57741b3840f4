import type { Kiosk, KioskShows, PatientView, Principal } from "@openward/model";
import type { Authenticated, RelyingParty } from "../ports.ts";

/** A code for the browser of one screen, shown to who has asked for it and to nobody else. */
export interface KioskCode {
  readonly kiosk: Kiosk;
  readonly code: string;
  readonly codeUntil: number;
}

/** Screens on the walls of wards. Who may make and end them is decided at the doors. */
export interface Kiosks {
  /** Those that have not ended, by name. */
  list(organisationId: string): Promise<Kiosk[]>;
  /** Sees from now on whoever lies on the ward, while they lie there. @throws RefusedInput NOT_FOUND, CONFLICT */
  add(
    organisationId: string,
    asked: {
      readonly name: string;
      readonly wardId: string;
      readonly shows: KioskShows;
      readonly takesBadges: boolean;
    },
    by: string,
  ): Promise<KioskCode>;
  /** The browser that has it goes on until the code is used. @throws RefusedInput NOT_FOUND */
  newCode(organisationId: string, kioskId: string, by: string): Promise<KioskCode>;
  /** For ever, within a second. @throws RefusedInput NOT_FOUND */
  end(organisationId: string, kioskId: string, by: string): Promise<Kiosk>;
  /** A browser becomes this screen; the one that was it before is nobody any more. @throws RefusedInput LINK_EXPIRED */
  enrol(code: string, userAgent?: string): Promise<{ readonly authenticated: Authenticated; readonly cookie: string }>;
  /** The screen is there still: its time begins anew. @param cookie the header that it came with */
  renew(authenticated: Authenticated, cookie: string | undefined): Promise<{ readonly cookie: string } | undefined>;
}

/** A badge number or a sign-in name, with a PIN; a badge alone where the screen takes it; or a passkey. */
export type ShownAtWall =
  | { readonly who: string; readonly pin?: string | undefined }
  | { readonly party: RelyingParty; readonly response: object };

/** Who stands before a screen on a wall, as they show each time anew. */
export interface WhoAtWall {
  passkeyOptions(screen: Authenticated, party: RelyingParty): Promise<object>;
  /** @throws RefusedInput SIGN_IN_REFUSED, whatever the reason is; RATE_LIMITED; FIELD_INVALID where a PIN is wanted */
  whoIs(screen: Authenticated, by: ShownAtWall): Promise<Principal>;
  /** What they may see of this one patient. */
  viewOfOne(principal: Principal, patientId: string): Promise<PatientView>;
}

export interface Badges {
  has(organisationId: string, personId: string): Promise<boolean>;
  /** @throws RefusedInput FIELD_INVALID, NOT_FOUND; CONFLICT where it is somebody else's */
  set(organisationId: string, personId: string, number: string, by: string): Promise<void>;
  /** @throws RefusedInput NOT_FOUND */
  remove(organisationId: string, personId: string, by: string): Promise<void>;
}
