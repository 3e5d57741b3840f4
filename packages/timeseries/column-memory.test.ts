import assert from "node:assert/strict";
import { test } from "node:test";
import { ColumnMemory } from "./column-memory.ts";

test("columns lie beside one another, are of zeros again after a clearing, and come from elsewhere where there is no room", () => {
  const memory = new ColumnMemory(10 * 29 + 6 + 5 * 16);
  const first = memory.columns(10);
  const [times, values] = memory.pair(5);
  const elsewhere = memory.columns(1);
  const all = [...Object.values(first), times, values] as (Float64Array | Uint8Array)[];
  for (const [i, column] of all.entries()) column.fill(i + 1);
  for (const [i, column] of all.entries()) assert.ok(column.every((each) => each === i + 1));
  assert.equal(times.buffer, first.times.buffer);
  assert.notEqual(elsewhere.times.buffer, first.times.buffer);
  assert.deepEqual([elsewhere.times.length, elsewhere.times[0]], [1, 0]);
  memory.clear();
  assert.ok(all.every((column) => column.every((each) => each === 0)));
  assert.equal(memory.columns(10).times.byteOffset, first.times.byteOffset);
});
