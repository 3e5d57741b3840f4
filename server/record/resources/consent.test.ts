import assert from "node:assert/strict";
import { test } from "node:test";
import type { Consent as FhirConsent } from "@medplum/fhirtypes";
import { aConsent, everyConsent } from "../testing/consents.ts";
import { organisation } from "../testing/ward.ts";
import { DATA_CATEGORY, mapConsent } from "./consent.ts";

/**
 * What IHE Privacy Consent on FHIR asks of a Consent: how often what is there, and which codes.
 *
 * Source: github.com/IHE/ITI.PCF, input/fsh/consent.fsh, FoundationConsent, BasicConsent and IntermediateConsent (commit 3fefea1 of
 * 2024-10-21). What FHIR's own Consent asks is in ../validity.test.ts.
 */
const FOUNDATION: readonly Rule[] = [
  ["status", 1, 1],
  ["scope", 1, 1],
  ["category", 1, null],
  ["patient", 1, 1],
  ["dateTime", 1, 1],
  ["performer", 1, null],
  ["organization", 1, null],
  ["sourceAttachment", 1, 1],
  ["policy.uri", 1, 1],
  ["policy.authority", 0, 0],
  ["policyRule", 0, 0],
  ["verification", 0, 0],
  ["provision", 1, 1],
  ["provision.type", 1, 1],
  ["provision.action", 0, 0],
  ["provision.class", 0, 0],
  ["provision.code", 0, 0],
  ["provision.provision.provision", 0, 0],
];
const BASIC: readonly Rule[] = [
  ["provision.securityLabel", 0, 0],
  ["provision.dataPeriod", 0, 0],
  ["provision.data", 0, 0],
  ["provision.provision", 0, 0],
];
const INTERMEDIATE: readonly Rule[] = [["provision.securityLabel", 0, 0]];
const BASIC_PURPOSES = new Set(["TREAT", "HPAYMT", "HOPERAT", "BTG"]);

type Rule = readonly [path: string, min: number, max: number | null];
const PCF = "https://profiles.ihe.net/ITI/PCF/StructureDefinition/IHE.PCF.";

/** Everything that stands at a path, lists opened. */
function at(resource: object, path: string): unknown[] {
  return path.split(".").reduce<unknown[]>(
    (found, name) =>
      found.flatMap((one) => {
        const value = (one as Readonly<Record<string, unknown>>)[name];
        return Array.isArray(value) ? value : value === undefined ? [] : [value];
      }),
    [resource],
  );
}

function broken(resource: FhirConsent): string[] {
  const isBasic = resource.meta?.profile?.[0] === `${PCF}consentBasic`;
  const problems = [...FOUNDATION, ...(isBasic ? BASIC : INTERMEDIATE)].flatMap(([path, min, max]) => {
    const count = at(resource, path).length;
    return count >= min && count <= (max ?? count) ? [] : [`${path}: ${count}`];
  });
  const codings = (path: string) =>
    at(resource, path).map((coding) => {
      const { system, code } = coding as { system?: string; code?: string };
      return `${system}#${code}`;
    });
  const terminology = "http://terminology.hl7.org/CodeSystem/";
  if (!codings("scope.coding").includes(`${terminology}consentscope#patient-privacy`)) problems.push("scope");
  const roles = codings("provision.actor.role.coding");
  if (roles.some((role) => role !== `${terminology}v3-ParticipationType#IRCP`)) problems.push("provision.actor.role");
  if (roles.length !== at(resource, "provision.actor").length) problems.push("provision.actor.role is left out");
  for (const purpose of codings("provision.purpose")) {
    const [system, code = ""] = purpose.split("#");
    if (system !== `${terminology}v3-ActReason` || (isBasic && !BASIC_PURPOSES.has(code))) problems.push(purpose);
  }
  return problems;
}

test("whatever a patient says is a basic or an intermediate consent of PCF", () => {
  const all = everyConsent().map((consent) => mapConsent(consent, organisation));
  assert.equal(all.length, 2 * 3 * 3 * 3 * 2 * 3 * 2);
  for (const resource of all) assert.deepEqual(broken(resource), [], JSON.stringify(resource));
  assert.deepEqual(
    new Set(all.flatMap(({ meta }) => meta?.profile)),
    new Set([`${PCF}consentBasic`, `${PCF}consentIntermediate`]),
  );
});

test("these rules find what breaks them", () => {
  const right = mapConsent(aConsent, organisation);
  const { performer: _, ...nobody } = right;
  assert.deepEqual(broken(nobody), ["performer: 0"]);
  const coded = { ...right.provision, code: [{ text: "glucose" }] };
  assert.deepEqual(broken({ ...right, provision: coded }), ["provision.code: 1"]);
  const research = mapConsent({ ...aConsent, purpose: "research" }, organisation);
  assert.deepEqual(broken({ ...research, meta: { profile: [`${PCF}consentBasic`] } }), [
    "http://terminology.hl7.org/CodeSystem/v3-ActReason#HRESCH",
  ]);
});

test("who does not know our kinds of data must not act on a statement that names some of them", () => {
  const kindsOf = (categories: readonly string[]) =>
    mapConsent({ ...aConsent, categories }, organisation).provision?.modifierExtension?.map(
      ({ url, valueCoding }) => `${url} ${valueCoding?.code}`,
    );
  assert.deepEqual(kindsOf(["glucose", "heart"]), [`${DATA_CATEGORY} glucose`, `${DATA_CATEGORY} heart`]);
  const [every = []] = everyConsent()
    .map(({ categories }) => categories)
    .sort((a, b) => b.length - a.length);
  assert.equal(kindsOf(every), undefined, "about everything it is said as PCF says it");
  assert.equal(kindsOf(every.slice(1))?.length, every.length - 1);
});

test("to everybody is to nobody in particular, and kept from care is kept from all that is not research", () => {
  const provisionOf = (more: Partial<typeof aConsent>) => mapConsent({ ...aConsent, ...more }, organisation).provision;
  assert.equal(provisionOf({ actors: [{ kind: "role", role: "nurse" }, { kind: "everybody" }] })?.actor, undefined);
  assert.equal(provisionOf({})?.actor?.length, 1);
  const codes = (more: Partial<typeof aConsent>) => provisionOf(more)?.purpose?.map(({ code }) => code);
  assert.deepEqual(codes({}), ["TREAT", "HPAYMT", "HOPERAT"]);
  assert.deepEqual(codes({ decision: "permit" }), ["TREAT"]);
  assert.deepEqual(codes({ decision: "permit", purpose: "research" }), ["HRESCH"]);
  assert.equal(codes({ purpose: null }), undefined);
});

test("what somebody else said for the patient does not stand there as the patient's own word", () => {
  const performerOf = (saidAs: typeof aConsent.saidAs) => mapConsent({ ...aConsent, saidAs }, organisation).performer;
  assert.deepEqual(performerOf("self"), [{ reference: `Patient/${aConsent.patientId}` }]);
  const [guardian] = performerOf("guardian") ?? [];
  assert.deepEqual([guardian?.type, guardian?.identifier?.value], ["RelatedPerson", aConsent.saidBy]);
  for (const saidAs of ["guardian", "staff"] as const) assert.equal(performerOf(saidAs)?.[0]?.reference, undefined);
});
