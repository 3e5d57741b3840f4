import assert from "node:assert/strict";
import { test } from "node:test";
import { openNamedModel } from "@openward/models";
import {
  createDeterioration,
  deteriorationIndex,
  featureNames,
  logOdds,
  type Scope,
} from "@openward/physiology/deterioration";

const HOUR_MS = 3_600_000;

const WELL = {
  pulse: 75,
  systolic: 125,
  "mean-pressure": 85,
  "respiratory-rate": 16,
  temperature: 37,
  gcs: 15,
  urine: 160,
};
const ILL = {
  pulse: 135,
  systolic: 78,
  "mean-pressure": 50,
  "respiratory-rate": 34,
  temperature: 35,
  gcs: 4,
  urine: 5,
};
const WELL_LABS = { "urea-nitrogen": 14, creatinine: 0.8, bicarbonate: 25, lactate: 1, bilirubin: 0.6, sodium: 140 };
const ILL_LABS = { "urea-nitrogen": 90, creatinine: 3.9, bicarbonate: 12, lactate: 9, bilirubin: 8, sodium: 140 };

async function indexOf(scope: Scope, ageYears: number, values: Readonly<Record<string, number>>) {
  const { whole, facts } = await openNamedModel(scope === "all" ? "deterioration" : "deterioration-vitals");
  assert.deepEqual(facts.features, featureNames(scope), "trained with the features that there are");
  const stream = createDeterioration({ ageYears, unit: "medical" });
  for (let hour = 0; hour <= 36; hour += 2)
    for (const [id, value] of Object.entries(values)) stream.push(id, value, hour * HOUR_MS);
  return deteriorationIndex(stream, { scope, predict: (rows) => whole.predict(rows) }, 36 * HOUR_MS);
}
const shareOf = (index: Awaited<ReturnType<typeof indexOf>>, signal: string) =>
  index.shares.find((share) => share.signal === signal)?.logOdds ?? 0;

for (const scope of ["all", "vitals"] as const)
  test(`${scope}: somebody old and in shock is told apart from somebody young and well, and by what`, async () => {
    const well = await indexOf(scope, 35, { ...WELL, ...WELL_LABS });
    const ill = await indexOf(scope, 84, { ...ILL, ...ILL_LABS });
    assert.ok((well.chance ?? 1) < 0.1 && (ill.chance ?? 0) > 0.8, `${well.chance} and ${ill.chance}`);
    for (const signal of ["gcs", "patient", "urine"]) assert.ok(shareOf(ill, signal) > shareOf(well, signal), signal);
    assert.equal(shareOf(ill, "sodium") !== 0, scope === "all");
    for (const { chance, unknownChance, shares } of [well, ill]) {
      const sum = shares.reduce((total, { logOdds: share }) => total + share, 0);
      assert.ok(Math.abs(logOdds(chance ?? 0) - logOdds(unknownChance ?? 0) - sum) < 1e-2);
    }
    const worseBrain = await indexOf(scope, 35, { ...WELL, ...WELL_LABS, gcs: 7 });
    assert.equal(worseBrain.shares.find(({ logOdds: share }) => share > 0)?.signal, "gcs");
    assert.ok((worseBrain.chance ?? 0) > (well.chance ?? 1));
  });
