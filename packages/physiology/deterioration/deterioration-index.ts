import { featureNames, type Scope } from "./features.ts";
import { explain, type Predict, type Share } from "./shares.ts";
import type { Deterioration, InputState } from "./stream.ts";

/** A learned model and what it needs to be read. */
export interface DeteriorationModel {
  readonly scope: Scope;
  /** Of rows by `featureNames(scope)`. */
  readonly predict: Predict;
}

export interface DeteriorationIndex {
  /** Of dying in this hospital, as among those that the model learned from; null when too little is known. */
  readonly chance: number | null;
  /** Why there is none. */
  readonly absent: string | null;
  /** Of a patient of whom nothing is known. */
  readonly unknownChance: number | null;
  /** What speaks for it and against it, the greatest first. */
  readonly shares: readonly Share[];
  /** What each input was, and which are stale or missing. */
  readonly inputs: readonly InputState[];
}

/** @param now ms since 1970, not before the newest reading */
export async function deteriorationIndex(
  stream: Deterioration,
  { scope, predict }: DeteriorationModel,
  now: number,
): Promise<DeteriorationIndex> {
  const inputs = stream.inputs(now);
  const absent = stream.absent(now);
  if (absent !== null) return { chance: null, absent, unknownChance: null, shares: [], inputs };
  const explained = await explain(featureNames(scope), stream.features(scope, now), predict);
  return { ...explained, absent: null, inputs };
}
