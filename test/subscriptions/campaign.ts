import { once } from "node:events";
import { setTimeout as wait } from "node:timers/promises";
import type { Bundle, Parameters, Subscription } from "@medplum/fhirtypes";
import type { Random } from "@openward/runtime";
import { seededRandom } from "@openward/runtime/manual";
import { lastingPort } from "../support/ports.ts";
import { addBeds, type RunningWard, removeDataDir, startWard, temporaryDataDir } from "../support/ward.ts";
import { type FhirClient, fhirClient, subscriptionTo } from "./client.ts";
import { type Notified, readNotification, startHook } from "./receiver.ts";
import { openSocket } from "./socket.ts";

export interface SubscriptionsResult {
  readonly seed: number;
  readonly kills: number;
  /** Readings that the server said it has. */
  readonly acknowledged: number;
  /** Of all subscriptions together. */
  readonly events: number;
  readonly sent: number;
  readonly calls: number;
  readonly failedCalls: number;
  /** Of what the WebSocket lost on purpose, found again by $events. */
  readonly recovered: number;
  readonly faults: string[];
}

interface Options {
  readonly kills: number;
  readonly seed: number;
  readonly say: (line: string) => void;
  /** The receiver that is away is away for so long. */
  readonly awayMs: number;
  /** A fault in the wire, that the campaign must find. */
  readonly planted?: (events: readonly Event[]) => readonly Event[];
}

type Event = Notified["events"][number];

const BEDS = 4;
const DRAIN_MS = 180_000;

/**
 * kill -9 at random moments while four devices measure and three programs are told of it: one that answers anything, one that is
 * away, and one by WebSocket that loses a part of what it is told. Then: has each got every reading that was acknowledged, in order
 * for each patient, under numbers without a gap?
 */
export async function subscriptionsCampaign({
  kills,
  seed,
  say,
  awayMs,
  planted,
}: Options): Promise<SubscriptionsResult> {
  const random = seededRandom(seed);
  const dataDir = temporaryDataDir();
  const ports = { httpPort: await lastingPort(), mqttPort: await lastingPort() };
  const env = { OPENWARD_FEED_NETWORKS: "127.0.0.1" };
  let ward = await startWard({ dataDir, env, ...ports });
  const beds = await addBeds(ward, BEDS);
  const { token } = await ward.json<{ token: string }>("token", "issue", "--role", "integration");
  const fhir = fhirClient(() => ward, token);

  const moody = await startHook(anything(random));
  const awayPort = await lastingPort();
  const filters = ["Observation?code=http://loinc.org|8867-4"];
  const make = async (subscription: Subscription) => {
    const { status, body } = await fhir<Subscription>("POST", "Subscription", subscription);
    if (status !== 201) throw new Error(JSON.stringify(body));
    return body.id ?? "";
  };
  const ids = {
    moody: await make(subscriptionTo("readings", { endpoint: moody.url, filters, maxCount: 500 })),
    away: await make(
      subscriptionTo("readings", { endpoint: `http://127.0.0.1:${awayPort}/hook`, filters, maxCount: 500 }),
    ),
    socket: await make(subscriptionTo("readings", { type: "websocket", filters, maxCount: 50 })),
  };
  const load = startLoad(() => ward, beds);
  const listener = startListener(fhir, ids.socket, random);
  const began = performance.now();
  try {
    for (let kill = 1; kill <= kills; kill++) {
      // Something has come since it began, so that each kill is in the middle of it.
      const before = moody.events().length + listener.all().length;
      for (
        const end = performance.now() + 120_000;
        moody.events().length + listener.all().length === before;
        await wait(20)
      )
        if (performance.now() > end) throw new Error("nothing came to anybody within two minutes");
      await wait(random.float() * 2_000);
      const exited = once(ward.process, "exit");
      ward.process.kill("SIGKILL");
      await exited;
      ward = await startAgain(() => startWard({ dataDir, env, ...ports }), say);
      say(
        `kill ${kill}: ${load.acknowledged()} acknowledged, ${moody.events().length} came to the one that answers anything`,
      );
    }
    await wait(Math.max(0, awayMs - (performance.now() - began)));
    const away = await startHook(() => 200, awayPort);
    await load.stop();
    // Whoever waits for an hour between two tries is asked at once by a process that begins.
    await ward.stop();
    ward = await startWard({ dataDir, env, ...ports });
    moody.answerWith(() => 200);
    const total = await drained(fhir, ids, (id) =>
      id === ids.moody ? lastOf(moody.events()) : id === ids.away ? lastOf(away.events()) : lastOf(listener.all()),
    );
    await listener.stop();
    const kept = listener.events();
    const missing = missingOf(kept, total[ids.socket] ?? 0);
    const recovered = await recover(fhir, ids.socket, missing);
    const expected = load.expected();
    const plant = planted ?? ((events: readonly Event[]) => events);
    const faults = [
      ...faultsOf("answers anything", plant(moody.events()), expected, total[ids.moody] ?? 0),
      ...faultsOf("was away", plant(away.events()), expected, total[ids.away] ?? 0),
      ...faultsOf("WebSocket", plant(merged(kept, recovered)), expected, total[ids.socket] ?? 0),
    ];
    const events = Object.values(total).reduce((a, b) => a + b, 0);
    const sent = moody.events().length + away.events().length + listener.all().length;
    const calls = moody.received.length + away.received.length;
    const failedCalls = moody.received.filter(({ answered }) => answered > 299).length;
    await Promise.all([moody.close(), away.close()]);
    return {
      seed,
      kills,
      acknowledged: load.acknowledged(),
      events,
      sent,
      calls,
      failedCalls,
      recovered: recovered.length,
      faults,
    };
  } finally {
    await load.stop();
    await listener.stop();
    await ward.stop();
    removeDataDir(dataDir);
  }
}

