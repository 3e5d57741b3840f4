import assert from "node:assert/strict";
import { test } from "node:test";
import type { Bundle, CapabilityStatement, Observation, OperationOutcome } from "@medplum/fhirtypes";
import { OutsideTrouble } from "@openward/errors";
import { readingId } from "./observation-id.ts";
import {
  BASE,
  HIDDEN,
  KARI,
  NOW,
  OLA,
  readingOf,
  server,
  streamOf,
  T0,
  viewOf,
  ward,
  waveformOf,
} from "./testing/ward.ts";

const heart = streamOf("heart-rate", "/min");
const hidden = streamOf("heart-rate", "/min", { patientId: HIDDEN });

function busyWard() {
  const house = ward();
  for (let i = 0; i < 10; i++) {
    house.telemetry.add(readingOf(heart, T0 + i * 60_000, 70 + i));
    house.telemetry.add(readingOf(streamOf("spo2", "%"), T0 + i * 60_000, 97));
    house.telemetry.add(readingOf(hidden, T0 + i * 60_000, 50));
  }
  house.telemetry.add(readingOf(streamOf("heart-rate", "/min", { patientId: OLA, deviceId: "cuff_2" }), T0, 60));
  const cuff = (signal: string) => streamOf(signal, "mm[Hg]", { deviceId: "cuff_2" });
  house.telemetry.add(readingOf(cuff("nibp-systolic"), T0, 120));
  house.telemetry.add(readingOf(cuff("nibp-diastolic"), T0, 80));
  house.telemetry.add(readingOf(cuff("nibp-mean"), T0, 93));
  house.telemetry.add(readingOf(cuff("nibp-systolic"), T0 + 60_000, 121));
  house.telemetry.add(readingOf(streamOf("steps", "{steps}"), T0, 400));
  const ecg = streamOf("ecg-lead-ii", "mV", { kind: "waveform" });
  house.telemetry.addWaveform(
    waveformOf(
      ecg,
      T0,
      100,
      Array.from({ length: 2_500 }, (_, i) => i),
    ),
  );
  return house;
}

const matches = (body: unknown) =>
  ((body as Bundle).entry ?? []).flatMap(({ search, resource }) =>
    search?.mode === "match" && resource ? [resource] : [],
  );
const codeOf = (body: unknown) => (body as OperationOutcome).issue[0]?.details?.coding?.[0]?.code;
const fieldOf = (body: unknown) => (body as OperationOutcome).issue[0]?.expression?.[0];

const { app, get } = server(busyWard());
const found = async (query: string) => {
  const { status, body } = await get(`/fhir/Observation?_count=1000&${query}`);
  assert.equal(status, 200, JSON.stringify(body));
  return matches(body) as Observation[];
};

