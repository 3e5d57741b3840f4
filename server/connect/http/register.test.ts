import assert from "node:assert/strict";
import { Readable } from "node:stream";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { OutsideTrouble, RefusedInput } from "@openward/errors";
import { manualRuntime, seededRandom } from "@openward/runtime/manual";
import type { InjectOptions } from "fastify";
import { createHttp, silentLog } from "../../http/index.ts";
import { createGuesses } from "../../limits/index.ts";
import type { Pace } from "../ports.ts";
import { quiet } from "../testing/client.ts";
import { fakeAccess, fakeIngest, STORED } from "../testing/fakes.ts";
import { registerIngest } from "./register.ts";

const basic = (id: string, token = "secret") => `Basic ${Buffer.from(`${id}:${token}`).toString("base64")}`;
const READINGS = "/ingest/devices/d1/readings";

async function bench(limits = {}, pace?: Pace) {
  const ingest = fakeIngest();
  const access = fakeAccess();
  const runtime = manualRuntime();
  const app = await createHttp({ log: silentLog, ids: runtime.ids });
  registerIngest(app, { ingest, access, runtime, limits, guesses: createGuesses(runtime), ...(pace ? { pace } : {}) });
  const post = (url: string, payload: InjectOptions["payload"], headers: Record<string, string> = {}) =>
    app.inject({
      method: "POST",
      url,
      payload,
      headers: { authorization: basic("d1"), "content-type": "application/json", ...headers },
    } as InjectOptions);
  return { ingest, access, runtime, app, post };
}

const problemOf = (response: { headers: object; body: string }) => {
  assert.match(String((response.headers as Record<string, unknown>)["content-type"]), /^application\/problem\+json/);
  const { code, field, expected } = JSON.parse(response.body) as Record<string, string>;
  return { code, field, expected };
};

test("a body is answered with what is durable and what is in quarantine", async () => {
  const { ingest, post } = await bench();
  const plain = await post(READINGS, '{"values":{"spo2":97}}');
  assert.equal(plain.statusCode, 200);
  assert.equal(plain.body, '{"accepted":1,"quarantined":[]}');
  assert.deepEqual(ingest.messages, [
    {
      kind: "readings",
      format: "json",
      deviceId: "d1",
      text: '{"values":{"spo2":97}}',
      deliveryKey: null,
      isRedelivery: false,
    },
  ]);
  ingest.receipt = () => ({
    accepted: 0,
    quarantined: [{ index: 2, code: "UNIT_UNKNOWN", field: "values.spo2.unit", expected: "a UCUM code", readings: 1 }],
  });
  const bad = await post(READINGS, "[]");
  assert.deepEqual(JSON.parse(bad.body), {
    accepted: 0,
    quarantined: [{ index: 2, code: "UNIT_UNKNOWN", field: "values.spo2.unit", expected: "a UCUM code" }],
  });
});

test("kind and format follow from the path and the content type", async () => {
  const { app, ingest, post } = await bench();
  await post("/ingest/devices/d1/waveform", Buffer.of(0xa0), { "content-type": "application/cbor" });
  await post("/ingest/devices/d1/event", "{}", { "content-type": "application/senml+json; charset=utf-8" });
  await post("/ingest/devices/d1/status", "{}");
  await post("/ingest/devices/d1/raw/gatt/2a35", Buffer.of(1, 255), { "content-type": "application/octet-stream" });
  await app.inject({
    method: "POST",
    url: READINGS,
    payload: Buffer.of(0xa0),
    headers: { authorization: basic("d1") },
  });
  assert.deepEqual(
    ingest.messages.map(({ kind, format }) => `${kind} ${format}`),
    ["waveform cbor", "event json", "status json", "raw gatt/2a35", "readings cbor"],
  );
  assert.equal(ingest.messages[3]?.text, "\u0001\u00ff");
});

