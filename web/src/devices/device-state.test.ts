import assert from "node:assert/strict";
import { test } from "node:test";
import { clockText } from "./device-state.ts";

test("a clock is told off only when it is", () => {
  assert.equal(clockText(null), "");
  assert.equal(clockText(900), "");
  assert.equal(clockText(-184_000), "3 min behind");
  assert.equal(clockText(12_400), "12 s ahead");
});
