import assert from "node:assert/strict";
import { test } from "node:test";
import { seeded } from "../journal/testing/entries.ts";
import { type Day, withNewerHours } from "./days.ts";

function dayOf(hours: readonly (string | undefined)[]): Day {
  const bounds = [0];
  for (const part of hours) bounds.push((bounds.at(-1) ?? 0) + (part?.length ?? 0));
  return { bounds, payload: Buffer.from(hours.join("")) };
}

const hoursOf = ({ bounds, payload }: Day) =>
  Array.from({ length: 24 }, (_, hour) => payload.toString("latin1", bounds[hour], bounds[hour + 1]) || undefined);

test("of a day that was archived, the hours that came since take their places, and the others stay", () => {
  const r = seeded();
  for (let n = 0; n < 200; n++) {
    const some = (letter: string) =>
      Array.from({ length: 24 }, () => (r.int(2) === 0 ? letter.repeat(1 + r.int(9)) : undefined));
    const [archived, newer] = [some("a"), some("n")];
    const day = withNewerHours(dayOf(archived), dayOf(newer));
    assert.deepEqual(
      hoursOf(day),
      newer.map((part, hour) => part ?? archived[hour]),
    );
    assert.equal(day.bounds.length, 25);
    assert.equal(day.bounds[24], day.payload.length);
  }
});
