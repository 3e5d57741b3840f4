import assert from "node:assert/strict";
import { test } from "node:test";
import { findSignal, findSignalByMdc, signal, signals, similarSignals } from "./index.ts";
import { checkUnit, fromCanonical, isUcum, toCanonical } from "./units.ts";

for (const s of signals) {
  test(`${s.key} is well formed`, () => {
    assert.match(s.key, /^[a-z0-9]+(-[a-z0-9]+)*$/);
    if (s.hardMin !== undefined && s.hardMax !== undefined) assert.ok(s.hardMin < s.hardMax);
    for (const { code } of s.loinc ?? []) assert.ok(hasValidCheckDigit(code), `LOINC ${code}`);
    if (s.ucum) assert.ok(isUcum(s.ucum), `${s.ucum} is UCUM`);
  });
}

test("keys are unique", () => {
  assert.equal(new Set(signals.map((s) => s.key)).size, signals.length);
});

test("signals are found by key and by 11073 code", () => {
  assert.equal(findSignal("spo2")?.mdc?.refId, "MDC_PULS_OXIM_SAT_O2");
  assert.equal(findSignalByMdc(150456)?.key, "spo2");
  assert.equal(findSignal("spo3"), undefined);
  assert.deepEqual(similarSignals("SpO2 ").includes("spo2"), true);
});

const conversions = [
  { key: "body-temperature", unit: "[degF]", value: 98.6, canonical: 37 },
  { key: "glucose-interstitial", unit: "mmol/L", value: 5.6, canonical: 100.88736 },
  { key: "nibp-systolic", unit: "kPa", value: 16, canonical: 120.010200873 },
  { key: "body-weight", unit: "[lb_av]", value: 154, canonical: 69.85322498 },
  { key: "heart-rate", unit: "{beats}/min", value: 72, canonical: 72 },
  { key: "body-temperature", unit: "K", value: 310.15, canonical: 37 },
];
for (const { key, unit, value, canonical } of conversions) {
  test(`${value} ${unit} of ${key} is ${canonical} ${signal(key).ucum}, and back`, () => {
    const verdict = checkUnit(signal(key), unit);
    assert.ok(verdict.ok);
    assert.ok(Math.abs(toCanonical(value, verdict.conversion) - canonical) < 1e-9 * Math.abs(canonical) + 1e-9);
    assert.ok(Math.abs(fromCanonical(canonical, verdict.conversion) - value) < 1e-8);
  });
}

test("a unit that is no UCUM code, and one that measures something else, are told apart", () => {
  assert.deepEqual(checkUnit(signal("heart-rate"), "bpm"), {
    ok: false,
    code: "UNIT_UNKNOWN",
    expected: "a UCUM code such as /min",
  });
  const wrong = checkUnit(signal("heart-rate"), "Cel");
  assert.equal(wrong.ok ? "" : wrong.code, "UNIT_MISMATCH");
});

/** LOINC's check digit is Luhn's over the digits before the dash. */
function hasValidCheckDigit(code: string): boolean {
  const [body, check] = code.split("-");
  if (!body || !check) return false;
  const sum = [...body].reverse().reduce((total, digit, i) => {
    const doubled = i % 2 === 0 ? Number(digit) * 2 : Number(digit);
    return total + (doubled > 9 ? doubled - 9 : doubled);
  }, 0);
  return (10 - (sum % 10)) % 10 === Number(check);
}
