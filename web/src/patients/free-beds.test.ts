import assert from "node:assert/strict";
import { test } from "node:test";
import { freeBeds } from "./free-beds.ts";

test("free beds are the gaps and the next one, in the ward's own way of naming", () => {
  assert.deepEqual(freeBeds(["1", "2", "4"]), ["3", "5"]);
  assert.deepEqual(freeBeds(["A1", "a3", "B1"]), ["A2", "A4", "B2"]);
  assert.deepEqual(freeBeds(["window", "door"]), ["1"]);
  assert.deepEqual(freeBeds([]), ["1"]);
});

test("not more beds are offered than a person reads", () => {
  assert.ok(freeBeds(["100"]).length <= 8);
});
