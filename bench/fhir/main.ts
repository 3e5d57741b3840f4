import { fork } from "node:child_process";
import { once } from "node:events";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { removeDataDir, startWard } from "../../test/support/ward.ts";
import { wardOfBeds } from "../store/openward/beds.ts";
import { runLoad } from "../store/openward/load.ts";
import { inspect } from "../store/openward/sizes.ts";
import { VITALS } from "../store/workload.ts";
import { type Row, round, thousands } from "../support.ts";
import { type FhirClient, type Measured, openFhirClient } from "./client.ts";
import { finishDays } from "./days.ts";
import { batchOf, heartRate } from "./observations.ts";

const DAY_MS = 86_400_000;
const PATIENTS = 200;
/** 200 patients x 8 signals x 625 seconds are a million. */
const ROWS = Number(process.env.FHIR_BENCH_ROWS ?? 625);
/** Of one more patient: heart rate each second. */
const LONG_DAYS = Number(process.env.FHIR_BENCH_DAYS ?? 365);
const SECONDS = Number(process.env.FHIR_BENCH_SECONDS ?? 6);
const SEED = 20261128;
/** Times of what is posted: each its own second, from here on. */
const POSTED_FROM_DAYS = 45;
const say = (line: string) => console.error(`  ${line}`);

/**
 * The FHIR face of a real server with a million device Observations of 200 patients in it, as an interface engine uses it:
 * everything on, answered after the commit. Beside it rows of jsonb, in turn (`plain.ts`).
 */
export async function fhir(): Promise<Row[]> {
  const rows: Row[] = [];
  const keep = (row: Row) => {
    say(Object.values(row).join("; "));
    rows.push(row);
  };
  const filled = await fill(keep);
  const began = performance.now();
  await finishDays(filled.dataDir);
  keep({
    what: `distributions of ${LONG_DAYS} days of a second each and of the others, beside nothing`,
    ours: `${round((performance.now() - began) / 1_000)} s`,
  });

  const ward = await startWard({ dataDir: filled.dataDir });
  const plain = fork(fileURLToPath(new URL("plain.ts", import.meta.url)));
  try {
    const [plainPort] = (await once(plain, "message")) as [number];
    const ours = await openFhirClient(ward.httpPort, filled.token, "/fhir");
    const base = await openFhirClient(plainPort, undefined);
    const of = (n: number) => filled.patients[n % PATIENTS] ?? "";
    await operations({ ours, of, ...filled, keep });
    await writing({ ours, base, now: filled.now, of, keep });
    const found = await searching({ ours, base, of, keep });
    await reading({ ours, base, found, keep });
    ours.close();
    base.close();
    return rows;
  } finally {
    plain.send("end");
    await once(plain, "exit");
    await ward.stop();
    removeDataDir(filled.dataDir);
  }
}

interface Filled {
  readonly dataDir: string;
  readonly token: string;
  readonly patients: readonly string[];
  readonly now: number;
  /** The one of whom there is a heart rate each second. */
  readonly long: string;
  readonly longStart: number;
  readonly longRows: number;
}

