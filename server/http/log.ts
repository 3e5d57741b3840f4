/** The part of a pino logger that is used here. Facts carry ids, never names, values or raw messages. */
export interface Log {
  debug(facts: object, text: string): void;
  info(facts: object, text: string): void;
  warn(facts: object, text: string): void;
  error(facts: object, text: string): void;
}

/** Drops everything; for tests. */
export const silentLog: Log = { debug() {}, info() {}, warn() {}, error() {} };
