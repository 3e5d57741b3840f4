import assert from "node:assert/strict";
import { test } from "node:test";
import { RefusedInput } from "@openward/errors";
import { createLog } from "./log.ts";

function logged(write: (log: ReturnType<typeof createLog>) => void): string {
  const lines: string[] = [];
  write(createLog("debug", { write: (line: string) => void lines.push(line) }));
  return lines.join("");
}

const NAME = "Hansen, Kari";

test("an error in the log says what failed and where, and nothing of what it was given", () => {
  const ofDatabase = Object.assign(new Error(`invalid input syntax for type uuid: "${NAME}"`), {
    code: "23505",
    table: "patient",
    constraint: "patient_mrn_key",
    detail: `Key (organisation_id, mrn)=(1, ${NAME}) already exists.`,
    where: `unnamed portal parameter $3 = '${NAME}'`,
    hint: NAME,
  });
  const parsing = thrownBy(() => JSON.parse(`{"name": ${NAME}}`));
  const refused = new RefusedInput("FIELD_INVALID", { at: "name", expected: "text", received: NAME });
  const wrapped = new Error("the row was not written", { cause: ofDatabase });
  for (const error of [ofDatabase, parsing, refused, wrapped]) {
    for (const text of [
      logged((log) => log.error({ err: error }, "failed")),
      logged((log) => log.warn({ reason: error.message }, "failed")),
    ]) {
      assert.ok(!text.includes("Hansen") && !text.includes("Kari"), text);
      assert.ok(text.includes("failed"));
    }
  }
  const { err } = JSON.parse(logged((log) => log.error({ err: wrapped }, "failed")));
  assert.equal(err.message, "the row was not written");
  assert.deepEqual([err.cause.code, err.cause.table, err.cause.constraint], ["23505", "patient", "patient_mrn_key"]);
  assert.match(err.stack, /log\.test\.ts/);
});

function thrownBy(work: () => unknown): Error {
  try {
    work();
  } catch (error) {
    return error as Error;
  }
  throw new Error("it threw nothing");
}
