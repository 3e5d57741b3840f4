import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import type { Bundle, Observation } from "@medplum/fhirtypes";
import { askFhir } from "./support/fhir.ts";
import { addBeds, apiOf, type RunningWard, removeDataDir, startWard } from "./support/ward.ts";

let ward: RunningWard;
let bed: { patientId: string; deviceId: string; token: string };
let other: { patientId: string; deviceId: string; token: string };
let integration: string;
/** Sees what was measured, and nothing that anybody wrote. */
let engineer: string;
const BASE = Math.floor(Date.now() / 60_000) * 60_000 - 6 * 3_600_000;
const iso = (minutes: number) => new Date(BASE + minutes * 60_000).toISOString();

before(async () => {
  ward = await startWard();
  [bed, other] = (await addBeds(ward, 2)) as [typeof bed, typeof bed];
  const tokenFor = async (role: string) => (await ward.json<{ token: string }>("token", "issue", "--role", role)).token;
  integration = await tokenFor("integration");
  engineer = await tokenFor("clinical-engineer");
});
after(async () => {
  await ward.stop();
  removeDataDir(ward.dataDir);
});

async function ask(
  method: string,
  path: string,
  body?: unknown,
  { headers = {}, token = integration }: { headers?: Record<string, string>; token?: string } = {},
) {
  const answer = await askFhir(ward, token)(method, path, body, headers);
  return { ...answer, etag: answer.headers.get("etag") };
}

const loinc = (code: string) => ({ coding: [{ system: "http://loinc.org", code }] });
const ucum = (value: number, code: string) => ({ value, unit: code, system: "http://unitsofmeasure.org", code });
const observation = (more: object) => ({
  resourceType: "Observation",
  status: "final",
  subject: { reference: `Patient/${bed.patientId}` },
  effectiveDateTime: iso(0),
  ...more,
});
const matches = (bundle: Bundle): Observation[] =>
  (bundle.entry ?? []).flatMap(({ resource, search }) => (search?.mode === "match" ? [resource as Observation] : []));
const find = async (query: string, token = integration) => {
  const { status, json, text } = await ask("GET", `Observation?${query}`, undefined, { token });
  assert.equal(status, 200, text);
  return matches(json);
};

test("everything about a value is kept, the value is a reading, and there is one Observation of it", async () => {
  const sent = `{"resourceType":"Observation","identifier":[{"system":"urn:lab","value":"w 1"}],"status":"final",
    "category":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/observation-category","code":"vital-signs"}]}],
    "code":{"coding":[{"system":"http://loinc.org","code":"29463-7"}],"text":"Weight"},
    "subject":{"reference":"Patient/${bed.patientId}"},"effectiveDateTime":"${iso(0)}",
    "performer":[{"display":"Nurse of the morning"}],
    "valueQuantity":{"value":72.50,"unit":"kg","system":"http://unitsofmeasure.org","code":"kg"},
    "bodySite":{"text":"whole"},"method":{"text":"standing scale"},"note":[{"text":"with shoes"}]}`;
  const created = await ask("POST", "Observation", sent);
  assert.equal(created.status, 201, created.text);
  const { id } = created.json;
  assert.match(created.text, /"value":72\.50/);
  const read = await ask("GET", `Observation/${id}`);
  assert.equal(read.text, created.text);
  assert.deepEqual([read.json.method.text, read.json.note[0].text], ["standing scale", "with shoes"]);
  // Whoever may read no text sees the reading that was made of it, under the same id.
  const measured = await ask("GET", `Observation/${id}`, undefined, { token: engineer });
  assert.equal(measured.json.valueQuantity.value, 72.5);
  assert.deepEqual([measured.json.method, measured.json.identifier], [undefined, undefined]);
  for (const token of [integration, engineer])
    assert.deepEqual(
      (await find(`patient=${bed.patientId}&code=29463-7`, token)).map((one) => one.id),
      [id],
    );
  assert.equal((await find("identifier=urn:lab|w 1")).length, 1);
  assert.equal((await find("identifier=urn:lab|w 1", engineer)).length, 0);
  assert.equal((await find("method:text=standing&value-quantity=gt72||kg")).length, 1);
  // The same once more is the same, and in other words another text about the same reading.
  assert.deepEqual((await ask("POST", "Observation", sent)).json.id, id);
  const twin = await ask("POST", "Observation", sent.replace("w 1", "w 2"));
  assert.equal(twin.status, 201);
  assert.notEqual(twin.json.id, id);
  assert.equal((await find(`patient=${bed.patientId}&code=29463-7`)).length, 2);
  assert.equal((await find(`patient=${bed.patientId}&code=29463-7`, engineer)).length, 1);
  assert.equal((await ask("DELETE", `Observation/${twin.json.id}`)).status, 200);
  assert.equal((await find(`patient=${bed.patientId}&code=29463-7`, engineer))[0]?.status, "final");
});

