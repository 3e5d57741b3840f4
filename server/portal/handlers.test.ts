import assert from "node:assert/strict";
import { test } from "node:test";
import { type RouteName, routes } from "@openward/api";
import { OutsideTrouble } from "@openward/errors";
import { alarmOf, createWorld, spo2Limits, WARD } from "./testing/world.ts";

/** The answer has the form that the table promises to the portals. */
function assertForm(name: RouteName, body: unknown): void {
  const result = routes[name].response.safeParse(body);
  assert.ok(result.success, `${name}: ${result.error?.message}`);
}

const admission = {
  name: "Hansen, Kari",
  birthDate: "1948-03-21",
  sex: "female",
  mrn: "100",
  wardId: WARD.id,
  bed: "3",
};

test("a patient is admitted with stay and age group, changed, moved, discharged and admitted again", async () => {
  const { call } = await createWorld();
  const admitted = await call("token nurse", "POST", "/api/patients", admission);
  assert.equal(admitted.status, 201);
  assertForm("admit", admitted.body);
  assert.equal(admitted.body.ageGroup, "adult");
  assert.equal(admitted.body.ageGroupSource, "birth-date");
  assert.equal(admitted.body.timeZone, "Europe/Oslo");
  assert.equal(admitted.body.stay.bed, "3");
  const url = `/api/patients/${admitted.body.id}`;
  const changed = await call("token nurse", "PATCH", url, { birthDate: null });
  assert.deepEqual(
    [changed.body.birthDate, changed.body.ageGroup, changed.body.ageGroupSource],
    [null, null, "unknown"],
  );
  assert.equal(changed.body.name, "Hansen, Kari");
  assert.equal(
    (await call("token nurse", "POST", `${url}/transfer`, { wardId: WARD.id, bed: "9" })).body.stay.bed,
    "9",
  );
  assert.equal((await call("token nurse", "POST", `${url}/discharge`)).body.stay, null);
  assert.deepEqual((await call("token nurse", "GET", "/api/patients")).body, []);
  const all = await call("token nurse", "POST", "/api/patients/search", { q: "Hansen", all: true });
  assertForm("patients", all.body);
  assert.equal(all.body.length, 1);
  assert.equal((await call("token nurse", "POST", `${url}/admit`, { wardId: WARD.id, bed: "1" })).body.stay.bed, "1");
});

test("a same or similar name is shown first, and accepted once it has been seen", async () => {
  const { call, newPatient } = await createWorld();
  const { patient } = newPatient("hansen, kari");
  const refused = await call("token nurse", "POST", "/api/patients", admission);
  assert.equal(refused.status, 409);
  assert.equal(refused.body.code, "CONFLICT");
  assertForm("patients", refused.body.similar);
  assert.equal(refused.body.similar[0].id, patient.id);
  const seen = await call("token nurse", "POST", "/api/patients", { ...admission, seenSimilar: [patient.id] });
  assert.equal(seen.status, 201);
  const renamed = await call("token nurse", "PATCH", `/api/patients/${seen.body.id}`, {
    sex: "male",
    name: "Hansen, Kari",
  });
  assert.equal(renamed.status, 200, "the name did not change");
});

test("a patient outside the view is not shown as similar", async () => {
  const { call, newPatient, hidden } = await createWorld();
  hidden.add(newPatient("hansen, kari").patient.id);
  assert.equal((await call("token nurse", "POST", "/api/patients", admission)).status, 201);
});

