import assert from "node:assert/strict";
import { test } from "node:test";
import { granteeText, stateOf } from "./words.ts";

const HOUR = 3_600_000;

test("a person is named, a role is everybody of it, a program is one", () => {
  const id = "00000000-0000-7000-8000-000000000001";
  assert.equal(granteeText({ grantee: { kind: "person", id }, display: "Nina Berg" }), "Nina Berg");
  assert.equal(
    granteeText({ grantee: { kind: "role", role: "clinical-engineer" }, display: null }),
    "Every clinical engineer",
  );
  assert.equal(granteeText({ grantee: { kind: "role", role: "porter" }, display: null }), "Every porter");
  assert.equal(granteeText({ grantee: { kind: "token", id }, display: null }), "A program");
  assert.equal(granteeText({ grantee: { kind: "token", id }, display: id }), "A program");
  assert.equal(granteeText({ grantee: { kind: "token", id }, display: "Registry" }), "Registry");
});

test("a grant is over at its very end, and when somebody has ended it before", () => {
  const grant = { from: 0, to: HOUR, endedAt: null };
  assert.equal(stateOf(grant, HOUR - 1), "running");
  assert.equal(stateOf(grant, HOUR), "over");
  assert.equal(stateOf({ ...grant, endedAt: 5 }, 10), "over");
  assert.equal(stateOf({ ...grant, from: 20, to: null }, 10), "later");
  assert.equal(stateOf({ ...grant, to: null }, 900 * HOUR), "running");
});
