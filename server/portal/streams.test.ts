import assert from "node:assert/strict";
import { get, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { type RouteName, routes } from "@openward/api";
import { decodeCbor } from "@openward/codecs";
import { OutsideTrouble } from "@openward/errors";
import { createWorld, ORGANISATION, WARD, type World } from "./testing/world.ts";

const NOW = Date.UTC(2026, 5, 10, 12);
const SOME_ID = "00000000-0000-7000-8000-000000000001";

function ward(world: World) {
  const [first, second] = [world.newPatient("Hansen, Kari"), world.newPatient("Berg, Ola")];
  const spo2 = world.newStream(first.patient.id, "spo2");
  const rate = world.newStream(second.patient.id, "heart-rate", { unit: "/min" });
  const trace = world.newStream(first.patient.id, "ecg-lead-ii", { kind: "waveform", unit: "mV" });
  for (const [stream, value] of [
    [spo2, 97],
    [rate, 71.5],
  ] as const)
    world.latest.push({ stream, time: NOW - 1_000, value, quality: 0, receivedAt: NOW });
  return { first: first.patient.id, second: second.patient.id, spo2, rate, trace };
}

/** Both formats, of which JSON must have the form that the table promises. */
async function bothOf(world: World, name: RouteName, url: string) {
  const json = await world.call("token nurse", "GET", url);
  assert.equal(json.status, 200, JSON.stringify(json.body));
  const checked = routes[name].response.safeParse(json.body);
  assert.ok(checked.success, `${name}: ${checked.error?.message}`);
  const headers = { authorization: "Bearer nurse", accept: "application/cbor" };
  const cbor = await world.app.inject({ method: "GET", url, headers });
  assert.equal(cbor.headers["content-type"], "application/cbor");
  assert.equal(cbor.headers.vary, "accept");
  // biome-ignore lint/suspicious/noExplicitAny: a test looks into whatever came.
  return { json: json.body as any, cbor: decodeCbor(cbor.rawPayload) as any };
}

/** As JSON would have it: typed arrays as lists, NaN as null. */
function plain(value: unknown): unknown {
  if (ArrayBuffer.isView(value)) return plain([...(value as unknown as Iterable<number>)]);
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value === "number") return Number.isNaN(value) || value === -2147483648 ? null : value;
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plain(item)]));
}