/** A server that has it all, and is stopped. */
async function fill(keep: Keep): Promise<Filled> {
  const { ward, beds } = await wardOfBeds(PATIENTS + 1, {}, Math.max(60, LONG_DAYS + 10));
  const database = await inspect(ward.dataDir);
  try {
    const { token } = await ward.json<{ token: string }>("token", "issue", "--role", "integration");
    const empty = (await database.sizes()).telemetry;
    const now = Date.now();
    const start = Math.floor((now - 30 * DAY_MS) / DAY_MS) * DAY_MS;
    const rowsAMessage = Math.min(125, ROWS);
    const rowsPerBed = Math.ceil(ROWS / rowsAMessage) * rowsAMessage;
    const load = { port: ward.httpPort, seed: SEED, connections: 16 };
    const many = beds.slice(0, PATIENTS);
    const sent = await runLoad({ ...load, beds: many, vitals: VITALS, start, rows: rowsAMessage, rowsPerBed });
    say(`${thousands(sent.accepted)} readings are acknowledged; sealing`);
    await database.sealed(75_000);
    const { telemetry } = await database.sizes();
    keep({
      what: "disk, a device Observation",
      ours: `${round((telemetry - empty) / sent.accepted, 2)} bytes`,
      floor: "10 bytes",
    });
    // Before the year of seconds is there.
    await exporting({ url: ward.url, token, keep });
    const longRows = LONG_DAYS * 86_400;
    const longStart = Math.floor(now / DAY_MS) * DAY_MS - LONG_DAYS * DAY_MS;
    const long = beds.slice(PATIENTS);
    const vitals = VITALS.slice(0, 1);
    await runLoad({ ...load, beds: long, vitals, start: longStart, rows: 3_600, rowsPerBed: longRows });
    say(`${thousands(longRows)} heart rates of one patient are acknowledged; sealing`);
    await database.sealed(75_000);
    const patients = many.map(({ patientId }) => patientId);
    return { dataDir: ward.dataDir, token, patients, now, long: long[0]?.patientId ?? "", longStart, longRows };
  } finally {
    await database.close();
    await ward.stop();
  }
}

type Keep = (row: Row) => void;

/** Each alone, ours and the baseline in turn. */
async function inTurn(
  what: string,
  floor: string,
  keep: Keep,
  each: { ours: () => Promise<Measured>; base: () => Promise<Measured> },
  { per = 1, by = "rate" }: { per?: number; by?: "rate" | "p50" } = {},
): Promise<void> {
  const ours = await each.ours();
  const base = await each.base();
  const text = (one: Measured) =>
    by === "rate"
      ? `${thousands(one.requestsPerSecond * per)}/s (p50 ${round(one.p50)} ms, p99 ${round(one.p99)})`
      : `${round(one.p50, 2)} ms (p99 ${round(one.p99, 1)})`;
  keep({ what, ours: text(ours), "rows of jsonb": text(base), floor });
}

async function writing(options: {
  ours: FhirClient;
  base: FhirClient;
  now: number;
  of: (n: number) => string;
  keep: Keep;
}): Promise<void> {
  const { ours, base, now, of, keep } = options;
  let second = 0;
  const from = now - POSTED_FROM_DAYS * DAY_MS;
  const next = () => heartRate(of(second), from + 1_000 * second, 50 + (second++ % 60));
  // A writer's first Observation of a patient makes them a device.
  const began = performance.now();
  for (let n = 0; n < PATIENTS; n++)
    await ours.ask({ method: "POST", path: "/Observation", body: JSON.stringify(next()) });
  keep({
    what: "the first Observation of each patient, one after the other",
    ours: `${round((performance.now() - began) / PATIENTS)} ms each`,
  });
  const single = (client: FhirClient) => () =>
    client.run({
      connections: 32,
      seconds: SECONDS,
      next: () => ({ method: "POST", path: "/Observation", body: JSON.stringify(next()) }),
    });
  await inTurn("POST Observation, 32 at once", "3,000/s", keep, { ours: single(ours), base: single(base) });
  const batch = (client: FhirClient) => () =>
    client.run({
      connections: 8,
      seconds: SECONDS,
      next: () => ({ method: "POST", path: "/", body: JSON.stringify(batchOf(Array.from({ length: 100 }, next))) }),
    });
  const hundred = { per: 100 };
  await inTurn("batches of 100, 8 at once", "15,000/s", keep, { ours: batch(ours), base: batch(base) }, hundred);
}

async function searching(options: { ours: FhirClient; base: FhirClient; of: (n: number) => string; keep: Keep }) {
  const { ours, base, of, keep } = options;
  const search = (client: FhirClient) => () =>
    client.run({
      connections: 1,
      seconds: SECONDS,
      next: (n) => ({ method: "GET", path: `/Observation?patient=${of(n)}&code=8867-4&_sort=-date&_count=100` }),
    });
  const by = { by: "p50" } as const;
  await inTurn(
    "Observation?patient&code&_sort=-date&_count=100",
    "p50 5 ms",
    keep,
    { ours: search(ours), base: search(base) },
    by,
  );
  const idsOf = async (client: FhirClient) => {
    const ids: string[] = [];
    for (let n = 0; n < PATIENTS; n++) {
      const path = `/Observation?patient=${of(n)}&code=8867-4&_sort=-date&_count=100`;
      const { body } = await client.ask({ method: "GET", path });
      for (const { resource } of JSON.parse(body.toString()).entry ?? []) ids.push(resource.id);
    }
    return ids;
  };
  return { ours: await idsOf(ours), base: await idsOf(base) };
}

