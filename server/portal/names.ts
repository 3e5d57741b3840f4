import type { People } from "./ports/index.ts";

/** Display names of those who act, from memory, so that an alarm need not wait for them. */
export interface Names {
  /** Seen at the door. */
  note(id: string, display: string): void;
  /** Asks for those that are not known yet; never fails. */
  learn(ids: Iterable<string | null>): Promise<void>;
  /** The name, or what stands for it: the id itself where nobody knows better. */
  of(id: string): string;
  ofMaybe(id: string | null): string | null;
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const MOST = 10_000;

export function createNames({ people }: { people: Pick<People, "find"> }): Names {
  const known = new Map<string, string>();
  const note = (id: string, display: string) => {
    if (known.size >= MOST && !known.has(id)) known.clear();
    known.set(id, display);
  };
  const of = (id: string) => known.get(id) ?? id;
  return {
    note,
    of,
    ofMaybe: (id) => (id === null ? null : of(id)),
    async learn(ids) {
      const missing = new Set<string>();
      for (const id of ids) if (id !== null && UUID.test(id) && !known.has(id)) missing.add(id);
      await Promise.all(
        [...missing].slice(0, 200).map(async (id) => {
          // A name is a courtesy: an alarm list without it is better than none while the database is away.
          const person = await people.find(id).catch(() => undefined);
          if (person) note(id, person.display);
        }),
      );
    },
  };
}
