import assert from "node:assert/strict";
import { test } from "node:test";
import { findSignal, signals } from "@openward/signals";
import { checkUnit } from "@openward/signals/units";
import { unitOfTerm } from "./dimensions.ts";
import { signalOfTerm } from "./nomenclature.ts";

test("every signal that has a term is found by it, and its dimension is its unit", () => {
  let found = 0;
  for (const { key, mdc, mdcUnit, ucum } of signals) {
    if (!mdc) continue;
    const signal = findSignal(signalOfTerm(mdc.code >>> 16, mdc.code & 0xffff) ?? "");
    assert.equal(signal?.mdc?.code, mdc.code, key);
    found++;
    if (!mdcUnit || ucum === undefined) continue;
    const unit = unitOfTerm(mdcUnit.code & 0xffff);
    assert.ok(unit !== undefined, key);
    const own = findSignal(key);
    assert.ok(own && checkUnit(own, unit).ok, `${key}: ${unit}`);
  }
  assert.ok(found > 80, `${found} signals with terms`);
});

test("a term or a dimension that is not known is none", () => {
  assert.equal(signalOfTerm(2, 61_441), undefined);
  assert.equal(signalOfTerm(0, 19_384), "spo2");
  assert.equal(unitOfTerm(1), undefined);
});
