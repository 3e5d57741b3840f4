import assert from "node:assert/strict";
import { test } from "node:test";
import { claimCodeIn } from "./claim-code.ts";

test("a claim code is found in its address and alone, and nowhere else", () => {
  assert.equal(claimCodeIn("https://ward.example/ingest/claim#K7QM-3XPA-9RTD"), "K7QM-3XPA-9RTD");
  assert.equal(claimCodeIn(" k7qm-3xpa-9rtd "), "k7qm-3xpa-9rtd");
  assert.equal(claimCodeIn("https://elsewhere.example/#K7QM-3XPA-9RTD"), undefined);
  assert.equal(claimCodeIn("(01)04012345000016(21)00042"), undefined);
  assert.equal(claimCodeIn("javascript:alert(1)"), undefined);
  assert.equal(claimCodeIn(""), undefined);
});
