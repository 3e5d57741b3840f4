import assert from "node:assert/strict";
import { test } from "node:test";
import type { Consent } from "@openward/model";
import { mapConsent } from "./consent.ts";

const organisation = { id: "00000000-0000-7000-8000-000000000001", name: "Home", isDemo: false };
const consent: Consent = {
  ...{ id: "00000000-0000-7000-8000-000000000002", version: 1, organisationId: organisation.id },
  ...{ patientId: "00000000-0000-7000-8000-000000000003", status: "active", decision: "deny", categories: ["glucose"] },
  ...{ purpose: "care", actors: [{ kind: "role", role: "nurse" }], from: 0, to: 86_400_000, isSilent: false },
  ...{ saidAt: 0, saidBy: "00000000-0000-7000-8000-000000000004", saidAs: "self", note: null },
};

test("a consent has what the foundation of PCF asks for, and nothing that it rules out but kinds of data", () => {
  const { policyRule, verification, performer, policy, sourceAttachment, scope, provision } = mapConsent(
    consent,
    organisation,
  );
  assert.deepEqual(
    [policyRule, verification, provision?.action, provision?.class],
    [undefined, undefined, undefined, undefined],
  );
  assert.equal(provision?.provision, undefined, "no exceptions within: several sentences instead");
  assert.deepEqual(performer, [{ reference: `Patient/${consent.patientId}` }]);
  assert.ok(policy?.[0]?.uri && sourceAttachment?.creation);
  assert.equal(scope?.coding?.[0]?.code, "patient-privacy");
  assert.deepEqual(
    [provision?.type, provision?.purpose?.[0]?.code, provision?.actor?.[0]?.role?.coding?.[0]?.code],
    ["deny", "TREAT", "IRCP"],
  );
  assert.deepEqual(
    provision?.code?.map(({ coding }) => coding?.[0]?.code),
    ["glucose"],
  );
});

test("what somebody else said for the patient does not stand there as the patient's own word", () => {
  for (const saidAs of ["guardian", "staff"] as const)
    assert.equal(mapConsent({ ...consent, saidAs }, organisation).performer?.[0]?.reference, undefined);
});