/** As a service manager would: on a busy machine the database may take longer to come back than a start waits. */
async function startAgain(start: () => Promise<RunningWard>, say: (line: string) => void): Promise<RunningWard> {
  for (let i = 1; ; i++) {
    try {
      return await start();
    } catch (error) {
      if (i === 3) throw error;
      say((error as Error).message.slice(0, 120));
    }
  }
}

/** Mostly it takes it; sometimes anything else. */
function anything(random: Random): (nth: number) => number | "hang" | "reset" | "slow" {
  const kinds = [500, 503, 429, 302, 404, 400, "reset", "slow"] as const;
  return () => (random.float() < 0.8 ? 200 : (kinds[Math.floor(random.float() * kinds.length)] ?? 500));
}

/** One reading after the other for each bed, each at a time that no other has; what was not acknowledged is sent again. */
function startLoad(ward: () => RunningWard, beds: readonly { patientId: string; deviceId: string; token: string }[]) {
  const base = Math.floor(Date.now() / 1_000) * 1_000 - 6 * 3_600_000;
  let isStopped = false;
  const acked: number[][] = beds.map(() => []);
  const runs = beds.map(async ({ deviceId, token }, bed) => {
    for (let i = 0; !isStopped; i++) {
      const at = base + i * 1_000 + bed;
      while (!isStopped) {
        try {
          const answered = await fetch(`${ward().url}/ingest/devices/${deviceId}/readings`, {
            method: "POST",
            headers: {
              "content-type": "application/json",
              authorization: `Basic ${Buffer.from(`${deviceId}:${token}`).toString("base64")}`,
            },
            body: JSON.stringify({ at, values: { "heart-rate": 60 + (i % 40), spo2: 97 } }),
            signal: AbortSignal.timeout(5_000),
          });
          if (answered.ok) {
            acked[bed]?.push(at);
            break;
          }
        } catch {
          // The server is away.
        }
        await wait(50);
      }
      await wait(20);
    }
  });
  let stopping: Promise<unknown> | undefined;
  return {
    acknowledged: () => acked.reduce((sum, one) => sum + one.length, 0),
    /** By bed, in order. */
    expected: () => acked,
    stop() {
      isStopped = true;
      stopping ??= Promise.all(runs);
      return stopping;
    },
  };
}

/** A client of the WebSocket that binds again whenever it is thrown out, and loses a tenth of what it is told. */
function startListener(fhir: FhirClient, id: string, random: Random) {
  const all: Event[] = [];
  const kept: Event[] = [];
  let isStopped = false;
  const run = (async () => {
    while (!isStopped) {
      try {
        const { status, body } = await fhir<Parameters>("GET", `Subscription/${id}/$get-ws-binding-token`);
        if (status !== 200) throw new Error(String(status));
        const of = (name: string) => body.parameter?.find((one) => one.name === name);
        const socket = await openSocket(
          of("websocket-url")?.valueUrl ?? "",
          `bind-with-token ${of("token")?.valueString}`,
        );
        let read = 0;
        while (!isStopped && socket.closed() === undefined) {
          for (; read < socket.got.length; read++) {
            const events = socket.got[read]?.events ?? [];
            all.push(...events);
            if (random.float() < 0.9) kept.push(...events);
          }
          await wait(20);
        }
        socket.close();
      } catch {
        // The server is away.
      }
      await wait(100);
    }
  })();
  return {
    all: () => all,
    events: () => kept,
    async stop() {
      isStopped = true;
      await run;
    },
  };
}

