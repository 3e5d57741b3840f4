import type { Runtime } from "@openward/runtime";
import type { Kept, Recorder } from "./ports.ts";
import type { AuditRecord } from "./record.ts";

const MINUTE_MS = 60_000;
/** Of each source so many are written down one by one, until it has been quiet for a minute. */
const SINGLE_MAX = 200;
/** Of all sources together, in a minute. */
const SINGLE_OF_ALL_MAX = 1_000;
/** Sources of a minute that are told apart; those behind them are one. */
const SOURCES_MAX = 1_000;

interface Crowd {
  /** Those with a record of their own. */
  singles: number;
  /** The others. */
  count: number;
  first: number;
  last: number;
}

/**
 * Refusals of nobody known, bounded: the first of a source are records of their own, the rest is one record a minute with how
 * many there were. Nobody's data is in any of them. A killed process loses the count of its last minute, and nothing else.
 */
export function boundRefusals<R extends Recorder>(
  recorder: R,
  deps: {
    readonly runtime: Pick<Runtime, "clock" | "timers" | "ids">;
    readonly sourceOf: (address: string) => string;
    readonly report: (error: unknown, doing: string) => void;
  },
): Recorder & { readonly state: R extends { state: infer S } ? S : never; close(): Promise<void> } {
  const { runtime, sourceOf, report } = deps;
  let crowds = new Map<string, Crowd>();
  let singles = 0;

  const tell = async (): Promise<void> => {
    const told = [...crowds].filter(([, { count }]) => count > 0);
    singles = 0;
    // Who has not stopped goes on being counted.
    crowds = new Map(told.map(([source]) => [source, { singles: SINGLE_MAX, count: 0, first: 0, last: 0 }]));
    await Promise.all(
      told.map(([address, { count, first, last }]) =>
        recorder.append({
          id: runtime.ids.uuid(),
          at: last,
          organisationId: null,
          who: { kind: "unknown", id: null, display: "", role: null },
          action: "E",
          code: "door.refused",
          patients: [],
          entity: "Other",
          via: "many requests",
          outcome: "refused",
          ...(address === ELSEWHERE ? {} : { address }),
          crowd: { count, first, last },
        }),
      ),
    );
  };
  const doTell = () => tell().catch((error: unknown) => report(error, "recording refusals of strangers"));
  const sweep = runtime.timers.every(MINUTE_MS, () => void doTell());

  const isOneOfMany = ({ who, outcome, address, at, patients }: AuditRecord): boolean => {
    if (who.kind !== "unknown" || outcome !== "refused" || patients.length > 0) return false;
    const own = sourceOf(address ?? "");
    const source = crowds.has(own) || crowds.size < SOURCES_MAX ? own : ELSEWHERE;
    const crowd = crowds.get(source) ?? { singles: 0, count: 0, first: at, last: at };
    crowds.set(source, crowd);
    if (crowd.singles < SINGLE_MAX && singles < SINGLE_OF_ALL_MAX) {
      crowd.singles++;
      singles++;
      return false;
    }
    if (crowd.count++ === 0) crowd.first = at;
    crowd.last = at;
    return true;
  };

  return {
    get state() {
      return (recorder as unknown as { state: never }).state;
    },
    append: async (record): Promise<Kept> => (isOneOfMany(record) ? "recorded" : recorder.append(record)),
    async close() {
      sweep.cancel();
      await doTell();
    },
  };
}

/** Sources that came when a minute had enough of them. */
const ELSEWHERE = "elsewhere";
