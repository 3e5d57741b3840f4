import assert from "node:assert/strict";
import { test } from "node:test";
import { RefusedInput } from "@openward/errors";
import { KARI, OLA, principal, viewOf, ward } from "../testing/ward.ts";
import { searchWritten } from "./search.ts";

const asRole = (role: "researcher" | "clinical-engineer" | "integration") =>
  ward({ ...viewOf(KARI, OLA), principal: { ...principal, role } }).context;

const refused = (code: string) => (error: unknown) => error instanceof RefusedInput && error.code === code;

test("by what is withheld nobody is found within a filter either, at whatever step", async () => {
  for (const role of ["researcher", "clinical-engineer"] as const)
    for (const [type, filter] of [
      ["Patient", "name co a"],
      ["Patient", "_id eq x or not(family eq berg)"],
      ["Patient", "_id eq x and (_id eq y or birthdate lt 1990)"],
      ["DeviceUseStatement", "subject.name co a"],
      ["DeviceUseStatement", "subject[birthdate lt 1990] pr true"],
    ] as const)
      await assert.rejects(
        searchWritten(asRole(role), type, [["_filter", filter]]),
        refused("NOT_PERMITTED"),
        `${role}: ${type}?_filter=${filter}`,
      );
});

test("what the house makes is found by a filter as it is by parameters", async () => {
  const found = async (filter: string) => {
    const { entry = [] } = await searchWritten(asRole("integration"), "Patient", [["_filter", filter]]);
    return entry.map(({ resource }) => resource?.id).sort();
  };
  assert.deepEqual(await found("gender pr true"), [KARI, OLA].sort());
  assert.deepEqual(await found("gender eq female"), [KARI]);
  assert.deepEqual(await found(`gender pr true and not(_id eq ${KARI})`), [OLA]);
  assert.deepEqual(await found("identifier pr false"), []);
  await assert.rejects(found("gender eq"), refused("FIELD_INVALID"));
  await assert.rejects(found("colour eq red"), refused("PARAMETER_UNKNOWN"));
});
