import type { Mark } from "@openward/api";
import { withheldFrom } from "@openward/model";
import { readingId } from "../../server/record/observation-id.ts";
import { type Known, marksIn, toldBeyond } from "./marks.ts";
import { conditionOf } from "./patients.ts";
import type { Subject, World } from "./world.ts";

type Found = (interaction: string, what: string) => void;

/** What was written may be anything: it is for who is told everything of a patient. */
export const readsWritten = ({ role, keeps }: Subject, { key }: Known): boolean =>
  !keeps.has(key) && (role === null || withheldFrom(role).size === 0);

/** All that changes something of a patient, asked so that it stays as it was. */
export async function changesAbout(world: World, subject: Subject, target: Known, found: Found): Promise<void> {
  await writeAbout(world, subject, target, found);
  await writeCondition(world, subject, target, found);
  await changeObservation(world, subject, target, found);
  await importAbout(world, subject, target, found);
}

/** From where nothing is fetched: whoever may bring in files is told so, everybody else is refused before. */
async function importAbout({ server, known }: World, subject: Subject, target: Known, found: Found): Promise<void> {
  const { status, headers, bytes } = await server.ask({
    method: "POST",
    path: "/fhir/$import",
    headers: { ...subject.headers, prefer: "respond-async" },
    body: {
      inputFormat: "application/fhir+ndjson",
      inputSource: "urn:test",
      input: [{ type: "Condition", url: `https://127.0.0.1/${target.id}` }],
    },
  });
  const may = subject.kind === "token" && subject.role === "integration";
  const text = bytes.toString("utf8");
  const isAsExpected = may ? status === 400 && text.includes('"input[0].url"') : status === 401 || status === 403;
  if (!isAsExpected) found("$import", `${status} in place of ${may ? "400 at input[0].url" : "a refusal"}`);
  for (const one of Object.values(known))
    for (const mark of toldBeyond(marksIn({ status, headers, bytes }, one, target.id), []))
      found("$import", `told the ${mark} of "${one.key}" (${status})`);
}

/** A height of theirs, alone and in a transaction: for who may write, of whom they see; for others as if there were nobody. */
async function writeAbout({ server, known }: World, subject: Subject, target: Known, found: Found): Promise<void> {
  const resource = {
    resourceType: "Observation",
    status: "final",
    code: { coding: [{ system: "http://loinc.org", code: "8302-2" }] },
    subject: { reference: `Patient/${target.id}` },
    effectiveDateTime: "2026-11-20T08:00:00Z",
    valueQuantity: { value: 171, system: "http://unitsofmeasure.org", code: "cm" },
  };
  const entry = [{ resource, request: { method: "POST", url: "Observation" } }];
  const { headers } = subject;
  const may = subject.scopes?.includes(".c") || (subject.kind === "token" && subject.role === "integration");
  const sees = subject.sees.has(target.key);
  for (const [interaction, path, body] of [
    ["Observation.create", "/fhir/Observation", resource],
    ["transaction", "/fhir", { resourceType: "Bundle", type: "transaction", entry }],
  ] as const) {
    const { status, headers: answered, bytes } = await server.ask({ method: "POST", path, headers, body });
    const isGood = status === 200 || status === 201;
    if (!may && (isGood || (status !== 401 && status !== 403))) found(interaction, `${status} in place of a refusal`);
    if (may && !sees && status !== 400) found(interaction, `${status} in place of 400`);
    if (may && sees && !subject.keeps.has(target.key) && !isGood)
      found(interaction, `${status}: ${bytes.toString("utf8").slice(0, 300)}`);
    for (const one of Object.values(known)) {
      const marks = marksIn({ status, headers: answered, bytes }, one, path);
      // What was sent comes back.
      for (const mark of toldBeyond(
        marks,
        may && sees && one === target ? [...one.marks.keys()] : one === target ? ["id"] : [],
      ))
        found(interaction, `told the ${mark} of "${one.key}" (${status})`);
    }
  }
}