const counts: readonly [query: string, count: number][] = [
  ["", 27],
  [`patient=${KARI}`, 26],
  [`patient=Patient/${KARI}`, 26],
  [`subject=Patient/${KARI}`, 26],
  [`subject:Patient=${KARI}`, 26],
  [`patient=${BASE}/Patient/${KARI}`, 26],
  [`patient=${KARI},${OLA}`, 27],
  [`patient=${KARI}&patient=${OLA}`, 0],
  [`patient=${HIDDEN}`, 0],
  ["patient=00000000-0000-4000-8000-00000000dead", 0],
  ["subject=Device/monitor-1", 0],
  ["code=8867-4", 11],
  ["code=http://loinc.org|8867-4", 11],
  ["code=http%3A%2F%2Floinc.org%7C8867-4", 11],
  ["code=147842", 11],
  ["code=urn:iso:std:iso:11073:10101|150456", 10],
  ["code=urn:openward:signal|spo2", 10],
  ["code=59408-5", 10],
  ["code=2708-6", 10],
  ["code=8867-4,2708-6", 21],
  ["code=59408-5&code=2708-6", 10],
  ["code=8867-4&code=2708-6", 0],
  ["code=85354-9", 2],
  ["code=8480-6", 0],
  ["component-code=8480-6", 2],
  ["component-code=8462-4", 2],
  ["component-code=8478-0", 1],
  ["combo-code=8480-6", 2],
  ["combo-code=85354-9", 2],
  ["combo-code=8867-4,8478-0", 12],
  ["code=131330", 3],
  ["code=nonsense", 0],
  ["category=vital-signs", 23],
  ["category=http://terminology.hl7.org/CodeSystem/observation-category|vital-signs", 23],
  ["category=activity", 1],
  ["category=procedure", 3],
  ["category=vital-signs&code=85354-9", 2],
  ["device=monitor-1", 24],
  ["device=Device/x-2f5e8f93078172be5dd0ded274dc5acf24319606", 3],
  ["device=nobody", 0],
  ["date=2026-11-22", 27],
  ["date=2026-11-22T06:01Z", 3],
  ["date=ge2026-11-22T06:01:00Z&date=lt2026-11-22T06:03:00Z&code=8867-4", 2],
  ["date=gt2026-11-22T06:08:00Z&code=8867-4", 1],
  ["date=le2026-11-22T06:00:00Z&code=8867-4", 2],
  ["date=2026-11-22T06:00:00Z&code=131330", 0],
  ["date=gt2026-11-22T06:00:05Z&code=131330", 3],
  ["date=sa2026-11-22T06:00:09Z&code=131330", 2],
  ["date=2025", 0],
  ["date=2026-11-22T07:01%2B01:00", 3],
  ["date=2026-11-22T07:01+01:00", 3],
  ["date=2026-11-22T07:01", 3],
  ["_id=nothing", 0],
  [`_id=${readingId(heart.id, T0, 0)}`, 1],
  [`_id=${readingId(heart.id, T0, 0)},${readingId(heart.id, T0 + 60_000, 0)},x`, 2],
  [`_id=${readingId(heart.id, T0, 0)}&code=2708-6`, 0],
  [`_id=${readingId(heart.id, T0, 0)}&patient=${OLA}`, 0],
  [`_id=${readingId(heart.id, T0, 0)}&date=2025`, 0],
  [`_id=${readingId(hidden.id, T0, 0)}`, 0],
];
for (const [query, count] of counts) {
  test(`Observation?${query} finds ${count}`, async () => {
    assert.equal((await found(query)).length, count);
  });
}

test("every Observation that a search finds is read by its id, and is the same", async () => {
  const all = await found("");
  assert.equal(new Set(all.map(({ id }) => id)).size, all.length);
  for (const one of all) {
    const { status, body, headers } = await get(`/fhir/Observation/${one.id}`);
    assert.equal(status, 200, String(one.id));
    assert.deepEqual(body, one);
    assert.equal(headers.etag, `W/"${one.meta?.versionId}"`);
    assert.equal(headers["content-type"], "application/fhir+json; charset=utf-8");
    assert.equal(matches((await get(`/fhir/Observation?_id=${one.id}`)).body).length, 1);
  }
});

test("the newest comes first unless the search says otherwise", async () => {
  const values = async (query: string) => (await found(query)).map(({ valueQuantity }) => valueQuantity?.value);
  assert.deepEqual(await values(`patient=${KARI}&code=8867-4`), [79, 78, 77, 76, 75, 74, 73, 72, 71, 70]);
  assert.deepEqual((await values(`patient=${KARI}&code=8867-4&_sort=date`))[0], 70);
});

test("a systolic pressure on its own is read as a component of its panel, and has no id of its own", async () => {
  const stream = streamOf("nibp-systolic", "mm[Hg]", { deviceId: "cuff_2" });
  assert.equal((await get(`/fhir/Observation/${readingId(stream.id, T0, 0)}`)).status, 404);
  const { body } = await get("/fhir/Observation?code=8480-6");
  const remark = (body as Bundle).entry?.find(({ search }) => search?.mode === "outcome")?.resource as OperationOutcome;
  assert.match(remark.issue[0]?.details?.text ?? "", /combo-code/);
});

