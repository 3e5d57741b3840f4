import assert from "node:assert/strict";
import { existsSync, globSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { openNamedModel } from "./index.ts";

const here = import.meta.dirname;
/** What is fetched by every browser that asks for it. */
const BYTES_MAX = 400_000;

for (const recipe of globSync("*/recipe.json", { cwd: here })) {
  const name = recipe.split("/")[0] as string;
  test(`${name} is what its facts and its recipe say, and has a card`, async () => {
    const { facts, whole, unseen } = await openNamedModel(name);
    const { version, seed, folds } = JSON.parse(readFileSync(join(here, recipe), "utf8"));
    assert.deepEqual([facts.name, facts.version, facts.seed], [name, version, seed]);
    assert.equal(whole.outputs, facts.says?.length ?? Math.max(facts.classes.length, 1));
    assert.ok(statSync(join(here, name, "model.onnx")).size <= BYTES_MAX);
    const used = new Map(Object.entries(facts.folds).map(([group, fold]) => [fold, group]));
    assert.ok(used.size >= 2 && used.size <= folds, `${used.size} folds`);
    for (const group of used.values()) {
      const one = await unseen(group);
      assert.deepEqual([one.width, one.outputs], [whole.width, whole.outputs]);
      assert.notEqual(one, whole);
    }
    assert.equal(await unseen("nobody of them"), whole);
    const absent = await whole.predict(new Float32Array(whole.width).fill(Number.NaN));
    assert.ok(absent.every(Number.isFinite), "with every feature absent it still says a number");
    const card = existsSync(join(here, name, "card.md")) ? readFileSync(join(here, name, "card.md"), "utf8") : "";
    for (const word of ["Data", "Seed", "Metrics", "Known failures", "Intended use"])
      assert.match(card, new RegExp(`\\b${word}\\b`, "i"), `card.md has nothing about: ${word}`);
  });
}
