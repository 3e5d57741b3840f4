import assert from "node:assert/strict";
import { test } from "node:test";
import { testSeed } from "../../packages/timeseries/testing/random.ts";
import { live, noTally, type Plant } from "./campaign.ts";

const seed = testSeed();

async function campaign(histories: number, plant: Plant = {}) {
  const tally = noTally();
  for (let i = 0; i < histories; i++) await live(seed + i, tally, plant);
  return tally;
}

const shareOf = ({ unambiguous, unambiguousPlaced }: ReturnType<typeof noTally>) => unambiguousPlaced / unambiguous;

test(`whoever wore it when, told when, and sent when: no reading on the wrong patient, and all that is plain placed (seed ${seed})`, async () => {
  const tally = await campaign(400);
  assert.equal(tally.wrong, 0, JSON.stringify(tally));
  assert.ok(shareOf(tally) >= 0.999, JSON.stringify(tally));
  for (const what of ["unambiguous", "putRight", "quarantined", "claimed"] as const) assert.ok(tally[what] > 100, what);
});

const faults: readonly [string, Plant, "wrong" | "unplaced"][] = [
  [
    "places by the time of arrival",
    { wearers: ({ memory }, now) => ({ ...memory, associationAt: (id) => memory.associationAt(id, now()) }) },
    "wrong",
  ],
  [
    "lets an association last a millisecond too long",
    {
      wearers: ({ memory }) => ({
        ...memory,
        associationAt: (id, at) =>
          memory.associations(id).find(({ from, to }) => at >= from && (to === null || at <= to)),
      }),
    },
    "wrong",
  ],
  [
    "lets one begin a millisecond late",
    { wearers: ({ memory }) => ({ ...memory, associationAt: (id, at) => memory.associationAt(id, at - 1) }) },
    "wrong",
  ],
  ["does not hear of what is told in hindsight", { isMissed: ({ at, toldAt }) => toldAt > at }, "wrong"],
  ["does not free the device when an encounter ends", { isMissed: ({ isDischarge }) => isDischarge }, "wrong"],
  ["takes no notice of what a device says of its clock", { hidesClock: true }, "wrong"],
  ["gives what was accepted to whoever claims the rest", { claimsAll: true }, "wrong"],
  ["leaves what came before a change was told where it was", { neverPutRight: true }, "wrong"],
  [
    "knows no wearer but the last",
    {
      wearers: ({ memory }) => ({
        ...memory,
        associationAt(id, at) {
          const last = memory.currentAssociation(id);
          return last && at >= last.from ? last : undefined;
        },
      }),
    },
    "unplaced",
  ],
  ["quarantines everything", { wearers: ({ memory }) => ({ ...memory, associationAt: () => undefined }) }, "unplaced"],
];

for (const [what, plant, found] of faults) {
  test(`a server that ${what} is found`, async () => {
    const tally = await campaign(100, plant);
    if (found === "wrong") assert.ok(tally.wrong > 0, JSON.stringify(tally));
    else assert.ok(shareOf(tally) < 0.999, JSON.stringify(tally));
  });
}