test("an update corrects the reading, a deletion takes it back, and every version stays", async () => {
  const created = await ask(
    "POST",
    "Observation",
    observation({ code: loinc("8867-4"), valueQuantity: ucum(88, "/min") }),
  );
  assert.equal(created.status, 201, created.text);
  const { id } = created.json;
  const reading = async () =>
    (await ask("GET", `Observation/${id}`, undefined, { token: engineer })).json as Observation;
  const changed = { ...created.json, status: "corrected", valueQuantity: ucum(78, "/min") };
  assert.equal((await ask("PUT", `Observation/${id}`, changed, { headers: { "if-match": 'W/"7"' } })).status, 412);
  const updated = await ask("PUT", `Observation/${id}`, changed, { headers: { "if-match": 'W/"1"' } });
  assert.deepEqual([updated.status, updated.etag], [200, 'W/"2"'], updated.text);
  assert.deepEqual([(await reading()).valueQuantity?.value, (await reading()).status], [78, "corrected"]);
  const patch = [{ op: "add", path: "/note", value: [{ text: "read again" }] }];
  const patched = await ask("PATCH", `Observation/${id}`, patch, {
    headers: { "content-type": "application/json-patch+json" },
  });
  assert.deepEqual([patched.status, patched.json.note[0].text], [200, "read again"], patched.text);
  assert.equal((await ask("DELETE", `Observation/${id}`)).status, 200);
  assert.equal((await ask("GET", `Observation/${id}`)).status, 410);
  assert.equal((await reading()).status, "entered-in-error");
  assert.deepEqual(await find(`patient=${bed.patientId}&code=8867-4`), []);
  assert.equal((await ask("GET", `Observation/${id}/_history/1`)).json.valueQuantity.value, 88);
  const history = (await ask("GET", `Observation/${id}/_history`)).json as Bundle;
  assert.deepEqual(
    history.entry?.map(({ request }) => request?.method),
    ["DELETE", "PATCH", "PUT", "POST"],
  );
  // Written again it is there again, and so is its reading.
  const { meta: _meta, ...again } = created.json;
  const back = await ask("POST", "Observation", again);
  assert.deepEqual([back.status, back.json.id], [201, id], back.text);
  assert.deepEqual([(await reading()).valueQuantity?.value, (await reading()).status], [88, "final"]);
});

test("what cannot be a reading is kept as it was written, and the answer says so", async () => {
  const cases: readonly (readonly [more: object, reason: string])[] = [
    [{ code: loinc("8310-5"), valueQuantity: { ...ucum(34, "Cel"), comparator: "<" } }, "NOT_SUPPORTED"],
    [{ code: loinc("8867-4"), valueQuantity: { value: 71, unit: "bpm" } }, "UNIT_UNKNOWN"],
    [{ code: loinc("8867-4"), effectiveDateTime: "2026-11", valueQuantity: ucum(71, "/min") }, "TIME_MALFORMED"],
    [{ code: loinc("8867-4"), status: "entered-in-error", valueQuantity: ucum(71, "/min") }, "NOT_SUPPORTED"],
    [{ code: { text: "mood" }, valueString: "better than yesterday" }, "SIGNAL_UNKNOWN"],
    [{ code: loinc("883-9"), valueCodeableConcept: { text: "A" } }, "SIGNAL_UNKNOWN"],
  ];
  for (const [more, reason] of cases) {
    const { status, json, text } = await ask(
      "POST",
      "Observation",
      observation({ ...more, note: [{ text: reason }] }),
      {
        headers: { prefer: "return=OperationOutcome" },
      },
    );
    assert.equal(status, 201, text);
    const codes = json.issue.flatMap((one: { details: { coding?: { code: string }[] } }) => one.details.coding ?? []);
    assert.deepEqual(
      codes.map(({ code }: { code: string }) => code),
      [reason],
      text,
    );
    assert.match(text, /it is no reading/);
  }
  assert.equal((await find("value-string=better")).length, 1);
  assert.equal((await find("value-string=better", engineer)).length, 0);
  // What would be a wrong reading is neither.
  const wrong = await ask(
    "POST",
    "Observation",
    observation({ code: loinc("8867-4"), valueQuantity: ucum(9_000, "/min") }),
  );
  assert.equal(wrong.status, 400, wrong.text);
  assert.equal((await find(`patient=${bed.patientId}&value-quantity=9000`)).length, 0);
});

