import assert from "node:assert/strict";
import { test } from "node:test";
import { ModelError, openModel } from "./index.ts";

/** 1/(1 + exp(-(a - 2 b))), made with onnx.helper: one input of rows of two, one output of one. */
const TINY = Buffer.from(
  "CAg6iQEKGAoIZmVhdHVyZXMKAXcSAWEiBk1hdE11bAoUCgFhEgZhbnN3ZXIiB1NpZ21vaWQSBHRpbnkqEwgCCAEQASIIAACAPwAAAMBCAXdaHgoIZmVhdHVyZXMSEgoQCAESDAoGEgRyb3dzCgIIAmIcCgZhbnN3ZXISEgoQCAESDAoGEgRyb3dzCgIIAUIECgAQEQ==",
  "base64",
);
const logistic = (x: number) => 1 / (1 + Math.exp(-x));

test("each row has its answer", async () => {
  const model = await openModel(TINY);
  assert.deepEqual([model.width, model.outputs], [2, 1]);
  const answers = await model.predict(Float32Array.of(1, 0, 0, 1, 3, 1));
  const expected = [logistic(1), logistic(-2), logistic(1)];
  for (const [i, answer] of expected.entries()) assert.ok(Math.abs((answers[i] as number) - answer) < 1e-6, `row ${i}`);
  assert.equal((await model.predict(new Float32Array(0))).length, 0);
});

test("what is no whole row is refused", async () => {
  const model = await openModel(TINY);
  await assert.rejects(model.predict(Float32Array.of(1, 0, 0)), RangeError);
});

test("what is no model is refused, and says so", async () => {
  for (const bytes of [new Uint8Array(0), Buffer.from("not a model"), TINY.subarray(0, 60)])
    await assert.rejects(openModel(bytes), ModelError);
});