interface Change {
  readonly interaction: string;
  readonly method: "POST" | "PUT" | "PATCH" | "DELETE";
  readonly url: string;
  readonly body?: unknown;
  /** For who sees the patient, and for who does not. */
  readonly good: number;
  readonly unseen: number;
}

/** The same with a Condition of theirs. */
async function writeCondition(world: World, subject: Subject, target: Known, found: Found): Promise<void> {
  const { id, conditionId } = target;
  const url = `/fhir/Condition/${conditionId}`;
  const resource = conditionOf(id, target.marks.get("reason")?.[0] ?? "");
  const body = {
    resourceType: "Parameters",
    parameter: [{ name: "meta", valueMeta: { tag: [{ system: "urn:test", code: "x" }] } }],
  };
  const none = `/fhir/Condition?identifier=urn:none|${id}`;
  const sees = subject.sees.has(target.key) && readsWritten(subject, target);
  await changeEach(world, subject, target, { sees, shows: ["id", "reason"] }, found, [
    {
      interaction: "written.create",
      method: "POST",
      url: "/fhir/Condition",
      body: { ...resource, identifier: undefined },
      good: 201,
      unseen: 400,
    },
    {
      interaction: "written.update",
      method: "PUT",
      url,
      body: { ...resource, id: conditionId },
      good: 200,
      unseen: 404,
    },
    { interaction: "written.patch", method: "PATCH", url, body: testOf(conditionId), good: 200, unseen: 404 },
    { interaction: "$meta-add", method: "POST", url: `${url}/$meta-add`, body, good: 200, unseen: 404 },
    { interaction: "$meta-delete", method: "POST", url: `${url}/$meta-delete`, body, good: 200, unseen: 404 },
    { interaction: "written.delete", method: "DELETE", url: none, good: 404, unseen: 404 },
  ]);
}

/** An Observation of theirs that a device made. */
async function changeObservation(world: World, subject: Subject, target: Known, found: Found): Promise<void> {
  const id = readingId(target.streamId, target.times[1] ?? 0, 0);
  const url = `/fhir/Observation/${id}`;
  const other = { resourceType: "Observation", id: "another", status: "final", code: { text: "x" } };
  const none = `/fhir/Observation?identifier=urn:none|${target.id}`;
  const sees = subject.sees.has(target.key) && !subject.keeps.has(target.key);
  await changeEach(world, subject, target, { sees, shows: [...target.marks.keys()] }, found, [
    { interaction: "Observation.update", method: "PUT", url, body: other, good: 400, unseen: 404 },
    { interaction: "Observation.patch", method: "PATCH", url, body: testOf(id), good: 200, unseen: 404 },
    { interaction: "Observation.delete", method: "DELETE", url: none, good: 404, unseen: 404 },
  ]);
}

const testOf = (id: string) => [{ op: "test", path: "/id", value: id }];

/** For a program's token as the patient is seen or not; for everybody else refused. */
async function changeEach(
  { server, known }: World,
  subject: Subject,
  target: Known,
  { sees, shows }: { readonly sees: boolean; readonly shows: readonly Mark[] },
  found: Found,
  changes: readonly Change[],
): Promise<void> {
  const may = subject.kind === "token" && subject.role === "integration";
  for (const { interaction, method, url, body, good, unseen } of changes) {
    const { status, headers, bytes } = await server.ask({ method, path: url, headers: subject.headers, body });
    const expected = may ? [sees ? good : unseen] : [401, 403];
    if (!expected.includes(status))
      found(interaction, `${status} in place of ${expected.join(", ")}: ${bytes.toString("utf8").slice(0, 200)}`);
    for (const one of Object.values(known)) {
      const marks = marksIn({ status, headers, bytes }, one, JSON.stringify([url, body]));
      for (const mark of toldBeyond(marks, may && sees && one === target ? shows : []))
        found(interaction, `told the ${mark} of "${one.key}" (${status})`);
    }
  }
}