test("every answer says the same in JSON and in CBOR, with signal, unit, device and patient beside the values", async () => {
  const world = await createWorld();
  const { first, second, spo2, rate, trace } = ward(world);
  const span = `from=${NOW}&to=${NOW + 5_000}`;
  for (const [name, url] of [
    ["streamsOfPatients", `/api/streams?patient=${first},${second}`],
    ["newestReadings", `/api/streams/latest?patient=${second},${first}`],
    ["rawReadings", `/api/streams/readings?stream=${spo2.id},${rate.id}&${span}`],
    ["streamTrend", `/api/streams/trend?stream=${spo2.id},${rate.id}&${span}&buckets=4`],
    ["streamTrend", `/api/streams/trend?stream=${spo2.id},${rate.id}&${span}&method=lttb`],
    ["waveformPieces", `/api/streams/waveform?stream=${trace.id}&${span}`],
    ["waveformExtremes", `/api/streams/overview?stream=${trace.id}&${span}`],
  ] as const) {
    const { json, cbor } = await bothOf(world, name, url);
    assert.deepEqual(plain(cbor), json, name);
    assert.match(JSON.stringify(json), /"units?":\[?"(%|\/min|mV)"/, name);
  }
  const { json, cbor } = await bothOf(world, "newestReadings", `/api/streams/latest?patient=${second},${first}`);
  assert.ok(cbor.values instanceof Float64Array);
  assert.deepEqual(json.patients, [second, first]);
  const row = json.streams.indexOf(rate.id);
  const { patients, devices, signals, units } = json;
  assert.deepEqual(
    [patients[json.patient[row]], devices[json.device[row]], signals[json.signal[row]], units[json.unit[row]]],
    [second, "oximeter-1", "heart-rate", "/min"],
  );
  assert.deepEqual(
    [json.times[row], json.values[row], json.receivedAt[row], json.quality[row]],
    [NOW - 1_000, 71.5, NOW, 0],
  );
  const again = (
    await bothOf(world, "newestReadings", `/api/streams/latest?patient=${second},${first}&rows=${json.rows}`)
  ).json;
  const { rows, times, values, receivedAt, quality } = json;
  assert.deepEqual(again, { rows, times, values, receivedAt, quality }, "names are not said again");
  const alone = (await bothOf(world, "newestReadings", `/api/streams/latest?patient=${first}&rows=${rows}`)).json;
  assert.deepEqual([alone.patients, new Set(alone.patient)], [[first], new Set([0])], "what was kept is not another's");
});

interface Page {
  readonly streams: readonly { readonly streamId: string; readonly pieces: readonly { readonly times: number[] }[] }[];
  readonly next: string | null;
}

test("pages follow one another without a reading lost or doubled, over streams and in either order", async () => {
  const world = await createWorld();
  const { spo2, rate } = ward(world);
  for (const order of ["ascending", "descending"]) {
    const url = `/api/streams/readings?stream=${spo2.id},${rate.id}&from=${NOW}&to=${NOW + 2_500_000}&order=${order}`;
    const all = (await world.call("token nurse", "GET", url)).body;
    assert.equal(all.next, null);
    const flat = (body: Page) =>
      body.streams.flatMap(({ streamId, pieces }) =>
        pieces.flatMap(({ times }) => times.map((time) => `${streamId} ${time}`)),
      );
    const expected = flat(all);
    assert.equal(expected.length, 5_000);
    const pages: string[] = [];
    let next: string | null = "";
    for (let n = 0; next !== null; n++) {
      assert.ok(n < 30);
      const page: Page = (await world.call("token nurse", "GET", `${url}&limit=333${next ? `&after=${next}` : ""}`))
        .body;
      pages.push(...flat(page));
      next = page.next;
    }
    assert.deepEqual(pages, expected, order);
  }
});

test("a stream, patient or ward that is not visible cannot be told from one that does not exist", async () => {
  const world = await createWorld();
  const { first, second, spo2, rate } = ward(world);
  world.hidden.add(second);
  const span = `from=${NOW}&to=${NOW + 1_000}`;
  for (const [url, hidden] of [
    ["/api/streams?patient=", second],
    ["/api/streams/latest?patient=", second],
    [`/api/streams/readings?${span}&stream=`, rate.id],
    [`/api/streams/trend?${span}&stream=`, rate.id],
    [`/api/streams/trend?${span}&method=lttb&stream=`, rate.id],
    [`/api/streams/waveform?${span}&stream=`, rate.id],
    [`/api/streams/overview?${span}&stream=`, rate.id],
  ] as const) {
    const answer = await world.call("token administrator", "GET", url + hidden);
    const missing = await world.call("token administrator", "GET", url + SOME_ID);
    assert.equal(answer.status, 404, url);
    assert.deepEqual(answer.body, missing.body, url);
  }
  const among = await world.call("token nurse", "GET", `/api/streams/readings?${span}&stream=${spo2.id},${rate.id}`);
  assert.deepEqual([among.status, among.body.field], [404, "stream[1]"]);
  assert.ok(!world.asked.some(([what]) => what === "columns"), "nothing was read for it");
  const whole = await world.call("token nurse", "GET", `/api/streams/latest?ward=${WARD.id}`);
  assert.deepEqual(whole.body.patients, [first]);
  const unknown = await world.call("token nurse", "GET", `/api/streams/latest?ward=${SOME_ID}`);
  assert.deepEqual([unknown.status, unknown.body.field], [404, "ward"]);
});

test("what is wrong is named with what was expected, and nothing is read for it", async () => {
  const world = await createWorld();
  const { first, spo2 } = ward(world);
  const many = (n: number) =>
    Array.from({ length: n }, (_, i) => `00000000-0000-7000-8000-${String(i).padStart(12, "0")}`).join();
  const span = `from=${NOW}&to=${NOW + 1_000}`;
  const day = 86_400_000;
  for (const [url, field] of [
    ["/api/streams", "patient"],
    ["/api/streams?patient=7", "patient[0]"],
    [`/api/streams?patient=${first},`, "patient[1]"],
    [`/api/streams?patient=${first},${first}`, "patient"],
    [`/api/streams?patient=${many(51)}`, "patient"],
    ["/api/streams/latest", "patient"],
    [`/api/streams/latest?patient=${first}&ward=${WARD.id}`, "patient"],
    ["/api/streams/latest?ward=4", "ward"],
    [`/api/streams/latest?patient=${many(251)}`, "patient"],
    [`/api/streams/readings?stream=${spo2.id}`, "from"],
    [`/api/streams/readings?stream=${spo2.id}&from=1.5&to=9`, "from"],
    [`/api/streams/readings?stream=${spo2.id}&from=9&to=9`, "to"],
    [`/api/streams/readings?stream=${spo2.id}&from=0&to=${401 * day}`, "to"],
    [`/api/streams/readings?stream=${many(65)}&${span}`, "stream"],
    [`/api/streams/readings?stream=${spo2.id}&${span}&limit=0`, "limit"],
    [`/api/streams/readings?stream=${spo2.id}&${span}&limit=100000001`, "limit"],
    [`/api/streams/readings?stream=${spo2.id}&${span}&order=up`, "order"],
    [`/api/streams/readings?stream=${spo2.id}&${span}&after=x`, "after"],
    [
      `/api/streams/readings?stream=${spo2.id}&${span}&after=${Buffer.from(`${SOME_ID} 1 0`).toString("base64url")}`,
      "after",
    ],
    [`/api/streams/trend?stream=${spo2.id}&${span}&buckets=5001`, "buckets"],
    [`/api/streams/trend?stream=${spo2.id}&${span}&method=mean`, "method"],
    [`/api/streams/trend?stream=${spo2.id}&from=0&to=${32 * day}&method=lttb`, "to"],
    [`/api/streams/trend?stream=${spo2.id}&${span}&bucket=5`, "bucket"],
    [`/api/streams/waveform?stream=${spo2.id}&from=0&to=${day + 1}`, "to"],
    [`/api/streams/overview?stream=${spo2.id}&from=0&to=${32 * day}`, "to"],
  ] as const) {
    const { status, body } = await world.call("token nurse", "GET", url);
    assert.deepEqual([status, body.code, body.field], [422, "FIELD_INVALID", field], `${url}: ${JSON.stringify(body)}`);
    assert.ok(body.expected, url);
  }
  const streams = Array.from({ length: 30 }, () => world.newStream(first, "spo2").id).join();
  const wide = await world.call("token nurse", "GET", `/api/streams/trend?stream=${streams}&${span}&buckets=5000`);
  assert.deepEqual([wide.status, wide.body.field, wide.body.expected], [422, "buckets", "at most 3333 for 30 streams"]);
  assert.ok(!world.asked.some(([what]) => what === "columns"));
});

test("the best of what Accept names is given; what cannot be given is refused", async () => {
  const world = await createWorld();
  const { first } = ward(world);
  for (const [accept, type] of [
    ["*/*", "application/json"],
    ["application/cbor;q=0.4, application/json;q=0.9", "application/json"],
    ["text/html, application/cbor", "application/cbor"],
    ["application/json;q=0.1, application/CBOR;q=0.2", "application/cbor"],
    ["text/html", undefined],
    ["application/cbor;q=0", undefined],
  ] as const) {
    const url = `/api/streams/latest?patient=${first}`;
    const answer = await world.app.inject({ method: "GET", url, headers: { authorization: "Bearer nurse", accept } });
    assert.equal(answer.statusCode, type ? 200 : 406, accept);
    if (type) assert.match(String(answer.headers["content-type"]), new RegExp(type), accept);
    else assert.equal(answer.json().code, "NOT_ACCEPTABLE");
  }
});

test("who lies on a ward is asked once, again when somebody is moved, and goes on while the database is away", async () => {
  let asked = 0;
  let isAway = false;
  const world = await createWorld((deps) => ({
    ...deps,
    patients: {
      ...deps.patients,
      async list(organisationId, options) {
        assert.equal(organisationId, ORGANISATION);
        asked++;
        if (isAway) throw new OutsideTrouble("DATABASE_UNREACHABLE", true);
        return deps.patients.list(organisationId, options);
      },
    },
  }));
  ward(world);
  const count = async () =>
    (await world.call("token nurse", "GET", `/api/streams/latest?ward=${WARD.id}`)).body.patients.length;
  assert.deepEqual([await count(), await count(), asked], [2, 2, 1]);
  world.newPatient("Lind, Eva");
  world.patientChanged();
  assert.deepEqual([await count(), asked], [3, 2]);
  world.runtime.advance(10_000);
  assert.deepEqual([await count(), asked], [3, 3]);
  isAway = true;
  world.patientChanged();
  assert.deepEqual([await count(), asked], [3, 4]);
});

async function listening(world: World): Promise<number> {
  await world.app.listen({ port: 0, host: "127.0.0.1" });
  return (world.app.server.address() as AddressInfo).port;
}

function ask(port: number, path: string): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const headers = { authorization: "Bearer nurse" };
    get({ port, host: "127.0.0.1", path, headers, agent: false }, resolve).on("error", reject);
  });
}

