/** An application of another maker, as it was registered. */
export interface Application {
  readonly id: string;
  readonly name: string;
  readonly kind: "public" | "secret" | "key" | "backend";
  readonly redirectUris: readonly string[];
  readonly launchUri: string | null;
  readonly scope: string;
  readonly jwksUri: string | null;
  readonly mayIntrospect: boolean;
  readonly createdAt: number;
  readonly disabledAt: number | null;
}

export interface ApplicationKeys {
  readonly jwks?: unknown;
  readonly jwksUri?: string;
}

/** Applications that may ask for access. */
export interface Applications {
  list(organisationId: string): Promise<readonly Application[]>;
  lastTokens(organisationId: string): Promise<ReadonlyMap<string, number>>;
  add(
    organisationId: string,
    application: ApplicationKeys & {
      readonly name: string;
      readonly kind: Application["kind"];
      readonly scope: string;
      readonly redirectUris?: readonly string[];
      readonly launchUri?: string;
      readonly mayIntrospect?: boolean;
    },
    by: string,
  ): Promise<{ client: Application; secret?: string }>;
  disable(organisationId: string, id: string, by: string): Promise<void>;
  rotate(organisationId: string, id: string, keys: ApplicationKeys, by: string): Promise<{ secret?: string }>;
  /** Those that act for the person, with what was allowed them. */
  ofPerson(
    organisationId: string,
    personId: string,
  ): Promise<
    readonly {
      readonly id: string;
      readonly name: string;
      readonly scopes: readonly string[];
      readonly since: number;
      readonly lastTokenAt: number | null;
      readonly expiresAt: number;
    }[]
  >;
  /** Whatever the person allowed this one ends, tokens included; one that has nothing is none. */
  endForPerson(organisationId: string, personId: string, id: string): Promise<void>;
  /** As a person reads it. */
  scopeInWords(scope: string): string;
}

/** Applications of other makers that are opened from here. */
export interface Launches {
  begin(
    by: { readonly organisationId: string; readonly personId: string },
    clientId: string,
    patientId: string,
  ): Promise<{ url: string; expiresAt: number }>;
}