test("who it is and whether it may is settled before the body is read", async () => {
  const { app, ingest, access } = await bench();
  const cases: [string, Record<string, string>, number, string][] = [
    [READINGS, {}, 401, "DEVICE_SIGN_IN"],
    [READINGS, { authorization: "Bearer x" }, 401, "DEVICE_SIGN_IN"],
    [READINGS, { authorization: basic("d1", "wrong") }, 401, "DEVICE_SIGN_IN"],
    [READINGS, { authorization: "Basic !!!" }, 401, "DEVICE_SIGN_IN"],
    ["/ingest", {}, 401, "DEVICE_SIGN_IN"],
    ["/ingest/devices/d1/nothing", {}, 401, "DEVICE_SIGN_IN"],
    ["/ingest/devices/d2/readings", { authorization: basic("d1") }, 403, "TOPIC_FORBIDDEN"],
    ["/ingest/devices/nobody/readings", { authorization: basic("d1") }, 403, "TOPIC_FORBIDDEN"],
    ["/ingest/devices/d1/nothing", { authorization: basic("d1") }, 404, "NOT_FOUND"],
    ["/ingest/devices/d1/raw/", { authorization: basic("d1") }, 404, "NOT_FOUND"],
    [READINGS, { authorization: basic("d1"), "content-type": "text/plain" }, 415, "CONTENT_TYPE_UNKNOWN"],
    [
      READINGS,
      { authorization: basic("d1"), "content-type": "application/x-www-form-urlencoded" },
      415,
      "CONTENT_TYPE_UNKNOWN",
    ],
    [READINGS, { authorization: basic("d1"), "content-encoding": "br" }, 415, "CONTENT_TYPE_UNKNOWN"],
    [READINGS, { authorization: basic("d1"), "idempotency-key": "a b" }, 422, "FIELD_INVALID"],
    ["/ingest", { authorization: basic("d1") }, 415, "CONTENT_TYPE_UNKNOWN"],
  ];
  for (const [url, headers, status, code] of cases) {
    let reads = 0;
    const body = new Readable({
      highWaterMark: 1,
      read() {
        reads++;
        this.push(reads > 3 ? null : Buffer.from("{}"));
      },
    });
    const response = await app.inject({
      method: "POST",
      url,
      payload: body,
      headers: { "content-type": "application/json", ...headers },
    });
    assert.equal(response.statusCode, status, `${url} ${JSON.stringify(headers)}`);
    assert.equal(problemOf(response).code, code);
    assert.equal(
      response.headers["www-authenticate"],
      status === 401 ? 'Basic realm="Openward devices", charset="UTF-8"' : undefined,
    );
  }
  assert.deepEqual(ingest.messages, []);
  access.revoke("d1");
  assert.equal(
    (await app.inject({ method: "POST", url: READINGS, payload: "{}", headers: { authorization: basic("d1") } }))
      .statusCode,
    401,
  );
});

test("a gateway posts for the devices in its charge", async () => {
  const { post, ingest } = await bench();
  assert.equal((await post(READINGS, "{}", { authorization: basic("gateway") })).statusCode, 200);
  assert.equal((await post("/ingest/devices/d2/readings", "{}", { authorization: basic("gateway") })).statusCode, 403);
  assert.equal(ingest.messages[0]?.deviceId, "d1");
});

test("a body that does not parse is 400 with the place, and a store that fails is 503 with when to come back", async () => {
  const { post, ingest } = await bench();
  ingest.receipt = () => new RefusedInput("MALFORMED_JSON", { at: "character 3", expected: "JSON (RFC 8259)" });
  const malformed = await post(READINGS, '{"a');
  assert.equal(malformed.statusCode, 400);
  assert.deepEqual(problemOf(malformed), { code: "MALFORMED_JSON", field: "character 3", expected: "JSON (RFC 8259)" });
  ingest.receipt = () => new OutsideTrouble("STORE_UNAVAILABLE", true);
  const down = await post(READINGS, "{}");
  assert.equal(down.statusCode, 503);
  assert.ok(Number(down.headers["retry-after"]) > 0);
  assert.equal(problemOf(down).code, "STORE_UNAVAILABLE");
});

