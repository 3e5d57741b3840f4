import pg from "pg";

export interface SqlStatement {
  /** Given: prepared once per connection. */
  readonly name?: string;
  readonly text: string;
  readonly values?: readonly unknown[];
}

/** One connection to PostgreSQL; the journal has its own, so that nobody else's query stands before a commit. */
export interface SqlConnection {
  query(statement: SqlStatement): Promise<{ readonly rows: readonly Record<string, unknown>[] }>;
  /** Drop it at once, whatever is under way; what is under way rejects. */
  destroy(): void;
  close(): Promise<void>;
  isLost(): boolean;
}

export type Connect = () => Promise<SqlConnection>;

/** Connections by `pg`. @param config e.g. of Database.connectionConfig("ingest") */
export function connectWithPg(config: pg.ClientConfig): Connect {
  return async () => {
    const client = new pg.Client(config);
    let lost = false;
    // Without a listener a lost connection would end the process.
    client.on("error", () => {
      lost = true;
    });
    client.on("end", () => {
      lost = true;
    });
    await client.connect();
    return {
      query: ({ name, text, values }) =>
        client.query({ ...(name ? { name } : {}), text, values: (values ?? []) as unknown[] }),
      destroy() {
        lost = true;
        (client as unknown as { connection: { stream: { destroy(): void } } }).connection.stream.destroy();
      },
      close: () => client.end(),
      isLost: () => lost,
    };
  };
}