const lastOf = (events: readonly Event[]) => events.reduce((last, { number }) => Math.max(last, number), 0);

/** Until each has got the last of its events. @returns how many those are */
async function drained(
  fhir: FhirClient,
  ids: Readonly<Record<string, string>>,
  got: (id: string) => number,
): Promise<Record<string, number>> {
  for (const end = performance.now() + DRAIN_MS; ; await wait(200)) {
    const { status, body } = await fhir<Bundle>("GET", "Subscription/$status").catch(() => ({ status: 0, body: null }));
    const total: Record<string, number> = {};
    for (const { resource } of body?.entry ?? []) {
      const { id = "", parameter } = resource as Parameters;
      total[id] = Number(parameter?.find(({ name }) => name === "events-since-subscription-start")?.valueString);
    }
    const all = Object.values(ids);
    if (status === 200 && all.every((id) => (total[id] ?? 0) > 0 && got(id) >= (total[id] ?? 0))) {
      // Nothing comes behind what was looked at already.
      await wait(3_000);
      const { body: again } = await fhir<Bundle>("GET", "Subscription/$status");
      if (JSON.stringify(again.entry) === JSON.stringify(body?.entry)) return total;
    }
    if (performance.now() > end)
      throw new Error(`waited for the end of all: ${JSON.stringify({ total, got: all.map(got) })}`);
  }
}

function missingOf(events: readonly Event[], total: number): number[] {
  const seen = new Set(events.map(({ number }) => number));
  return Array.from({ length: total }, (_, i) => i + 1).filter((number) => !seen.has(number));
}

/** By $events, gap by gap, as the guide has it. */
async function recover(fhir: FhirClient, id: string, missing: readonly number[]): Promise<Event[]> {
  const found: Event[] = [];
  for (let i = 0; i < missing.length; ) {
    const from = missing[i] ?? 0;
    let to = from;
    while (missing[i + 1] === to + 1) {
      i++;
      to++;
    }
    i++;
    for (
      let next: string | undefined = `Subscription/${id}/$events?eventsSinceNumber=${from}&eventsUntilNumber=${to}`;
      next;
    ) {
      const { status, body }: { status: number; body: Bundle } = await fhir<Bundle>("GET", next);
      if (status !== 200) throw new Error(JSON.stringify(body));
      found.push(...readNotification(JSON.stringify(body)).events);
      next = body.link?.find(({ relation }) => relation === "next")?.url;
    }
  }
  return found;
}

/** What was lost is put where it belongs. */
const merged = (kept: readonly Event[], recovered: readonly Event[]): Event[] =>
  [...kept, ...recovered].sort((a, b) => a.number - b.number);

/** The time of a reading, out of the name of its Observation: base 36 behind its stream. */
const timeOf = (focus: string | undefined): number =>
  Number.parseInt(/Observation\/r[0-9a-f]{32}([0-9a-z]{9})/.exec(focus ?? "")?.[1] ?? "", 36);

export function faultsOf(
  who: string,
  events: readonly Event[],
  expected: readonly (readonly number[])[],
  total: number,
): string[] {
  const faults: string[] = [];
  const seen = new Set<number>();
  const times: number[][] = expected.map(() => []);
  const told = new Set<number>();
  let last = 0;
  for (const { number, focus } of events) {
    if (seen.has(number)) continue;
    seen.add(number);
    if (number !== last + 1) faults.push(`${who}: ${number} came behind ${last}`);
    last = number;
    const time = timeOf(focus);
    if (told.has(time)) continue;
    told.add(time);
    times[time % 1_000]?.push(time);
  }
  if (last !== total) faults.push(`${who}: the last is ${last} of ${total}`);
  for (const [bed, acked] of expected.entries()) {
    const theirs = times[bed] ?? [];
    for (const time of acked) if (!told.has(time)) faults.push(`${who}: bed ${bed} at ${time} never came`);
    for (const [i, time] of theirs.entries())
      if (i > 0 && time < (theirs[i - 1] ?? 0)) faults.push(`${who}: bed ${bed} at ${time} came too late`);
  }
  return faults;
}

/** @returns the exit code */
export async function campaignOfSubscriptions([
  kills = "10",
  seed = String(Date.now() % 1_000_000),
]: string[]): Promise<number> {
  console.log(`seed ${seed}`);
  const result = await subscriptionsCampaign({
    kills: Number(kills),
    seed: Number(seed),
    say: console.log,
    awayMs: 90_000,
  });
  console.log(JSON.stringify({ ...result, faults: result.faults.length, first: result.faults.slice(0, 10) }));
  return result.faults.length > 0 ? 1 : 0;
}