test("nobody is put into a bed where somebody lies, unless they are said to share it", async () => {
  const { call, newPatient, asked } = await createWorld();
  const { patient: first } = newPatient("Berg, Ola");
  const refused = await call("token nurse", "POST", "/api/patients", { ...admission, bed: "1" });
  assert.deepEqual([refused.status, refused.body.code, refused.body.field], [409, "BED_OCCUPIED", "bed"]);
  assertForm("patients", refused.body.occupants);
  assert.deepEqual(
    refused.body.occupants.map(({ id }: { id: string }) => id),
    [first.id],
  );
  assert.deepEqual(asked, [], "a refused admission leaves no half-made patient");
  const shared = await call("token nurse", "POST", "/api/patients", { ...admission, bed: "1", shareBed: true });
  assert.equal(shared.status, 201);
  const url = `/api/patients/${shared.body.id}`;
  newPatient("Dahl, Eva");
  for (const path of ["transfer", "admit"]) {
    const moved = await call("token nurse", "POST", `${url}/${path}`, { wardId: WARD.id, bed: "3" });
    assert.deepEqual([moved.status, moved.body.occupants[0].name], [409, "Dahl, Eva"], path);
    const place = { wardId: WARD.id, bed: "3", shareBed: true };
    assert.equal((await call("token nurse", "POST", `${url}/${path}`, place)).status, 200);
    await call("token nurse", "POST", `${url}/${path}`, { wardId: WARD.id, bed: "9" });
  }
});

test("somebody unknown gets a name and a record number, and no two the same", async () => {
  const { call } = await createWorld();
  const seen = new Set<string>();
  for (let i = 0; i < 100; i++) {
    const { status, body } = await call("token nurse", "POST", "/api/patients", {
      isUnknown: true,
      wardId: WARD.id,
      bed: `${i}`,
    });
    assert.equal(status, 201);
    assert.match(body.name, /^Unknown, [A-Z][a-z]+( \d)?$/);
    assert.match(body.mrn, /^UNKNOWN-[2-9A-Z]{6}$/);
    assert.deepEqual([body.isUnknown, body.ageGroup], [true, null]);
    seen.add(body.name).add(body.mrn);
  }
  assert.equal(seen.size, 200);
});

test("an admission that cannot be is refused before anything is written", async () => {
  const { call, asked } = await createWorld();
  for (const [change, field] of [
    [{ wardId: "00000000-0000-7000-8000-0000000000ff" }, "wardId"],
    [{ birthDate: "2026-06-11" }, "birthDate"],
    [{ birthDate: "1850-01-01" }, "birthDate"],
    [{ timeZone: "Mars/Base" }, "timeZone"],
    [{ name: undefined }, "body"],
  ] as const) {
    const { status, body } = await call("token nurse", "POST", "/api/patients", { ...admission, ...change });
    assert.equal(status, 422, field);
    assert.equal(body.field, field);
  }
  assert.deepEqual(asked, []);
});

test("two records of one person become one", async () => {
  const { call, newPatient, hidden } = await createWorld();
  const [a, b, c] = [newPatient("Berg, Ola"), newPatient("Berg, Ole"), newPatient("Berg, Olav")].map(
    (r) => r.patient.id,
  );
  hidden.add(String(c));
  const merged = await call("token nurse", "POST", `/api/patients/${a}/merge`, { into: b });
  assert.equal(merged.body.id, b);
  assert.equal((await call("token nurse", "POST", `/api/patients/${b}/merge`, { into: b })).status, 422);
  assert.equal((await call("token nurse", "POST", `/api/patients/${b}/merge`, { into: c })).status, 404);
});

test("streams carry their device, their newest reading and what is expected of them", async () => {
  const { call, newPatient, newStream, latest, runtime } = await createWorld();
  const { id } = newPatient("Berg, Ola").patient;
  const stream = newStream(id, "spo2");
  latest.push({ stream, value: 97, time: 1_000, receivedAt: 1_100, quality: 0 });
  const streams = await call("token nurse", "GET", `/api/patients/${id}/streams`);
  assertForm("streams", streams.body);
  assert.deepEqual(
    [streams.body[0].latest.value, streams.body[0].expectedIntervalMs, streams.body[0].lastAt],
    [97, 1_000, runtime.clock.now()],
  );
  const url = `/api/patients/${id}/streams/${stream.id}/expectation`;
  assertForm("confirmExpectation", (await call("token nurse", "PUT", url, { intervalMs: 5_000 })).body);
  const other = newPatient("Dahl, Eva").patient.id;
  assert.equal((await call("token nurse", "PUT", url.replace(id, other), { intervalMs: 5_000 })).status, 404);
});

