import assert from "node:assert/strict";
import { test } from "node:test";
import { OutsideTrouble } from "@openward/errors";
import type { BulkJob, BulkPiece, BulkRequest, BulkStore } from "@openward/model";
import { manualRuntime } from "@openward/runtime/manual";
import { KARI, NOW, OLA, organisation, readingOf, streamOf, T0, viewOf, ward } from "../testing/ward.ts";
import { createBulk } from "./jobs.ts";

/** A store in memory: what the real one promises. */
function memoryStore() {
  const jobs = new Map<string, BulkJob>();
  const pieces: BulkPiece[] = [];
  const store: BulkStore = {
    begin: async (job) => void jobs.set(job.id, { ...job, state: "running", cursor: null, files: [] }),
    running: async () => [...jobs.values()].filter(({ state }) => state === "running"),
    find: async (id) => jobs.get(id),
    countRunning: async () => [...jobs.values()].filter(({ state }) => state === "running").length,
    async add(job, more) {
      pieces.push(...more);
      const next = { ...job, cursor: more.at(-1)?.cursor ?? job.cursor };
      jobs.set(job.id, next);
      return next;
    },
    async end(id, state) {
      const job = jobs.get(id);
      if (job) jobs.set(id, { ...job, state });
    },
    remove: async (id) => void jobs.delete(id),
    removeExpired: async () => 0,
    pieces: async () => [],
    read: async () => Buffer.alloc(0),
  };
  return { store, jobs, pieces };
}

const request: BulkRequest = {
  url: "x",
  base: "http://ward.example/fhir",
  level: "patient",
  types: ["Patient", "Observation"],
  filters: {},
};
const seen = new Set([KARI, OLA]);
const view = {
  ...viewOf(KARI, OLA),
  has: (id: string) => seen.has(id),
  patientIds: () => [...seen],
  recordsOf: (id: string) => (seen.has(id) ? [id] : []),
};
const owner = { principal: view.principal, organisation };

function house(trouble: () => Error | undefined = () => undefined, onStreams = () => {}) {
  const { store, jobs, pieces } = memoryStore();
  const { context, telemetry } = ward(view);
  telemetry.add(readingOf(streamOf("heart-rate", "/min"), T0, 70));
  telemetry.add(readingOf(streamOf("heart-rate", "/min", { patientId: OLA }), T0, 60));
  const runtime = manualRuntime(NOW);
  const reported: unknown[] = [];
  const noted: string[][] = [];
  const bulk = createBulk({
    store,
    contextOf: async () => {
      const error = trouble();
      if (error) throw error;
      return {
        ...context,
        telemetry: {
          ...context.telemetry,
          streams(of: typeof view, patientId: string) {
            onStreams();
            return context.telemetry.streams(of, patientId);
          },
        },
      };
    },
    clock: runtime.clock,
    timers: runtime.timers,
    ids: runtime.ids,
    record: async (_owner, _job, patientIds) => void noted.push([...patientIds]),
    report: (error) => void reported.push(error),
  });
  return { bulk, jobs, pieces, runtime, reported, noted };
}

async function settled(jobs: ReadonlyMap<string, BulkJob>, id: string): Promise<string> {
  for (let i = 0; i < 1_000; i++) {
    const state = jobs.get(id)?.state ?? "gone";
    if (state !== "running") return state;
    await new Promise(setImmediate);
  }
  return "running";
}

test("it is noted of whom lines are made, before they are kept, and each patient's pieces are their own", async () => {
  const { bulk, jobs, pieces, noted } = house();
  const { id } = await bulk.begin(owner, request);
  assert.equal(await settled(jobs, id), "done");
  assert.deepEqual(noted, [[KARI, OLA]]);
  assert.deepEqual(
    pieces.map(({ type, patientIds, lines }) => [type, patientIds[0], lines]),
    [
      ["Patient", KARI, 1],
      ["Patient", OLA, 1],
      ["Observation", KARI, 1],
      ["Observation", OLA, 1],
    ],
  );
});

test("an export that cannot be made fails and holds nobody up; what may come right is tried again", async () => {
  const broken = [new TypeError("a fault of ours")];
  const { bulk, jobs, reported } = house(() => broken.pop());
  const first = await bulk.begin(owner, request);
  const second = await bulk.begin(owner, request);
  assert.equal(await settled(jobs, first.id), "failed");
  assert.equal(await settled(jobs, second.id), "done");
  assert.equal(reported.length, 1);
  const away = [new OutsideTrouble("DATABASE_UNREACHABLE", true)];
  const later = house(() => away.pop());
  const { id } = await later.bulk.begin(owner, request);
  for (let i = 0; i < 200 && later.reported.length === 0; i++) await new Promise(setImmediate);
  assert.equal(later.jobs.get(id)?.state, "running");
  await later.runtime.advance(5_000);
  assert.equal(await settled(later.jobs, id), "done");
});

test("whoever's own access ends has a failed export, not a short one; a fifth at a time is refused", async () => {
  // In the midst of it.
  const { bulk, jobs } = house(undefined, () => seen.clear());
  const { id } = await bulk.begin(owner, request);
  assert.equal(await settled(jobs, id), "failed");
  for (let i = 0; i < 4; i++) jobs.set(String(i), { ...(jobs.get(id) as BulkJob), id: String(i), state: "running" });
  await assert.rejects(bulk.begin(owner, request), { code: "RATE_LIMITED" });
});
