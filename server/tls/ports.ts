/** A certificate with its chain and its private key, as PEM. */
export interface Material {
  readonly cert: string;
  readonly key: string;
}

export interface Log {
  info(facts: object, text: string): void;
  warn(facts: object, text: string): void;
}

/** Seals what must not be read in a copy of the database. */
export interface Vault {
  seal(name: string, plain: Uint8Array): { keyId: number; sealed: Uint8Array };
  open(name: string, keyId: number, sealed: Uint8Array): Uint8Array;
}

/** The authority as the database has it. */
export interface KeptAuthority {
  readonly keyId: number;
  readonly sealed: Uint8Array;
}

export interface KeptRows {
  read(): Promise<KeptAuthority | undefined>;
  write(kept: KeptAuthority & { readonly keptAt: number }): Promise<void>;
}