test("readings of devices and texts are one search, in every order, page by page", async () => {
  const readings = Array.from({ length: 6 }, (_, i) => ({
    at: BASE + (100 + 2 * i) * 60_000,
    values: { spo2: { value: 90 + i, unit: "%" } },
  }));
  const sent = await fetch(`${ward.url}/ingest/devices/${other.deviceId}/readings`, {
    method: "POST",
    headers: {
      authorization: `Basic ${Buffer.from(`${other.deviceId}:${other.token}`).toString("base64")}`,
      "content-type": "application/json",
    },
    body: JSON.stringify(readings),
  });
  assert.equal(sent.status, 200, await sent.text());
  const subject = { reference: `Patient/${other.patientId}` };
  const entry = [
    // About a reading of the device: its text stands in its place.
    observation({
      subject,
      device: { reference: `Device/${other.deviceId}` },
      code: loinc("59408-5"),
      effectiveDateTime: iso(102),
      valueQuantity: ucum(91, "%"),
      note: [{ text: "on the other hand" }],
    }),
    observation({ subject, code: loinc("59408-5"), effectiveDateTime: iso(105), valueQuantity: ucum(89.5, "%") }),
    observation({
      subject,
      code: loinc("59408-5"),
      effectiveDateTime: iso(107),
      valueQuantity: { value: 88, unit: "percent" },
    }),
    observation({
      subject,
      code: loinc("59408-5"),
      effectiveDateTime: undefined,
      valueQuantity: { value: 87, unit: "percent" },
    }),
  ].map((resource) => ({ resource, request: { method: "POST", url: "Observation" } }));
  const batch = await ask("POST", "", { resourceType: "Bundle", type: "batch", entry });
  assert.deepEqual(
    batch.json.entry.map(({ response }: { response: { status: string } }) => response.status),
    ["201", "201", "201", "201"],
    batch.text,
  );
  const overlaid = batch.json.entry[0].resource;
  assert.equal(overlaid.meta.versionId, "2", "what the device said was the first version");
  assert.equal((await ask("GET", `Observation/${overlaid.id}/_history/1`)).json.note, undefined);

  const search = `Observation?patient=${other.patientId}&code=59408-5`;
  const all = async (query: string, path = search) => {
    const values: (number | undefined)[] = [];
    for (let url: string | undefined = `${path}&${query}`; url; ) {
      const { status, json, text } = await ask("GET", url);
      assert.equal(status, 200, text);
      assert.ok(matches(json).length <= 2, "a page is no longer than it was asked for");
      values.push(...matches(json).map(({ valueQuantity }) => valueQuantity?.value));
      url = json.link.find(({ relation }: { relation: string }) => relation === "next")?.url;
    }
    return values;
  };
  const byDate = [90, 91, 92, 89.5, 93, 88, 94, 95, 87];
  assert.deepEqual(await all("_sort=date&_count=2"), byDate);
  assert.deepEqual(await all("_sort=-date&_count=2"), [...byDate.slice(0, -1).reverse(), 87]);
  assert.deepEqual(await all("_sort=value-quantity&_count=2"), [87, 88, 89.5, 90, 91, 92, 93, 94, 95]);
  assert.deepEqual(await all("_sort=-value-quantity&_count=2&value-quantity=gt92"), [95, 94, 93]);
  assert.deepEqual(await all("_count=2&date=ge2020&value-quantity=lt90,gt94"), [95, 88, 89.5]);
  assert.deepEqual(await all("_count=2&note:missing=true&status=final&method:missing=false"), []);
  const everything = `Patient/${other.patientId}/$everything?_type=Observation`;
  assert.deepEqual(await all("_count=2", everything), byDate, "each once, the text in place of its reading");
  const within = `start=${encodeURIComponent(iso(103))}&end=${encodeURIComponent(iso(107))}`;
  assert.deepEqual(await all(`_count=2&${within}`, everything), [92, 89.5, 93, 88]);
  const counted = await ask("GET", `${search}&_summary=count`);
  assert.equal(counted.json.total, 9, counted.text);
  assert.equal((await find(`subject:Patient._id=${other.patientId}&code=59408-5&_count=1000`)).length, 9);
});

