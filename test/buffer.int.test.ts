import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { judgeBuffer, openBufferWard } from "./support/buffer.ts";

const SEED = Number(process.env.SEED ?? 1);

let ward: Awaited<ReturnType<typeof openBufferWard>>;
before(async () => {
  ward = await openBufferWard();
});
after(() => ward?.close());

test(`a buffer of 24 hours sent three times, shuffled, hours late, is stored as in one ordered pass, and raises no alarm (seed ${SEED})`, async () => {
  const result = await ward.run({ seed: SEED, everyMs: 60_000, hours: 24, times: 3 });
  assert.deepEqual(judgeBuffer(result), []);
  const { readings, samples, sent } = result.shuffled;
  assert.ok(readings > 6 * 24 * 60 && samples === 24 * 2_500, `${readings} readings, ${samples} samples`);
  assert.ok(sent > 3 * (readings - 900), `${sent} readings sent`);
});
