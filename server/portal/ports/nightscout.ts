/** What a client of Nightscout signs in with. */
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

export interface NightscoutKeys {
  create(key: Omit<NightscoutKey, "id" | "createdAt" | "usedAt">): Promise<{ key: NightscoutKey; secret: string }>;
  list(
    organisationId: string,
    patientIds: readonly string[],
  ): Promise<readonly (NightscoutKey & { readonly madeBy: string })[]>;
  /** @throws RefusedInput NOT_FOUND */
  end(organisationId: string, keyId: string, by: string): Promise<void>;
}