test("a transaction writes Observations beside other types, and each is called by the name that it has here", async () => {
  const post = (fullUrl: string, url: string, resource: object) => ({
    fullUrl,
    resource,
    request: { method: "POST", url },
  });
  const subject = { reference: `Patient/${bed.patientId}` };
  const entry = [
    post("urn:uuid:00000000-0000-4000-8000-000000000001", "DiagnosticReport", {
      resourceType: "DiagnosticReport",
      status: "final",
      code: { text: "morning" },
      subject,
      result: [{ reference: "urn:uuid:00000000-0000-4000-8000-000000000002" }],
    }),
    post(
      "urn:uuid:00000000-0000-4000-8000-000000000002",
      "Observation",
      observation({
        code: { text: "all of it" },
        effectiveDateTime: iso(200),
        hasMember: [{ reference: "urn:uuid:00000000-0000-4000-8000-000000000003" }],
      }),
    ),
    post(
      "urn:uuid:00000000-0000-4000-8000-000000000003",
      "Observation",
      observation({
        code: loinc("85354-9"),
        effectiveDateTime: iso(200),
        component: [
          { code: loinc("8480-6"), valueQuantity: ucum(128, "mm[Hg]") },
          { code: loinc("8462-4"), valueQuantity: ucum(81, "mm[Hg]") },
          { code: { text: "cuff" }, valueString: "large" },
        ],
      }),
    ),
  ];
  const { status, json, text } = await ask("POST", "", { resourceType: "Bundle", type: "transaction", entry });
  assert.equal(status, 200, text);
  const [report, whole, panel] = json.entry.map(({ resource }: { resource: object }) => resource);
  assert.equal(report.result[0].reference, `Observation/${whole.id}`);
  assert.equal(whole.hasMember[0].reference, `Observation/${panel.id}`);
  assert.match(panel.id, /^p/);
  assert.equal((await find(`has-member=Observation/${panel.id}`))[0]?.id, whole.id);
  assert.deepEqual(
    (await find(`_has:Observation:has-member:_id=${whole.id}`)).map(({ id }) => id),
    [panel.id],
  );
  const measured = await find(`patient=${bed.patientId}&code=85354-9`, engineer);
  assert.deepEqual(
    measured.map(({ id, component }) => [id, component?.map(({ valueQuantity }) => valueQuantity?.value)]),
    [[panel.id, [128, 81]]],
  );
  const texts = await find(`patient=${bed.patientId}&code=85354-9`);
  assert.deepEqual(
    texts.map(({ id, component }) => [id, component?.length]),
    [[panel.id, 3]],
  );
  const faulty = entry.map((one, i) => (i === 2 ? { ...one, resource: { ...one.resource, status: "banana" } } : one));
  assert.equal((await ask("POST", "", { resourceType: "Bundle", type: "transaction", entry: faulty })).status, 400);
  assert.equal((await find(`has-member=Observation/${panel.id}`)).length, 1);
});