test("a patient outside the view cannot be told from one that does not exist", async () => {
  const nobody = "00000000-0000-4000-8000-00000000dead";
  const answer = async (url: string) => {
    const { status, body } = await get(url);
    return JSON.stringify({ status, body }).replaceAll(HIDDEN, "X").replaceAll(nobody, "X");
  };
  for (const path of [
    `Patient/ID`,
    `Patient?_id=ID`,
    `Observation?patient=ID`,
    `Device?patient=ID`,
    `Observation?patient=ID&_summary=count`,
  ]) {
    assert.equal(
      await answer(`/fhir/${path.replace("ID", HIDDEN)}`),
      await answer(`/fhir/${path.replace("ID", nobody)}`),
      path,
    );
  }
  const ghost = streamOf("heart-rate", "/min", { patientId: nobody });
  assert.equal(
    await answer(`/fhir/Observation/${readingId(hidden.id, T0, 0)}`),
    await answer(`/fhir/Observation/${readingId(ghost.id, T0, 0)}`),
  );
  assert.equal(await answer(`/fhir/DeviceMetric/${hidden.id}`), await answer(`/fhir/DeviceMetric/${ghost.id}`));
  const everything = await Promise.all(
    ["Patient", "Device", "DeviceMetric", "Observation?_count=1000"].map((path) => get(`/fhir/${path}`)),
  );
  assert.doesNotMatch(JSON.stringify(everything), new RegExp(`${HIDDEN}|Nils`));
});

const lists: readonly [path: string, ids: string[]][] = [
  ["Patient", [KARI, OLA]],
  [`Patient?_id=${OLA}`, [OLA]],
  ["Patient?identifier=MRN-a1", [KARI]],
  ["Patient?identifier=urn:openward:mrn:00000000-0000-4000-8000-000000000001|MRN-a1", [KARI]],
  ["Patient?identifier=other|MRN-a1", []],
  ["Patient?identifier=MRN-a3", []],
  ["Patient?name=han", [KARI]],
  ["Patient?name=anne", [KARI]],
  ["Patient?name=ØSTBY", [OLA]],
  ["Patient?name:contains=ANSE", [KARI]],
  ["Patient?family=hansen&given=kari", [KARI]],
  ["Patient?birthdate=1948-03-21", [KARI]],
  ["Patient?birthdate=1948", [KARI]],
  ["Patient?birthdate=gt1950", [OLA]],
  ["Patient?birthdate=ge1948-03-21", [KARI, OLA]],
  ["Patient?gender=male", [OLA]],
  ["Patient?gender=male,female", [KARI, OLA]],
  ["Device", ["monitor-1", "x-2f5e8f93078172be5dd0ded274dc5acf24319606"]],
  ["Device?_id=monitor-1", ["monitor-1"]],
  [`Device?patient=${KARI}`, ["monitor-1"]],
  ["Device?identifier=cuff_2", ["x-2f5e8f93078172be5dd0ded274dc5acf24319606"]],
  ["Device?identifier=urn:openward:device|monitor-1", ["monitor-1"]],
  ["Device?type=blood-pressure-cuff", ["x-2f5e8f93078172be5dd0ded274dc5acf24319606"]],
  ["DeviceMetric?type=59408-5", [streamOf("spo2", "%").id]],
  ["DeviceMetric?source=Device/monitor-1&type=8867-4", [heart.id]],
  [`DeviceMetric?identifier=urn:openward:stream|${heart.id}`, [heart.id]],
  [`DeviceMetric?_id=${heart.id},${hidden.id},not-a-uuid`, [heart.id]],
];
for (const [path, ids] of lists) {
  test(`${path} lists ${ids.length}, each readable`, async () => {
    const { status, body } = await get(`/fhir/${encodeURI(path)}`);
    assert.equal(status, 200);
    assert.deepEqual(
      matches(body)
        .map(({ id }) => id)
        .sort(),
      [...ids].sort(),
    );
    assert.equal((body as Bundle).total, ids.length);
    for (const resource of matches(body)) {
      assert.deepEqual((await get(`/fhir/${resource.resourceType}/${resource.id}`)).body, resource);
    }
  });
}

test("lists are paged by links", async () => {
  const first = (await get("/fhir/DeviceMetric?_count=3")).body as Bundle;
  const ids = matches(first).map(({ id }) => id);
  let next = first.link?.find(({ relation }) => relation === "next")?.url;
  while (next) {
    const page = (await get(next.replace("http://ward.example", ""))).body as Bundle;
    ids.push(...matches(page).map(({ id }) => id));
    next = page.link?.find(({ relation }) => relation === "next")?.url;
  }
  assert.equal(ids.length, first.total);
  assert.deepEqual(ids, [...new Set(ids)].sort());
});