test("a trend is in the signal's own unit, and nothing measured is null", async () => {
  const { call, newPatient, newStream } = await createWorld();
  const { id } = newPatient("Berg, Ola").patient;
  newStream(id, "glucose-interstitial", { unit: "mmol/L" });
  newStream(id, "spo2");
  newStream(id, "ecg-lead-ii", { kind: "waveform", unit: "mV" });
  const url = `/api/patients/${id}/trend?from=0&to=2000&buckets=2`;
  const trend = await call("token nurse", "GET", `${url}&signals=glucose-interstitial`);
  assertForm("trend", trend.body);
  assert.equal(trend.body.length, 1);
  assert.deepEqual([trend.body[0].unit, trend.body[0].max, trend.body[0].count], ["mg/dL", [180.156, null], [3, 0]]);
  assert.equal((await call("token nurse", "GET", url)).body.length, 2);
  assert.deepEqual((await call("token nurse", "GET", `${url}&signals=heart-rate`)).body, []);
});

test("a waveform keeps its gaps, and neither it nor its overview may span too much", async () => {
  const { call, newPatient, newStream } = await createWorld();
  const { id } = newPatient("Berg, Ola").patient;
  const stream = newStream(id, "ecg-lead-ii", { kind: "waveform", unit: "mV" });
  const url = (name: string, to: number) => `/api/patients/${id}/${name}?stream=${stream.id}&from=0&to=${to}`;
  const pieces = await call("token nurse", "GET", url("waveform", 60_000));
  assertForm("waveform", pieces.body);
  assert.deepEqual(pieces.body[0].samples, [1, null, 3]);
  assert.equal((await call("token nurse", "GET", url("waveform", 60_001))).body.field, "to");
  const overview = await call("token nurse", "GET", url("waveform-overview", 31 * 86_400_000));
  assertForm("waveformOverview", overview.body);
  assert.deepEqual(overview.body.max, [1, null]);
  assert.equal((await call("token nurse", "GET", url("waveform-overview", 31 * 86_400_000 + 1))).status, 422);
});

test("alarms come most urgent first, are answered by a named person, and the past agrees with the present", async () => {
  const { call, newPatient, alarms, people, hidden } = await createWorld();
  const { id } = newPatient("Berg, Ola").patient;
  const nurse = "00000000-0000-7000-8000-00000000000c";
  people.set(nurse, {
    id: nurse,
    organisationId: "x",
    display: "Nurse Nina",
    role: "nurse",
    createdAt: 0,
    disabledAt: null,
  });
  alarms.push(
    alarmOf(id, { id: "answered", state: "acknowledged", priority: "high", acknowledgedBy: nurse }),
    alarmOf(id, { id: "low", priority: "low" }),
    alarmOf(id, { id: "high", priority: "high" }),
  );
  const list = await call("token nurse", "GET", "/api/alarms");
  assertForm("alarms", list.body);
  assert.deepEqual(
    list.body.map((alarm: { id: string }) => alarm.id),
    ["high", "low", "answered"],
  );
  assert.equal(list.body[2].acknowledgedBy, "Nurse Nina");
  const answered = await call("token nurse", "POST", "/api/alarms/high/acknowledge", { revision: 1 });
  assertForm("acknowledge", answered.body);
  assert.deepEqual([answered.body.state, answered.body.acknowledgedBy], ["acknowledged", "A nurse"]);
  assert.equal((await call("token nurse", "POST", "/api/alarms/high/acknowledge", { revision: 0 })).status, 409);
  const past = await call("token nurse", "GET", `/api/patients/${id}/alarms?from=0&to=86400000`);
  assertForm("patientAlarms", past.body);
  hidden.add(id);
  assert.deepEqual((await call("token nurse", "GET", "/api/alarms")).body, []);
});

