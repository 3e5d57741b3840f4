import assert from "node:assert/strict";
import { test } from "node:test";
import { certificateText, clockText } from "./device-state.ts";

test("a clock is told off only when it is", () => {
  assert.equal(clockText(null), "");
  assert.equal(clockText(900), "");
  assert.equal(clockText(-184_000), "3 min behind");
  assert.equal(clockText(12_400), "12 s ahead");
});

test("the end of a certificate is told two weeks before, and when it is over; a token has none", () => {
  const day = 86_400_000;
  assert.equal(certificateText(null, 0), "");
  assert.equal(certificateText(15 * day, 0), "");
  assert.match(certificateText(13 * day, 0), /^certificate ends in 1\d d/);
  assert.equal(certificateText(day, day), "certificate has ended");
});
