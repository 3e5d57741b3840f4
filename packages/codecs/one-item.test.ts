import assert from "node:assert/strict";
import { test } from "node:test";
import { decodeReadings } from "./index.ts";

const decode = (body: unknown) => decodeReadings(new TextEncoder().encode(JSON.stringify(body)), "json");

test("a body of one item comes to the same columns as a list of that one item", () => {
  const item = { at: 1_795_327_200_000, values: { "heart-rate": 72, spo2: { value: 97, unit: "%" }, temp: "x" } };
  const plain = (decoded: ReturnType<typeof decode>) => ({
    refused: decoded.refused,
    columns: decoded.columns.map(({ times, values, items, ...named }) => ({
      ...named,
      times: [...times],
      values: [...values],
      items: [...items],
    })),
  });
  assert.deepEqual(plain(decode(item)), plain(decode([item])));
});

test("the values of one item share its time, and of two bodies nothing", () => {
  const [first, second] = [1, 2].map((at) => decode({ at, values: { "heart-rate": at, spo2: at } }));
  const times = [...(first?.columns ?? []), ...(second?.columns ?? [])].map((column) => column.times);
  assert.equal(times[0], times[1]);
  assert.notEqual(times[1], times[2]);
  assert.deepEqual(
    times.map(([time]) => time),
    [1, 1, 2, 2],
  );
});
