import assert from "node:assert/strict";
import { test } from "node:test";
import type { PatientView, Principal } from "@openward/model";
import { manualRuntime } from "@openward/runtime/manual";
import type { FastifyRequest } from "fastify";
import { createHttp, silentLog } from "../../http/index.ts";
import { addNamed, recordRequests } from "./door.ts";
import type { Kept } from "./ports.ts";
import type { AuditRecord } from "./record.ts";
import { watched } from "./seen.ts";

const KARI = "00000000-0000-7000-8000-000000000001";
const OLA = "00000000-0000-7000-8000-000000000002";
const NINA: Principal = { kind: "person", id: "nina", display: "Nina Berg", organisationId: KARI, role: "nurse" };
const view: PatientView = {
  principal: NINA,
  has: () => true,
  patientIds: () => [KARI, OLA],
  recordsOf: (id) => [id],
  hiddenOf: () => undefined,
};

const REASONS = {
  [KARI]: { purpose: "monitoring", basis: "care-team" },
  [OLA]: { purpose: "family", basis: "guardian" },
};

async function house() {
  const recorder = {
    state: "ok" as "ok" | "spooling" | "failed",
    records: [] as AuditRecord[],
    async append(record: AuditRecord): Promise<Kept> {
      this.records.push(record);
      if (this.state === "failed") throw new Error("nowhere");
      return this.state === "ok" ? "recorded" : "spooled";
    },
  };
  const runtime = manualRuntime(1_795_327_200_000, 1);
  const app = await createHttp({ log: silentLog, ids: runtime.ids });
  const reported: string[] = [];
  recordRequests(app, { recorder, runtime, report: (_error, doing) => void reported.push(doing) });
  const access = watched({
    authenticate: async ({ authorization }: { authorization?: string | undefined }) =>
      authorization === undefined
        ? undefined
        : { principal: NINA, ...(authorization === "app" ? { app: { clientId: "app-1", name: "Growth chart" } } : {}) },
    signIn: async () => ({ authenticated: { principal: NINA } }),
    viewOf: async (_principal: Principal) => view,
    subjectViewOf: async (_principal: Principal, _patientId: string) => view,
    becauseOf: ({ id }: { id: string }, patientId: string) =>
      id === NINA.id ? REASONS[patientId as keyof typeof REASONS] : undefined,
  });
  const answer = (shown: unknown) => async (request: FastifyRequest) => {
    const signed = await access.authenticate(request.headers);
    const seen = await access.viewOf(signed?.principal ?? NINA);
    seen.has(KARI);
    seen.has(OLA);
    return JSON.stringify(shown);
  };
  app.get("/api/patients/:id/trend", answer({ patientId: KARI }));
  app.get("/api/patients", answer([{ id: KARI }]));
  app.get("/api/patients/both", answer([{ id: KARI }, { id: OLA }]));
  app.get("/api/patients/ward", answer([{ id: OLA }]));
  app.get("/api/alarms", answer([{ patientId: OLA }]));
  app.post("/api/alarms/:id/acknowledge", answer({ patientId: OLA }));
  app.get("/something/new", answer([]));
  const get = (url: string, method: "GET" | "POST" = "GET", authorization = "Bearer x") =>
    app.inject({ method, url, headers: { authorization }, ...(method === "POST" ? { payload: {} } : {}) });
  return { app, recorder, get, reported };
}

test("a record says what let them be seen, and names the application before its person, the guardian beside the patient", async () => {
  const { recorder, get } = await house();
  await get(`/api/patients/${KARI}/trend`);
  await get("/api/patients/both");
  await get(`/api/patients/${KARI}/trend`, "GET", "app");
  await get("/api/patients/ward");
  const [care, both, app, guarded] = recorder.records.map(({ who, onBehalfOf, purpose, basis }) => ({
    who: `${who.kind} ${who.id}`,
    ...(onBehalfOf ? { behalf: `${onBehalfOf.kind} ${onBehalfOf.id}` } : {}),
    purpose,
    basis,
  }));
  const nina = { who: "person nina", purpose: "TREAT", basis: "care-team" };
  assert.deepEqual(care, nina);
  assert.deepEqual(both, { ...nina, purpose: undefined, basis: "care-team guardian" });
  assert.deepEqual(app, { ...nina, who: "application app-1", behalf: "person nina" });
  assert.deepEqual(guarded, { ...nina, behalf: `patient ${OLA}`, purpose: "PATRQT", basis: "guardian" });
});

test("a route that nobody thought of is recorded", async () => {
  const { recorder, get } = await house();
  await get("/something/new");
  assert.deepEqual(
    recorder.records.map(({ via, who }) => [via, who.id]),
    [["GET /something/new", "nina"]],
  );
});

