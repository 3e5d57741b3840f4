import assert from "node:assert/strict";
import type { AskFhir } from "../support/fhir.ts";

// biome-ignore lint/suspicious/noExplicitAny: answers of every shape
const idsOf = (bundle: any): string[] => (bundle.entry ?? []).map((one: any) => one.resource.id);

/** Pages of several types, by type and in one order, by address and by form. */
export async function pagesOfSeveralTypes(ask: AskFhir, patientId: string): Promise<void> {
  const everyPage = async (query: string): Promise<string[]> => {
    const found: string[] = [];
    for (let url: string | undefined = query; url !== undefined; ) {
      const { status, json, text } = await ask("GET", url);
      assert.equal(status, 200, text);
      found.push(...idsOf(json));
      url = json.link.find(({ relation }: { relation: string }) => relation === "next")?.url;
      assert.ok(found.length < 500, "it ends");
    }
    return found;
  };
  for (const query of [
    "?_type=Procedure,RiskAssessment,Condition",
    "?_type=Procedure,RiskAssessment,Condition&_sort=-_lastUpdated",
    "?_type=Procedure,Patient,Observation&_sort=_id",
    "?_type=Procedure,DiagnosticReport,Encounter&_sort=date",
    `Patient/${patientId}/*?_type=Observation,Patient,DeviceUseStatement`,
  ]) {
    const whole = await everyPage(`${query}&_count=1000`);
    assert.ok(whole.length > 0 && new Set(whole).size === whole.length, query);
    assert.deepEqual(await everyPage(`${query}&_count=4`), whole, query);
    const { json } = await ask("GET", `${query}&_summary=count`);
    assert.equal(json.total, whole.length, query);
  }
  const form = await ask("POST", "_search", "_type=Procedure&_count=1000", {
    "content-type": "application/x-www-form-urlencoded",
  });
  assert.ok(form.json.entry.length >= 10, form.text.slice(0, 300));
  const within = await ask("POST", `Patient/${patientId}/Observation/_search`, "_count=3", {
    "content-type": "application/x-www-form-urlencoded",
  });
  assert.equal(within.status, 200, within.text);
}

/** Pages of one type in every order, while others write. */
export async function pagesWhileOthersWrite(ask: AskFhir): Promise<void> {
  const tag = { system: "urn:x:pages", code: `p${Date.now()}` };
  const write = async (n: number) => {
    const { status, text, json } = await ask("POST", "Basic", {
      resourceType: "Basic",
      meta: { tag: [tag] },
      code: { text: `word ${String(n % 3)}` },
      ...(n % 4 > 0 && { created: `2026-01-${String(10 + (n % 7))}` }),
    });
    assert.equal(status, 201, text);
    return json.id as string;
  };
  const first: string[] = [];
  for (let n = 0; n < 12; n++) first.push(await write(n));
  for (const sort of [
    "",
    "_id",
    "-_id",
    "_lastUpdated",
    "-_lastUpdated",
    "created",
    "-created",
    "code",
    "-code,created",
  ]) {
    const found: string[] = [];
    let url: string | undefined = `Basic?_tag=${tag.code}&_count=5${sort === "" ? "" : `&_sort=${sort}`}`;
    for (let page = 0; url !== undefined; page++) {
      const { json } = await ask("GET", url);
      found.push(...idsOf(json));
      url = json.link.find(({ relation }: { relation: string }) => relation === "next")?.url;
      // Before, among and behind what was told already, as far as the order lets them.
      if (page < 2) await write(page * 5);
    }
    assert.equal(new Set(found).size, found.length, `${sort}: none twice`);
    assert.deepEqual(
      first.filter((id) => !found.includes(id)),
      [],
      `${sort}: none lost`,
    );
  }
  const dated = await ask("GET", `Basic?_tag=${tag.code}&_sort=created&_count=1000&_total=accurate`);
  const created = dated.json.entry.map(({ resource }: { resource: { created?: string } }) => resource.created ?? "z");
  assert.deepEqual(created, [...created].sort(), "what has no date comes last");
  assert.equal(dated.json.total, created.length);
  const down = await ask("GET", `Basic?_tag=${tag.code}&_sort=-created&_count=1000`);
  assert.equal(down.json.entry.at(-1).resource.created, undefined, "in either order");
  const beyond = await ask("GET", `Basic?_tag=${tag.code}&_count=1000000`);
  assert.equal(beyond.status, 200);
  for (const count of ["-1", "x", "1.5"]) assert.equal((await ask("GET", `Basic?_count=${count}`)).status, 400, count);
}
