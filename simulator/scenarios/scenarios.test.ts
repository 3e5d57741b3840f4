import assert from "node:assert/strict";
import { test } from "node:test";
import { RefusedInput } from "@openward/errors";
import { profileOf } from "../physiology/vitals.ts";
import { findScenario, scenarios } from "./index.ts";
import { parseScenario } from "./load.ts";
import { momentOf } from "./timeline.ts";

const baseline = profileOf("adult").baseline;

for (const [name, scenario] of scenarios) {
  test(`the scenario ${name} is named as its file, and comes round to where it began`, () => {
    assert.equal(scenario.scenario, name);
    if (!scenario.loop) return;
    const start = momentOf(scenario, 0, baseline);
    const end = momentOf(scenario, scenario.lengthS - 1, baseline);
    const jumps = scenario.vitals.filter((v) => {
      const [a, b] = [start.set[v] ?? baseline[v], end.set[v] ?? baseline[v]];
      return Math.abs(a - b) > 0.03 * Math.max(a, b);
    });
    assert.deepEqual(jumps, []);
  });
}

test("between key frames a vital sign goes straight, and a relative set point counts from the baseline", () => {
  const scenario = parseScenario(
    {
      scenario: "x",
      description: "y",
      lengthS: 100,
      loop: false,
      keyFrames: [
        { atS: 10, vitals: { spo2: 96, "heart-rate": { by: 10 } } },
        { atS: 15, vitals: { "heart-rate": 94 } },
        { atS: 20, rhythm: "atrial-fibrillation", vitals: { spo2: 86 } },
      ],
    },
    "x.json",
  );
  const at = (s: number) => momentOf(scenario, s, baseline);
  assert.deepEqual(at(5).set, {});
  assert.deepEqual(at(10).set, { spo2: 96, "heart-rate": baseline["heart-rate"] + 10 });
  assert.equal(at(15).set.spo2, 91);
  assert.equal(at(19).rhythm, "sinus");
  assert.equal(at(20).rhythm, "atrial-fibrillation");
  assert.deepEqual(at(500).set, { spo2: 86, "heart-rate": 94 });
});

test("actions begin and end on their seconds, in every round of a loop", () => {
  const scenario = findScenario("sensor-off");
  for (const round of [0, 2]) {
    const at = (s: number) => momentOf(scenario, round * scenario.lengthS + s, baseline);
    assert.equal(at(242).silent.has("spo2"), false);
    assert.equal(at(243).silent.has("spo2"), true);
    assert.deepEqual(at(243).events, [{ event: "sensor-off", detail: { sensor: "spo2" } }]);
    assert.equal(at(244).events.length, 0);
    assert.equal(at(302).silent.has("pleth"), true);
    assert.equal(at(303).silent.has("pleth"), false);
    assert.equal(at(240).artefacts.has("motion"), true);
  }
  assert.equal(momentOf(findScenario("device-offline"), 300, baseline).disconnectForS, 60);
});

const plain = { scenario: "x", description: "y", lengthS: 100, loop: true, keyFrames: [{ atS: 0 }] };
for (const [fault, change, code, at] of [
  ["an unknown field", { keyframes: [] }, "FIELD_INVALID", "x.json: keyframes"],
  ["no key frame", { keyFrames: [] }, "FIELD_INVALID", "x.json: keyFrames"],
  [
    "a vital sign that is none",
    { keyFrames: [{ atS: 0, vitals: { pulse: 3 } }] },
    "FIELD_INVALID",
    "x.json: keyFrames[0].vitals.pulse",
  ],
  [
    "an impossible value",
    { keyFrames: [{ atS: 0, vitals: { spo2: 101 } }] },
    "FIELD_INVALID",
    "x.json: keyFrames[0].vitals.spo2",
  ],
  [
    "a value that is text",
    { keyFrames: [{ atS: 0, vitals: { spo2: "97" } }] },
    "FIELD_INVALID",
    "x.json: keyFrames[0].vitals.spo2",
  ],
  ["key frames out of order", { keyFrames: [{ atS: 5 }, { atS: 5 }] }, "FIELD_INVALID", "x.json: keyFrames[1].atS"],
  ["an unknown rhythm", { keyFrames: [{ atS: 0, rhythm: "flutter" }] }, "FIELD_INVALID", "x.json: keyFrames[0].rhythm"],
  ["an unknown action", { actions: [{ atS: 1, do: "dance" }] }, "FIELD_INVALID", "x.json: actions[0].do"],
  [
    "an unknown signal",
    { actions: [{ atS: 1, do: "silence", signals: ["sp02"], forS: 3 }] },
    "SIGNAL_UNKNOWN",
    "x.json: actions[0].signals[0]",
  ],
  [
    "an action between seconds",
    { actions: [{ atS: 1.5, do: "disconnect", forS: 3 }] },
    "FIELD_INVALID",
    "x.json: actions[0].atS",
  ],
  [
    "an action that lasts nothing",
    { actions: [{ atS: 1, do: "disconnect", forS: 0 }] },
    "FIELD_INVALID",
    "x.json: actions[0].forS",
  ],
] as const) {
  test(`a scenario with ${fault} is refused and the place is named`, () => {
    assert.throws(
      () => parseScenario({ ...plain, ...change }, "x.json"),
      (error) => error instanceof RefusedInput && error.code === code && error.facts.at === at,
    );
  });
}

test("an unknown scenario is refused with the names there are", () => {
  assert.throws(() => findScenario("stabel"), /deteriorating-sepsis.*stabel/);
});