test("the self link names what was used and nothing else", async () => {
  const { body } = await get(`/fhir/Observation?patient=${KARI}&colour=red&code=http://loinc.org|8867-4&_count=2`);
  const bundle = body as Bundle;
  assert.equal(bundle.link?.[0]?.url, `${BASE}/Observation?patient=${KARI}&code=http://loinc.org|8867-4&_count=2`);
  assert.equal(bundle.entry?.[0]?.fullUrl, `${BASE}/Observation/${bundle.entry?.[0]?.resource?.id}`);
  const remark = bundle.entry?.at(-1);
  assert.equal(remark?.search?.mode, "outcome");
  assert.equal(codeOf(remark?.resource), "PARAMETER_UNKNOWN");
  assert.equal(fieldOf(remark?.resource), "http.colour");
});

test("the number of matches is told when asked for, and cheap", async () => {
  const { body } = await get(`/fhir/Observation?patient=${KARI}&_summary=count`);
  assert.deepEqual([(body as Bundle).total, (body as Bundle).entry], [26, undefined]);
  assert.equal(((await get(`/fhir/Observation?patient=${KARI}&_count=2&_total=accurate`)).body as Bundle).total, 26);
  assert.equal(((await get(`/fhir/Observation?patient=${KARI}&_count=2`)).body as Bundle).total, undefined);
});

test("too many to count is said, and the page comes all the same", async () => {
  const house = ward();
  for (let i = 0; i < 10_001; i++) house.telemetry.add(readingOf(heart, T0 + i, 70));
  const large = server(house);
  const { status, body } = await large.get("/fhir/Observation?_summary=count");
  assert.deepEqual([status, codeOf(body), fieldOf(body)], [422, "SEARCH_TOO_COSTLY", "http._summary"]);
  const page = (await large.get("/fhir/Observation?_total=accurate&_count=1")).body as Bundle;
  assert.deepEqual(
    [page.total, matches(page).length, codeOf(page.entry?.at(-1)?.resource)],
    [undefined, 1, "SEARCH_TOO_COSTLY"],
  );
});

test("a search without a patient in a large house asks for one", async () => {
  const many = Array.from({ length: 1001 }, (_, i) => `00000000-0000-4000-9000-${String(i).padStart(12, "0")}`);
  const { status, body } = await server(ward(viewOf(...many))).get("/fhir/Observation");
  assert.deepEqual([status, codeOf(body), fieldOf(body)], [422, "SEARCH_TOO_COSTLY", "http.patient"]);
});

test("a search comes by POST as well", async () => {
  const answer = await app.inject({
    method: "POST",
    url: `/fhir/Observation/_search?patient=${KARI}`,
    headers: { authorization: "Bearer good", "content-type": "application/x-www-form-urlencoded" },
    payload: "code=8867-4&_count=3",
  });
  assert.equal(answer.statusCode, 200);
  const bundle = answer.json() as Bundle;
  assert.equal(matches(bundle).length, 3);
  assert.match(bundle.link?.[1]?.url ?? "", /code=8867-4&_count=3&_cursor=/);
});

test("a batch of reads and searches is answered entry by entry", async () => {
  const entry = [
    `Patient/${KARI}`,
    `Patient/${HIDDEN}`,
    "Observation?code=8867-4&_count=1",
    "Observation?date=x",
    "Encounter/1",
  ].map((url) => ({ request: { method: "GET", url } }));
  const answer = await app.inject({
    method: "POST",
    url: "/fhir",
    headers: { authorization: "Bearer good", "content-type": "application/fhir+json" },
    payload: { resourceType: "Bundle", type: "batch", entry },
  });
  const bundle = answer.json() as Bundle;
  assert.equal(bundle.type, "batch-response");
  assert.deepEqual(
    bundle.entry?.map(({ response }) => response?.status),
    ["200", "404", "200", "400", "404"],
  );
  assert.equal(fieldOf(bundle.entry?.[3]?.response?.outcome), "http.date");
  assert.equal(matches(bundle.entry?.[2]?.resource).length, 1);
});

