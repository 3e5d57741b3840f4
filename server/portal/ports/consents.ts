import type { Consent, ConsentStatement } from "@openward/model";
import type { Asker } from "./asker.ts";

/** Who says it and as what, and whether they know what follows. */
export interface Said {
  readonly by: string;
  readonly as: Consent["saidAs"];
  /** It may leave nobody who watches some kind of data. */
  readonly isConfirmed?: boolean;
}

/** A statement that hides a kind of data; `consentId` null: it is just not among what was shared. */
export interface HiddenKind {
  readonly category: string;
  readonly consentId: string | null;
  /** Not to be told to those from whom it hides something. */
  readonly isSilent: boolean;
}

/** What patients say of who may see what. Who may say it is decided at the doors. */
export interface Consents {
  /** @throws RefusedInput FIELD_INVALID, NOT_FOUND, CONSENT_LEAVES_UNWATCHED where it was not confirmed */
  say(organisationId: string, patientId: string, statement: ConsentStatement, said: Said): Promise<Consent>;
  /** A new version. @throws as `say`; CONFLICT where it was taken back */
  change(organisationId: string, consentId: string, statement: ConsentStatement, said: Said): Promise<Consent>;
  /** @throws RefusedInput NOT_FOUND, CONFLICT where it was taken back before */
  withdraw(organisationId: string, consentId: string, said: Said): Promise<Consent>;
  /** The newest version, as the house sees it. @throws RefusedInput NOT_FOUND */
  find(organisationId: string, consentId: string): Promise<Consent>;
  /** The newest version of each, the last said first: those taken back too. */
  ofPatients(asker: Asker, patientIds: readonly string[]): Promise<Consent[]>;
  /** Why who asks does not see kinds of the patient's data; also what is not to be told to them. */
  hiddenFrom(asker: Exclude<Asker, string>, patientId: string): Promise<HiddenKind[]>;
  isSeen(asker: Exclude<Asker, string>, patientId: string): Promise<boolean>;
  /** Newest first; empty where there is none for who asks. */
  versions(asker: Asker, consentId: string): Promise<Consent[]>;
}
