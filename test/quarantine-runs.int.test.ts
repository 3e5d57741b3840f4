import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { RefusedInput } from "@openward/errors";
import type { PatientView } from "@openward/model";
import { CODECS } from "../server/ingest/place.ts";
import { ALICE, engineer, HOUR, NOW, ORGANISATION, openSecondLook, type SecondLook } from "./support/second-look.ts";

let look: SecondLook;
before(async () => {
  look = await openSecondLook();
});
after(() => look?.close());
beforeEach(() => look.empty());

type Runs = ReturnType<SecondLook["quarantineRunsBy"]>;

/** Waits for the phase that a run is to come to; a run that failed is not waited for. */
async function until(runs: Runs, id: string, phase: "looked" | "applied", view = engineer) {
  for (let n = 0; n < 600; n++) {
    const state = runs.state(view, id);
    if (state.phase === phase) return state;
    assert.notEqual(state.phase, "failed", `${state.fault}`);
    await wait(50);
  }
  return assert.fail(`the run did not come to be ${phase}`);
}
const refused = (code: string) => (error: unknown) => error instanceof RefusedInput && error.code === code;
const spo2 = (n: number) => ({ at: NOW - n * 1000, values: { spo2: 90 + n } });

/** Three readings while the device was on nobody, one of an unknown signal, one that a person must give to somebody. */
async function fill(): Promise<void> {
  look.associations.length = 0;
  const send = look.sender(CODECS);
  for (const n of [1, 2, 3]) await send("readings", spo2(n));
  await send("readings", { at: NOW - 4000, values: { "spo2-of-mars": 94 } });
  look.wear(ALICE, NOW - 10 * HOUR, null);
}

test("what would be placed is shown, then done with a reason; what stays says why; undone it is as before, and can be done again", async () => {
  await fill();
  const runs = look.quarantineRunsBy(CODECS);
  const { quarantineRuns } = runs.registry;
  assert.equal((await quarantineRuns.open(ORGANISATION, {}, 100)).length, 4);
  assert.deepEqual(
    (await quarantineRuns.counts(ORGANISATION)).map(({ code, messages }) => [code, messages]),
    [
      ["NO_ASSOCIATION", 3],
      ["SIGNAL_UNKNOWN", 1],
    ],
  );
  const { id } = await runs.start(engineer, {});
  const looked = await until(runs, id, "looked");
  assert.deepEqual(
    [looked.messages, looked.done, looked.placed, looked.readings, looked.stays],
    [4, 4, 3, 3, [{ code: "SIGNAL_UNKNOWN", messages: 1 }]],
  );
  assert.deepEqual(await look.read(), {}, "looking changes nothing");

  await runs.apply(engineer, id, "the device was put on late");
  await assert.rejects(runs.apply(engineer, id, "twice"), refused("CONFLICT"));
  const applied = await until(runs, id, "applied");
  assert.deepEqual([applied.placed, applied.readings], [3, 3]);
  assert.deepEqual(await look.read(), { spo2: [93, 92, 91] });
  assert.equal((await quarantineRuns.open(ORGANISATION, {}, 100)).length, 1);
  const [run] = await quarantineRuns.list(ORGANISATION);
  assert.deepEqual(
    [run?.id, run?.messages, run?.placed, run?.readings, run?.reason, run?.undoneAt],
    [id, 4, 3, 3, "the device was put on late", null],
  );

  assert.deepEqual(await runs.undo(engineer, id, "it was on nobody after all"), {
    opened: 3,
    amended: 3,
    leftAlone: 0,
  });
  assert.deepEqual(await look.read(), { spo2: [] });
  assert.deepEqual(await look.received(), { spo2: [93, 92, 91] }, "what was received is never taken away");
  assert.equal((await quarantineRuns.open(ORGANISATION, {}, 100)).length, 4);
  await assert.rejects(runs.undo(engineer, id, "twice"), refused("CONFLICT"));

  const again = await runs.start(engineer, { code: "NO_ASSOCIATION" });
  assert.deepEqual((await until(runs, again.id, "looked")).placed, 3);
  await runs.apply(engineer, again.id, "it was on Alice");
  await until(runs, again.id, "applied");
  assert.deepEqual(await look.read(), { spo2: [93, 92, 91] }, "and they are read again");
});

test("what came otherwise as well is not taken away with the run", async () => {
  await fill();
  await look.sender(CODECS)("readings", spo2(2));
  const runs = look.quarantineRunsBy(CODECS);
  const { id } = await runs.start(engineer, {});
  const looked = await until(runs, id, "looked");
  assert.deepEqual([looked.placed, looked.readings], [3, 2]);
  await runs.apply(engineer, id, "late");
  await until(runs, id, "applied");
  await runs.undo(engineer, id, "wrong");
  assert.deepEqual(await look.read(), { spo2: [92] });
});

test("a run is picked by hand or by what it has in common, and is of who began it", async () => {
  await fill();
  const runs = look.quarantineRunsBy(CODECS);
  const [first = ""] = await runs.registry.quarantineRuns.open(ORGANISATION, {}, 100);
  const filters = [
    [{ ids: [first] }, 1],
    [{ deviceId: "mon" }, 4],
    [{ deviceId: "other" }, 0],
    [{ contentType: "application/json" }, 4],
    [{ contentType: "application/cbor" }, 0],
    [{ from: NOW + HOUR }, 0],
    [{ to: NOW + HOUR, code: "SIGNAL_UNKNOWN" }, 1],
  ] as const;
  for (const [filter, messages] of filters) {
    const { id } = await runs.start(engineer, filter);
    assert.equal((await until(runs, id, "looked")).messages, messages, JSON.stringify(filter));
  }
  const { id } = await runs.start(engineer, {});
  await until(runs, id, "looked");
  const other = { ...engineer, principal: { ...engineer.principal, id: "somebody else" } } as PatientView;
  assert.throws(() => runs.state(other, id), refused("NOT_FOUND"));
  await assert.rejects(runs.apply(other, id, "mine"), refused("NOT_FOUND"));
});

test("what belongs to a patient whom one may not see stays, and its run is not undone by who cannot see it", async () => {
  await fill();
  const blind: PatientView = { ...engineer, has: (id) => id !== ALICE };
  const runs = look.quarantineRunsBy(CODECS);
  const { id } = await runs.start(blind, {});
  const looked = await until(runs, id, "looked", blind);
  assert.deepEqual([looked.placed, looked.readings], [0, 0]);
});
