import assert from "node:assert/strict";
import { test } from "node:test";
import { ApiProblem } from "../app/api.ts";
import { answerProblem, refusalText } from "./refused-answer.ts";

test("an answer that came too late says what to do", () => {
  assert.match(refusalText(new ApiProblem(409, { code: "CONFLICT" })), /changed since you looked.*answer again/);
  assert.match(refusalText(new ApiProblem(404, {})), /over/);
  assert.match(refusalText(new ApiProblem(0, { detail: "The server does not answer." })), /does not answer/);
});

test("a refused answer stays on the page until it is read", () => {
  let told = 0;
  const stop = answerProblem.subscribe(() => told++);
  answerProblem.say("Bed 4: SpO2 low.");
  assert.equal(answerProblem.text(), "Bed 4: SpO2 low.");
  answerProblem.clear();
  stop();
  assert.deepEqual([answerProblem.text(), told], [null, 2]);
});
