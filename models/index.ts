import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Model, openModel } from "@openward/inference";

/** What training wrote beside a model. */
export interface ModelFacts {
  readonly name: string;
  readonly version: number;
  readonly seed: number;
  readonly features: readonly string[];
  /** Of which a row is one; empty: the output is one chance or one estimate. */
  readonly classes: readonly string[];
  /** What its outputs are, where they are neither classes nor one estimate. */
  readonly says?: readonly string[];
  readonly rows: number;
  /** Of each subject or record that it was trained with: the fold whose model has not seen it. */
  readonly folds: Readonly<Record<string, number>>;
}

export interface NamedModel {
  readonly facts: ModelFacts;
  /** The one that is used: it has seen all of `folds`. */
  readonly whole: Model;
  /** The one to be judged by on this subject or record: it has never seen it. */
  unseen(group: string): Promise<Model>;
}

/** @param name a folder here @throws ModelError when it is not what its facts say */
export async function openNamedModel(name: string): Promise<NamedModel> {
  const folder = join(import.meta.dirname, name);
  const facts = JSON.parse(readFileSync(join(folder, "facts.json"), "utf8")) as ModelFacts; // written by training/
  const open = (file: string) => openModel(readFileSync(join(folder, file)));
  const whole = await open("model.onnx");
  if (whole.width !== facts.features.length)
    throw new Error(`models/${name}: ${whole.width} features, and ${facts.features.length} names`);
  const opened = new Map<number, Promise<Model>>();
  return {
    facts,
    whole,
    async unseen(group) {
      const fold = facts.folds[group];
      if (fold === undefined) return whole;
      const one = opened.get(fold) ?? open(`folds/${fold}.onnx`);
      opened.set(fold, one);
      return one;
    },
  };
}
