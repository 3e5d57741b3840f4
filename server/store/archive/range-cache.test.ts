import assert from "node:assert/strict";
import { test } from "node:test";
import { seeded } from "../../../packages/timeseries/testing/random.ts";
import { RangeCache } from "./range-cache.ts";

test("the cache never holds more than its bytes, gives back what was set, and keeps what was asked for last", () => {
  const r = seeded();
  const cache = new RangeCache(1_000);
  const last = new Map<string, Buffer>();
  for (let n = 0; n < 5_000; n++) {
    const key = String(r.int(60));
    if (r.int(2) === 0) {
      const bytes = Buffer.alloc(r.int(300), n);
      cache.set(key, bytes);
      last.set(key, bytes);
      assert.equal(cache.get(key), bytes);
    } else {
      const found = cache.get(key);
      if (found) assert.equal(found, last.get(key));
    }
    assert.ok(cache.bytes <= 1_000);
  }
  cache.set("asked", Buffer.alloc(100));
  for (let n = 0; n < 50; n++) {
    assert.ok(cache.get("asked"), "what is asked for stays");
    cache.set(`other ${n}`, Buffer.alloc(400));
  }
  cache.set("too large", Buffer.alloc(1_001));
  assert.equal(cache.get("too large"), undefined);
});
