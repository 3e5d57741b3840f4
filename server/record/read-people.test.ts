import assert from "node:assert/strict";
import { test } from "node:test";
import type { Practitioner, RelatedPerson } from "@medplum/fhirtypes";
import type { AppAccess, PrincipalRole, ResourceScope } from "@openward/model";
import {
  HIDDEN,
  KARI,
  KARI_HERSELF,
  KIN,
  KIN_OF_HIDDEN,
  KIN_OF_KARI,
  NURSE,
  OLA,
  principal,
  SELF,
  server,
  T0,
  viewOf,
  ward,
} from "./testing/ward.ts";

/** The ward as this one sees it. */
function as(role: PrincipalRole, id: string, app?: Partial<AppAccess>) {
  const view = viewOf(KARI, OLA);
  const house = ward({ ...view, principal: { ...principal, kind: "person", role, id } });
  const whole: AppAccess = { clientId: "app", name: "App", scopes: [], patientId: null, fhirUser: null, endsWith: [] };
  return server({ ...house, context: { ...house.context, ...(app ? { app: { ...whole, ...app } } : {}) } });
}
const scope = (compartment: ResourceScope["compartment"], type: string): ResourceScope => ({
  compartment,
  type,
  interactions: "rs",
  query: [],
});
const statusOf = async (of: ReturnType<typeof as>, path: string) => (await of.get(`/fhir/${path}`)).status;
const OTHER = "00000000-0000-4000-8000-0000000000bf";

test("a colleague is read by name, role and id, and by nothing else", async () => {
  const { get } = as("physician", OTHER);
  const { status, headers, body } = await get(`/fhir/Practitioner/${NURSE}`);
  assert.equal(status, 200);
  const { meta, ...told } = body as Practitioner;
  assert.deepEqual(told, {
    resourceType: "Practitioner",
    id: NURSE,
    identifier: [{ system: "urn:openward:principal", value: NURSE }],
    active: true,
    name: [{ use: "usual", text: "Berg, Nina", family: "Berg", given: ["Nina"] }],
    extension: [{ url: "urn:openward:role", valueCode: "nurse" }],
  });
  assert.match(meta?.versionId ?? "", /^[0-9a-f]{16}$/);
  const again = await get(`/fhir/Practitioner/${NURSE}`, { "if-none-match": String(headers.etag) });
  assert.equal(again.status, 304);
});

test("patients and family are no Practitioners, and are told of none; a researcher is told of themselves", async () => {
  for (const id of [KIN, SELF, OTHER, "nobody", KARI])
    assert.equal(await statusOf(as("nurse", NURSE), `Practitioner/${id}`), 404, id);
  for (const role of ["patient", "family", "researcher"] as const)
    assert.equal(await statusOf(as(role, OTHER), `Practitioner/${NURSE}`), 404, role);
  assert.equal(await statusOf(as("researcher", NURSE), `Practitioner/${NURSE}`), 200);
  for (const role of ["administrator", "privacy-officer", "integration"] as const)
    assert.equal(await statusOf(as(role, OTHER), `Practitioner/${NURSE}`), 200, role);
});

test("who stands beside a patient is read by those who work with that patient, and by themselves", async () => {
  const { status, body } = await as("nurse", NURSE).get(`/fhir/RelatedPerson/${KIN_OF_KARI}`);
  assert.equal(status, 200);
  const { meta: _, ...told } = body as RelatedPerson;
  assert.deepEqual(told, {
    resourceType: "RelatedPerson",
    id: KIN_OF_KARI,
    identifier: [{ system: "urn:openward:principal", value: KIN }],
    active: true,
    patient: { reference: `Patient/${KARI}` },
    relationship: [
      {
        coding: [{ system: "http://terminology.hl7.org/CodeSystem/v3-RoleCode", code: "GUARD", display: "guardian" }],
      },
    ],
    name: [{ use: "usual", text: "Hansen, Liv", family: "Hansen", given: ["Liv"] }],
    period: { start: new Date(T0 - 2000).toISOString() },
  });
  assert.equal(await statusOf(as("family", KIN), `RelatedPerson/${KIN_OF_KARI}`), 200);
  for (const [role, id] of [
    ["family", OTHER],
    ["patient", SELF],
    ["researcher", OTHER],
    ["clinical-engineer", OTHER],
  ] as const)
    assert.equal(await statusOf(as(role, id), `RelatedPerson/${KIN_OF_KARI}`), 404, role);
  // A patient whom one may not see, though it is oneself who stands there; the patient's own sign-in; ids of others.
  assert.equal(await statusOf(as("family", KIN), `RelatedPerson/${KIN_OF_HIDDEN}`), 404);
  for (const id of [KIN_OF_HIDDEN, KARI_HERSELF, HIDDEN, KIN])
    assert.equal(await statusOf(as("nurse", NURSE), `RelatedPerson/${id}`), 404, id);
});

test("an application that was told who the person is reads that one resource, and no other without a scope", async () => {
  const told = as("nurse", NURSE, { fhirUser: `Practitioner/${NURSE}` });
  assert.equal(await statusOf(told, `Practitioner/${NURSE}`), 200);
  for (const path of [`Practitioner/${OTHER}`, `Patient/${KARI}`, `RelatedPerson/${KIN_OF_KARI}`, "Practitioner"])
    assert.ok([403, 404].includes(await statusOf(told, path)), path);
  assert.equal(await statusOf(as("nurse", NURSE, {}), `Practitioner/${NURSE}`), 403);

  const self = as("patient", SELF, { fhirUser: `Patient/${KARI}` });
  assert.equal(await statusOf(self, `Patient/${KARI}`), 200);
  assert.equal(await statusOf(self, `Patient/${OLA}`), 403);
  assert.equal(await statusOf(self, "Patient"), 403);
  const kin = as("family", KIN, { fhirUser: `RelatedPerson/${KIN_OF_KARI}` });
  assert.equal(await statusOf(kin, `RelatedPerson/${KIN_OF_KARI}`), 200);
  assert.equal(await statusOf(kin, `Patient/${KARI}`), 403);
});

test("scopes of the person or the system reach colleagues, a scope of one patient does not; both reach who stands beside", async () => {
  for (const compartment of ["user", "system"] as const) {
    const app = { scopes: [scope(compartment, "Practitioner"), scope(compartment, "RelatedPerson")] };
    const wide = as("nurse", OTHER, app);
    assert.equal(await statusOf(wide, `Practitioner/${NURSE}`), 200);
    assert.equal(await statusOf(wide, `RelatedPerson/${KIN_OF_KARI}`), 200);
  }
  const narrow = as("nurse", OTHER, { scopes: [scope("patient", "*")], patientId: KARI });
  assert.equal(await statusOf(narrow, `Practitioner/${NURSE}`), 404);
  assert.equal(await statusOf(narrow, `RelatedPerson/${KIN_OF_KARI}`), 200);
  const ofOla = as("nurse", OTHER, { scopes: [scope("patient", "*")], patientId: OLA });
  assert.equal(await statusOf(ofOla, `RelatedPerson/${KIN_OF_KARI}`), 404);
});
