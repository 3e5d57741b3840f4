import assert from "node:assert/strict";
import { test } from "node:test";
import { createOutputMemory } from "./output-memory.ts";
import { CBOR_FORMAT, JSON_FORMAT } from "./writer.ts";

test("memory of an answer is wiped when it comes back, also where an answer outgrew it, and is used again", () => {
  for (const format of [JSON_FORMAT, CBOR_FORMAT]) {
    for (const length of [1_000, 200_000]) {
      const outputs = createOutputMemory();
      const lease = outputs.take();
      lease.bytes.fill(0);
      const writer = format.writer(lease);
      writer.beginArray();
      writer.floats(new Float64Array(10).fill(71.618033988749));
      const beginning = writer.take();
      writer.floats(new Float64Array(length).fill(71.618033988749));
      const rest = writer.take();
      assert.equal(beginning.buffer, lease.bytes.buffer);
      assert.equal(rest.buffer === lease.bytes.buffer, length < 10_000);
      assert.ok(lease.bytes.some((byte) => byte !== 0));
      outputs.give(lease);
      assert.ok(lease.bytes.every((byte) => byte === 0));
      assert.equal(outputs.take().bytes, lease.bytes);
    }
  }
});
