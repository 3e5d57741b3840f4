import assert from "node:assert/strict";
import { test } from "node:test";
import type { Bundle } from "@medplum/fhirtypes";
import { KARI, OLA, readingOf, streamOf, T0, viewOf, ward, waveformOf } from "../testing/ward.ts";
import { searchObservations } from "./observation.ts";

/** A minute of ECG, a heart rate and a blood pressure of each of two patients. */
function measured() {
  const plain = viewOf(KARI, OLA);
  const gone = new Set<string>();
  const hidden = new Map<string, ReadonlySet<string>>();
  const view = {
    ...plain,
    has: (id: string) => plain.has(id) && !gone.has(id),
    hiddenOf: (id: string) => hidden.get(id),
  };
  const { telemetry, context } = ward(view);
  for (const patientId of [KARI, OLA]) {
    telemetry.add(readingOf(streamOf("heart-rate", "/min", { patientId }), T0, 70));
    telemetry.add(readingOf(streamOf("body-temperature", "Cel", { patientId }), T0, 37));
    telemetry.add(readingOf(streamOf("nibp-systolic", "mm[Hg]", { patientId }), T0, 120));
    const ecg = streamOf("ecg-lead-ii", "mV", { patientId, kind: "waveform" });
    telemetry.addWaveform(waveformOf(ecg, T0, 100, Array(6_000).fill(3)));
  }
  const search = (turn: () => Promise<void>) => searchObservations({ ...context, turn }, [["_count", "100"]]);
  return { search, gone, hidden };
}

const subjects = ({ entry = [] }: Bundle) =>
  entry.flatMap(({ resource }) => (resource?.resourceType === "Observation" ? [resource.subject?.reference] : []));

test("between any two resources of a page there is a turn", async () => {
  let turns = 0;
  const page = await measured().search(async () => void turns++);
  assert.equal(subjects(page).length, 2 * (3 + 6));
  assert.ok(turns >= 2 * (3 + 6), `${turns} turns`);
});

test("who is seen no more when half of a page was made is not on it, and the other is", async () => {
  const { search, gone } = measured();
  let turns = 0;
  const page = await search(async () => {
    // Most of it has been read and made by then.
    if (++turns === 15) gone.add(KARI);
  });
  assert.ok(turns > 15, "it went on");
  assert.deepEqual([...new Set(subjects(page))], [`Patient/${OLA}`]);
});

test("a kind of data that is kept back while a page is made is not on it, and the others are", async () => {
  const { search, hidden } = measured();
  let turns = 0;
  const page = await search(async () => {
    if (++turns === 15) hidden.set(KARI, new Set(["heart"]));
  });
  assert.equal(subjects(page).filter((subject) => subject === `Patient/${KARI}`).length, 1, "the temperature");
  assert.equal(subjects(page).filter((subject) => subject === `Patient/${OLA}`).length, 3 + 6);
});
