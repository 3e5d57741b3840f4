import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import type { Bundle, BundleEntry, Observation } from "@medplum/fhirtypes";
import { systemRuntime } from "@openward/runtime/system";
import { openDatabase } from "../server/store/database/index.ts";
import { askFhir, type FhirAnswer } from "./support/fhir.ts";
import { addBeds, type RunningWard, removeDataDir, startWard } from "./support/ward.ts";

let ward: RunningWard;
let beds: readonly { readonly patientId: string }[];
let integration: string;
/** Sees what was measured, and nothing that anybody wrote. */
let engineer: string;
const BASE = Math.floor(Date.now() / 60_000) * 60_000 - 6 * 3_600_000;
const iso = (seconds: number) => new Date(BASE + seconds * 1_000).toISOString();

before(async () => {
  ward = await startWard();
  beds = (await addBeds(ward, 4)) as typeof beds;
  const tokenFor = async (role: string) => (await ward.json<{ token: string }>("token", "issue", "--role", role)).token;
  integration = await tokenFor("integration");
  engineer = await tokenFor("clinical-engineer");
});
after(async () => {
  await ward.stop();
  removeDataDir(ward.dataDir);
});

const ask = (method: string, path: string, body?: unknown, token = integration): Promise<FhirAnswer> =>
  askFhir(ward, token)(method, path, body);
const patientOf = (bed: number) => beds[bed]?.patientId ?? "";

/** As an interface engine sends it; two of one patient, and all that come after are of a known form. */
const weight = (bed: number, at: string, value: string) =>
  `{"resourceType":"Observation","status":"final","category":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/observation-category","code":"vital-signs"}]}],"code":{"coding":[{"system":"http://loinc.org","code":"29463-7"}],"text":"Weight"},"subject":{"reference":"Patient/${patientOf(bed)}"},"effectiveDateTime":"${at}","performer":[{"display":"Scale of the ward"}],"valueQuantity":{"value":${value},"unit":"kg","system":"http://unitsofmeasure.org","code":"kg"},"method":{"text":"standing"}}`;

async function post(text: string): Promise<string> {
  const { status, json, text: told } = await ask("POST", "Observation", text);
  assert.equal(status, 201, told);
  return json.id;
}

/** Makes the form known, by two of a time of their own. */
async function known(bed: number): Promise<string[]> {
  return [await post(weight(bed, iso(-20), "1")), await post(weight(bed, iso(-10), "2"))];
}

const quiet = { info: () => {}, warn: () => {}, error: () => {} };
const open = () => openDatabase({ dataDir: ward.dataDir, mode: "command", runtime: systemRuntime, log: quiet });

async function kept(): Promise<{ filled: Set<string>; whole: Set<string> }> {
  const database = await open();
  try {
    const ids = async (text: string) =>
      new Set((await database.owner.query<{ id: string }>(text)).rows.map(({ id }) => id));
    return {
      filled: await ids("SELECT id FROM observation_filled WHERE NOT is_superseded"),
      whole: await ids("SELECT id FROM resource WHERE type = 'Observation'"),
    };
  } finally {
    await database.close();
  }
}

const idsOf = ({ entry = [] }: Bundle): string[] =>
  entry.flatMap(({ resource, search }) => (search?.mode === "match" ? [resource?.id ?? ""] : []));

