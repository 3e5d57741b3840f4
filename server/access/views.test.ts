import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as soon } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { PatientView, Principal } from "@openward/model";
import { manualRuntime } from "@openward/runtime/manual";
import type { Tables, Transaction } from "./ports.ts";
import { createViews } from "./views.ts";

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

const HOUSE = "00000000-0000-7000-8000-000000000001";
const PATIENT = "00000000-0000-7000-8000-000000000002";
const MINUTE = 60_000;

const nurse = (id: string): Principal => ({
  id,
  organisationId: HOUSE,
  kind: "person",
  role: "nurse",
  display: "Nina Berg",
});

function setUp() {
  const runtime = manualRuntime(1_000_000);
  const asked = new Map<string, number>();
  const tx = {
    rows: async (sql: string) => (sql.startsWith("SELECT id, merged_into") ? [{ id: PATIENT, merged_into: null }] : []),
  } as unknown as Transaction;
  const tables = {
    async inOrganisation(who: Principal, work: (tx: Transaction) => unknown) {
      asked.set(who.id, (asked.get(who.id) ?? 0) + 1);
      return work(tx);
    },
  } as unknown as Tables;
  const views = createViews({ tables, runtime, onTrouble: assert.fail, onSeen() {} });
  /** Time goes on a quarter of a minute at a time, and what it sets off is answered; nobody's views are cleared away. */
  const pass = async (minutes: number) => {
    for (let i = 0; i < minutes * 4; i++) {
      runtime.advance(MINUTE / 4);
      collectGarbage();
      for (let turn = 0; turn < 5; turn++) await soon();
    }
  };
  return { views, pass, asked: (id: string) => asked.get(id) ?? 0 };
}

test("of whom nobody asked for five minutes nothing is read any more, and they see as before when they ask again", async (t) => {
  const { views, pass, asked } = setUp();
  t.after(views.close);
  assert.ok((await views.viewOf(nurse("a"))).has(PATIENT));
  await pass(4);
  assert.ok(asked("a") > 4, "it follows for a while");
  await pass(2);
  const until = asked("a");
  await pass(10);
  views.refresh(HOUSE, PATIENT);
  await pass(1);
  assert.equal(asked("a"), until);
  assert.ok((await views.viewOf(nurse("a"))).has(PATIENT));
  assert.equal(asked("a"), until + 1);
});

test("a view that somebody holds, or a part of it, follows however long nobody asks", async (t) => {
  const { views, pass, asked } = setUp();
  t.after(views.close);
  const held: Pick<PatientView, "has">[] = [{ has: (await views.viewOf(nurse("a"))).has }];
  await pass(20);
  const before = asked("a");
  await pass(2);
  assert.ok(asked("a") >= before + 3);
  views.refresh(HOUSE, PATIENT);
  await pass(1);
  assert.ok(held[0]?.has(PATIENT));
});