const bad: readonly [
  what: string,
  request: {
    method?: "GET" | "PUT" | "POST" | "DELETE" | "PATCH";
    url: string;
    headers?: Record<string, string>;
    payload?: string | object;
  },
  status: number,
  code: string,
  field?: string,
][] = [
  [
    "nobody signed in",
    { url: "/fhir/Patient", headers: { authorization: "" } },
    401,
    "NOT_SIGNED_IN",
    "http.Authorization",
  ],
  ["a wrong token", { url: "/fhir/Patient", headers: { authorization: "Bearer bad" } }, 401, "NOT_SIGNED_IN"],
  [
    "XML wanted",
    { url: "/fhir/Patient", headers: { accept: "application/fhir+xml" } },
    406,
    "NOT_ACCEPTABLE",
    "http.Accept",
  ],
  ["XML by _format", { url: "/fhir/Patient?_format=xml" }, 406, "NOT_ACCEPTABLE", "http._format"],
  [
    "FHIR R5 wanted",
    { url: "/fhir/Patient", headers: { accept: "application/fhir+json; fhirVersion=5.0" } },
    406,
    "NOT_ACCEPTABLE",
    "http.Accept",
  ],
  ["a type that is not here", { url: "/fhir/Encounter" }, 404, "NOT_FOUND"],
  ["a read of such a type", { url: "/fhir/Encounter/1" }, 404, "NOT_FOUND"],
  ["a name of every object as type", { url: "/fhir/constructor/1" }, 404, "NOT_FOUND"],
  ["no type at all", { url: "/fhir" }, 405, "NOT_SUPPORTED"],
  ["an id that is none", { url: "/fhir/Observation/%00%0a" }, 404, "NOT_FOUND"],
  ["an id with a path in it", { url: "/fhir/Observation/..%2f..%2fetc" }, 404, "NOT_FOUND"],
  ["a long id", { url: `/fhir/Observation/r${"0".repeat(2000)}` }, 404, "NOT_FOUND"],
  ["a time beyond all time", { url: `/fhir/Observation/r${"0".repeat(32)}zzzzzzzzz0` }, 404, "NOT_FOUND"],
  ["history", { url: `/fhir/Patient/${KARI}/_history` }, 405, "NOT_SUPPORTED"],
  ["a version that is not there", { url: `/fhir/Patient/${KARI}/_history/7` }, 404, "NOT_FOUND"],
  [
    "a create",
    { method: "POST", url: "/fhir/Patient", payload: { resourceType: "Patient" } },
    405,
    "NOT_SUPPORTED",
    "http.method",
  ],
  [
    "an update",
    { method: "PUT", url: `/fhir/Patient/${KARI}`, payload: { resourceType: "Patient" } },
    405,
    "NOT_SUPPORTED",
  ],
  ["a patch", { method: "PATCH", url: `/fhir/Patient/${KARI}`, payload: [] }, 405, "NOT_SUPPORTED"],
  ["a delete", { method: "DELETE", url: `/fhir/Patient/${KARI}` }, 405, "NOT_SUPPORTED"],
  [
    "GraphQL",
    { method: "POST", url: "/fhir/$graphql", payload: { query: "{ PatientList { id } }" } },
    405,
    "NOT_SUPPORTED",
  ],
  ["an operation that is not there", { url: "/fhir/Observation/$lasts" }, 404, "NOT_FOUND"],
  [
    "JSON that is none",
    { method: "POST", url: "/fhir", payload: "{", headers: { "content-type": "application/fhir+json" } },
    400,
    "MALFORMED_JSON",
  ],
  [
    "XML sent",
    { method: "POST", url: "/fhir", payload: "<Bundle/>", headers: { "content-type": "application/fhir+xml" } },
    415,
    "CONTENT_TYPE_UNKNOWN",
  ],
  ["a large body", { method: "POST", url: "/fhir", payload: { x: "x".repeat(9_000_000) } }, 413, "BODY_TOO_LARGE"],
  [
    "a batch that is none",
    { method: "POST", url: "/fhir", payload: { resourceType: "Patient" } },
    400,
    "BODY_SHAPE",
    "Bundle.resourceType",
  ],
  [
    "a batch of null",
    { method: "POST", url: "/fhir", payload: "null", headers: { "content-type": "application/json" } },
    400,
    "BODY_SHAPE",
  ],
  [
    "a transaction",
    { method: "POST", url: "/fhir", payload: { resourceType: "Bundle", type: "transaction", entry: [] } },
    405,
    "NOT_SUPPORTED",
    "Bundle.type",
  ],
  [
    "a transaction that reads",
    {
      method: "POST",
      url: "/fhir",
      payload: { resourceType: "Bundle", type: "transaction", entry: [{ request: { method: "GET", url: "Patient" } }] },
    },
    405,
    "NOT_SUPPORTED",
    "Bundle.type",
  ],
  [
    "an empty batch",
    { method: "POST", url: "/fhir", payload: { resourceType: "Bundle", type: "batch", entry: [] } },
    400,
    "BODY_SHAPE",
    "Bundle.entry",
  ],
  [
    "a batch with a foreign address",
    {
      method: "POST",
      url: "/fhir",
      payload: {
        resourceType: "Bundle",
        type: "batch",
        entry: [{ request: { method: "GET", url: "../api/patients" } }],
      },
    },
    400,
    "FIELD_INVALID",
    "Bundle.entry[0].request.url",
  ],
  [
    "an empty batch entry",
    { method: "POST", url: "/fhir", payload: { resourceType: "Bundle", type: "batch", entry: [null] } },
    405,
    "NOT_SUPPORTED",
    "Bundle.entry[0].request.method",
  ],
  ["a date that is none", { url: "/fhir/Observation?date=tomorrow" }, 400, "FIELD_INVALID", "http.date"],
  ["a prefix that is none", { url: "/fhir/Observation?date=xx2026" }, 400, "FIELD_INVALID", "http.date"],
  ["an empty patient", { url: "/fhir/Observation?patient=" }, 400, "FIELD_INVALID", "http.patient"],
  ["a patient that is no id", { url: "/fhir/Observation?patient=Kari%20Hansen" }, 400, "FIELD_INVALID", "http.patient"],
  [
    "a modifier that is not known",
    { url: "/fhir/Observation?code:louder=heart" },
    400,
    "PARAMETER_UNKNOWN",
    "http.code:louder",
  ],
  ["a chain to nothing", { url: "/fhir/Observation?device.colour=red" }, 400, "PARAMETER_UNKNOWN", "http.device"],
  ["_count that is no number", { url: "/fhir/Observation?_count=many" }, 400, "FIELD_INVALID", "http._count"],
  ["a cursor that is none", { url: "/fhir/Observation?_cursor=abc" }, 400, "FIELD_INVALID", "http._cursor"],
  [
    "a cursor that was changed",
    {
      url: `/fhir/Observation?_cursor=${Buffer.from(JSON.stringify([T0, `${KARI} 0`, "'; drop", 0])).toString("base64url")}`,
    },
    400,
    "FIELD_INVALID",
    "http._cursor",
  ],
  [
    "a cursor of another type",
    { url: `/fhir/Patient?_cursor=${Buffer.from("[1]").toString("base64url")}` },
    400,
    "FIELD_INVALID",
    "http._cursor",
  ],
  [
    "an unknown parameter, strictly",
    { url: "/fhir/Observation?colour=red", headers: { prefer: "handling=strict" } },
    400,
    "PARAMETER_UNKNOWN",
    "http.colour",
  ],
  [
    "a sort that is not known, strictly",
    { url: "/fhir/Observation?_sort=value", headers: { prefer: "return=minimal, handling=strict" } },
    400,
    "PARAMETER_UNKNOWN",
    "http._sort",
  ],
  ["a very long query", { url: `/fhir/Observation?code=${"x,".repeat(40_000)}` }, 400, "BODY_SHAPE"],
];
for (const [what, { method = "GET", url, headers = {}, payload }, status, code, field] of bad) {
  test(`${what} is answered ${status} ${code} as an OperationOutcome`, async () => {
    const answer = await app.inject({
      method,
      url,
      headers: { authorization: "Bearer good", ...headers },
      ...(payload === undefined ? {} : { payload }),
    });
    assert.equal(answer.statusCode, status, answer.body);
    const body = answer.json();
    assert.equal(body.resourceType, "OperationOutcome");
    assert.equal(codeOf(body), code);
    if (field !== undefined) assert.equal(fieldOf(body), field);
    if (status === 401) assert.match(String(answer.headers["www-authenticate"]), /^Bearer/);
    if (status === 405) assert.ok(answer.headers.allow);
    assert.match(String(answer.headers["content-type"]), /^application\/fhir\+json/);
  });
}

