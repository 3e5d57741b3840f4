import assert from "node:assert/strict";
import { test } from "node:test";
import { type RouteName, routes } from "@openward/api";
import type { PortalDeps } from "./portal.ts";
import type { AuditRecord } from "./ports/index.ts";
import { createWorld } from "./testing/world.ts";

function assertForm(name: RouteName, body: unknown): void {
  const result = routes[name].response.safeParse(body);
  assert.ok(result.success, `${name}: ${result.error?.message}`);
}

/** As the world signs people in: "session patient" is this person. */
const PATIENT = "00000000-0000-7000-8000-0000000000a1";

async function worldWithPatient(change: (deps: PortalDeps) => PortalDeps = (deps) => deps) {
  const world = await createWorld((deps) =>
    change({
      ...deps,
      access: {
        ...deps.access,
        async authenticate(headers) {
          const found = await deps.access.authenticate(headers);
          return found && found.principal.role === "patient"
            ? { ...found, principal: { ...found.principal, id: PATIENT } }
            : found;
        },
      },
    }),
  );
  const { patient } = world.newPatient("Hansen, Kari");
  return { ...world, patient, url: `/api/patients/${patient.id}` };
}

test("a relation is made, says what it allows, and ends", async () => {
  const { call, url, people } = await worldWithPatient();
  people.set(PATIENT, {
    id: PATIENT,
    organisationId: "o",
    display: "Kari Hansen",
    role: "patient",
    createdAt: 0,
    disabledAt: null,
  });
  const made = await call("token administrator", "POST", `${url}/relations`, {
    personId: PATIENT,
    relation: "self",
    reason: "identity card",
  });
  assert.equal(made.status, 201);
  assertForm("relate", made.body);
  assert.deepEqual(
    [made.body.person, made.body.maySee, made.body.mayDecide, made.body.because],
    ["Kari Hansen", true, true, null],
  );
  const fact = await call("token physician", "POST", `${url}/facts`, { fact: "incapacity", reason: "delirium" });
  assertForm("stateFact", fact.body);
  const all = await call("token nurse", "GET", `${url}/relations`);
  assertForm("relations", all.body);
  assert.deepEqual([all.body.relations[0].mayDecide, all.body.facts.length], [false, 1]);
  assert.equal((await call("token nurse", "POST", `${url}/facts/${fact.body.id}/end`)).status, 200);
  const ended = await call("token administrator", "POST", `${url}/relations/${made.body.id}/end`);
  assertForm("endRelation", ended.body);
  assert.deepEqual([ended.body.maySee, ended.body.because], [false, "ended"]);
});

test("a patient sees themselves and their devices, and nobody else's", async () => {
  const { call, patient, url, devices, newPatient } = await worldWithPatient();
  const none = await call("session patient", "GET", "/api/me");
  assert.deepEqual(none.body, { patients: [] });
  assert.deepEqual((await call("session patient", "GET", "/api/me/devices")).body, []);
  await call("token administrator", "POST", `${url}/relations`, {
    personId: PATIENT,
    relation: "self",
    reason: "identity card",
  });
  const other = newPatient("Berg, Ola").patient;
  for (const [id, patientId] of [
    ["oximeter-1", patient.id],
    ["oximeter-2", other.id],
  ]) {
    await call("token administrator", "POST", "/api/devices", {
      id,
      type: "pulse-oximeter",
      display: `Oximeter ${id}`,
    });
    await call("token administrator", "POST", `/api/devices/${id}/assign`, { patientId });
  }
  assert.equal(devices.size, 2);
  const me = await call("session patient", "GET", "/api/me");
  assertForm("me", me.body);
  assert.deepEqual([me.body.patients.length, me.body.patients[0].name], [1, "Hansen, Kari"]);
  assert.equal(me.body.patients[0].unwatchedSince, 5);
  const mine = await call("session patient", "GET", "/api/me/devices");
  assertForm("myDevices", mine.body);
  assert.deepEqual(
    mine.body.map(({ id }: { id: string }) => id),
    ["oximeter-1"],
  );
  assert.deepEqual((await call("token patient", "GET", "/api/me")).body, { patients: [] }, "a token is nobody");

  await call("token nurse", "POST", `${url}/facts`, { fact: "deceased", reason: "certificate" });
  const after = await call("session patient", "GET", "/api/me");
  assert.deepEqual(
    [after.body.patients[0].maySee, after.body.patients[0].birthDate, after.body.patients[0].because],
    [false, null, "deceased"],
  );
  assert.equal(after.body.patients[0].unwatchedSince, null);
  assert.deepEqual((await call("session patient", "GET", "/api/me/devices")).body, []);
});

test("a patient is told who looked, and by which permission of that time; an emergency with its reason", async () => {
  const NURSE = "00000000-0000-7000-8000-0000000000b1";
  const asked: unknown[] = [];
  const looked = (at: number, more: Partial<AuditRecord> = {}): AuditRecord => ({
    id: "00000000-0000-7000-8000-0000000000c1",
    at,
    who: { kind: "person", id: NURSE, display: "Nina Berg", role: "nurse" },
    action: "R",
    code: "api.trend",
    patients: [],
    entity: "Observation",
    via: "GET /api/patients/:id/trend",
    outcome: "allowed",
    ...more,
  });
  const { call, patient, url } = await worldWithPatient((deps) => ({
    ...deps,
    audit: {
      search: async (_, query) => {
        asked.push(query.patientIds);
        return [looked(50), looked(150), looked(250), looked(350), looked(150, { outcome: "refused" })];
      },
      inWords: () => "in words",
      disclosures: async () => [],
      affected: async () => [],
    },
    access: {
      ...deps.access,
      grants: {
        ...deps.access.grants,
        list: async (asker, { patientId = "" }) => {
          const grant = {
            organisationId: String(asker),
            createdBy: "system",
            endReason: null,
            endedBy: null,
            createdAt: 0,
            endedAt: null,
            id: "g",
          };
          const ward = { kind: "ward", wardId: "w", afterStayMs: 0 } as const;
          const one = { kind: "patient", patientId } as const;
          const role = { kind: "role", role: "nurse" } as const;
          const her = { kind: "person", id: NURSE } as const;
          return [
            {
              ...grant,
              grantee: role,
              reach: ward,
              purpose: "monitoring",
              basis: "ward-assignment",
              from: 100,
              to: 300,
              reason: "not told",
            },
            {
              ...grant,
              grantee: her,
              reach: one,
              purpose: "emergency",
              basis: "break-glass",
              from: 200,
              to: 900,
              endedAt: 300,
              reason: "unconscious",
            },
          ];
        },
      },
    },
  }));
  const history = `/api/me/patients/${patient.id}/access-history`;
  assert.equal((await call("session patient", "GET", history)).status, 404, "nobody who is not related");
  await call("token administrator", "POST", `${url}/relations`, {
    personId: PATIENT,
    relation: "self",
    reason: "card",
  });
  const told = await call("session patient", "GET", history);
  assertForm("myAccessHistory", told.body);
  assert.deepEqual(
    told.body.map((entry: { because: unknown }) => entry.because),
    [
      null,
      { purpose: "monitoring", basis: "ward-assignment", reason: null },
      { purpose: "emergency", basis: "break-glass", reason: "unconscious" },
      null,
      null,
    ],
  );
  assert.deepEqual(asked, [[patient.id]]);
  assert.equal((await call("token patient", "GET", history)).status, 404, "a token is nobody");
  await call("token nurse", "POST", `${url}/facts`, { fact: "deceased", reason: "certificate" });
  assert.equal((await call("session patient", "GET", history)).status, 404);
});