test("limits, profile and standby go to the watch and come back with who set them", async () => {
  const { call, newPatient } = await createWorld();
  const { id } = newPatient("Berg, Ola").patient;
  assertForm("limits", (await call("token nurse", "GET", `/api/patients/${id}/limits`)).body);
  const set = await call("token nurse", "PUT", `/api/patients/${id}/limits`, { limits: [spo2Limits] });
  assertForm("setLimits", set.body);
  assert.equal(set.body.limits[0].setBy, "A nurse");
  assertForm(
    "chooseProfile",
    (await call("token nurse", "POST", `/api/patients/${id}/limits/profile`, { ageGroup: "adult" })).body,
  );
  const standby = await call("token nurse", "POST", `/api/patients/${id}/standby`, { reason: "bath", minutes: 20 });
  assert.equal(standby.status, 201);
  assertForm("startStandby", standby.body);
  assert.equal(standby.body.startedBy, "A nurse");
  assert.equal(
    (await call("token nurse", "POST", `/api/patients/${id}/standby`, { reason: "bath", minutes: 721 })).status,
    422,
  );
});

test("the profile that is watched stands on the patient and the tile, and a choice reaches the screens", async () => {
  const { call, newPatient, asked, portal } = await createWorld();
  const { id } = newPatient("Unknown, Blue", { birthDate: null }).patient;
  const profileNow = async () => (await call("token nurse", "GET", `/api/patients/${id}`)).body.limitsProfile;
  assert.equal(await profileNow(), null);
  const chosen = await call("token nurse", "POST", `/api/patients/${id}/limits/profile`, { ageGroup: "adult" });
  assert.equal(chosen.status, 200, "of an unknown age a person chooses, and nothing is asked again");
  assert.equal(await profileNow(), "adult");
  assert.deepEqual(asked.at(-1), ["screens", id]);
  const principal = { kind: "person", id: "n", display: "N", organisationId: "o", role: "nurse" } as const;
  const tile = await portal.tiles.tileOf(
    { principal, has: () => true, patientIds: () => [id], recordsOf: () => [id], hiddenOf: () => undefined },
    id,
  );
  assert.deepEqual([tile?.patient.ageGroup, tile?.patient.limitsProfile], [null, "adult"]);
});

test("limits of another age than the known one are refused until somebody confirms them", async () => {
  const { call, newPatient } = await createWorld();
  const { id } = newPatient("Weber, Jonas", { birthDate: "2020-07-10" }).patient;
  const choose = (body: object) => call("token nurse", "POST", `/api/patients/${id}/limits/profile`, body);
  const refused = await choose({ ageGroup: "adult" });
  assert.deepEqual([refused.status, refused.body.code, refused.body.field], [409, "AGE_GROUP_DIFFERS", "confirm"]);
  assert.equal((await call("token nurse", "GET", `/api/patients/${id}/limits`)).body.profile, null);
  assert.equal((await choose({ ageGroup: "pediatric" })).status, 200);
  assert.equal((await choose({ ageGroup: "adult", confirm: true })).body.profile, "adult");
});

test("limits that somebody has changed meanwhile are not written over", async () => {
  const { call, newPatient, runtime } = await createWorld();
  const { id } = newPatient("Berg, Ola").patient;
  await call("token nurse", "POST", `/api/patients/${id}/limits/profile`, { ageGroup: "adult" });
  const url = `/api/patients/${id}/limits`;
  const [profile] = (await call("token nurse", "GET", url)).body.limits;
  assert.equal(profile.isDefault, true);
  const put = (high: number, seen?: string | null) =>
    call("token nurse", "PUT", url, { limits: [{ ...spo2Limits, high, ...(seen === undefined ? {} : { seen }) }] });
  // Two people who look at the same limits save at once: one is told.
  const both = await Promise.all([put(98, profile.revision), put(99, profile.revision)]);
  assert.deepEqual(both.map(({ status }) => status).sort(), [200, 409]);
  const late = both.find(({ status }) => status === 409);
  assert.deepEqual([late?.body.code, late?.body.field], ["CONFLICT", "limits[0].seen"]);
  runtime.advance(1_000);
  const [present] = (await call("token nurse", "GET", url)).body.limits;
  assert.equal((await put(97)).status, 409, "what a person has set is not replaced unseen");
  assert.equal((await put(97, null)).status, 409);
  assert.equal((await put(97, present.revision)).status, 200);
  assert.equal((await put(96, present.revision)).status, 409, "seen, and replaced since");
});

