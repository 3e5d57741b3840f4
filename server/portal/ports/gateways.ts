/** What gateways are set to, and tell of themselves. */
export interface Gateways {
  settingsOf(
    organisationId: string,
    gatewayId: string,
  ): Promise<{ settings: unknown; revision: number; setBy: string; setAt: number } | undefined>;
  /**
   * @param seen the revision that was looked at
   * @throws RefusedInput NOT_FOUND, CONFLICT
   */
  configure(
    organisationId: string,
    gatewayId: string,
    settings: object,
    seen: number,
    by: string,
    change: { readonly changed: readonly string[]; readonly restores?: number },
  ): Promise<void>;
  /** The newest first. */
  versionsOf(
    organisationId: string,
    gatewayId: string,
  ): Promise<
    readonly {
      readonly settings: unknown;
      readonly revision: number;
      readonly setBy: string;
      readonly setAt: number;
      readonly restores: number | null;
      readonly takenUpAt: number | null;
      readonly refused: unknown;
    }[]
  >;
  versionOf(organisationId: string, gatewayId: string, revision: number): Promise<{ settings: unknown } | undefined>;
  reportOf(organisationId: string, gatewayId: string): Promise<{ detail: unknown; receivedAt: number } | undefined>;
  configuration(gateway: { deviceId: string; organisationId: string }): Promise<{ version: string }>;
}
