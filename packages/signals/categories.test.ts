import assert from "node:assert/strict";
import { test } from "node:test";
import { categories, categoryOf, isHidden, sees } from "./categories.ts";
import { signals } from "./index.ts";

test("every signal belongs to exactly one category, and no category names a signal that is none", () => {
  const named = categories.flatMap((category) => category.signals);
  assert.deepEqual([...named].sort(), signals.map(({ key }) => key).sort());
});

test("what no category names is hidden with everything else, and only then", () => {
  assert.equal(categoryOf("a-signal-of-tomorrow"), "other");
  const view = { has: () => true, hiddenOf: () => new Set(["glucose"]) };
  assert.equal(sees(view, { patientId: "p", signal: "a-signal-of-tomorrow" }), true);
  assert.equal(sees(view, { patientId: "p", signal: "glucose-interstitial" }), false);
  assert.equal(sees({ ...view, has: () => false }, { patientId: "p", signal: "heart-rate" }), false);
  assert.equal(isHidden(view, "p", null), false);
});

test("a call for help and the state of a device can be told from what may be kept back", () => {
  assert.deepEqual(
    categories.filter(({ isSafety }) => isSafety).map(({ key }) => key),
    ["calls", "device-state"],
  );
});
