import { seededRandom } from "@openward/runtime/manual";
import { apiOf, removeDataDir } from "../test/support/ward.ts";
import { BareClient } from "./load/bare-client.ts";
import { type Fixture, joinDays, rowsOf, sealedWard, startedAgain } from "./sealed/fixture.ts";
import { cpuMilliseconds, percentile, type Row, round, thousands } from "./support.ts";

const PATIENTS = Number(process.env.OPENWARD_BENCH_PATIENTS ?? 200);
const HOURS = 3;
const CALLS = 2_000;
const WARM_UP = 400;
const SEED = 20261122;
const HOUR_MS = 3_600_000;
/** Nothing is kept; less than there is, so that most of it is asked for anew; all of it. */
const CACHES_MB = [0, 2, 64];

/** Hours that are in blocks, asked for over HTTP: in turn of all patients, with caches of several sizes. */
export async function sealed(): Promise<Row[]> {
  const fixture = await sealedWard(PATIENTS, HOURS, SEED);
  const rows: Row[] = [];
  for (const form of ["hours", "days"]) {
    if (form === "days") await joinDays(fixture);
    for (const megabytes of CACHES_MB) rows.push(...(await ask(fixture, form, megabytes)));
  }
  removeDataDir(fixture.dataDir);
  return rows;
}

interface Question {
  readonly what: string;
  /** The n-th of those that there are. */
  readonly path: (n: number) => string;
  /** How many there are. */
  readonly count: number;
}

async function ask(fixture: Fixture, form: string, megabytes: number): Promise<Row[]> {
  const ward = await startedAgain(fixture, megabytes);
  try {
    console.error(`  ${await rowsOf(ward)}, cache ${megabytes} MB`);
    const questions = await questionsOf(fixture, await apiOf(ward));
    const { token } = await ward.json<{ token: string }>("token", "issue", "--role", "nurse");
    const rows: Row[] = [];
    for (const type of ["application/json", "application/cbor"]) {
      const client = new BareClient(ward.httpPort, { authorization: `Bearer ${token}`, accept: type });
      for (const { what, path, count } of questions) {
        const first: number[] = [];
        const times: number[] = [];
        let bytes = 0;
        let cpuBefore = 0;
        // Everything once, then all over again.
        const once = Math.max(WARM_UP, count);
        for (let n = 0; n < once + CALLS; n++) {
          if (n === once) cpuBefore = cpuMilliseconds(ward.process.pid as number);
          const began = performance.now();
          bytes = (await client.get(path(n))).length;
          (n < once ? first : times).push(performance.now() - began);
        }
        // In CBOR it has been asked in JSON before; and code is cold at first.
        const isFirst = count > WARM_UP && type.endsWith("json");
        rows.push({
          what,
          "rows of": form,
          format: type.slice(12),
          "cache MB": megabytes,
          "first time p50 ms": isFirst ? round(percentile(first.slice(WARM_UP), 0.5), 3) : "",
          "p10 ms": round(percentile(times, 0.1), 3),
          "p50 ms": round(percentile(times, 0.5), 3),
          "p99 ms": round(percentile(times, 0.99), 3),
          "server CPU ms": round((cpuMilliseconds(ward.process.pid as number) - cpuBefore) / CALLS, 3),
          bytes: thousands(bytes),
        });
      }
      client.close();
    }
    return rows;
  } finally {
    await ward.stop();
  }
}

type Api = Awaited<ReturnType<typeof apiOf>>;

async function questionsOf({ beds, start, hours }: Fixture, api: Api): Promise<Question[]> {
  const [{ id: wardId }] = (await api<{ id: string }[]>("GET", "/api/wards")) as [{ id: string }];
  const streams: string[][] = [];
  for (let first = 0; first < beds.length; first += 50) {
    const ids = beds.slice(first, first + 50).map((bed) => bed.patientId);
    const { patients } = await api<{ patients: { streams: { id: string }[] }[] }>(
      "GET",
      `/api/streams?patient=${ids.join()}`,
    );
    streams.push(...patients.map((patient) => patient.streams.map((stream) => stream.id)));
  }
  const spans = Array.from({ length: hours }, (_, h) => `from=${start + h * HOUR_MS}&to=${start + (h + 1) * HOUR_MS}`);
  const trends = streams.flatMap((ids) => spans.map((span) => `stream=${ids.join()}&${span}`));
  const raws = streams.flatMap((ids) => ids.flatMap((id) => spans.map((span) => `stream=${id}&${span}`)));
  const shuffledTrends = shuffled(trends);
  const shuffledRaws = shuffled(raws);
  const inTurn =
    <T>(all: readonly T[]) =>
    (n: number) =>
      all[n % all.length] as T;
  const [bed, trend, raw] = [inTurn(beds), inTurn(shuffledTrends), inTurn(shuffledRaws)];
  return [
    { what: "who is signed in (HTTP alone)", path: () => "/api/session", count: 1 },
    {
      what: "last values of one patient",
      path: (n) => `/api/streams/latest?patient=${bed(n).patientId}`,
      count: beds.length,
    },
    { what: `1 h raw, any of ${raws.length}`, path: (n) => `/api/streams/readings?${raw(n)}`, count: raws.length },
    {
      what: `8 signals x 60 buckets, any of ${trends.length}`,
      path: (n) => `/api/streams/trend?${trend(n)}&buckets=60`,
      count: trends.length,
    },
    { what: `ward view, ${beds.length} x 8`, path: () => `/api/streams/latest?ward=${wardId}`, count: 1 },
  ];
}

function shuffled<T>(items: readonly T[]): T[] {
  const random = seededRandom(SEED);
  const all = [...items];
  for (let i = all.length - 1; i > 0; i--) {
    const j = Math.floor(random.float() * (i + 1));
    [all[i], all[j]] = [all[j] as T, all[i] as T];
  }
  return all;
}