test("what was written is counted and told by $lastn and $stats, also where it is no reading", async () => {
  const local = (code: string) => ({ coding: [{ system: "urn:hospital", code }] });
  const vital = [
    { coding: [{ system: "http://terminology.hl7.org/CodeSystem/observation-category", code: "vital-signs" }] },
  ];
  const write = async (more: object) => {
    const { status, json, text } = await ask("POST", "Observation", observation({ category: vital, ...more }));
    assert.equal(status, 201, text);
    return json as Observation;
  };
  // Of a signal, under a code that nobody knows, and of a signal in a way that no stream takes.
  const breaths = await write({ code: loinc("9279-1"), effectiveDateTime: iso(300), valueQuantity: ucum(61, "/min") });
  for (const [minute, value] of [
    [301, 1500],
    [302, 2.5],
    [303, 3],
  ] as const)
    await write({
      code: local("grip"),
      effectiveDateTime: iso(minute),
      valueQuantity: value > 100 ? ucum(value, "g") : ucum(value, "kg"),
    });
  await write({
    code: local("grip"),
    effectiveDateTime: iso(304),
    valueQuantity: { ...ucum(9, "kg"), comparator: ">" },
  });
  const odd = { code: loinc("9279-1"), effectiveDateTime: iso(305), valueQuantity: { value: 70, unit: "breaths" } };
  const untaken = await write(odd);
  assert.match(breaths.id ?? "", /^r/);
  assert.doesNotMatch(untaken.id ?? "", /^r/);

  const last = async (query: string, token = integration) => {
    const { status, json, text } = await ask("GET", `Observation/$lastn?patient=${bed.patientId}&${query}`, undefined, {
      token,
    });
    assert.equal(status, 200, text);
    return matches(json);
  };
  const byId = async (id = "") => (await ask("GET", `Observation/${id}`)).json as Observation;
  assert.deepEqual(await last("code=9279-1"), [await byId(untaken.id)]);
  assert.deepEqual(
    (await last("code=urn:hospital|grip&max=2")).map(({ valueQuantity }) => valueQuantity?.value),
    [9, 3],
  );
  const all = await last("category=vital-signs");
  for (const one of all) assert.deepEqual(one, await byId(one.id), "as a read tells it");
  assert.ok(all.some(({ code }) => code.coding?.[0]?.code === "grip"));
  // Who may read no text is told what was measured.
  const measured = await last("code=9279-1", engineer);
  assert.deepEqual(
    measured.map(({ id, note }) => [id, note]),
    [[breaths.id, undefined]],
  );

  // Over a reading: what a read tells, with its note; and where a text is older than many others it is found all the same.
  const over = { ...(await byId(breaths.id)), note: [{ text: "at rest" }] };
  assert.equal((await ask("PUT", `Observation/${breaths.id}`, over)).status, 200);
  const before = `date=lt${iso(305)}`;
  assert.deepEqual(
    (await last(`code=9279-1&${before}`)).map(({ note }) => note?.[0]?.text),
    ["at rest"],
  );
  const request = { method: "POST", url: "Observation" };
  const entry = Array.from({ length: 120 }, (_, i) => ({
    request,
    resource: observation({
      category: vital,
      code: local(`n${i % 3}`),
      effectiveDateTime: iso(320 + i / 10),
      valueQuantity: ucum(i, "kg"),
    }),
  }));
  assert.equal((await ask("POST", "", { resourceType: "Bundle", type: "batch", entry })).status, 200);
  const many = await last("category=vital-signs");
  assert.deepEqual(
    many.flatMap(({ code, valueQuantity }) =>
      code.coding?.[0]?.system === "urn:hospital" ? [`${code.coding[0].code} ${valueQuantity?.value}`] : [],
    ),
    ["n2 119", "n1 118", "n0 117", "grip 9"],
  );
  assert.ok(many.some(({ id }) => id === untaken.id));

  const counted = async (query: string, token = integration) => {
    const asked = `subject=${bed.patientId}&${query}&statistic=count,average&period=${iso(299)}&period=${iso(310)}`;
    const { status, json, text } = await ask("GET", `Observation/$stats?${asked}`, undefined, { token });
    assert.equal(status, 200, text);
    const { component = [], note } = json.parameter[0].resource as Observation;
    return [component.map(({ valueQuantity }) => `${valueQuantity?.value} ${valueQuantity?.code}`), note?.[0]?.text];
  };
  assert.deepEqual(await counted("system=urn:hospital&code=grip"), [
    ["3 1", "2333.33333333333 g"],
    "Not counted: 1 written under this code, in other units or as bounds.",
  ]);
  assert.deepEqual(await counted("code=9279-1&system=http://loinc.org"), [
    ["1 1", "61 /min"],
    "Not counted: 1 written under this code, in other units or as bounds.",
  ]);
  assert.deepEqual(await counted("system=urn:hospital&code=grip", engineer), [
    ["0 1", "undefined undefined"],
    undefined,
  ]);
});