test("what is kept as a form is read, found, listed and told like what is kept whole", async () => {
  const [first = ""] = await known(0);
  const texts = [
    weight(0, iso(0), "72.50"),
    weight(0, iso(60), "80"),
    // Before the others, in another zone, without milliseconds.
    weight(0, `${new Date(BASE - 3_600_000 + 5.5 * 3_600_000).toISOString().slice(0, 19)}+05:30`, "60.0"),
  ];
  const ids: string[] = [];
  for (const text of texts) ids.push(await post(text));
  const [a = "", b = "", early = ""] = ids;
  const { filled, whole } = await kept();
  assert.deepEqual(
    [ids.every((id) => filled.has(id)), whole.has(first), ids.some((id) => whole.has(id))],
    [true, true, false],
  );

  for (const [i, id] of ids.entries()) {
    const { text, json, headers } = await ask("GET", `Observation/${id}`);
    const { id: told, meta, ...rest } = json;
    assert.deepEqual([told, meta.versionId, headers.get("etag")], [id, "1", 'W/"1"']);
    assert.deepEqual(rest, JSON.parse(texts[i] ?? ""));
    assert.ok(text.includes(/"value":[^,]+/.exec(texts[i] ?? "")?.[0] ?? "none"), text);
    assert.deepEqual((await ask("GET", `Observation/${id}/_history/1`)).text, text);
    const { entry } = (await ask("GET", `Observation/${id}/_history`)).json as Bundle;
    assert.deepEqual(
      entry?.map(({ request, resource }) => [request?.method, resource?.id]),
      [["POST", id]],
    );
    // Whoever may read no text sees the reading under the same id.
    const measured = (await ask("GET", `Observation/${id}`, undefined, engineer)).json as Observation;
    assert.deepEqual([measured.valueQuantity?.value, measured.method], [json.valueQuantity.value, undefined]);
  }
  const patient = `patient=${patientOf(0)}`;
  const all = [b, a, first, early];
  for (const [query, expected] of [
    [`${patient}&code=29463-7&_sort=-date`, undefined],
    [`${patient}&date=ge${iso(0)}`, [b, a]],
    [`${patient}&date=${iso(0).slice(0, 19)}Z`, [a]],
    [`${patient}&date=lt${iso(-30)}`, [early]],
    [`${patient}&value-quantity=72.50||kg`, [a]],
    [`${patient}&value-quantity=gt72500|http://unitsofmeasure.org|g`, [b]],
    [`${patient}&code-value-quantity=http://loinc.org|29463-7$ge80`, [b]],
    [`${patient}&combo-code-value-quantity=29463-7$lt70&date=lt${iso(-30)}`, [early]],
    [`${patient}&value-quantity=ne80&date=ge${iso(0)}`, [a]],
    ["method:text=standing&value-quantity=gt72", [b, a]],
    ["performer:text=scale of&value-quantity=gt72", [b, a]],
    ["_text=standing&value-quantity=gt72", [b, a]],
    [`_id=${a},${b}`, [b, a]],
    [`method:missing=true&${patient}`, []],
    [`${patient}&status:not=final`, []],
    [`${patient}&_lastUpdated=lt2020-01-01`, []],
    ["method:text=standing&_sort=value-quantity&value-quantity=gt5", [early, a, b]],
    ["method:text=standing&_sort=-value-quantity&value-quantity=gt5&_count=2", [b, a]],
    ["method:text=standing&_sort=code,-date&value-quantity=gt5", [b, a, early]],
    ["method:text=standing&_sort=-_id&value-quantity=gt5", ids.toSorted().reverse()],
    [`subject:Patient.identifier:missing=false&value-quantity=gt5`, [b, a, early]],
  ] as const) {
    const { status, json, text } = await ask("GET", `Observation?${query}`);
    assert.equal(status, 200, `${query}: ${text}`);
    if (expected) assert.deepEqual(idsOf(json), expected, query);
    else
      assert.deepEqual(
        idsOf(json).filter((id) => all.includes(id)),
        all,
        query,
      );
  }
  // One after the other, in both directions, each once.
  for (const sort of ["date", "-date"]) {
    const seen: string[] = [];
    for (let url = `Observation?${patient}&code=29463-7&_sort=${sort}&_count=1`; url !== ""; ) {
      const page = (await ask("GET", url)).json as Bundle;
      seen.push(...idsOf(page));
      url = page.link?.find(({ relation }) => relation === "next")?.url ?? "";
    }
    assert.deepEqual([seen.length, new Set(seen).size], [5, 5]);
    assert.equal(sort === "date" ? seen[0] : seen.at(-1), early);
  }
  const counted = (await ask("GET", "Observation?method:text=standing&_summary=count")).json as Bundle;
  assert.equal(counted.total, 5);
  const history = (await ask("GET", "Observation/_history?_count=3")).json as Bundle;
  assert.deepEqual(
    history.entry?.map(({ resource }) => resource?.id),
    [early, b, a],
  );
  const everything = (await ask("GET", `Patient/${patientOf(0)}/$everything?_type=Observation`)).json as Bundle;
  const told = everything.entry?.map(({ resource }) => resource?.id ?? "") ?? [];
  for (const id of all) assert.equal(told.filter((one) => one === id).length, 1, id);
});