test("nothing of what was sent stands in an error", async () => {
  const { body } = await get("/fhir/Observation?patient=Kari%20Hansen");
  assert.doesNotMatch(JSON.stringify(body), /Kari/);
});

for (const accept of [
  "application/fhir+json",
  "application/json",
  "*/*",
  "text/html,application/xml;q=0.9,*/*;q=0.8",
  "application/fhir+json;fhirVersion=4.0",
  "",
]) {
  test(`Accept "${accept}" gets FHIR JSON`, async () => {
    const { status, headers } = await get("/fhir/Patient", { accept });
    assert.deepEqual([status, headers["content-type"]], [200, "application/fhir+json; charset=utf-8"]);
  });
}

test("a version that the client has is not sent again", async () => {
  const { headers } = await get(`/fhir/Patient/${KARI}`);
  const again = await get(`/fhir/Patient/${KARI}`, { "if-none-match": String(headers.etag) });
  assert.deepEqual([again.status, again.body], [304, undefined]);
  assert.equal((await get(`/fhir/Patient/${KARI}/_history/${String(headers.etag).slice(3, -1)}`)).status, 200);
});

test("HEAD is GET without the body", async () => {
  const answer = await app.inject({
    method: "HEAD",
    url: `/fhir/Patient/${KARI}`,
    headers: { authorization: "Bearer good" },
  });
  assert.deepEqual([answer.statusCode, answer.body], [200, ""]);
});

