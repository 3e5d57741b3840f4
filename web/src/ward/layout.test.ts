import assert from "node:assert/strict";
import { test } from "node:test";
import { layoutOf } from "./layout.ts";

const fits = (count: number, width: number, height: number): boolean => {
  const { columns, rowHeight } = layoutOf(count, width, height);
  const rows = Math.ceil(count / columns);
  return rows * rowHeight + (rows - 1) * 10 <= height + 1;
};

test("a phone has one column", () => assert.equal(layoutOf(8, 374, 700).columns, 1));

test("a wall of 1920 x 980 shows up to fifteen patients without scrolling", () => {
  for (let n = 1; n <= 15; n++) assert.ok(fits(n, 1900, 980), `${n} patients`);
});

test("fewer patients get larger tiles", () => {
  assert.ok(layoutOf(4, 1900, 980).columns < layoutOf(12, 1900, 980).columns);
});

test("nine patients on a wall stand in two rows, with room for their waveforms", () => {
  assert.equal(layoutOf(9, 1900, 960).columns, 5);
});

test("one patient does not fill a whole wall with one tile's width", () => {
  assert.ok(layoutOf(1, 1900, 960).columns >= 1);
  assert.ok(layoutOf(2, 1900, 960).columns === 2);
});

test("more patients than fit scroll, with tiles that are still readable", () => {
  const { columns, rowHeight } = layoutOf(60, 1900, 980);
  assert.equal(columns, 5);
  assert.ok(rowHeight >= 220);
});

test("an empty ward has a layout too", () => assert.ok(layoutOf(0, 1000, 600).columns >= 1));