test("its first change makes it a resource like any other, of which it stays version 1", async () => {
  await known(1);
  const changes = [
    ["PUT", (one: Observation) => ({ ...one, status: "corrected", note: [{ text: "weighed again" }] })],
    ["DELETE", () => undefined],
  ] as const;
  for (const [i, [method, bodyOf]] of changes.entries()) {
    const id = await post(weight(1, iso(i), `7${i}.0`));
    const before = await ask("GET", `Observation/${id}`);
    assert.ok((await kept()).filled.has(id));
    const stale = await askFhir(ward, integration)(method, `Observation/${id}`, bodyOf(before.json), {
      "if-match": 'W/"2"',
    });
    assert.equal(stale.status, 412);
    assert.equal((await ask(method, `Observation/${id}`, bodyOf(before.json))).status, 200);
    const { filled, whole } = await kept();
    assert.deepEqual([filled.has(id), whole.has(id)], [false, true]);
    assert.equal((await ask("GET", `Observation/${id}`)).status, method === "PUT" ? 200 : 410);
    assert.equal((await ask("GET", `Observation/${id}/_history/1`)).text, before.text);
    const { entry } = (await ask("GET", `Observation/${id}/_history`)).json as Bundle;
    assert.deepEqual(
      entry?.map(({ request }) => request?.method),
      [method, "POST"],
    );
    const found = (await ask("GET", `Observation?patient=${patientOf(1)}&date=${iso(i)}`)).json as Bundle;
    assert.deepEqual(idsOf(found), method === "PUT" ? [id] : []);
  }
  const noted = (await ask("GET", "Observation?_text=weighed again")).json as Bundle;
  assert.equal(idsOf(noted).length, 1);
});

test("twice the same is one, another value of the same moment is another, and nothing wrong comes in by a form", async () => {
  await known(2);
  const text = weight(2, iso(0), "70.0");
  const together = await Promise.all(Array.from({ length: 6 }, () => ask("POST", "Observation", text)));
  assert.equal(new Set(together.map(({ json }) => json.id)).size, 1, together.map((one) => one.text).join("\n"));
  assert.deepEqual(together.map(({ status }) => status).sort(), [200, 200, 200, 200, 200, 201]);
  const other = await post(weight(2, iso(0), "71.0"));
  assert.notEqual(other, together[0]?.json.id);
  for (const [bad, status, code] of [
    [weight(2, iso(1), "7000"), 422, "VALUE_IMPLAUSIBLE"],
    [weight(2, new Date(Date.now() + 3_600_000).toISOString(), "70"), 422, "TIME_IN_FUTURE"],
    [weight(2, "2026-02-30T10:00:00Z", "70"), 422, ""],
    [weight(2, iso(1), '"70"'), 422, ""],
    [weight(2, iso(1), "70").replace(patientOf(2), "00000000-0000-7000-8000-000000000000"), 422, "FIELD_INVALID"],
    [weight(2, iso(1), "70").replace('{"resourceType"', '{"id":5,"resourceType"'), 422, ""],
  ] as const) {
    const answer = await ask("POST", "Observation", bad);
    assert.ok(answer.status >= 400 && answer.status <= status, `${bad}: ${answer.status} ${answer.text}`);
    assert.ok(answer.text.includes(code), answer.text);
  }
  assert.equal((await ask("POST", "Observation", weight(2, iso(1), "70"), engineer)).status, 403);

  // In a batch one bad entry is told, and all others are kept.
  const values = ["60.0", "7000", "61.0", "61.0", "62.50"];
  const entry = values.map((value, i) => ({
    request: { method: "POST", url: "Observation" },
    resource: JSON.parse(weight(2, iso(100 + (i === 3 ? 2 : i)), value)),
  }));
  const { json } = await ask("POST", "", { resourceType: "Bundle", type: "batch", entry });
  const told = ((json as Bundle).entry ?? []).map(({ response }: BundleEntry) => response?.status);
  assert.deepEqual(
    told.filter((_, i) => i !== 3),
    ["201", "400", "201", "201"],
    JSON.stringify(json),
  );
  const found = (await ask("GET", `Observation?patient=${patientOf(2)}&date=ge${iso(90)}&_sort=date`)).json as Bundle;
  assert.deepEqual(
    new Set((found.entry ?? []).map(({ resource }) => (resource as Observation).valueQuantity?.value)),
    new Set([60, 61, 62.5]),
  );
  assert.equal((await kept()).filled.size > 0, true);
});

