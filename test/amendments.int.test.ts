import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { lastingPort } from "./support/ports.ts";
import { type Api, addBeds, apiOf, fhirOf, type RunningWard, removeDataDir, startWard } from "./support/ward.ts";

let ward: RunningWard;
let api: Api;
let beds: Awaited<ReturnType<typeof addBeds>>;
before(async () => {
  ward = await startWard({ httpPort: await lastingPort() });
  api = await apiOf(ward);
  beds = await addBeds(ward, 2);
});
after(async () => {
  await ward.stop();
  removeDataDir(ward.dataDir);
});

interface Observation {
  readonly id: string;
  readonly status: string;
  readonly meta: { readonly versionId: string };
  readonly valueQuantity?: { readonly value: number };
  readonly note?: readonly { readonly text: string }[];
}
interface Bundle {
  readonly entry?: readonly { readonly resource: Observation }[];
}
interface Stream {
  readonly id: string;
  readonly signal: string;
  readonly latest: { readonly value: number; readonly quality: number } | null;
}
type Fhir = Awaited<ReturnType<typeof fhirOf>>;

async function send(deviceId: string, token: string, body: unknown): Promise<void> {
  const response = await fetch(`${ward.url}/ingest/devices/${deviceId}/readings`, {
    method: "POST",
    headers: {
      authorization: `Basic ${Buffer.from(`${deviceId}:${token}`).toString("base64")}`,
      "content-type": "application/json",
    },
    body: JSON.stringify(body),
  });
  assert.equal(response.status, 200);
}

async function observations(fhir: Fhir, patientId: string): Promise<Observation[]> {
  const bundle = await fhir<Bundle>(`Observation?patient=${patientId}&code=8867-4&_sort=date`);
  return (bundle.entry ?? []).map(({ resource }) => resource);
}
const pulse = async (api: Api, patientId: string) =>
  (await api<Stream[]>("GET", `/api/patients/${patientId}/streams`)).find(({ signal }) => signal === "heart-rate");

