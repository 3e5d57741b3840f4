/** A certificate with its chain and its private key, as PEM. */
export interface Material {
  readonly cert: string;
  readonly key: string;
}

export interface Log {
  info(facts: object, text: string): void;
  warn(facts: object, text: string): void;
}
