import assert from "node:assert/strict";
import { test } from "node:test";
import { ward } from "../testing/ward.ts";
import { readQuery } from "../written/query.ts";
import { narrowedBy } from "./patient.ts";

const { context } = ward();
const narrowed = (query: string) => narrowedBy(readQuery(context, "Patient", new URLSearchParams(query)).conditions);

test("record numbers, dates of birth and names narrow a search for patients, and what cannot does not", () => {
  assert.deepEqual(narrowed("identifier=urn:mrn|7,8"), { mrns: ["7", "8"] });
  assert.deepEqual(narrowed("identifier=urn:mrn|"), {});
  assert.deepEqual(narrowed("family=Hansen,Olsen&given:contains=ari"), { names: [["hansen", "olsen"], ["ari"]] });
  assert.deepEqual(narrowed("name:exact=Kari"), { names: [["Kari"]] });
  assert.deepEqual(narrowed("gender=female&active=true"), {});
  assert.deepEqual(narrowed("family:missing=true"), {});
});

test("whoever was born then is within the dates, whatever the prefix", () => {
  const day = "1948-03-21";
  const may: readonly [query: string, isIn: boolean][] = [
    ["1948-03-21", true],
    ["1948-03", true],
    ["1948", true],
    ["ge1948-03-21", true],
    ["le1948-03-21", true],
    ["gt1948-03-20", true],
    ["lt1948-03-22", true],
    ["sa1948-03-20", true],
    ["eb1948-03-22", true],
    ["ne1950-01-01", true],
    ["ap1948-03-21", true],
    ["1950-01-01,1948-03-21", true],
    ["1950-01-01", false],
    ["ge1950", false],
    ["lt1947", false],
  ];
  for (const [value, isIn] of may) {
    const { bornFrom = "0000", bornTo = "9999" } = narrowed(`birthdate=${value}`);
    assert.equal(bornFrom <= day && day <= bornTo, isIn, `${value}: ${bornFrom} to ${bornTo}`);
  }
  assert.deepEqual(narrowed("birthdate=ge1948&birthdate=lt1949"), { bornFrom: "1947-12-30", bornTo: "1949-01-03" });
});

test("that a patient has a number at all leaves nobody out", () => {
  for (const missing of ["true", "false"]) assert.deepEqual(narrowed(`identifier:missing=${missing}`), {});
});
