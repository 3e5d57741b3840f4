import { type Row, round, table, thousands } from "../support.ts";
import { filled } from "./filled.ts";
import type { StoreOptions } from "./options.ts";
import { VITALS } from "./workload.ts";

const GOAL_BYTES = 0.14;
const FLOOR_BYTES = 0.2;

/** What a day of a ward takes up, by pg_total_relation_size after VACUUM. */
export async function day(options: StoreOptions, say: (line: string) => void): Promise<string> {
  const { patients, hours, seed, batch, connections, calls } = options;
  const rowsPerPatient = hours * 3600;
  const { readings, sizes, ingestCpu, sealCpu } = await filled({
    patients,
    rowsPerPatient,
    seed,
    batch,
    connections,
    calls,
    say,
  });
  const rows: Row[] = Object.entries(sizes.byTable)
    .filter(([, bytes]) => bytes > 100_000)
    .sort((a, b) => b[1] - a[1])
    .map(([what, bytes]) => ({ what, bytes: thousands(bytes), "bytes/reading": round(bytes / readings, 4) }));
  const perReading = sizes.telemetry / readings;
  return [
    `${hours} h of ${patients} patients x ${VITALS.length} numerics once a second: ${thousands(readings)} readings, stored count verified; seed ${seed}`,
    "",
    table(rows),
    "",
    `blocks, rollups and their indexes: ${round(perReading, 3)} bytes/reading (goal ${GOAL_BYTES}, floor ${FLOOR_BYTES}); ` +
      `journal ${round(sizes.journal / readings, 2)}, all else ${round(sizes.rest / readings, 3)} bytes/reading`,
    `CPU of server and PostgreSQL: ${round(ingestCpu / (readings / 1e6), 2)} s a million readings until the ack, ${round(sealCpu / (readings / 1e6), 2)} s for what was left to seal`,
  ].join("\n");
}
