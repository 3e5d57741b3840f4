import { removeDataDir, startWard } from "../../test/support/ward.ts";
import { percentile, type Row, round } from "../support.ts";
import { revokeApplications } from "./applications.ts";
import { revokeDevices } from "./devices.ts";
import { openMeasured } from "./measured.ts";
import { revokePatient, revokeSeeing } from "./people.ts";
import { revokeTokens } from "./tokens.ts";

const PARTS = {
  people: revokeSeeing,
  archive: revokePatient,
  tokens: revokeTokens,
  applications: revokeApplications,
  devices: revokeDevices,
} as const;

/**
 * How long what was revoked goes on: every act through the server's own doors, while every way in is being used, from the
 * moment at which the act is asked for to the first answer, frame or byte that is missing.
 */
export async function revocation(): Promise<Row[]> {
  const times = Number(process.env.REVOCATIONS ?? 100);
  const ward = await startWard({ env: { OPENWARD_HTTPS_PORT: "0", OPENWARD_MQTTS_PORT: "0" } });
  try {
    const measured = await openMeasured(ward);
    const wanted = process.env.REVOCATION_PARTS?.split(",") ?? Object.keys(PARTS);
    for (const [name, part] of Object.entries(PARTS)) if (wanted.includes(name)) await part(measured, times);
    const found = measured.found();
    for (const { act, way, ms, promisedMs } of found.filter((one) => Math.max(...one.ms) > one.promisedMs)) {
      console.error(`${act}, ${way}: ${round(Math.max(...ms))} ms, promised ${promisedMs}`);
      process.exitCode = 1;
    }
    return found.map(({ act, way, promisedMs, ms, afterMs }) => ({
      act,
      what: way,
      times: ms.length,
      "p50 ms": round(percentile(ms, 0.5)),
      "p99 ms": round(percentile(ms, 0.99)),
      "most ms": round(Math.max(...ms)),
      "most ms after the answer": round(Math.max(...afterMs)),
      "promised ms": promisedMs,
    }));
  } finally {
    await ward.stop();
    removeDataDir(ward.dataDir);
  }
}
