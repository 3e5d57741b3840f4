import type { Parts } from "./server.ts";

/** Doors that open too early: each must be found. */
export const plantedAcks: readonly { readonly what: string; readonly plant: (parts: Parts) => Partial<Parts> }[] = [
  {
    what: "the ack goes out before the commit",
    plant: () => ({
      journal: (journal) => ({
        append(entries, raw) {
          journal.append(entries, raw).catch(() => {});
          return Promise.resolve();
        },
      }),
    }),
  },
  {
    what: "the database is not waited for",
    plant: ({ connect }) => ({
      async connect() {
        const connection = await connect();
        return {
          ...connection,
          async query(statement) {
            if (!statement.text.includes("INTO journal ")) return connection.query(statement);
            // Its bytes are the journal's again at once.
            const values = (statement.values ?? []).map((each) => (each instanceof Uint8Array ? each.slice() : each));
            connection.query({ ...statement, values }).catch(() => {});
            return { rows: [] };
          },
        };
      },
    }),
  },
  {
    what: "the spool is not flushed",
    plant({ disk, connect }) {
      let statements = 0;
      return {
        // Most of it goes to the spool.
        connect: async () => {
          const connection = await connect();
          return {
            ...connection,
            query: async (statement) => {
              if (statement.text.includes("INTO journal ") && statements++ % 2 === 0) throw new Error("refused");
              return connection.query(statement);
            },
          };
        },
        disk: { ...disk, create: async (name) => ({ ...(await disk.create(name)), flush: async () => {} }) },
      };
    },
  },
];
