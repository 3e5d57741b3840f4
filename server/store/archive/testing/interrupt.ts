import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Pool } from "pg";
import type { ObjectStore } from "../ports.ts";

/** Called before and after each step to the outside; what it throws is what the step fails with. */
export type Interrupt = (step: string, when: "before" | "after") => void;

/** A pool and a store of which every step passes by `interrupt`. */
export function interrupted(pool: Pool, store: ObjectStore, interrupt: Interrupt): { pool: Pool; store: ObjectStore } {
  const around = async <T>(step: string, work: () => Promise<T>): Promise<T> => {
    interrupt(step, "before");
    const result = await work();
    interrupt(step, "after");
    return result;
  };
  const first = (text: string) => text.trim().split(/\s+/).slice(0, 3).join(" ");
  type Query = { query(text: string, values?: unknown[]): Promise<unknown> };
  const queries = (target: Query) => (text: string, values?: unknown[]) =>
    around(first(text), () => target.query(text, values));
  const wrapped = {
    query: queries(pool as unknown as Query),
    async connect() {
      const client = await pool.connect();
      return { query: queries(client as unknown as Query), release: (error?: Error) => client.release(error) };
    },
  };
  return {
    // The archive queries and connects, and does nothing else with a pool.
    pool: wrapped as unknown as Pool,
    store: {
      ...store,
      put: (key, bytes) => around("put", () => store.put(key, bytes)),
      read: (key, range) => around("read", () => store.read(key, range)),
      remove: (key) => around("remove", () => store.remove(key)),
    },
  };
}

/** What a power cut leaves of a file in a directory. */
export function tornPut(folder: string, store: ObjectStore, end: () => never): ObjectStore {
  return {
    ...store,
    async put(key, bytes) {
      const path = join(folder, key);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(`${path}.unfinished`, bytes.subarray(0, bytes.length / 2));
      end();
    },
  };
}
