import type { Kiosk, KioskShows, PatientView, Principal } from "@openward/model";
import type { Authenticated, RelyingParty } from "./authenticated.ts";

export interface KioskCode {
  readonly kiosk: Kiosk;
  readonly code: string;
  readonly codeUntil: number;
}

/** Screens on the walls of wards. */
export interface Kiosks {
  list(organisationId: string): Promise<Kiosk[]>;
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
  newCode(organisationId: string, kioskId: string, by: string): Promise<KioskCode>;
  end(organisationId: string, kioskId: string, by: string): Promise<Kiosk>;
  enrol(code: string, userAgent?: string): Promise<{ readonly authenticated: Authenticated; readonly cookie: string }>;
  /** undefined: its time is long still. */
  renew(authenticated: Authenticated, cookie: string | undefined): Promise<{ readonly cookie: string } | undefined>;
  passkeyOptions(screen: Authenticated, party: RelyingParty): Promise<object>;
  /** Who stands before it, as they show each time anew: badge or sign-in name with PIN, a badge alone, a passkey. */
  whoIs(
    screen: Authenticated,
    by:
      | { readonly who: string; readonly pin?: string | undefined }
      | { readonly party: RelyingParty; readonly response: object },
  ): Promise<Principal>;
  viewOfOne(principal: Principal, patientId: string): Promise<PatientView>;
}

/** Numbers on people's badges. */
export interface Badges {
  has(organisationId: string, personId: string): Promise<boolean>;
  set(organisationId: string, personId: string, number: string, by: string): Promise<void>;
  remove(organisationId: string, personId: string, by: string): Promise<void>;
}