const pieces = (world: World) => world.asked.filter(([what]) => what === "piece").length;

/** Until the count stands still. */
async function settled(count: () => number): Promise<number> {
  for (let before = -1, still = 0; still < 20; ) {
    await new Promise((resolve) => setTimeout(resolve, 10));
    still = count() === before ? still + 1 : 0;
    before = count();
  }
  return count();
}

test("a long answer goes at the pace of who reads it, and ends with the one who leaves", async (t) => {
  const world = await createWorld();
  t.after(() => world.app.close());
  const { spo2 } = ward(world);
  const port = await listening(world);
  const seconds = 3_000_000;
  const path = `/api/streams/readings?stream=${spo2.id}&from=0&to=${seconds * 1_000}&limit=${seconds}`;
  const slow = await ask(port, path);
  slow.pause();
  const waiting = await settled(() => pieces(world));
  // Sockets and streams hold some of it; the rest is not even read.
  assert.ok(waiting < 1_000, `${waiting} of 3,000 pieces were made for a reader who does not read`);
  slow.destroy();
  const left = await settled(() => pieces(world));
  assert.ok(left - waiting < 50, `${left - waiting} pieces after the reader had left`);
  const before = pieces(world);
  const whole = await ask(port, path);
  let bytes = 0;
  for await (const chunk of whole) bytes += chunk.length;
  assert.equal(pieces(world) - before, 3_000);
  assert.ok(bytes > seconds * 10);
});

