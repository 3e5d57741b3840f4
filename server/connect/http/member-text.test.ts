import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "@openward/runtime/manual";
import { testSeed } from "../../../packages/timeseries/testing/random.ts";
import { memberText } from "./member-text.ts";

test("the value comes to the letter, with what parsing would change", () => {
  const text =
    ' { "device":"d", "body" : {"a":12345678901234567890, "a":1e400, "b":"}\\"],\\\\" }, "kind":"readings" } ';
  assert.equal(memberText(text, "body"), '{"a":12345678901234567890, "a":1e400, "b":"}\\"],\\\\" }');
  assert.equal(memberText(text, "kind"), '"readings"');
  assert.equal(memberText(text, "other"), undefined);
});

test("a name that comes twice, or is written with escapes, is the one that JSON.parse takes", () => {
  assert.equal(memberText('{"body":1,"b\\u006fdy":[2 , 3]}', "body"), "[2 , 3]");
  assert.equal(memberText('{"x":{"body":1},"body":true}', "body"), "true");
  assert.equal(memberText("{}", "body"), undefined);
});

test("what is cut out parses to what the whole parses to", (t) => {
  const seed = testSeed();
  t.diagnostic(`SEED=${seed}`);
  const random = seededRandom(seed);
  const pick = <T>(of: readonly T[]): T => of[Math.floor(random.float() * of.length)] as T;
  const value = (depth: number): unknown => {
    if (depth > 3 || random.float() < 0.5)
      return pick<unknown>([null, true, -1.5e-7, 0, "", 'a"b\\', "}{][,:", "\u2028\n", "ø"]);
    const members = Array.from({ length: Math.floor(random.float() * 4) }, () => value(depth + 1));
    return random.float() < 0.5
      ? members
      : Object.fromEntries(members.map((member) => [pick(["a", "body", '"', "\\n"]), member]));
  };
  for (let n = 0; n < 2_000; n++) {
    const object = { first: value(0), body: value(0), last: value(0) };
    const text = JSON.stringify(object, null, pick([undefined, 1, "\t"]));
    for (const name of ["first", "body", "last"] as const)
      assert.deepEqual(JSON.parse(memberText(text, name) ?? "?"), object[name], text);
  }
});
