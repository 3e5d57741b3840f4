import assert from "node:assert/strict";
import { test } from "node:test";
import { manualRuntime } from "@openward/runtime/manual";
import { newRecoveryCodes, recoveryHash, stepOf } from "./codes.ts";
import { waitBehind } from "./failures.ts";
import { createPasswordHash } from "./password-hash.ts";

// RFC 6238, appendix B, SHA-1, the last six of its eight digits.
const RFC_SECRET = Buffer.from("12345678901234567890");
for (const [seconds, code] of [
  [59, "287082"],
  [1_111_111_109, "081804"],
  [1_234_567_890, "005924"],
  [20_000_000_000, "353130"],
] as const) {
  test(`at ${seconds} s the code is that of RFC 6238`, () => {
    const step = Math.floor(seconds / 30);
    assert.equal(stepOf(RFC_SECRET, code, seconds * 1000), step);
    assert.equal(stepOf(RFC_SECRET, code, (seconds + 30) * 1000), step);
    assert.equal(stepOf(RFC_SECRET, code, (seconds + 90) * 1000), undefined);
  });
}

test("what is no code is none", () => {
  for (const code of ["", "28708", "2870822", "28708a", "  287082"])
    assert.equal(stepOf(RFC_SECRET, code, 59_000), undefined);
});

test("recovery codes differ, are one in every spelling, and are another person's no more", () => {
  const codes = newRecoveryCodes(manualRuntime(0, 3).random);
  assert.equal(new Set(codes).size, 10);
  for (const code of codes) assert.match(code, /^[0-9A-HJKMNP-TV-Z]{5}-[0-9A-HJKMNP-TV-Z]{5}$/);
  const hash = (code: string, person = "nina") => recoveryHash(code, person, "key")?.toString("hex");
  assert.equal(hash("ABCDE-01234"), hash(" abcde oi234 "));
  assert.notEqual(hash("ABCDE-01234"), hash("ABCDE-01234", "olav"));
  assert.equal(hash("short"), undefined);
});

test("a hash is of its password only, and nobody's is never right", async () => {
  const passwords = createPasswordHash(manualRuntime(0, 4).random);
  const hash = await passwords.hash("smörgås på bryggan");
  assert.equal(await passwords.verify("smo\u0308rga\u030as på bryggan", hash), true, "composed otherwise");
  assert.equal(await passwords.verify("smorgas på bryggan", hash), false);
  assert.equal(await passwords.verify("smörgås på bryggan", undefined), false);
  const tries = await Promise.allSettled(Array.from({ length: 60 }, () => passwords.verify("x", undefined)));
  assert.equal(tries.filter(({ status }) => status === "rejected").length, 60 - 52, "a bounded number waits");
});

test("behind a hundred in a row a day goes by", () => {
  assert.deepEqual(
    [4, 5, 6, 50, 99, 100].map((n) => waitBehind(n)),
    [0, 1_000, 2_000, 900_000, 900_000, 86_400_000],
  );
  assert.deepEqual(
    [4, 5, 100].map((n) => waitBehind(n, 30_000)),
    [0, 1_000, 30_000],
    "where others would wait for it",
  );
});