test("a device is added with its token once, put on a patient and taken off", async () => {
  const { call, newPatient, hidden, runtime, asked } = await createWorld();
  const { id } = newPatient("Berg, Ola").patient;
  assertForm("deviceTypes", (await call("token nurse", "GET", "/api/device-types")).body);
  const added = await call("token clinical-engineer", "POST", "/api/devices", {
    id: "oximeter-1",
    type: "pulse-oximeter",
  });
  assert.deepEqual([added.status, added.body], [201, { id: "oximeter-1", token: "secret-token" }]);
  const wrong = await call("token clinical-engineer", "POST", "/api/devices", { type: "toaster" });
  assert.deepEqual([wrong.status, wrong.body.field], [422, "type"]);
  const assigned = await call("token nurse", "POST", "/api/devices/oximeter-1/assign", { patientId: id });
  assertForm("assign", assigned.body);
  assert.deepEqual(
    [assigned.body.patient.id, assigned.body.connected, assigned.body.typeDisplay],
    [id, true, "Pulse oximeter"],
  );
  assert.equal(assigned.body.lastSeenAt, runtime.clock.now() - 1_000, "from memory: the database follows behind");
  assert.deepEqual(asked.at(-1), ["assign", "oximeter-1", id, runtime.clock.now()]);
  for (const from of [runtime.clock.now() + 120_000, 0]) {
    const refused = await call("token nurse", "POST", "/api/devices/oximeter-1/assign", { patientId: id, from });
    assert.deepEqual([refused.status, refused.body.field], [422, "from"]);
  }
  hidden.add(id);
  assert.equal((await call("token nurse", "GET", "/api/devices/oximeter-1")).body.patient, null);
  const list = await call("token nurse", "GET", "/api/devices");
  assertForm("devices", list.body);
  assert.equal(list.body[0].patient, null);
  assert.equal((await call("token nurse", "POST", "/api/devices/oximeter-1/assign", { patientId: id })).status, 404);
  hidden.delete(id);
  assert.equal((await call("token nurse", "POST", "/api/devices/oximeter-1/release")).body.patient, null);
  const revoked = await call("token clinical-engineer", "POST", "/api/devices/oximeter-1/revoke");
  assert.equal(revoked.body.revokedAt, runtime.clock.now());
  assert.equal((await call("token nurse", "POST", "/api/devices/oximeter-1/assign", { patientId: id })).status, 409);
  assert.equal((await call("token nurse", "GET", "/api/devices/none")).status, 404);
});

const QUARANTINED = "00000000-0000-7000-8000-00000000000d";
function quarantined(raw: Uint8Array) {
  const problems = [{ index: 0, code: "NO_ASSOCIATION", field: "device", readings: 1 }];
  return {
    entry: {
      id: QUARANTINED,
      organisationId: "x",
      deviceId: "oximeter-1",
      receivedAt: 5,
      kind: "readings" as const,
      contentType: "json",
      problems,
      raw,
    },
    state: "open" as const,
    resolvedBy: null,
    resolvedAt: null,
    patientId: null,
  };
}

test("a quarantined message is shown as text or bytes, and given to one patient once", async () => {
  const { call, newPatient, quarantine, asked, hidden } = await createWorld();
  const { id } = newPatient("Berg, Ola").patient;
  quarantine.set(QUARANTINED, quarantined(Buffer.from('{"values":{"spo2":97}}')));
  assertForm("quarantine", (await call("token nurse", "GET", "/api/quarantine")).body);
  const url = `/api/quarantine/${QUARANTINED}`;
  const shown = await call("token nurse", "GET", url);
  assertForm("quarantined", shown.body);
  assert.deepEqual([shown.body.text, shown.body.hex, shown.body.size], ['{"values":{"spo2":97}}', null, 22]);
  const answers = await Promise.all([
    call("token nurse", "POST", `${url}/claim`, { patientId: id }),
    call("token nurse", "POST", `${url}/claim`, { patientId: id }),
  ]);
  assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 409]);
  assert.deepEqual(asked, [
    ["reprocess", QUARANTINED, { patientId: id, useReceivedTime: false, by: "nurse-1" }],
    ["resolve", "claimed", { patientId: id }],
  ]);
  assert.equal((await call("token nurse", "POST", `${url}/dismiss`, { reason: "test" })).status, 409);
  hidden.add(id);
  assert.equal((await call("token nurse", "GET", url)).status, 404);
});

