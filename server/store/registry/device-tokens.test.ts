import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "@openward/runtime/manual";
import { hashToken, isToken, newDeviceId, newToken } from "./device-tokens.ts";

const random = seededRandom(7);

test("a device id that the server makes is short and is one that MQTT takes as a user name", () => {
  const ids = Array.from({ length: 200 }, () => newDeviceId(random));
  for (const id of ids) assert.match(id, /^dev-[2-9a-hjkmnp-tw-z]{8}$/);
  assert.equal(new Set(ids).size, ids.length);
});

test("a token is 32 bytes, and only it opens", () => {
  const token = newToken(random);
  assert.equal(Buffer.from(token, "base64url").length, 32);
  assert.ok(isToken(token, hashToken(token)));
  assert.ok(!isToken(newToken(random), hashToken(token)));
});

test("nothing opens a device that is not there", () => {
  assert.ok(!isToken("", undefined));
  assert.ok(!isToken("x".repeat(10_000), undefined));
});