test("what is amended in a portal is told in the text, and a kill leaves neither text nor reading behind", async () => {
  const sent = observation({
    code: loinc("8310-5"),
    effectiveDateTime: iso(300),
    valueQuantity: ucum(39.5, "Cel"),
    note: [{ text: "ear" }],
  });
  const { id } = (await ask("POST", "Observation", sent)).json;
  const api = await apiOf(ward);
  const streams = await api<{ id: string; signal: string; deviceId: string }[]>(
    "GET",
    `/api/patients/${bed.patientId}/streams`,
  );
  const { id: streamId, deviceId } = streams.find(({ signal }) => signal === "body-temperature") ?? {};
  const path = `/api/patients/${bed.patientId}/amendments`;
  const at = Date.parse(iso(300));
  const amended = await api<{ id: string }>("POST", path, {
    ...{ kind: "corrected", streamId, at, value: 37.5, unit: "Cel", reason: "a digit too many" },
  });
  const version = async (n: number) => {
    for (const end = Date.now() + 120_000; Date.now() < end; await wait(50)) {
      const { json, etag } = await ask("GET", `Observation/${id}`);
      if (etag === `W/"${n}"`) return json as Observation;
    }
    throw new Error(`version ${n} of the text did not come`);
  };
  const told = await version(2);
  assert.deepEqual([told.status, told.valueQuantity?.value], ["corrected", 37.5]);
  assert.deepEqual(
    told.note?.map(({ text }) => text),
    ["ear", "a digit too many"],
  );
  const provenance = (await ask("GET", `Provenance/${amended.id}`)).json;
  assert.equal(provenance.target[0].reference, `Observation/${id}`);
  await api("POST", `${path}/${amended.id}/withdraw`, { reason: "it was right" });
  const { note, ...rest } = await version(3);
  assert.deepEqual([rest.status, rest.valueQuantity?.value, note?.length], ["final", 39.5, 1]);
  await api("POST", path, { kind: "entered-in-error", streamId, at, reason: "of the neighbour" });
  assert.equal((await version(4)).status, "entered-in-error");

  // What was the neighbour's all along leaves this record with its text, and is read in the other as it was measured.
  const wrong = observation({ code: loinc("8310-5"), effectiveDateTime: iso(310), valueQuantity: ucum(36.4, "Cel") });
  const theirs = await ask("POST", "Observation", wrong);
  assert.equal(theirs.status, 201, theirs.text);
  const minute = { from: Date.parse(iso(310)), to: Date.parse(iso(311)) };
  const move = { kind: "re-attributed", deviceId, ...minute, toPatientId: other.patientId, reason: "the wrong bed" };
  const moved = await api<{ id: string }>("POST", path, move);
  const leaving = `Observation/${theirs.json.id}`;
  for (const end = Date.now() + 120_000; (await ask("GET", leaving)).status !== 410; await wait(50))
    assert.ok(Date.now() < end, "the text left");
  const ofTemperature = (patientId: string, token: string) =>
    find(`patient=${patientId}&code=8310-5&date=${iso(310)}`, token);
  for (const token of [integration, engineer]) {
    // Who reads no texts sees that something measured was not this patient's.
    const left = await ofTemperature(bed.patientId, token);
    assert.deepEqual(
      left.map(({ status, valueQuantity }) => [status, valueQuantity]),
      token === engineer ? [["entered-in-error", undefined]] : [],
    );
    const [given, ...more] = await ofTemperature(other.patientId, token);
    assert.deepEqual(
      [given?.valueQuantity?.value, given?.subject?.reference, more.length],
      [36.4, `Patient/${other.patientId}`, 0],
    );
  }
  // Taken back, text and reading are again whose they were.
  await api("POST", `${path}/${moved.id}/withdraw`, { reason: "the right bed after all" });
  for (const end = Date.now() + 120_000; (await ask("GET", leaving)).status !== 200; await wait(50))
    assert.ok(Date.now() < end, "the text came back");
  const taken = await ofTemperature(other.patientId, engineer);
  assert.deepEqual(
    taken.filter(({ status }) => status !== "entered-in-error"),
    [],
  );
  for (const token of [integration, engineer])
    assert.deepEqual(
      (await ofTemperature(bed.patientId, token)).map((one) => [one.id, one.valueQuantity?.value]),
      [[theirs.json.id, 36.4]],
    );

  const last = observation({ code: loinc("8302-2"), effectiveDateTime: iso(301), valueQuantity: ucum(172.0, "cm") });
  const answered = await ask("POST", "Observation", last);
  assert.equal(answered.status, 201, answered.text);
  const { dataDir } = ward;
  await ward.stop("SIGKILL");
  ward = await startWard({ dataDir });
  assert.deepEqual((await ask("GET", `Observation/${answered.json.id}`)).text, answered.text);
  for (const token of [integration, engineer])
    assert.deepEqual(
      (await find(`patient=${bed.patientId}&code=8302-2`, token)).map((one) => [one.id, one.valueQuantity?.value]),
      [[answered.json.id, 172]],
    );
  assert.equal((await ask("GET", `Observation/${id}`)).etag, 'W/"4"');
});
