import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { addBeds, apiOf, fhirOf, type RunningWard, removeDataDir, startWard } from "./support/ward.ts";

let ward: RunningWard;
before(async () => {
  ward = await startWard();
});
after(async () => {
  await ward.stop();
  removeDataDir(ward.dataDir);
});

test("what was measured before two records became one is there after it, also after a restart", async () => {
  const [unknown, known] = await addBeds(ward, 2);
  assert.ok(unknown && known);
  const base = Date.now() - 3_600_000;
  const body = JSON.stringify([0, 1].map((n) => ({ at: base + n * 1000, values: { "heart-rate": 70 + n } })));
  const response = await fetch(`${ward.url}/ingest/devices/${unknown.deviceId}/readings`, {
    method: "POST",
    headers: {
      authorization: `Basic ${Buffer.from(`${unknown.deviceId}:${unknown.token}`).toString("base64")}`,
      "content-type": "application/json",
    },
    body,
  });
  assert.equal(((await response.json()) as { accepted: number }).accepted, 2);

  const check = async (from: RunningWard, isMerged: boolean) => {
    const fhir = await fhirOf(from);
    const api = await apiOf(from);
    const valuesOf = async (patientId: string) => {
      type Entry = { resource: { valueQuantity?: { value: number } } };
      const bundle = await fhir<{ entry?: Entry[] }>(`Observation?patient=${patientId}&code=8867-4&_sort=date`);
      return (bundle.entry ?? []).map(({ resource }) => resource.valueQuantity?.value);
    };
    assert.deepEqual(await valuesOf(unknown.patientId), [70, 71]);
    assert.deepEqual(await valuesOf(known.patientId), isMerged ? [70, 71] : []);
    const span = `from=${base - 60_000}&to=${base + 60_000}&buckets=1`;
    const trend = await api<{ count: number[] }[]>("GET", `/api/patients/${known.patientId}/trend?${span}`);
    assert.equal(
      trend.flatMap(({ count }) => count).reduce((sum, count) => sum + count, 0),
      isMerged ? 2 : 0,
    );
    type Patient = { active: boolean; link?: { type: string; other: { reference: string } }[] };
    const [old, kept] = [
      await fhir<Patient>(`Patient/${unknown.patientId}`),
      await fhir<Patient>(`Patient/${known.patientId}`),
    ];
    assert.equal(old.active, !isMerged);
    if (!isMerged) return;
    assert.deepEqual(old.link, [{ other: { reference: `Patient/${known.patientId}` }, type: "replaced-by" }]);
    assert.deepEqual(kept.link, [{ other: { reference: `Patient/${unknown.patientId}` }, type: "replaces" }]);
    const listed = await api<{ id: string }[]>("GET", "/api/patients");
    assert.ok(!listed.some(({ id }) => id === unknown.patientId), "the list has the one that stays");
  };

  await check(ward, false);
  const api = await apiOf(ward);
  await api("POST", `/api/patients/${unknown.patientId}/merge`, { into: known.patientId });
  await check(ward, true);
  await ward.stop();
  ward = await startWard({ dataDir: ward.dataDir });
  await check(ward, true);
});
