import type { Authenticated } from "../ports.ts";

/** What a client of Nightscout signs in with: for one patient, in the name of whoever made it. */
export interface NightscoutKey {
  readonly id: string;
  readonly organisationId: string;
  readonly patientId: string;
  readonly personId: string;
  readonly name: string;
  /** As which device it uploads; null: it only reads. */
  readonly deviceId: string | null;
  readonly createdAt: number;
  readonly usedAt: number | null;
}

export type NewNightscoutKey = Omit<NightscoutKey, "id" | "createdAt" | "usedAt">;

/** Who may make and end them is decided at the doors. */
export interface NightscoutKeys {
  /** @param secret itself, or its SHA-1 in hexadecimal. @throws RefusedInput NOT_SIGNED_IN */
  signIn(secret: string): Promise<{ readonly authenticated: Authenticated; readonly key: NightscoutKey }>;
  /** For who was let in by its secret before. @throws RefusedInput NOT_SIGNED_IN */
  signInById(keyId: string): Promise<{ readonly authenticated: Authenticated; readonly key: NightscoutKey }>;
  /** The secret is in this answer only. */
  create(key: NewNightscoutKey): Promise<{ readonly key: NightscoutKey; readonly secret: string }>;
  /** Those that open something, the newest first. */
  list(
    organisationId: string,
    patientIds: readonly string[],
  ): Promise<readonly (NightscoutKey & { readonly madeBy: string })[]>;
  /** @throws RefusedInput NOT_FOUND */
  end(organisationId: string, keyId: string, by: string): Promise<void>;
}
