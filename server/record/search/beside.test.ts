import assert from "node:assert/strict";
import { test } from "node:test";
import type { Bundle, OperationOutcome } from "@medplum/fhirtypes";
import { KARI, OLA, readingOf, server, streamOf, T0, viewOf, ward } from "../testing/ward.ts";

/** More readings of Kari than stand beside her, and a few of Ola. */
function measured() {
  const made = ward(viewOf(KARI, OLA));
  const of = (patientId: string) => streamOf("heart-rate", "/min", { patientId });
  for (let n = 0; n < 300; n++) made.telemetry.add(readingOf(of(KARI), T0 - n * 1000, 60 + (n % 40)));
  for (let n = 0; n < 3; n++) made.telemetry.add(readingOf(of(OLA), T0 - n * 1000, 70));
  return server(made);
}

const timesOf = (bundle: Bundle, patientId: string): string[] =>
  (bundle.entry ?? []).flatMap(({ resource, search }) =>
    resource?.resourceType === "Observation" &&
    search?.mode === "include" &&
    resource.subject?.reference === `Patient/${patientId}`
      ? [resource.effectiveDateTime ?? ""]
      : [],
  );

test("beside patients stand the newest readings of each, and a warning where there are more", async () => {
  const { get } = measured();
  const { status, body } = await get(`/fhir/Patient?_id=${KARI},${OLA}&_revinclude=Observation:subject`);
  assert.equal(status, 200);
  const bundle = body as Bundle;
  const kari = timesOf(bundle, KARI);
  assert.equal(kari.length, 200);
  assert.deepEqual(kari, [...kari].sort().reverse());
  assert.equal(Date.parse(kari[0] ?? ""), T0, "the newest is the first");
  assert.equal(timesOf(bundle, OLA).length, 3);
  const said = bundle.entry?.find(({ search }) => search?.mode === "outcome")?.resource as OperationOutcome;
  const warning = said.issue.find(({ code }) => code === "incomplete");
  assert.equal(warning?.severity, "warning");
  assert.match(warning?.diagnostics ?? "", new RegExp(`Observation\\?subject=Patient/${KARI}&_sort=-date`));
  assert.doesNotMatch(warning?.diagnostics ?? "", new RegExp(OLA), "of whom all are here");
});

test("of one patient alone there is no warning where all readings stand beside", async () => {
  const { body } = await measured().get(`/fhir/Patient?_id=${OLA}&_revinclude=Observation:patient`);
  assert.equal(timesOf(body as Bundle, OLA).length, 3);
  assert.ok(!(body as Bundle).entry?.some(({ search }) => search?.mode === "outcome"));
});

test("a compartment has the readings of its patient and of its device, and is there for who may read the owner", async () => {
  const { get } = measured();
  const found = async (url: string) => {
    const { status, body } = await get(`/fhir/${url}`);
    const entry = (body as Bundle).entry ?? [];
    return [status, entry.filter(({ search }) => search?.mode === "match").length];
  };
  assert.deepEqual(await found(`Patient/${OLA}/Observation`), [200, 3]);
  assert.deepEqual(await found(`Patient/${OLA}/Observation?code=8867-4&_count=2`), [200, 2]);
  assert.deepEqual(await found(`Patient/${OLA}/Observation?patient=${KARI}`), [200, 0], "of nobody beside");
  assert.deepEqual(await found("Device/monitor-1/Observation?_count=400"), [200, 303]);
  assert.equal((await found("Patient/00000000-0000-4000-8000-0000000000a3/Observation"))[0], 404, "who is not seen");
  assert.equal((await found("Device/nothing/*"))[0], 404);
});