test("who passed the view and is not in the answer was not seen", async () => {
  const { recorder, get } = await house();
  await get("/api/patients");
  assert.deepEqual(recorder.records[0]?.patients, [KARI]);
});

test("who asks, and of whom, is known behind a body that was read", async () => {
  const { recorder, get } = await house();
  await get("/api/alarms/abc/acknowledge", "POST");
  const [record] = recorder.records;
  assert.deepEqual([record?.who.id, record?.patients, record?.entityId, record?.action], ["nina", [OLA], "abc", "E"]);
});

for (const state of ["spooling", "failed"] as const) {
  test(`while the log is ${state} no record of a patient is shown, and alarms go on`, async () => {
    const { recorder, get, reported } = await house();
    recorder.state = state;
    for (const url of [`/api/patients/${KARI}/trend`, "/api/patients"]) {
      const answer = await get(url);
      assert.equal(answer.statusCode, 503, url);
      assert.equal(answer.json().code, "AUDIT_UNAVAILABLE");
      assert.ok(!answer.body.includes(KARI));
    }
    assert.equal((await get("/api/alarms")).statusCode, 200);
    assert.equal((await get("/api/alarms/abc/acknowledge", "POST")).statusCode, 200);
    assert.deepEqual(
      recorder.records.map(({ outcome, refusal }) => [outcome, refusal]),
      [
        ["refused", "AUDIT_UNAVAILABLE"],
        ["refused", "AUDIT_UNAVAILABLE"],
        ["allowed", undefined],
        ["allowed", undefined],
      ],
    );
    assert.equal(reported.length, state === "failed" ? 4 : 0);
  });
}

test("a refused request names whom it was about, and nobody who was not asked for", async () => {
  const { recorder, app } = await house();
  app.get("/api/patients/:id/streams", async () => {
    throw Object.assign(new Error("no"), { statusCode: 404 });
  });
  await app.inject({ url: `/api/patients/${OLA}/streams` });
  const [record] = recorder.records;
  assert.deepEqual([record?.who.kind, record?.patients], ["unknown", [OLA]]);
  assert.notEqual(record?.outcome, "allowed");
});

test("what stands before the door hands on all that it is asked with", async () => {
  const asked: unknown[][] = [];
  const access = watched({
    authenticate: async (...given: unknown[]) => {
      asked.push(given);
      return { principal: NINA };
    },
    signIn: async (...given: unknown[]) => {
      asked.push(given);
      return { authenticated: { principal: NINA } };
    },
    viewOf: async (_principal: Principal) => view,
    subjectViewOf: async (_principal: Principal, _patientId: string) => view,
    becauseOf: ({ id }: { id: string }, patientId: string) =>
      id === NINA.id ? REASONS[patientId as keyof typeof REASONS] : undefined,
  });
  await access.authenticate({ authorization: "Bearer owa_x" }, { apps: true });
  await access.signIn("token", "Firefox");
  assert.deepEqual(asked, [
    [{ authorization: "Bearer owa_x" }, { apps: true }],
    ["token", "Firefox"],
  ]);
});

test("whoever stands in an answer is found in it, wherever it stands, and nobody else", () => {
  const seed = 20261128;
  const { random } = manualRuntime(0, seed);
  const hex = (digits: number) => random.bytes(digits).map((byte) => "0123456789abcdef".charCodeAt(byte & 15));
  const newId = () => [8, 4, 4, 4, 12].map((digits) => Buffer.from(hex(digits)).toString()).join("-");
  const known = new Set(Array.from({ length: 20 }, newId));
  const ids = [...known, ...Array.from({ length: 20 }, newId)];
  const between = ["", '"', "-", "--", "/", "2026-11-28T06:00:00.000-05:00", "a", "9-9", "-1234-1234-1234-", "\u00e5"];
  const UUIDS = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;
  for (let round = 0; round < 300; round++) {
    let text = "";
    for (let part = (random.bytes(1)[0] ?? 0) & 15; part > 0; part--) {
      const [which = 0, gap = 0] = random.bytes(2);
      text += `${between[gap % between.length]}${ids[which % ids.length]?.slice(0, gap > 230 ? gap & 31 : undefined)}`;
    }
    const expected = new Set([...text.matchAll(UUIDS)].map(([id]) => id).filter((id) => known.has(id)));
    const named = new Set<string>();
    addNamed(text, known, named);
    // Where one id stands in the beginning of another, both are found; an expression goes on behind the first.
    assert.ok(expected.isSubsetOf(named), `seed ${seed}, round ${round}: ${text}`);
    for (const id of named) assert.ok(text.includes(id) && known.has(id), `seed ${seed}, round ${round}: ${text}`);
  }
});
