import assert from "node:assert/strict";
import { test } from "node:test";
import { matchBeats } from "./ec57.ts";

test("each beat is matched once, with the nearest", () => {
  const found = matchBeats([100, 200, 300, 400], [102, 190, 206, 350, 405], 15);
  assert.deepEqual(found, {
    ...{ truePositives: 3, falsePositives: 2, falseNegatives: 1, missed: [300], extra: [190, 350] },
    pairs: [
      [100, 102],
      [200, 206],
      [400, 405],
    ],
  });
});

test("a beat between two is not taken from the one that it is nearer to", () => {
  assert.deepEqual(matchBeats([100, 120], [118], 30).missed.length, 1);
  assert.deepEqual(matchBeats([100, 130], [98, 131], 40), {
    ...{ truePositives: 2, falsePositives: 0, falseNegatives: 0 },
    ...{ missed: [], extra: [] },
    pairs: [
      [100, 98],
      [130, 131],
    ],
  });
  assert.deepEqual(matchBeats([], [5], 10).extra, [5]);
  assert.deepEqual(matchBeats([5], [], 10).missed, [5]);
});
