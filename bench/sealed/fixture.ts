import { type RunningWard, startWard } from "../../test/support/ward.ts";
import { type Bed, wardOfBeds } from "../store/openward/beds.ts";
import { runLoad } from "../store/openward/load.ts";
import { inspect } from "../store/openward/sizes.ts";
import { VITALS } from "../store/workload.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;
const ROWS = 900;
const CONNECTIONS = 4;

export interface Fixture {
  readonly dataDir: string;
  readonly beds: readonly Bed[];
  /** Of the first hour, ms UTC. */
  readonly start: number;
  readonly hours: number;
}

/** A ward whose hours are all in blocks, a row for each hour: what memory has of them is gone. */
export async function sealedWard(patients: number, hours: number, seed: number): Promise<Fixture> {
  const { ward, beds } = await wardOfBeds(patients);
  const database = await inspect(ward.dataDir);
  try {
    // A day that is over, so that its rows can be put together.
    const start = Math.floor((Date.now() - 2 * DAY_MS) / DAY_MS) * DAY_MS + 9 * HOUR_MS;
    const plan = { port: ward.httpPort, beds, vitals: VITALS, seed, start, rows: ROWS, connections: CONNECTIONS };
    const expected = patients * VITALS.length * hours * 3_600;
    const { accepted } = await runLoad({ ...plan, rowsPerBed: hours * 3_600 });
    if (accepted !== expected) throw new Error(`${expected} readings were sent, ${accepted} acknowledged`);
    await database.sealed();
    return { dataDir: ward.dataDir, beds, start, hours };
  } finally {
    await database.close();
    await ward.stop();
  }
}

/** Where the hours of the fixture are: rows of hours, and rows of days. */
export async function rowsOf(ward: RunningWard): Promise<string> {
  const database = await inspect(ward.dataDir);
  try {
    const { rows } = await database.owner.query<{ hours: string; days: string }>(
      "SELECT (SELECT count(*) FROM block) AS hours, (SELECT count(*) FROM day_block) AS days",
    );
    return `${rows[0]?.hours} rows of hours, ${rows[0]?.days} of days`;
  } finally {
    await database.close();
  }
}

/** The server again, with what it may keep of blocks: nothing of the questions before is in its memory. */
export function startedAgain({ dataDir }: Fixture, cacheMegabytes: number): Promise<RunningWard> {
  return startWard({ dataDir, env: { OPENWARD_QUERY_CACHE_MB: String(cacheMegabytes) } });
}

/** The same hours in the rows of their days. */
export async function joinDays(fixture: Fixture): Promise<void> {
  const ward = await startedAgain(fixture, 0);
  const database = await inspect(ward.dataDir);
  try {
    // By itself the server leaves a day alone for an hour after the last of it.
    await database.owner.query("UPDATE block SET sealed_at = sealed_at - 7200000");
    await ward.json("store", "compact");
  } finally {
    await database.close();
    await ward.stop();
  }
}
