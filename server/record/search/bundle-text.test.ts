import assert from "node:assert/strict";
import { test } from "node:test";
import type { Bundle } from "@medplum/fhirtypes";
import { QUALITY } from "@openward/model";
import { KARI, readingOf, server, streamOf, T0, ward } from "../testing/ward.ts";

const heart = streamOf("heart-rate", "/min");
const amendment = {
  id: "00000000-0000-4000-8000-0000000000d1",
  kind: "corrected",
  at: T0 + 9e5,
  byDisplay: "Nina",
  reason: "typed wrong",
};

function mixedWard() {
  const house = ward();
  const { telemetry } = house;
  for (let i = 0; i < 12; i++) telemetry.add(readingOf(heart, T0 + i * 60_000, 70 + i / 4, { utcOffsetMinutes: 60 }));
  telemetry.add(readingOf(heart, T0, 99, { ordinal: 1, quality: QUALITY.conflicting }));
  telemetry.add(readingOf(heart, T0 + 1, Number.NaN));
  telemetry.add(readingOf(heart, T0 + 2, 80, { said: [{ deviceTime: T0 - 5_000, kind: null }] }));
  const amended = { version: 2, status: "corrected", value: 81, at: T0 + 9e5, amendment } as never; // what a version has, as told
  telemetry.add(readingOf(heart, T0 + 3, 81, { amended, quality: QUALITY.corrected }));
  telemetry.add(readingOf(streamOf("body-height", "m"), T0, 1.8));
  telemetry.add(readingOf(streamOf("body-temperature", "[degF]"), T0, 98.6));
  telemetry.add(readingOf(streamOf("no-such-signal", '{x}"\\'), T0, 1));
  for (const signal of ["nibp-systolic", "nibp-diastolic"])
    telemetry.add(readingOf(streamOf(signal, "mm[Hg]", { deviceId: "cuff_2" }), T0, 100));
  return house;
}

const limits = { low: 71, high: 72, criticalLow: null, criticalHigh: 72.5 };
const queries = [
  "",
  `?patient=${KARI}&code=8867-4&_sort=-date&_count=5`,
  `?patient=${KARI}&code=8867-4&_sort=date&_count=3`,
  "?code=8867-4&_total=accurate",
  "?_sort=_id&_count=4",
  "?code=8480-6",
  "?value-quantity=gt72&nonsense=1",
  "?code=nothing",
  "?_summary=true",
  "?_elements=code&_count=2",
  `?patient=${KARI}&_include=Observation:device`,
];

for (const role of ["nurse", "researcher"] as const) {
  for (const limitsAt of [undefined, (_: string, signal: string) => (signal === "heart-rate" ? limits : undefined)]) {
    test(`a page is, letter by letter, what its resources are as text (${role}, ${limitsAt ? "with" : "without"} limits)`, async () => {
      const house = mixedWard();
      const view = { ...house.context.view, principal: { ...house.context.view.principal, role } };
      const { app } = server({ ...house, context: { ...house.context, view, limitsAt } });
      const asked = (url: string) => app.inject({ method: "GET", url, headers: { authorization: "Bearer good" } });
      for (const query of queries) {
        const text = (await asked(`/fhir/Observation${query}`)).payload;
        const pretty = await asked(`/fhir/Observation${query}${query === "" ? "?" : "&"}_pretty=true`);
        assert.equal(pretty.statusCode, 200, pretty.payload);
        assert.equal(text, JSON.stringify(JSON.parse(pretty.payload)), query);
      }
      const entry = [{ request: { method: "GET", url: `Observation?patient=${KARI}&code=8867-4` } }];
      const batch = await app.inject({
        method: "POST",
        url: "/fhir",
        headers: { authorization: "Bearer good", "content-type": "application/fhir+json" },
        payload: { resourceType: "Bundle", type: "batch", entry },
      });
      const answered = (JSON.parse(batch.payload) as Bundle).entry?.[0]?.resource as Bundle;
      assert.equal(answered.entry?.length, 16, "in a batch they are there as well");
    });
  }
}
