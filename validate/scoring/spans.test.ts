import assert from "node:assert/strict";
import { test } from "node:test";
import { areaUnderCurve, touched } from "./spans.ts";

test("spans that have a moment in common touch", () => {
  assert.equal(
    touched(
      [
        [0, 1],
        [2, 3],
        [5, 6],
      ],
      [
        [1, 2.5],
        [7, 8],
      ],
    ),
    2,
  );
  assert.equal(touched([[0, 1]], []), 0);
});

test("the area under the curve is the chance that one that is so has more", () => {
  assert.equal(areaUnderCurve([1, 2, 3, 4], [false, false, true, true]), 1);
  assert.equal(areaUnderCurve([4, 3, 2, 1], [false, false, true, true]), 0);
  assert.equal(areaUnderCurve([1, 1, 1, 1], [false, true, false, true]), 0.5);
  assert.equal(areaUnderCurve([1, 3, 2, 4], [false, false, true, true]), 0.75);
  assert.ok(Number.isNaN(areaUnderCurve([1, 2], [true, true])));
});
