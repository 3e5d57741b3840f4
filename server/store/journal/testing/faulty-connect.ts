import { type Connect, connectWithPg, type SqlConnection, type SqlStatement } from "../connection.ts";

/** A real connection whose answers can be held back, lost, or replaced by errors. */
export interface FaultyConnect {
  readonly connect: Connect;
  /** Called before a statement goes to PostgreSQL: may wait, or throw (the statement is then never sent). */
  before: (statement: SqlStatement) => Promise<void> | void;
  /** Called after PostgreSQL answered: may wait, or throw (it is committed, but nobody hears of it). */
  after: (statement: SqlStatement) => Promise<void> | void;
}

export function faultyConnect(config: Parameters<typeof connectWithPg>[0]): FaultyConnect {
  const real = connectWithPg(config);
  const faults: FaultyConnect = {
    before: () => {},
    after: () => {},
    async connect(): Promise<SqlConnection> {
      const connection = await real();
      return {
        ...connection,
        async query(statement) {
          await faults.before(statement);
          const result = await connection.query(statement);
          await faults.after(statement);
          return result;
        },
      };
    },
  };
  return faults;
}
