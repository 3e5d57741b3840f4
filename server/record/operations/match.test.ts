import assert from "node:assert/strict";
import { test } from "node:test";
import type { Bundle, Patient } from "@medplum/fhirtypes";
import { assertValid } from "../testing/valid.ts";
import { HIDDEN, KARI, OLA, patientOf, server, viewOf, ward } from "../testing/ward.ts";
import { jaroWinkler } from "./similarity.ts";

const TWIN = "00000000-0000-4000-8000-0000000000d1";
const house = ward(viewOf(KARI, OLA, TWIN));
house.patients.push(patientOf(TWIN, "Hansen, Karin", "1948-03-21"));
const { app } = server(house);

async function match(patient: Partial<Patient>, more: object[] = []) {
  const answer = await app.inject({
    method: "POST",
    url: "/fhir/Patient/$match",
    headers: { authorization: "Bearer good", "content-type": "application/fhir+json" },
    payload: {
      resourceType: "Parameters",
      parameter: [{ name: "resource", resource: { resourceType: "Patient", ...patient } }, ...more],
    },
  });
  const body = answer.json() as Bundle;
  assertValid(body);
  const found = (body.entry ?? []).map(({ resource, search }) => ({
    id: resource?.id,
    grade: search?.extension?.[0]?.valueCode,
    score: search?.score ?? 0,
  }));
  return {
    status: answer.statusCode,
    body,
    found,
    grades: Object.fromEntries(found.map(({ id, grade }) => [id, grade])),
  };
}
const name = (family: string, ...given: string[]) => [{ family, given }];
const ola = { name: name("Østby", "Ola"), birthDate: "1975-12-01", gender: "male" as const };
const identifier = (value: string) => [{ value }];

test("two strings are as alike as Winkler's own examples say", () => {
  for (const [a, b, expected] of [
    ["martha", "marhta", 0.9611],
    ["dixon", "dicksonx", 0.8133],
    ["dwayne", "duane", 0.84],
    ["abc", "xyz", 0],
    ["", "", 1],
  ] as const)
    assert.ok(Math.abs(jaroWinkler(a, b) - expected) < 1e-4, `${a} ${b}: ${jaroWinkler(a, b)}`);
});

test("who is said whole is certain, with slips of the pen they are probable or possible, and another is nobody", async () => {
  assert.deepEqual((await match(ola)).grades, { [OLA]: "certain" });
  assert.deepEqual((await match({ ...ola, identifier: identifier("MRN-a2") })).grades, { [OLA]: "certain" });
  for (const [slip, asked] of [
    ["a letter turned", { ...ola, name: name("Ostyb", "Ola") }],
    ["accents left out, a letter too many", { ...ola, name: name("Ostbye", "Ola") }],
    ["day and month turned", { ...ola, birthDate: "1975-01-12" }],
    ["a digit of the year", { ...ola, birthDate: "1976-12-01" }],
    ["names in the wrong boxes", { ...ola, name: name("Ola", "Østby") }],
    ["the number with another's sex", { ...ola, gender: "female" as const, identifier: identifier("MRN-a2") }],
  ] as const) {
    const { found } = await match(asked);
    assert.deepEqual(
      found.map(({ id }) => id),
      [OLA],
      slip,
    );
    assert.match(found[0]?.grade ?? "", /^(probable|possible)$/, slip);
  }
  assert.deepEqual((await match({ ...ola, name: name("Berg", "Nina") })).found, []);
  assert.deepEqual((await match({ name: name("Østby", "Ola"), birthDate: "1999-05-05" })).found, []);
});

test("of two who resemble each other none is taken for certain by mistake, the likelier is first", async () => {
  const kari = { name: name("Hansen", "Kari"), birthDate: "1948-03-21" };
  const { found } = await match(kari);
  assert.deepEqual(
    found.map(({ id }) => id),
    [KARI, TWIN],
  );
  assert.ok((found[0]?.score ?? 0) > (found[1]?.score ?? 1));
  const only = { name: "onlyCertainMatches", valueBoolean: true };
  assert.deepEqual((await match(kari, [only])).found, [], "the other is probable");
  assert.deepEqual(
    (await match(ola, [only])).found.map(({ id }) => id),
    [OLA],
  );
  assert.equal((await match(kari, [{ name: "count", valueInteger: 1 }])).found.length, 1);
});

test("whom the asker may not see is not found, however well they are described", async () => {
  const hidden = {
    name: name("Hansen", "Nils"),
    birthDate: "1960-01-01",
    gender: "male" as const,
    identifier: identifier("MRN-a3"),
  };
  const { found, body } = await match(hidden);
  assert.deepEqual(
    found.filter(({ id }) => id === HIDDEN),
    [],
  );
  assert.doesNotMatch(JSON.stringify(body), /Nils/);
});

test("too little to match by is refused", async () => {
  assert.equal((await match({ gender: "female" })).status, 400);
  assert.equal((await match({ name: name("Hansen") })).status, 400);
});
