import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemRuntime } from "@openward/runtime/system";
import { createAuditTable, openWriter, recordRequests, watched } from "../../server/access/audit/index.ts";
import { createHttp, silentLog } from "../../server/http/index.ts";
import { registerRecord } from "../../server/record/register.ts";
import { KARI, principal, ward } from "../../server/record/testing/ward.ts";
import { openTestDatabase, quietLog } from "../../server/store/database/testing/database.ts";
import { createSpool, folderDisk } from "../../server/store/journal/index.ts";
import { statement } from "../../server/store/registry/index.ts";
import { percentile, type Row, round } from "../support.ts";

const READS = 1_500;
const WARM_UP = 300;
const AT_ONCE = [1, 32];

/**
 * What the audit adds to a FHIR read: the same reads with the door's hook and without, which exists only here. Records go to a
 * PostgreSQL that flushes.
 */
export async function readRows(): Promise<Row[]> {
  const database = await openTestDatabase({ durable: true });
  const folder = mkdtempSync(join(tmpdir(), "openward-bench-audit-"));
  try {
    const recorder = await openWriter({
      node: "bench",
      table: createAuditTable({ rows: (sql, values, name) => statement(database.worker, sql, values, name) }),
      spool: createSpool(folderDisk(folder), 1_000_000, quietLog),
      runtime: systemRuntime,
      log: quietLog,
    });
    const rows: Row[] = [];
    for (const atOnce of AT_ONCE) {
      const apps = { off: await appOf(undefined), on: await appOf(recorder) };
      const times = { off: [] as number[], on: [] as number[] };
      // In turns, so that what else the machine does falls on both.
      for (let round = 0; round < 5; round++) {
        for (const state of ["off", "on"] as const) {
          if (round === 0) await reads(apps[state], WARM_UP, atOnce);
          times[state].push(...(await reads(apps[state], READS / 5, atOnce)));
        }
      }
      for (const state of ["off", "on"] as const)
        rows.push({
          what: `FHIR read, ${atOnce} at once, audit ${state}`,
          // What it takes where nothing else runs.
          "p10 ms": round(percentile(times[state], 0.1), 2),
          "p50 ms": round(percentile(times[state], 0.5), 2),
          "p99 ms": round(percentile(times[state], 0.99), 2),
        });
      const added = (p: number) => round(percentile(times.on, p) - percentile(times.off, p), 2);
      rows.push({ what: `FHIR read, ${atOnce} at once: added`, "p10 ms": added(0.1), "p50 ms": added(0.5) });
    }
    await recorder.close();
    return rows;
  } finally {
    await database.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

type App = Awaited<ReturnType<typeof createHttp>>;

async function appOf(recorder: Awaited<ReturnType<typeof openWriter>> | undefined): Promise<App> {
  const app = await createHttp({ log: silentLog, ids: systemRuntime.ids });
  if (recorder) recordRequests(app, { recorder, runtime: systemRuntime, report: (error) => console.error(error) });
  const { context } = ward();
  registerRecord(app, {
    ...context,
    access: watched({
      authenticate: async () => ({ principal, organisation: context.organisation }),
      signIn: async () => ({ authenticated: { principal } }),
      viewOf: async () => context.view,
      subjectViewOf: async () => context.view,
      becauseOf: () => ({ purpose: "care", basis: "care-team" }),
    }),
    version: "0",
  });
  await app.ready();
  return app;
}

async function reads(app: App, count: number, atOnce: number): Promise<number[]> {
  const times: number[] = [];
  let left = count;
  const one = async () => {
    while (left-- > 0) {
      const began = performance.now();
      const { statusCode } = await app.inject({ url: `/fhir/Patient/${KARI}` });
      if (statusCode !== 200) throw new Error(`answered ${statusCode}`);
      times.push(performance.now() - began);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, one));
  return times;
}
