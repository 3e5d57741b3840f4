import assert from "node:assert/strict";
import { test } from "node:test";
import { manualRuntime } from "@openward/runtime/manual";
import { boundRefusals } from "./crowd.ts";
import type { Kept } from "./ports.ts";
import { type AuditRecord, decodeRecord, encodeRecord } from "./record.ts";

function house() {
  const runtime = manualRuntime(1_795_327_200_000, 1);
  const records: AuditRecord[] = [];
  const recorder = {
    state: "ok" as const,
    append: async (record: AuditRecord): Promise<Kept> => {
      records.push(record);
      return "recorded";
    },
  };
  const bounded = boundRefusals(recorder, {
    runtime,
    sourceOf: (address) => address,
    report: (error) => assert.fail(error as Error),
  });
  const refuse = (address: string, more: Partial<AuditRecord> = {}) =>
    bounded.append({
      id: runtime.ids.uuid(),
      at: runtime.clock.now(),
      organisationId: null,
      who: { kind: "unknown", id: null, display: "", role: null },
      action: "R",
      code: "api.patients",
      patients: [],
      entity: "Patient",
      via: "GET /api/patients",
      outcome: "refused",
      refusal: "NOT_SIGNED_IN",
      address,
      ...more,
    });
  return { runtime, records, bounded, refuse };
}

test("a stranger's refusals are written one by one, then counted, and every one is in the sum", async () => {
  const { runtime, records, bounded, refuse } = house();
  for (let i = 0; i < 5_000; i++) {
    await refuse("192.0.2.1");
    runtime.advance(1);
  }
  await refuse("192.0.2.2");
  assert.equal(records.length, 201);
  runtime.advance(60_000);
  await Promise.resolve();
  const counted = records.at(-1);
  assert.deepEqual(
    [records.length, counted?.crowd, counted?.address],
    [202, { count: 4_800, first: 1_795_327_200_200, last: 1_795_327_204_999 }, "192.0.2.1"],
  );
  assert.deepEqual(decodeRecord(encodeRecord(counted as AuditRecord)).crowd, counted?.crowd);
  await refuse("192.0.2.1");
  assert.equal(records.length, 202, "who has not stopped goes on being counted");
  runtime.advance(60_000);
  runtime.advance(60_000);
  await Promise.resolve();
  await refuse("192.0.2.1");
  assert.deepEqual(
    [records.length, records.at(-2)?.crowd?.count],
    [204, 1],
    "behind a quiet minute they are records again",
  );
  await bounded.close();
  assert.equal(runtime.pending(), 0);
});

test("a flood of addresses is a bounded number of records", async () => {
  const { records, bounded, refuse } = house();
  for (let i = 0; i < 10_000; i++) await refuse(`10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`);
  await bounded.close();
  const counted = records.filter(({ crowd }) => crowd !== undefined);
  assert.ok(records.length <= 2_001, `${records.length}`);
  assert.equal(
    records.length - counted.length + counted.reduce((sum, { crowd }) => sum + (crowd?.count ?? 0), 0),
    10_000,
  );
});

test("what a person did, what was allowed and what names a patient is never counted together", async () => {
  const { records, refuse } = house();
  for (let i = 0; i < 50; i++) {
    await refuse("192.0.2.1", { who: { kind: "person", id: "nina", display: "Nina", role: "nurse" } });
    await refuse("192.0.2.1", { outcome: "allowed" });
    await refuse("192.0.2.1", { patients: ["0190a000-0000-7000-8000-000000000001"] });
  }
  assert.equal(records.length, 150);
});