test("bodies are bounded, packed or not, and gzip that is none is refused", async () => {
  const { post, ingest } = await bench({ bodyBytes: 100_000 });
  const good = await post(READINGS, gzipSync('{"values":{"spo2":97}}'), { "content-encoding": "gzip" });
  assert.equal(good.statusCode, 200);
  assert.equal(ingest.messages[0]?.text, '{"values":{"spo2":97}}');
  const cases: [Buffer, Record<string, string>, number, string][] = [
    [Buffer.alloc(100_001, 32), {}, 413, "BODY_TOO_LARGE"],
    [gzipSync(Buffer.alloc(50_000_000)), { "content-encoding": "gzip" }, 413, "BODY_TOO_LARGE"],
    [Buffer.from("not gzip"), { "content-encoding": "gzip" }, 400, "BODY_SHAPE"],
    [gzipSync("x".repeat(1_000)).subarray(0, 20), { "content-encoding": "gzip" }, 400, "BODY_SHAPE"],
  ];
  for (const [body, headers, status, code] of cases) {
    const response = await post(READINGS, body, headers);
    assert.equal(response.statusCode, status, response.body);
    assert.equal(problemOf(response).code, code);
  }
  assert.equal(ingest.messages.length, 1);
});

test("an idempotency key marks a re-delivery, and the same key with another body does not", async () => {
  const { post, ingest } = await bench();
  for (const body of ["{}", "{}", "[]"]) await post(READINGS, body, { "idempotency-key": "k-1" });
  const [first, second, third] = ingest.messages.map(({ deliveryKey }) => deliveryKey);
  assert.match(String(first), /^http:k-1:/);
  assert.equal(first, second);
  assert.notEqual(second, third);
});