async function reading(options: {
  ours: FhirClient;
  base: FhirClient;
  found: { ours: readonly string[]; base: readonly string[] };
  keep: Keep;
}): Promise<void> {
  const { ours, base, found, keep } = options;
  const read = (client: FhirClient, ids: readonly string[]) => () =>
    client.run({
      connections: 32,
      seconds: SECONDS,
      // Not one patient's all at once.
      next: (n) => ({ method: "GET", path: `/Observation/${ids[(n * 7919) % ids.length]}` }),
    });
  const each = { ours: read(ours, found.ours), base: read(base, found.base) };
  await inTurn("read by id, 32 at once", "8,000/s", keep, each);
}

async function operations(options: {
  ours: FhirClient;
  of: (n: number) => string;
  long: string;
  longStart: number;
  longRows: number;
  keep: Keep;
}): Promise<void> {
  const { ours, of, long, longStart, longRows, keep } = options;
  const alone = async (what: string, floor: string, path: (n: number) => string) => {
    try {
      const { body } = await ours.ask({ method: "GET", path: path(0) });
      const { p50, p99 } = await ours.run({
        connections: 1,
        seconds: SECONDS,
        next: (n) => ({ method: "GET", path: path(n) }),
      });
      keep({ what, ours: `${round(p50, 2)} ms (p99 ${round(p99)}), ${thousands(body.length)} bytes`, floor });
    } catch (error) {
      keep({ what, ours: `failed: ${String(error).slice(0, 160)}`, floor });
    }
  };
  await alone(
    "$lastn, all vital signs of a patient",
    "p50 5 ms",
    (n) => `/Observation/$lastn?patient=Patient/${of(n)}&category=vital-signs`,
  );
  const at = (ms: number) => new Date(ms).toISOString();
  const end = longStart + longRows * 1_000;
  const statistics = ["average", "maximum", "minimum", "count"].map((one) => `statistic=${one}`).join("&");
  await alone(
    `$stats, ${LONG_DAYS} days of 1 Hz heart rate`,
    "50 ms",
    () =>
      `/Observation/$stats?subject=Patient/${long}&code=8867-4&system=http://loinc.org&period=${at(longStart)}&period=${at(end)}&${statistics}`,
  );
}

async function exporting(options: { url: string; token: string; keep: Keep }): Promise<void> {
  const { url, token, keep } = options;
  const headers = { authorization: `Bearer ${token}`, accept: "application/fhir+json" };
  const what = "bulk export, Observations";
  const floor = "50,000/s";
  try {
    const began = performance.now();
    const asked = `${url}/fhir/$export?_type=Observation`;
    const kicked = await fetch(asked, { headers: { ...headers, prefer: "respond-async" } });
    const status = kicked.headers.get("content-location");
    if (kicked.status !== 202 || !status) throw new Error(`${kicked.status} ${(await kicked.text()).slice(0, 200)}`);
    for (;;) {
      const answer = await fetch(status, { headers });
      if (answer.status === 202) {
        await answer.body?.cancel();
        await wait(100);
        continue;
      }
      const manifest = (await answer.json()) as { output: readonly { count: number }[] };
      const seconds = (performance.now() - began) / 1_000;
      const count = manifest.output.reduce((sum, one) => sum + one.count, 0);
      keep({ what, ours: `${thousands(count / seconds)}/s (${thousands(count)} in ${round(seconds)} s)`, floor });
      return;
    }
  } catch (error) {
    keep({ what, ours: `failed: ${String(error).slice(0, 160)}`, floor });
  }
}