test("an amendment is told by API and FHIR alike, with its author and its history, also after a kill", async () => {
  const [anna, berit] = beds;
  assert.ok(anna && berit);
  const base = Math.floor(Date.now() / 1000) * 1000 - 3_600_000;
  const at = (n: number) => base + n * 60_000;
  await send(
    anna.deviceId,
    anna.token,
    [0, 1, 2, 3, 4].map((n) => ({ at: at(n), values: { "heart-rate": 70 + n } })),
  );
  const fhir = await fhirOf(ward);
  const path = `/api/patients/${anna.patientId}/amendments`;
  const stream = await pulse(api, anna.patientId);
  assert.ok(stream);
  const reason = "electrode was loose";
  const before = await observations(fhir, anna.patientId);
  assert.deepEqual(
    before.map(({ valueQuantity }) => valueQuantity?.value),
    [70, 71, 72, 73, 74],
  );

  type Made = { id: string; by: string; received: number; corrected: number; at: number };
  const streamId = stream.id;
  const made = await api<Made>("POST", path, {
    kind: "corrected",
    streamId,
    at: at(4),
    value: 64,
    unit: "/min",
    reason,
  });
  assert.deepEqual([made.received, made.corrected], [74, 64]);
  await api("POST", path, { kind: "entered-in-error", streamId, at: at(0), reason });
  assert.deepEqual(
    [(await pulse(api, anna.patientId))?.latest?.value, (await pulse(api, anna.patientId))?.latest?.quality],
    [64, 16],
  );
  const move = { kind: "re-attributed", deviceId: anna.deviceId, from: at(1), to: at(3), toPatientId: berit.patientId };
  const moved = await api<Made>("POST", path, { ...move, reason });

  const check = async () => {
    const told = (await observations(fhir, anna.patientId)).map(({ id, status, valueQuantity, meta }) => [
      id,
      status,
      valueQuantity?.value,
      meta.versionId,
    ]);
    const id = (n: number) => before[n]?.id;
    assert.deepEqual(told, [
      [id(0), "entered-in-error", undefined, "2"],
      [id(1), "entered-in-error", undefined, "2"],
      [id(2), "entered-in-error", undefined, "2"],
      [id(3), "final", 73, "1"],
      [id(4), "corrected", 64, "2"],
    ]);
    const given = await observations(fhir, berit.patientId);
    assert.deepEqual(
      given.map(({ status, valueQuantity }) => [status, valueQuantity?.value]),
      [
        ["final", 71],
        ["final", 72],
      ],
    );
    assert.equal((await fhir<Observation>(`Observation/${id(4)}/_history/1`)).valueQuantity?.value, 74);
    const versions = (await fhir<Bundle>(`Observation/${id(4)}/_history`)).entry ?? [];
    assert.deepEqual(
      versions.map(({ resource }) => resource.valueQuantity?.value),
      [64, 74],
    );
    // What was another's is in no version of the old id.
    await assert.rejects(fhir(`Observation/${id(1)}/_history/1`), /404/);
    const old = (await fhir<Bundle>(`Observation/${id(1)}/_history`)).entry ?? [];
    assert.deepEqual(
      old.map(({ resource }) => [resource.status, resource.valueQuantity]),
      [["entered-in-error", undefined]],
    );
    assert.deepEqual(
      given[0]?.note?.map(({ text }) => text),
      [reason],
    );
    type Provenance = {
      target: { reference: string }[];
      reason: { text: string }[];
      entity: { what: { reference: string } }[];
    };
    const provenance = await fhir<Provenance>(`Provenance/${moved.id}`);
    assert.deepEqual(
      provenance.target.map(({ reference }) => reference),
      [`Device/${anna.deviceId}`, `Patient/${berit.patientId}`],
    );
    assert.deepEqual(
      [provenance.reason, provenance.entity[0]?.what.reference],
      [[{ text: reason }], `Patient/${anna.patientId}`],
    );
    const listed = await api<{ kind: string; direction: string | null; otherPatientId: string | null }[]>(
      "GET",
      `/api/patients/${berit.patientId}/amendments`,
    );
    assert.deepEqual(
      listed.map(({ kind, direction, otherPatientId }) => [kind, direction, otherPatientId]),
      [["re-attributed", "here", anna.patientId]],
    );
  };
  await check();
  await ward.stop("SIGKILL");
  // On the same port, so that tokens and addresses go on.
  ward = await startWard({ dataDir: ward.dataDir, httpPort: ward.httpPort });
  await check();

  // Sent again by a device that had kept it: it goes where its span went.
  await send(anna.deviceId, anna.token, [{ at: at(2) + 1000, values: { "heart-rate": 99 } }]);
  assert.deepEqual(
    (await observations(fhir, berit.patientId)).map(({ valueQuantity }) => valueQuantity?.value),
    [71, 72, 99],
  );
  assert.equal((await pulse(api, berit.patientId))?.latest?.value, 99);
  await api("POST", `/api/patients/${berit.patientId}/amendments/${moved.id}/withdraw`, {
    reason: "it was Anna after all",
  });
  assert.equal(await pulse(api, berit.patientId), undefined);
  assert.deepEqual(
    (await observations(fhir, anna.patientId)).map(({ valueQuantity }) => valueQuantity?.value),
    [undefined, 71, 72, 99, 73, 64],
  );
});

test("an amendment that cannot be is refused with the field, and nobody but the clinical roles may make one", async () => {
  const [, berit] = beds;
  assert.ok(berit);
  const at = Date.now() - 60_000;
  await send(berit.deviceId, berit.token, [{ at, values: { "heart-rate": 70 } }]);
  const streamId = (await pulse(api, berit.patientId))?.id;
  const path = `/api/patients/${berit.patientId}/amendments`;
  const wrong: [object, RegExp][] = [
    [{ kind: "corrected", streamId, at, value: 70 }, /reason/],
    [{ kind: "corrected", streamId, value: 70, reason: "x" }, /At at/],
    [{ kind: "corrected", streamId, at: at + 1, value: 70, unit: "/min", reason: "x" }, /READING_NOT_THERE/],
    [{ kind: "corrected", streamId, at, value: 7000, unit: "/min", reason: "x" }, /VALUE_IMPLAUSIBLE/],
    [{ kind: "re-attributed", deviceId: berit.deviceId, from: at, to: at + 1, reason: "x" }, /toPatientId/],
  ];
  for (const [body, message] of wrong) await assert.rejects(api("POST", path, body), message);
  const { token } = await ward.json("token", "issue", "--role", "clinical-engineer");
  const response = await fetch(`${ward.url}${path}`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    body: JSON.stringify({ kind: "entered-in-error", streamId, at, reason: "x" }),
  });
  assert.equal(response.status, 403);
});