test("a store that does not answer is told as such, and a fault of ours without its text", async () => {
  const house = busyWard();
  const broken = server(house);
  house.telemetry.fail(new OutsideTrouble("DATABASE_UNREACHABLE", true));
  const trouble = await broken.get("/fhir/Observation");
  assert.deepEqual(
    [trouble.status, codeOf(trouble.body), trouble.headers["retry-after"]],
    [503, "DATABASE_UNREACHABLE", "2"],
  );
  house.telemetry.fail(new Error("secret detail"));
  for (const path of ["/fhir/Observation", `/fhir/Observation/${readingId(heart.id, T0, 0)}`]) {
    const fault = await broken.get(path);
    assert.deepEqual([fault.status, codeOf(fault.body)], [500, "INTERNAL_ERROR"]);
    assert.doesNotMatch(JSON.stringify(fault.body), /secret/);
  }
});

test("metadata is open to all and lists exactly the parameters that work", async () => {
  const answer = await app.inject({ url: "/fhir/metadata" });
  assert.equal(answer.statusCode, 200);
  const statement = answer.json() as CapabilityStatement;
  assert.equal(statement.fhirVersion, "4.0.1");
  assert.equal(statement.date, new Date(NOW).toISOString());
  for (const { type, searchParam, interaction } of statement.rest?.[0]?.resource ?? []) {
    assert.deepEqual(
      interaction?.map(({ code }) => code),
      // Where texts are kept it is written as well: test/fhir-observations.int.test.ts.
      type === "Observation" ? ["read", "vread", "history-instance", "search-type"] : ["read", "search-type"],
    );
    const wordFor = (name = "", kind = ""): string => {
      if (kind === "composite") return `x$${wordFor("", /-(quantity|date)$/.exec(name)?.[1] ?? "token")}`;
      return kind === "date" ? "2026" : kind === "quantity" ? "1" : name === "_filter" ? "_id eq x" : "x";
    };
    for (const { name, type: kind } of searchParam ?? []) {
      const { status } = await get(`/fhir/${type}?${name}=${wordFor(name, kind)}`, {
        prefer: "handling=strict",
      });
      // The log of the house is not for a registry; that its parameters work is in resources/audit-event.test.ts.
      assert.equal(status, type === "AuditEvent" ? 403 : 200, `${type}?${name}`);
    }
  }
});

test("the demo ward's resources are all labelled as test data", async () => {
  const demo = busyWard();
  const { get: ask } = server({
    ...demo,
    context: { ...demo.context, organisation: { ...demo.context.organisation, isDemo: true } },
  });
  for (const path of ["Patient", "Device", "DeviceMetric", "Observation?_count=1000"]) {
    const resources = matches((await ask(`/fhir/${path}`)).body);
    assert.ok(resources.length > 0);
    for (const { meta } of resources) assert.equal(meta?.security?.[0]?.code, "HTEST");
  }
});
