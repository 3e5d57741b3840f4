import assert from "node:assert/strict";
import { test } from "node:test";
import { placeLabels, rangeWith } from "./limit-labels.ts";

const limits = (part: object) => ({
  signal: "heart-rate",
  low: 50,
  high: 120,
  criticalLow: 40,
  criticalHigh: 160,
  priority: "medium" as const,
  delayMs: 0,
  hysteresis: 0,
  latching: false,
  enabled: true,
  setBy: "profile adult",
  setAt: 0,
  isDefault: true,
  revision: "profile adult",
  ...part,
});

test("the scale holds every limit, critical ones too, and what was measured", () => {
  const [low, high] = rangeWith(70, 101, [limits({})]);
  assert.ok(low < 40 && high > 160);
  assert.ok(rangeWith(20, 101, [limits({})])[0] < 20);
  assert.deepEqual(rangeWith(null, null, []), [0, 1]);
});

const room = { left: 0, right: 400, top: 0, bottom: 140, labelHeight: 13 };

test("labels lie in the chart, touch their own line, and cover neither another label nor another line", () => {
  for (const ys of [
    [3, 40, 100, 137],
    [50, 54, 58, 62],
    [10, 70, 72],
    [0, 140],
  ]) {
    const lines = ys.map((y) => ({ y, width: 60 }));
    const boxes = placeLabels(lines, room).map((place, i) => {
      assert.ok(place, `no label at ${ys[i]} of ${ys}`);
      return { ...place, left: place.right - 60, bottom: place.top + 13, y: ys[i] ?? 0 };
    });
    for (const a of boxes) {
      assert.ok(a.top >= 0 && a.bottom <= 140 && a.left >= 0, `${a.y} is cut off`);
      assert.ok(Math.min(Math.abs(a.bottom - a.y), Math.abs(a.top - a.y)) <= 2, `${a.y} is not at its line`);
      for (const b of boxes) {
        if (a === b) continue;
        const isApart = a.left >= b.right || b.left >= a.right || a.top >= b.bottom || b.top >= a.bottom;
        assert.ok(isApart, `the labels of ${a.y} and ${b.y} overlap`);
      }
    }
  }
});
