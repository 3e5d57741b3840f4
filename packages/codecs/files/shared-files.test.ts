import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import { RefusedInput } from "@openward/errors";
import { decodeRaw } from "../raw.ts";
import { contextOf } from "../testing/vectors.ts";
import { decodeFile, recogniseFile } from "./index.ts";

const DATA = fileURLToPath(new URL("../../../../shared/data/", import.meta.url));
const skip = existsSync(DATA) ? false : "no ../shared/data beside the clone";

interface Sums {
  readonly counts: Record<string, number>;
  readonly sums: Record<string, number>;
  readonly events: Record<string, number>;
  readonly refused: string[];
}

/** What comes out of a file, however it is cut. */
async function sumsOf(path: string): Promise<Sums> {
  const stored = readFileSync(DATA + path);
  const bytes = path.endsWith(".gz") ? gunzipSync(stored) : stored;
  const name = path.replace(/\.gz$/, "");
  const format = recogniseFile(name, bytes.subarray(0, 8_192));
  assert.ok(format, `${name} is recognised`);
  async function* chunks() {
    for (let at = 0; at < bytes.length; at += 65_536) yield bytes.subarray(at, at + 65_536);
  }
  const found: Sums = { counts: {}, sums: {}, events: {}, refused: [] };
  for await (const { decoded } of decodeFile(format, chunks(), decodeRaw, contextOf({}))) {
    if (decoded instanceof RefusedInput) {
      found.refused.push(decoded.code);
      continue;
    }
    for (const { signal, values } of decoded.readings) {
      found.counts[signal] = (found.counts[signal] ?? 0) + values.length;
      for (const value of values) found.sums[signal] = (found.sums[signal] ?? 0) + value;
    }
    for (const { event } of decoded.events) found.events[event] = (found.events[event] ?? 0) + 1;
    for (const { code } of decoded.refused) found.refused.push(code);
  }
  return found;
}

const near = (a: number | undefined, b: number) =>
  assert.ok(a !== undefined && Math.abs(a - b) < 1e-6 * Math.abs(b) + 1e-9, `${a} is ${b}`);

test("every Apple Health export has the records that a search for their text counts", { skip }, async () => {
  for (const path of [
    "fitness/apple-health/healthkit-to-sqlite_export.xml",
    "fitness/apple-health/zip_contents/apple_health_export/export.xml",
  ]) {
    const text = readFileSync(DATA + path, "utf8");
    const { counts, sums, events, refused } = await sumsOf(path);
    assert.deepEqual(refused, []);
    for (const [type, signal] of [
      ["BodyMassIndex", "bmi"],
      ["HeartRate", "pulse-rate"],
      ["StepCount", "steps"],
    ] as const) {
      const tags = text.match(new RegExp(`<Record type="HKQuantityTypeIdentifier${type}"[^>]*>`, "g")) ?? [];
      assert.equal(counts[signal] ?? 0, tags.length, `${path} ${type}`);
      const sum = tags.reduce((all, tag) => all + Number(/ value="([^"]*)"/.exec(tag)?.[1]), 0);
      if (tags.length > 0) near(sums[signal], sum);
    }
    assert.equal(events.workout ?? 0, (text.match(/<Workout /g) ?? []).length);
  }
});