test("lines of several devices: all are looked at before any is taken", async () => {
  const { post, ingest, access } = await bench();
  const lines = (...bodies: unknown[]) =>
    post("/ingest", bodies.map((line) => (typeof line === "string" ? line : JSON.stringify(line))).join("\n"), {
      authorization: basic("gateway"),
      "content-type": "application/x-ndjson",
      "idempotency-key": "k",
    });
  const good = { device: "d1", kind: "readings", body: { values: { spo2: 97 } } };
  ingest.receipt = ({ kind }) =>
    kind === "raw"
      ? { accepted: 0, quarantined: [{ index: 0, code: "CODEC_UNKNOWN", field: "codec", readings: 0 }] }
      : STORED;
  const response = await lines(
    good,
    "",
    { device: "gateway", kind: "raw/gatt/2a35", body: "AQI=" },
    { ...good, kind: "status", body: { state: "on" } },
  );
  assert.deepEqual(JSON.parse(response.body), {
    accepted: 2,
    quarantined: [{ line: 3, index: 0, code: "CODEC_UNKNOWN", field: "codec" }],
  });
  ingest.receipt = () => ({ ...STORED, ignored: [{ index: 0, offset: 3, what: "1 bytes behind the last field" }] });
  const values = '[{"codec":"gatt/2a37","hex":"0048"}]';
  const told = await lines(`{"device":"d1","kind":"raw/capture","body":${values}}`);
  assert.deepEqual(JSON.parse(told.body).ignored, [
    { line: 1, index: 0, offset: 3, what: "1 bytes behind the last field" },
  ]);
  const { kind: _, ...captured } = ingest.messages.pop() ?? assert.fail();
  assert.deepEqual([captured.format, captured.text], ["capture", values]);
  assert.deepEqual(
    ingest.messages.map(({ deviceId, kind, format, text }) => [deviceId, kind, format, text]),
    [
      ["d1", "readings", "json", '{"values":{"spo2":97}}'],
      ["gateway", "raw", "gatt/2a35", "\u0001\u0002"],
      ["d1", "status", "json", '{"state":"on"}'],
    ],
  );
  assert.equal(new Set(ingest.messages.map(({ deliveryKey }) => deliveryKey)).size, 3);
  ingest.messages.length = 0;
  const wrong: [unknown, number, string, string][] = [
    ["{", 400, "MALFORMED_JSON", "line 2"],
    ["7", 400, "BODY_SHAPE", "line 2"],
    [{ ...good, device: "../d1" }, 400, "BODY_SHAPE", "line 2, device"],
    [{ ...good, device: "d2" }, 403, "TOPIC_FORBIDDEN", "line 2, device"],
    [{ ...good, kind: "commands" }, 400, "BODY_SHAPE", "line 2, kind"],
    [{ device: "d1", kind: "readings" }, 400, "BODY_SHAPE", "line 2, body"],
    [{ ...good, kind: "raw/gatt/2a35" }, 400, "BODY_SHAPE", "line 2, body"],
  ];
  for (const [line, status, code, field] of wrong) {
    const refused = await lines(good, line);
    assert.equal(refused.statusCode, status);
    assert.deepEqual([problemOf(refused).code, problemOf(refused).field], [code, field]);
  }
  assert.equal((await lines("")).statusCode, 400);
  assert.deepEqual(ingest.messages, []);

  // A device in its charge that has no access any more is quarantined by itself; the others of the body are taken.
  access.inCharge.set("gateway", new Set(["d1", "d2"]));
  access.revoke("d2");
  ingest.receipt = ({ unplaceable }) =>
    unplaceable ? { accepted: 0, quarantined: [{ index: 0, code: unplaceable, field: "", readings: 1 }] } : STORED;
  const mixed = await lines(good, { ...good, device: "d2" });
  assert.equal(mixed.statusCode, 200);
  assert.deepEqual(
    JSON.parse(mixed.body).quarantined.map((one: { line: number; code: string }) => [one.line, one.code]),
    [[2, "DEVICE_REVOKED"]],
  );
  assert.deepEqual(
    ingest.messages.map(({ unplaceable }) => unplaceable),
    [undefined, "DEVICE_REVOKED"],
  );
});

test("a line that has a name has it wherever it stands, and says what its gateway knows of it", async () => {
  const { post, ingest } = await bench();
  const lines = (...bodies: object[]) =>
    post("/ingest", bodies.map((line) => JSON.stringify(line)).join("\n"), {
      authorization: basic("gateway"),
      "content-type": "application/x-ndjson",
    });
  const named = { device: "d1", kind: "readings", body: { values: { spo2: 97 } }, id: "0192-a" };
  await lines(named, { ...named, id: "0192-b", will: true });
  await lines({ ...named, id: "0192-c", device: "gateway", unknown: true }, { ...named });
  const [first, will, unknown, again] = ingest.messages;
  assert.equal(again?.deliveryKey, first?.deliveryKey);
  assert.equal(new Set(ingest.messages.map(({ deliveryKey }) => deliveryKey)).size, 3);
  assert.ok(ingest.messages.every(({ isRedelivery }) => isRedelivery));
  assert.deepEqual([first?.messageId, first?.isWill, first?.unplaceable], ["0192-a", undefined, undefined]);
  assert.deepEqual([will?.isWill, unknown?.unplaceable], [true, "DEVICE_UNKNOWN"]);
  for (const [more, field] of [
    [{ id: "a b" }, "line 1, id"],
    [{ id: 7 }, "line 1, id"],
    [{ unknown: "yes" }, "line 1, unknown"],
    [{ will: 1 }, "line 1, will"],
  ] as const) {
    const refused = await lines({ ...named, ...more });
    assert.deepEqual([problemOf(refused).code, problemOf(refused).field], ["BODY_SHAPE", field]);
  }
});