test("a person has eight long answers at a time, and the next when one has ended", async (t) => {
  const world = await createWorld();
  t.after(() => world.app.close());
  const { spo2 } = ward(world);
  const port = await listening(world);
  const long = `/api/streams/readings?stream=${spo2.id}&from=0&to=3000000000&limit=3000000`;
  const answers: IncomingMessage[] = [];
  for (let i = 0; i < 8; i++) answers.push((await ask(port, long)).pause());
  const refused = await world.call("token nurse", "GET", long);
  assert.deepEqual([refused.status, refused.body.code], [429, "RATE_LIMITED"]);
  const short = await world.call("token nurse", "GET", `/api/streams/readings?stream=${spo2.id}&from=0&to=5000`);
  assert.equal(short.status, 200, "short ones are always answered");
  answers[0]?.destroy();
  for (const end = performance.now() + 120_000; ; ) {
    const again = await ask(port, long);
    again.destroy();
    if (again.statusCode === 200) break;
    assert.ok(performance.now() < end, "an answer whose reader has left still counts");
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  for (const answer of answers) answer.destroy();
});

test("an answer that fails half-way is cut, so that nobody takes it for a whole one", async (t) => {
  let taken = 0;
  const world = await createWorld((deps) => ({
    ...deps,
    streams: {
      ...deps.streams,
      async *columns(view, streamId, query) {
        for await (const piece of deps.streams.columns(view, streamId, query)) {
          if (++taken > 100) throw new OutsideTrouble("DATABASE_UNREACHABLE", true);
          yield piece;
        }
      },
    },
  }));
  t.after(() => world.app.close());
  const { spo2 } = ward(world);
  const port = await listening(world);
  const path = `/api/streams/readings?stream=${spo2.id}&from=0&to=500000000&limit=500000`;
  const answer = await ask(port, path);
  assert.equal(answer.statusCode, 200);
  await assert.rejects(async () => {
    for await (const _ of answer) await turn();
  }, /aborted|hang up|terminated/);
  // One that fails before anything went out has its clear error.
  const early = await world.call("token nurse", "GET", path);
  assert.deepEqual([early.status, early.body.code], [503, "DATABASE_UNREACHABLE"]);
});

test("whoever hangs up while their trend is worked out stops the work", async (t) => {
  let told: AbortSignal | undefined;
  const world = await createWorld((deps) => ({
    ...deps,
    streams: {
      ...deps.streams,
      trends: (_view, _ids, { signal }) =>
        new Promise((_, reject) => {
          told = signal;
          signal.addEventListener("abort", () => reject(signal.reason));
        }),
    },
  }));
  t.after(() => world.app.close());
  const { spo2 } = ward(world);
  const path = `/api/streams/trend?stream=${spo2.id}&from=0&to=5000`;
  const request = get({ port: await listening(world), path, headers: { authorization: "Bearer nurse" }, agent: false });
  request.on("error", () => {});
  for (const end = performance.now() + 120_000; !told; await new Promise((resolve) => setTimeout(resolve, 5)))
    assert.ok(performance.now() < end, "the trend is not asked for");
  assert.equal(told.aborted, false);
  request.destroy();
  await new Promise((resolve) => told?.addEventListener("abort", resolve));
});