test("a form that is removed while it is filled in takes along what was filled in", async () => {
  const database = await open();
  const [writer, eraser] = await Promise.all([database.owner.connect(), database.owner.connect()]);
  try {
    const { rows } = await writer.query("SELECT form FROM observation_filled ORDER BY change DESC LIMIT 1");
    const [{ form }] = rows as [{ form: string }];
    await writer.query("BEGIN");
    await writer.query("SELECT forms_to_fill(ARRAY[$1::bigint])", [form]);
    await writer.query(
      `INSERT INTO observation_filled (organisation_id, id, form, patient_id, stream_id, updated_at, effective, value, at, at_end, amount)
       SELECT organisation_id, 'late', number, patient_id, stream_id, 0, '', '1', 0, 0, 1 FROM observation_form WHERE number = $1`,
      [form],
    );
    // As an erasure does: rows first, of which it does not see this one, then the form.
    await eraser.query("DELETE FROM observation_filled WHERE form = $1", [form]);
    const removed = eraser.query("DELETE FROM observation_form WHERE number = $1", [form]);
    await writer.query("COMMIT");
    await removed;
    assert.deepEqual((await eraser.query("SELECT id FROM observation_filled WHERE form = $1", [form])).rows, []);
  } finally {
    writer.release();
    eraser.release();
    await database.close();
  }
});

test("kill -9 during batches and single writes: what was acknowledged is there, once", async () => {
  await known(3);
  const acknowledged = new Map<string, number>();
  let next = 0;
  let isKilled = false;
  const single = async () => {
    while (!isKilled) {
      const second = next++;
      const answer = await ask("POST", "Observation", weight(3, iso(1_000 + second), `${50 + (second % 50)}`)).catch(
        () => undefined,
      );
      if (answer?.status === 201) acknowledged.set(answer.json.id, second);
    }
  };
  const batch = async () => {
    while (!isKilled) {
      const seconds = Array.from({ length: 50 }, () => next++);
      const entry = seconds.map((second) => ({
        request: { method: "POST", url: "Observation" },
        resource: JSON.parse(weight(3, iso(1_000 + second), `${50 + (second % 50)}`)),
      }));
      const answer = await ask("POST", "", { resourceType: "Bundle", type: "batch", entry }).catch(() => undefined);
      for (const [i, { resource, response }] of ((answer?.json as Bundle | undefined)?.entry ?? []).entries())
        if (response?.status === "201") acknowledged.set(resource?.id ?? "", seconds[i] ?? -1);
    }
  };
  for (let round = 0; round < 2; round++) {
    isKilled = false;
    const writers = [single(), single(), single(), batch(), batch()];
    const wanted = acknowledged.size + 200;
    while (acknowledged.size < wanted) await wait(10);
    isKilled = true;
    await ward.stop("SIGKILL");
    await Promise.all(writers);
    ward = await startWard({ dataDir: ward.dataDir });
  }
  const { filled, whole } = await kept();
  // After a start the first of each form are kept whole again.
  for (const id of acknowledged.keys()) assert.ok(filled.has(id) !== whole.has(id), id);
  assert.ok([...acknowledged.keys()].filter((id) => filled.has(id)).length > 300);
  const look = async (token: string) => {
    const seen = new Map<string, number>();
    for (let url = `Observation?patient=${patientOf(3)}&date=ge${iso(1_000)}&_sort=date&_count=500`; url !== ""; ) {
      const page = (await ask("GET", url, undefined, token)).json as Bundle;
      for (const { resource } of page.entry ?? []) {
        const { id = "", valueQuantity } = resource as Observation;
        assert.ok(!seen.has(id), `${id} twice`);
        seen.set(id, valueQuantity?.value ?? Number.NaN);
      }
      url = page.link?.find(({ relation }) => relation === "next")?.url ?? "";
    }
    return seen;
  };
  // As texts, and as readings: one for each, and every one that was acknowledged.
  for (const token of [integration, engineer]) {
    const seen = await look(token);
    for (const [id, second] of acknowledged) assert.equal(seen.get(id), 50 + (second % 50), id);
  }
  // What was not acknowledged, and is kept, comes to telemetry after the start.
  const texts = [...(await look(integration)).keys()];
  for (let i = 0; i < 200 && (await look(engineer)).size < texts.length; i++) await wait(50);
  assert.deepEqual([...(await look(engineer)).keys()], texts);
});
