import assert from "node:assert/strict";
import { test } from "node:test";
import { manualRuntime } from "@openward/runtime/manual";
import { keepFleet } from "./keep.ts";

const START = Date.UTC(2026, 10, 27, 6);
const ORGANISATION = "00000000-0000-7000-8000-00000000000a";

/** Turns of the event loop, in which what was asked is answered. */
const settled = async () => {
  for (let i = 0; i < 20; i++) await Promise.resolve();
};

function world() {
  const runtime = manualRuntime(START);
  const rows = new Map<string, { from: number; to: number | null }>();
  const runs: [string, number][] = [];
  const heard: object[] = [];
  const state = { isAway: false, reports: [] as { detail: unknown; receivedAt: number }[] };
  const there = () => {
    if (state.isAway) throw new Error("the database is away");
  };
  const ran = (what: string, at: number) => {
    there();
    runs.push([what, at]);
  };
  const keeper = keepFleet({
    runtime,
    keeping: {
      begin: async (_, at) => ran("begin", at),
      alive: async (_, at) => ran("alive", at),
      end: async (_, at) => ran("end", at),
      connections: async (_, spans) => {
        there();
        for (const { deviceId, from, to } of spans) rows.set(`${deviceId} ${from - START}`, { from, to });
      },
      reports: async (receivedFrom) => {
        there();
        return state.reports
          .filter(({ receivedAt }) => receivedAt >= receivedFrom)
          .map((report) => ({ ...report, gatewayId: "gw", organisationId: ORGANISATION, everyMs: 300_000 }));
      },
      heard: async (reports) => void heard.push(...reports),
      forget: async () => {},
    },
    reportOf: (detail) => detail as { clock: number; devices: Record<string, number> } | undefined,
    report: () => {},
  });
  const pass = async (ms: number) => {
    runtime.advance(ms);
    await settled();
  };
  return { keeper, rows, runs, heard, state, pass };
}

test("a connection is a span; who comes back within seconds was not away", async () => {
  const { keeper, rows, pass } = world();
  await settled();
  keeper.connection("mon-1", ORGANISATION, true);
  await pass(60_000);
  assert.deepEqual(rows.get("mon-1 0"), { from: START, to: null });
  keeper.connection("mon-1", ORGANISATION, false);
  await pass(5_000);
  keeper.connection("mon-1", ORGANISATION, true);
  await pass(60_000);
  assert.deepEqual([...rows], [["mon-1 0", { from: START, to: null }]]);
  keeper.connection("mon-1", ORGANISATION, false);
  await pass(60_000);
  keeper.connection("mon-1", ORGANISATION, true);
  await keeper.stop();
  assert.deepEqual(
    [...rows.values()].map(({ from, to }) => [from - START, to === null ? null : to - START]),
    [
      [0, 125_000],
      [185_000, null],
    ],
  );
});

test("while the database is away spans wait, and the run is begun when it is back", async () => {
  const { keeper, rows, runs, state, pass } = world();
  state.isAway = true;
  keeper.connection("mon-1", ORGANISATION, true);
  await pass(30_000);
  keeper.connection("mon-1", ORGANISATION, false);
  await pass(30_000);
  assert.equal(rows.size, 0);
  state.isAway = false;
  await pass(30_000);
  assert.deepEqual([...rows.values()], [{ from: START, to: START + 30_000 }]);
  await keeper.stop();
  assert.deepEqual(runs.at(-1), ["end", START + 90_000]);
  assert.ok(runs.filter(([what]) => what === "begin").every(([, at]) => at === START));
});

test("reports of gateways are told once they are there, those of another form are not", async () => {
  const { heard, state, pass } = world();
  await settled();
  state.reports.push(
    { detail: { clock: START + 1_000, devices: { "ox-1": START } }, receivedAt: START + 2_000 },
    { detail: undefined, receivedAt: START + 3_000 },
  );
  await pass(30_000);
  assert.deepEqual(heard[0], {
    gatewayId: "gw",
    organisationId: ORGANISATION,
    everyMs: 300_000,
    at: START + 1_000,
    devices: { "ox-1": START },
  });
  assert.equal(heard.length, 1);
});