test("input is run again by engineers only, for a span that is one and a patient whom they see", async () => {
  const { call, newPatient, asked, hidden } = await createWorld();
  const { id } = newPatient("Berg, Ola").patient;
  const body = { from: 1000, to: 2000, patientId: id, apply: { reason: "a fault of the decoder", confirm: "c0de" } };
  const answer = await call("token clinical-engineer", "POST", "/api/reprocess", body);
  assert.equal(answer.status, 200);
  assertForm("reprocess", answer.body);
  assert.deepEqual([answer.body.code, answer.body.added, answer.body.applied.added], ["c0de", 1, 1]);
  assert.deepEqual(asked, [["reprocessing", "clinical-engineer-1", { ...body, deviceId: null }]]);
  assert.equal((await call("token nurse", "POST", "/api/reprocess", body)).status, 403);
  assert.equal((await call("token clinical-engineer", "POST", "/api/reprocess", { ...body, to: 1000 })).status, 422);
  const withoutReason = { ...body, apply: { reason: "", confirm: "c0de" } };
  assert.equal((await call("token clinical-engineer", "POST", "/api/reprocess", withoutReason)).status, 422);
  hidden.add(id);
  assert.equal((await call("token clinical-engineer", "POST", "/api/reprocess", body)).status, 404);
});

test("a message of which nothing can be taken stays open", async () => {
  const { call, newPatient, quarantine } = await createWorld();
  const { id } = newPatient("Berg, Ola").patient;
  quarantine.set(QUARANTINED, quarantined(new Uint8Array(0)));
  const answer = await call("token nurse", "POST", `/api/quarantine/${QUARANTINED}/claim`, { patientId: id });
  assert.deepEqual([answer.status, answer.body.accepted], [200, 0]);
  assert.equal(quarantine.get(QUARANTINED)?.state, "open");
  quarantine.set(QUARANTINED, quarantined(Uint8Array.of(0x00, 0xff, 0x10)));
  assert.equal((await call("token nurse", "GET", `/api/quarantine/${QUARANTINED}`)).body.hex, "00ff10");
  const dismissed = await call("token nurse", "POST", `/api/quarantine/${QUARANTINED}/dismiss`, {
    reason: "a test device",
  });
  assertForm("dismiss", dismissed.body);
  assert.equal(dismissed.body.state, "dismissed");
});