test("0 answers of 200 before the commit, under delayed and failed commits", async () => {
  const seed = 80;
  const { float } = seededRandom(seed);
  const { post, ingest } = await bench({ linesAtOnce: 3 });
  ingest.isAutomatic = false;
  const durable = new Set<string>();
  const failed = new Set<string>();
  const counts = { 200: 0, 503: 0 };
  let early = 0;
  const running = new Set<Promise<void>>();
  for (let i = 0; i < 2_000; i++) {
    const isLines = float() < 0.2;
    const bodies = isLines
      ? Array.from({ length: 1 + Math.floor(float() * 8) }, (_, n) => `{"n":"${i}.${n}"}`)
      : [`{"n":"${i}"}`];
    const asked = isLines
      ? post("/ingest", bodies.map((body) => `{"device":"d1","kind":"readings","body":${body}}`).join("\n"), {
          "content-type": "application/x-ndjson",
        })
      : post(READINGS, bodies[0] as string);
    const done = asked.then(({ statusCode }) => {
      counts[statusCode as 200 | 503]++;
      if (statusCode === 200 && !bodies.every((body) => durable.has(body))) early++;
      if (statusCode !== 200)
        assert.ok(
          bodies.some((body) => failed.has(body)),
          `503 for a reason, seed ${seed}`,
        );
      running.delete(done);
    });
    running.add(done);
    if (running.size < 40 && i < 1_999) continue;
    while (running.size > (i < 1_999 ? 20 : 0)) {
      await quiet(1);
      const [commit] = ingest.waiting.splice(Math.floor(float() * ingest.waiting.length), 1);
      if (!commit) continue;
      if (float() < 0.02) {
        failed.add(commit.text);
        commit.fail();
      } else {
        durable.add(commit.text);
        commit.resolve(STORED);
      }
    }
  }
  assert.equal(early, 0, `seed ${seed}`);
  assert.ok(counts[200] > 1_500 && counts[503] > 20, JSON.stringify(counts));
});

test("the right token is let in whatever was guessed, and who guesses waits longer each time", async () => {
  const { runtime, post } = await bench();
  const wrong = async () => {
    const { statusCode, headers } = await post(READINGS, "{}", { authorization: basic("d1", "wrong") });
    return [statusCode, headers["retry-after"]];
  };
  for (let i = 0; i < 10; i++) assert.deepEqual(await wrong(), [401, undefined]);
  assert.deepEqual(await wrong(), [429, "1"]);
  assert.equal((await post(READINGS, '{"values":{"spo2":97}}')).statusCode, 200);
  runtime.advance(1_000);
  assert.deepEqual(await wrong(), [401, undefined]);
  assert.deepEqual(await wrong(), [429, "2"]);
  const other = await post("/ingest/devices/d2/readings", '{"values":{"spo2":97}}', { authorization: basic("d2") });
  assert.equal(other.statusCode, 200);
});

test("who sends faster than their pace waits, and a call for help never does", async () => {
  const spent: number[] = [];
  const pace = { spend: () => 3_500, charge: (_: string, cost: number) => void spent.push(cost) };
  const { ingest, post } = await bench({}, pace);
  const refused = await post(READINGS, '{"values":{"spo2":97}}');
  assert.deepEqual([refused.statusCode, refused.headers["retry-after"]], [429, "4"]);
  const lines = (kind: string) =>
    post("/ingest", `{"device":"d1","kind":"${kind}","body":{}}`, { "content-type": "application/x-ndjson" });
  assert.equal((await lines("readings")).statusCode, 429);
  assert.equal((await lines("event")).statusCode, 200);
  const calls = await Promise.all(
    Array.from({ length: 20 }, () => post("/ingest/devices/d1/event", '{"event":"sos-button"}')),
  );
  assert.deepEqual(new Set(calls.map(({ statusCode }) => statusCode)), new Set([200]));
  assert.deepEqual(new Set(ingest.messages.map(({ kind }) => kind)), new Set(["event"]));
  assert.equal(ingest.messages.length, 21);
});
