import { type Api, addBeds, apiOf, type RunningWard } from "../../test/support/ward.ts";
import { type Credential, type Looked, measureLong, openWays, type WayName } from "../../test/support/ways-in.ts";

/** What is promised: gone within a second, devices within five. */
const PROMISED_MS = { person: 1_000, device: 5_000 } as const;
/** Of ECG at 1,000 Hz: reading it as one answer takes longer than what is promised. */
const MINUTES = Number(process.env.REVOCATION_MINUTES ?? 240);

/** One way in which something was seen, and how long it went on after the act was asked for, each time. */
export interface Revoked {
  readonly act: string;
  readonly way: string;
  readonly promisedMs: number;
  readonly ms: number[];
  /** The same, from when the act was answered. */
  readonly afterMs: number[];
}

/** Monotonic. */
export interface Times {
  readonly began: number;
  readonly answered: number;
  readonly gone: number;
}

export type Measured = Awaited<ReturnType<typeof openMeasured>>;

/** A ward with one patient of whom there is much to be seen, and what was measured so far. */
export async function openMeasured(ward: RunningWard) {
  const admin: Api = await apiOf(ward);
  const [bed] = await addBeds(ward, 1);
  if (!bed) throw new Error("a ward without a bed");
  const { token } = await ward.json<{ token: string }>("token", "issue", "--role", "integration");
  const looked: Looked = await measureLong(ward, bed, { minutes: MINUTES, authorization: `Bearer ${token}` });
  const rows = new Map<string, Revoked>();

  const note = (act: string, way: string, times: Times, promised: keyof typeof PROMISED_MS = "person") => {
    const key = `${act} ${way}`;
    const row = rows.get(key) ?? { act, way, promisedMs: PROMISED_MS[promised], ms: [], afterMs: [] };
    row.ms.push(times.gone - times.began);
    row.afterMs.push(times.gone - times.answered);
    rows.set(key, row);
  };

  return {
    ward,
    admin,
    looked,
    note,
    found: () => [...rows.values()],

    /** Does it while all of these ways are open, and notes when each has ended. */
    async cut(act: string, who: Credential, names: readonly WayName[], doIt: () => Promise<unknown>): Promise<void> {
      const ways = await openWays(ward, who, looked, names);
      try {
        const began = performance.now();
        await doIt();
        const answered = performance.now();
        for (const { hurry } of ways) hurry?.();
        for (const { name, gone } of ways) note(act, name, { began, answered, gone: await gone });
      } catch (cause) {
        throw new Error(`${act}: it could not be measured`, { cause });
      } finally {
        for (const way of ways) way.close();
      }
    },
  };
}
