import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { newsAlong } from "../news-along.ts";
import { featuresAlong } from "../rows/deterioration.ts";
import { readStays, type Stay } from "./challenge2012.ts";
import { readPersonalSeries } from "./personal-series.ts";

function folder(files: Readonly<Record<string, string>>): string {
  const dir = mkdtempSync(join(tmpdir(), "openward-validate-"));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(dir, name, ".."), { recursive: true });
    writeFileSync(join(dir, name), name.endsWith(".gz") ? gzipSync(text) : text);
  }
  return dir;
}

test("stays have their readings in our units and in order, and what is unknown is left out", () => {
  const dir = folder({
    "icu/challenge2012/records.csv.gz":
      "RecordID,Time,Parameter,Value\n7,00:00,Age,60\n7,00:00,ICUType,2\n7,30:30,HR,90\n7,02:15,FiO2,0.5\n7,02:15,Cholesterol,150\n8,00:00,Age,-1\n",
    "icu/challenge2012/outcomes.csv":
      "RecordID,SAPS-I,SOFA,Length_of_stay,Survival,In-hospital_death\n7,15,-1,5,-1,0\n8,-1,3,5,4,1\n",
  });
  const [first, second] = readStays(dir);
  rmSync(dir, { recursive: true });
  assert.deepEqual(first, {
    ...{ id: "7", about: { ageYears: 60, unit: "cardiac surgery" }, died: false, saps: 15, sofa: null },
    readings: [
      { hours: 2.25, id: "fio2", value: 50 },
      { hours: 30.5, id: "pulse", value: 90 },
    ],
  });
  assert.deepEqual(second, { id: "8", about: {}, died: true, saps: null, sofa: 3, readings: [] });
});

test("series have the times of both ways of writing them, and no rows without a date or a number", () => {
  const dir = folder({
    "fitness/fitbit-fitabase/hourlySteps_merged.csv.gz":
      "Id,ActivityHour,StepTotal\n1,4/12/2016 12:00:00 AM,3\n1,4/12/16 13:00,5\n1,2016-04-12 14:00:00,7\n",
    "cgm/One/glucose.csv.gz":
      "person_id,timestamp,glucose_value_mg_dl\nA,2023-12-08 00:04:00,151\nA,00:09:00,160\nA,2023-12-08 00:14:00,Low\n",
    "cgm/README.md": "about",
  });
  const found = readPersonalSeries(dir).map(({ times, values, ...rest }) => ({
    ...rest,
    times: [...times],
    values: [...values],
  }));
  rmSync(dir, { recursive: true });
  const day = Date.UTC(2016, 3, 12);
  assert.deepEqual(found, [
    {
      subject: "1",
      signal: "steps an hour",
      times: [0, 13, 14].map((hour) => day + hour * 3_600_000),
      values: [3, 5, 7],
    },
    { subject: "One A", signal: "glucose", times: [Date.UTC(2023, 11, 8, 0, 4)], values: [151] },
  ]);
});

const stay: Stay = {
  ...{ id: "1", about: {}, died: false, saps: null, sofa: null },
  readings: [
    { hours: 1, id: "pulse", value: 80 },
    { hours: 5, id: "respiratory-rate", value: 30 },
    { hours: 5, id: "gcs", value: 9 },
    { hours: 30, id: "pulse", value: 135 },
  ],
};

test("what is measured later is not known before", () => {
  const ventilated = { hours: 5, id: "ventilation", value: 1 };
  const readings = [...stay.readings, ventilated].toSorted((a, b) => a.hours - b.hours);
  const [early] = featuresAlong({ ...stay, readings: readings.filter(({ hours }) => hours <= 4) }, "all", [4]);
  const [first, last] = featuresAlong({ ...stay, readings }, "all", [4, 40]);
  assert.deepEqual(first, early);
  assert.ok(!first?.includes(135) && last?.includes(135));
});

test("NEWS2 along a stay is what is measured and not older than a round, and its highest stays", () => {
  assert.deepEqual(newsAlong(stay, 4), { most: 0, last: 0 });
  assert.deepEqual(newsAlong(stay, 6), { most: 6, last: 6 });
  assert.deepEqual(newsAlong(stay, 40), { most: 6, last: 3 });
});