test("people get a link that works once; the system says its addresses", async () => {
  const { call, asked } = await createWorld();
  const added = await call("token administrator", "POST", "/api/people", { display: "Nina", role: "nurse" });
  assert.equal(added.status, 201);
  assertForm("addPerson", added.body);
  assert.match(added.body.link, /#token=link-for-/);
  assertForm("people", (await call("token administrator", "GET", "/api/people")).body);
  const link = `/api/people/${added.body.person.id}/link`;
  assertForm("newLink", (await call("token administrator", "POST", link)).body);
  const mailed = await call("token administrator", "POST", link, { email: "nina@home.example" });
  assertForm("newLink", mailed.body);
  assert.equal(mailed.body.link, null, "what went by mail is shown to nobody else");
  assert.deepEqual(asked.at(-1)?.slice(0, 2), ["mail", "nina@home.example"]);
  assert.equal((await call("token administrator", "POST", link, { email: "nina" })).body.field, "email");
  const ola = { display: "Ola", role: "nurse", email: "ola@home.example" };
  const { body } = await call("token administrator", "POST", "/api/people", ola);
  assertForm("addPerson", body);
  assert.ok(!JSON.stringify(body).includes(ola.email), "an address is in no answer");
  const changes = asked.filter(([what]) => what === "change person");
  assert.deepEqual(changes, [["change person", body.person.id, { email: ola.email }]]);
  const wrong = await call("token administrator", "POST", "/api/people", { ...ola, email: "ola" });
  assert.equal(wrong.body.field, "email");
  assert.deepEqual((await call(null, "GET", "/api/about")).body.isDemo, true, "before the sign-in too");
  assertForm("system", (await call("token nurse", "GET", "/api/system")).body);
  assertForm("session", (await call("token nurse", "GET", "/api/session")).body);
});

test("tiles hold the worn streams only, and are there while the database is away", async () => {
  let isDown = false;
  const { portal, newPatient, newStream, latest, alarms, hidden, call, runtime } = await createWorld((deps) => {
    const gate = <T extends unknown[], R>(ask: (...args: T) => Promise<R>) => {
      return async (...args: T) => {
        if (isDown) throw new OutsideTrouble("DATABASE_UNREACHABLE", true);
        return ask(...args);
      };
    };
    const { patients, telemetry } = deps;
    return {
      ...deps,
      patients: { ...patients, list: gate(patients.list), find: gate(patients.find) },
      telemetry: { ...telemetry, streams: gate(telemetry.streams) },
    };
  });
  const { id } = newPatient("Berg, Ola").patient;
  await call("token clinical-engineer", "POST", "/api/devices", { id: "oximeter-1" });
  await call("token nurse", "POST", "/api/devices/oximeter-1/assign", { patientId: id });
  const worn = newStream(id, "spo2");
  const spot = newStream(id, "body-temperature", { deviceId: "thermometer-9", unit: "Cel" });
  const takenOff = newStream(id, "heart-rate", { deviceId: "patch-9", unit: "/min" });
  for (const stream of [worn, spot, takenOff]) {
    latest.push({ stream, value: 37, time: runtime.clock.now(), receivedAt: runtime.clock.now(), quality: 0 });
  }
  alarms.push(alarmOf(id, { id: "low", priority: "low" }), alarmOf(id, { id: "high", priority: "high" }));
  const principal = { kind: "person", id: "n", display: "N", organisationId: "o", role: "nurse" } as const;
  const view = {
    principal,
    has: (one: string) => one === id && !hidden.has(id),
    patientIds: () => [id],
    recordsOf: (one: string) => [one],
    hiddenOf: () => undefined,
  };

  const [tile, ...others] = await portal.tiles.tilesOf(view, { wardId: WARD.id });
  assert.equal(others.length, 0);
  assert.deepEqual(
    tile?.streams.map((stream) => stream.signal),
    ["spo2", "body-temperature"],
  );
  assert.equal(tile?.latest.length, 2);
  assert.deepEqual(
    tile?.alarms.map((alarm) => alarm.id),
    ["high", "low"],
  );
  isDown = true;
  assert.equal((await portal.tiles.tilesOf(view, {})).length, 1);
  assert.equal((await portal.tiles.tileOf(view, id))?.patient.name, "Berg, Ola");
  hidden.add(id);
  assert.deepEqual(await portal.tiles.tilesOf(view, { patients: [id] }), []);
  assert.equal(await portal.tiles.tileOf(view, id), null);
});

test("an application is opened by a person, for a patient who may be seen", async () => {
  const { call, newPatient } = await createWorld();
  const { patient } = newPatient("hansen, kari");
  const clientId = "01a21be5-3a66-74b6-aa2d-3de4f7cce145";
  const ask = (as: string, patientId: string) => call(as, "POST", "/api/smart/launch", { clientId, patientId });
  const opened = await ask("session nurse", patient.id);
  assert.equal(opened.status, 201);
  assertForm("launchApp", opened.body);
  assert.equal((await ask("token nurse", patient.id)).status, 403);
  assert.equal((await ask("session nurse", "01a21be5-3a66-74b6-aa2d-00000000dead")).status, 404);
});
