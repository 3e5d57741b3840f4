import assert from "node:assert/strict";
import { test } from "node:test";
import type { AuditEvent } from "@medplum/fhirtypes";
import type { AuditRecord } from "../ports.ts";
import { searchables } from "../search/index.ts";
import { assertValid } from "../testing/valid.ts";
import { HIDDEN, KARI, OLA, organisation, principal, viewOf, ward } from "../testing/ward.ts";
import { mapAuditEvent } from "./audit-event.ts";

const ID = "0190a000-0000-7000-8000-000000000001";
const record: AuditRecord = {
  id: ID,
  at: Date.UTC(2026, 10, 27, 6),
  who: { kind: "person", id: "nina", display: "Nina Berg", role: "nurse" },
  action: "R",
  code: "fhir.read",
  patients: [KARI],
  entity: "Observation",
  entityId: "abc",
  purpose: "TREAT",
  outcome: "allowed",
  address: "192.0.2.1",
  requestId: "req-1",
};
const ofType = (event: AuditEvent, code: string) => event.agent.filter(({ type }) => type?.coding?.[0]?.code === code);
const entities = (event: AuditEvent, role: string) => (event.entity ?? []).filter((one) => one.role?.code === role);

const variants: Readonly<Record<string, Partial<AuditRecord>>> = {
  PatientRead: {},
  PatientQuery: { action: "E", code: "fhir.search", parameters: ["code", "patient"], entityId: undefined },
  Query: {
    action: "E",
    code: "fhir.search",
    parameters: ["name"],
    patients: [],
    entity: "Patient",
    entityId: undefined,
  },
  Read: { patients: [KARI, OLA], code: "api.patients", entity: "Patient", entityId: undefined },
  PatientCreate: { action: "C", code: "api.startStandby", entity: "Standby" },
  PatientUpdate: { action: "U", code: "patient.change", entity: "Patient", entityId: KARI },
  PatientDelete: { action: "D", code: "api.endStandby", entity: "Standby" },
};

const SIDES: Readonly<Record<string, readonly [client: string, server: string]>> = {
  Read: ["110152", "110153"],
  Delete: ["110150", "custodian"],
};

for (const [profile, more] of Object.entries(variants)) {
  test(`a record is an AuditEvent of the profile ${profile}, with what it must have`, () => {
    const event = mapAuditEvent({ ...record, ...more }, organisation);
    assertValid(event);
    assert.deepEqual(event.meta?.profile, [
      `https://profiles.ihe.net/ITI/BALP/StructureDefinition/IHE.BasicAudit.${profile}`,
    ]);
    assert.equal(event.type.code, "rest");
    assert.equal(event.outcome, "0");
    // RELIABILITY 4.5: the client is the destination of what is read, the source of what is written or asked for.
    const kind = profile.replace("Patient", "");
    const [client, server] = SIDES[kind] ?? ["110153", "110152"];
    assert.deepEqual(ofType(event, client)[0]?.network, { address: "192.0.2.1", type: "2" });
    assert.equal(ofType(event, server)[0]?.who?.display, "Openward");
    assert.deepEqual(
      ofType(event, "IRCP").map(({ requestor, purposeOfUse }) => [requestor, purposeOfUse?.[0]?.coding?.[0]?.code]),
      [[true, "TREAT"]],
    );
    assert.equal(entities(event, profile.endsWith("Query") ? "24" : "4").length, 1);
    assert.deepEqual(
      entities(event, "1").map(({ what }) => what?.reference),
      (more.patients ?? [KARI]).map((id) => `Patient/${id}`),
    );
  });
}

test("what let them see it, for what, and for whom an application or a guardian acted, stand in the event", () => {
  const app = { kind: "application", id: "app-1", display: "Growth chart", role: null };
  const event = mapAuditEvent(
    { ...record, who: app, onBehalfOf: record.who, basis: "care-team ward-assignment" },
    organisation,
  );
  assertValid(event);
  assert.equal(event.purposeOfEvent?.[0]?.coding?.[0]?.code, "TREAT");
  const [user] = ofType(event, "IRCP");
  assert.deepEqual([user?.who?.display, user?.requestor], ["Nina Berg", true]);
  assert.deepEqual(user?.policy, ["urn:openward:basis:care-team", "urn:openward:basis:ward-assignment"]);
  const [client] = ofType(event, "110152");
  assert.deepEqual([client?.who?.display, client?.network?.address], ["Growth chart", "192.0.2.1"]);

  const patient = { kind: "patient", id: KARI, display: "", role: null };
  const guarded = mapAuditEvent({ ...record, onBehalfOf: patient, basis: "guardian", purpose: "PATRQT" }, organisation);
  assertValid(guarded);
  assert.deepEqual(
    ofType(guarded, "PAT").map(({ who }) => who?.reference),
    [`Patient/${KARI}`],
  );
});

test("where nobody knows from where it was asked, no profile is declared that wants it", () => {
  const { address: _, ...nowhere } = record;
  const event = mapAuditEvent(nowhere, organisation);
  assertValid(event);
  assert.equal(event.meta?.profile, undefined);
});

test("a refusal and what is no REST keep to the base resource", () => {
  const refused = mapAuditEvent(
    { ...record, outcome: "refused", refusal: "NOT_PERMITTED", patients: [HIDDEN] },
    organisation,
  );
  const live = mapAuditEvent({ ...record, action: "E", code: "live.close", entity: "Ward" }, organisation);
  for (const event of [refused, live]) {
    assertValid(event);
    assert.equal(event.meta?.profile, undefined);
  }
  assert.deepEqual([refused.outcome, refused.outcomeDesc], ["4", "NOT_PERMITTED"]);
});

test("the log is searched by patient, date, agent, action and entity, and by nobody whose work it is not", async () => {
  const asked: unknown[] = [];
  const audit = {
    search: async (_organisation: string, query: object) => {
      asked.push(query);
      return asked.length > 1 ? [] : [{ ...record, who: { ...record.who, id: "nina" }, at: Date.UTC(2026, 10, 27, 8) }];
    },
  };
  const view = viewOf(KARI);
  const { context } = ward(view);
  const pairs = (text: string) => [...new URLSearchParams(text)] as [string, string][];
  const search = searchables.AuditEvent?.search;
  assert.ok(search);
  await assert.rejects(search({ ...context, audit }, []), { code: "NOT_PERMITTED" });
  const officer = { ...context, audit, view: { ...view, principal: { ...principal, role: "administrator" as const } } };
  const text = `patient=${KARI}&date=ge2026-11-27&date=lt2026-11-28&agent=nina&action=R,E&entity=Observation&_count=10`;
  const bundle = await search(officer, pairs(text));
  assert.deepEqual(asked, [
    {
      patientIds: [KARI],
      ids: undefined,
      agentId: "nina",
      actions: ["R", "E"],
      entities: ["Observation"],
      from: Date.UTC(2026, 10, 27),
      to: Date.UTC(2026, 10, 28),
      before: undefined,
      // What it filters afterwards it reads in larger pieces.
      limit: 500,
    },
  ]);
  assert.deepEqual(
    bundle.entry?.map(({ resource }) => resource?.id),
    [ID],
  );
});
