import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import { RefusedInput } from "@openward/errors";
import { decodeRaw } from "../raw.ts";
import { contextOf } from "../testing/vectors.ts";
import { decodeFile, mappedFormat, recogniseFile } from "./index.ts";

const DATA = fileURLToPath(new URL("../../../../shared/data/", import.meta.url));
const skip = existsSync(DATA) ? false : "no ../shared/data beside the clone";

interface Sums {
  readonly counts: Record<string, number>;
  readonly sums: Record<string, number>;
  readonly events: Record<string, number>;
  readonly refused: string[];
}

/** What comes out of a file, however it is cut. */
async function sumsOf(path: string, mapping?: unknown): Promise<Sums> {
  const stored = readFileSync(DATA + path);
  const bytes = path.endsWith(".gz") ? gunzipSync(stored) : stored;
  const name = path.replace(/\.gz$/, "");
  const format = mapping ? mappedFormat(mapping) : recogniseFile(name, bytes.subarray(0, 8_192));
  assert.ok(format, `${name} is recognised`);
  async function* chunks() {
    for (let at = 0; at < bytes.length; at += 65_536) yield bytes.subarray(at, at + 65_536);
  }
  const found: Sums = { counts: {}, sums: {}, events: {}, refused: [] };
  for await (const { decoded } of decodeFile(format, chunks(), decodeRaw, contextOf({}))) {
    if (decoded instanceof RefusedInput) {
      found.refused.push(decoded.code);
      continue;
    }
    for (const { signal, values } of decoded.readings) {
      found.counts[signal] = (found.counts[signal] ?? 0) + values.length;
      for (const value of values) found.sums[signal] = (found.sums[signal] ?? 0) + value;
    }
    for (const { event } of decoded.events) found.events[event] = (found.events[event] ?? 0) + 1;
    for (const { code } of decoded.refused) found.refused.push(code);
  }
  return found;
}

const near = (a: number | undefined, b: number) =>
  assert.ok(a !== undefined && Math.abs(a - b) < 1e-6 * Math.abs(b) + 1e-9, `${a} is ${b}`);

test("every Apple Health export has the records that a search for their text counts", { skip }, async () => {
  for (const path of [
    "fitness/apple-health/healthkit-to-sqlite_export.xml",
    "fitness/apple-health/zip_contents/apple_health_export/export.xml",
  ]) {
    const text = readFileSync(DATA + path, "utf8");
    const { counts, sums, events, refused } = await sumsOf(path);
    assert.deepEqual(refused, []);
    for (const [type, signal] of [
      ["BodyMassIndex", "bmi"],
      ["HeartRate", "pulse-rate"],
      ["StepCount", "steps"],
    ] as const) {
      const tags = text.match(new RegExp(`<Record type="HKQuantityTypeIdentifier${type}"[^>]*>`, "g")) ?? [];
      assert.equal(counts[signal] ?? 0, tags.length, `${path} ${type}`);
      const sum = tags.reduce((all, tag) => all + Number(/ value="([^"]*)"/.exec(tag)?.[1]), 0);
      if (tags.length > 0) near(sums[signal], sum);
    }
    assert.equal(events.workout ?? 0, (text.match(/<Workout /g) ?? []).length);
  }
});

/** Heart rates above zero and speeds: how many, their sum; sessions; intervals: how many, their sum in ms. */
type FitRow = readonly [
  file: string,
  rates: number,
  sum: number,
  speeds: number,
  sum: number,
  sessions: number,
  beats: number,
  ms: number,
];
/** Counted with fit-file-parser 6.1.2 (MIT), which shares no code with ours; 739 rates of one file are all zero. */
const FIT: readonly FitRow[] = [
  ["2013-02-06-12-11-14", 590, 87373, 590, 1175.87, 1, 0, 0],
  ["2015-10-13-08-43-15", 0, 0, 221, 1626.659, 1, 0, 0],
  ["activity-small-fenix2-run", 2808, 432366, 2809, 8908.39, 1, 0, 0],
  ["developer-types-sample", 3424, 447994, 3424, 6723.392, 1, 0, 0],
  ["event_timestamp", 0, 0, 114, 105.763, 1, 0, 0],
  ["garmin-edge-500-activity", 10686, 1740194, 10686, 92649.016, 1, 0, 0],
  ["garmin-fenix-5-run", 21, 1784, 21, 50.041, 1, 113, 75005],
  ["garmin-fenix-5-walk", 17, 1281, 17, 24.448, 1, 62, 49592],
  ["misc_0134902991", 0, 0, 739, 7120.307, 1, 0, 0],
  ["misc_unterminated-strings", 31, 2705, 22, 68.607, 1, 0, 0],
  ["sample-activity-indoor-trainer", 2263, 334352, 0, 0, 1, 0, 0],
  ["sample_mulitple_header", 1430, 247666, 1773, 9837.085, 5, 0, 0],
  ["triathlon_summary_first", 3364, 548449, 4041, 18513.974, 5, 0, 0],
];

test("every FIT file has what another parser counts in it, or is refused as the damaged file that it is", {
  skip,
}, async () => {
  for (const [file, rates, rateSum, speeds, speedSum, sessions, beats, ms] of FIT) {
    const { counts, sums, events, refused } = await sumsOf(`fitness/fit/${file}.fit`);
    assert.deepEqual(refused, [], file);
    const got = [counts["pulse-rate"] ?? 0, counts.speed ?? 0, events.workout ?? 0, counts["rr-interval"] ?? 0];
    assert.deepEqual(got, [rates, speeds, sessions, beats], file);
    near(sums["pulse-rate"] ?? 0, rateSum);
    near(sums.speed ?? 0, speedSum);
    near(sums["rr-interval"] ?? 0, ms);
  }
  for (const [file, count, code] of [
    ["activity-filecrc", 1, "MALFORMED_BYTES"],
    ["activity-unexpected-eof", 1, "MALFORMED_BYTES"],
    ["strava-android-app-201.10-b1218918", 1, "MALFORMED_BYTES"],
    ["antfs-dump.63", 686, "TIME_IMPOSSIBLE"],
    ["compressed-speed-distance", 755, "TIME_IMPOSSIBLE"],
  ] as const) {
    const { counts, refused } = await sumsOf(`fitness/fit/${file}.fit`);
    assert.deepEqual(counts, {}, file);
    assert.deepEqual([refused.length, new Set(refused)], [count, new Set([code])], file);
  }
});

test("of FIT files with their records as CSV beside them every heart rate and speed is at its time", {
  skip,
}, async () => {
  for (const file of ["garmin-edge-500-activity", "garmin-fenix-5-run", "garmin-fenix-5-walk"]) {
    const lines = gunzipSync(readFileSync(`${DATA}fitness/fit/${file}-records.csv.gz`))
      .toString()
      .trim()
      .split("\n")
      .slice(1);
    const rows = lines.map((line) => line.split(","));
    const expected = rows.map(
      ([time = "", rate, , speed]) => `${Date.parse(time.replace("PDT", "-0700"))} ${Number(rate)} ${Number(speed)}`,
    );
    const { readings } = decodeRaw(readFileSync(`${DATA}fitness/fit/${file}.fit`), "files/fit", contextOf({}));
    const column = (signal: string) => readings.filter((each) => each.signal === signal);
    const [rates, speeds] = [column("pulse-rate"), column("speed")].map((columns) =>
      columns.flatMap(({ values }) => [...values]),
    );
    const times = column("speed").flatMap((each) => [...each.times]);
    assert.deepEqual(
      times.map((time, i) => `${time} ${rates?.[i]} ${speeds?.[i]}`),
      expected,
      file,
    );
  }
});

test("every TCX and GPX file has the heart rates and speeds that a search for their text counts", {
  skip,
}, async () => {
  for (const path of [
    ...["2", "cross-country-skiing_activity_1", "no_hr", "test", "walking_activity_1"].map(
      (name) => `tcx-gpx/${name}.tcx.gz`,
    ),
    "tcx-gpx/pool_swim-activity_1.tcx",
    "tcx-gpx/riderx3.gpx.gz",
    "apple-health/zip_contents/apple_health_export/workout-routes/route_2019-06-11_3.00pm.gpx",
  ]) {
    const stored = readFileSync(`${DATA}fitness/${path}`);
    const text = (path.endsWith(".gz") ? gunzipSync(stored) : stored).toString();
    const points = text.match(/<(?:Trackpoint|trkpt)\b[\s\S]*?<\/(?:Trackpoint|trkpt)>/g) ?? [];
    const of = (pattern: RegExp) =>
      points.map((point) => Number(pattern.exec(point)?.[1] ?? "NaN")).filter((value) => !Number.isNaN(value));
    const rates = of(/(?:<HeartRateBpm[^>]*>\s*<Value>|<(?:\w+:)?hr>)\s*([\d.]+)/).filter((rate) => rate > 0);
    const speeds = of(/<(?:\w+:)?[Ss]peed>\s*([\d.]+)/);
    const { counts, sums, events, refused } = await sumsOf(`fitness/${path}`);
    assert.deepEqual(refused, [], path);
    assert.deepEqual([counts["pulse-rate"] ?? 0, counts.speed ?? 0], [rates.length, speeds.length], path);
    near(
      sums["pulse-rate"] ?? 0,
      rates.reduce((a, b) => a + b, 0),
    );
    near(
      sums.speed ?? 0,
      speeds.reduce((a, b) => a + b, 0),
    );
    assert.equal(events.workout, (text.match(/<(?:Activity |trk>)/g) ?? []).length, path);
  }
});

/** Rows of a plain table without quotes. */
function tableOf(path: string): readonly Record<string, string>[] {
  const [head = "", ...lines] = gunzipSync(readFileSync(DATA + path))
    .toString()
    .replace("\ufeff", "")
    .trim()
    .split(/\r?\n/);
  const names = head.split(",");
  return lines.map((line) => Object.fromEntries(line.split(",").map((cell, i) => [names[i] ?? "", cell])));
}

test("a Dexcom CLARITY export has the glucose values of its text", { skip }, async () => {
  const path = "cgm/vendor-exports/dexcom_clarity_export.csv.gz";
  const column = "Glucose Value (mg/dL)";
  const values = tableOf(path)
    .filter((row) => row["Event Type"] === "EGV")
    .map((row) => Number(row[column]));
  const { counts, sums, refused } = await sumsOf(path);
  assert.deepEqual(refused, []);
  assert.deepEqual(counts, { "glucose-interstitial": values.length });
  near(
    sums["glucose-interstitial"],
    values.reduce((a, b) => a + b, 0),
  );
});

test("tables of a study (Fitbit; glucose) are read by mappings, each with the sums of its columns", {
  skip,
}, async () => {
  const fitabase = (file: string, time: string, form: string, values: readonly (readonly [string, string, string])[]) =>
    [`fitness/fitbit-fitabase/${file}_merged.csv.gz`, time, form, values] as const;
  for (const [path, time, form, values] of [
    fitabase("heartrate_seconds", "Time", "us", [["Value", "pulse-rate", "/min"]]),
    fitabase("hourlySteps", "ActivityHour", "iso", [["StepTotal", "steps", "{steps}"]]),
    fitabase("dailyActivity", "ActivityDate", "us", [
      ["TotalSteps", "steps", "{steps}"],
      ["TotalDistance", "distance", "km"],
      ["Calories", "energy-burned", "kcal"],
    ]),
    fitabase("sleepDay", "SleepDay", "us", [["TotalMinutesAsleep", "sleep-duration", "min"]]),
    fitabase("weightLogInfo", "Date", "us", [
      ["WeightKg", "body-weight", "kg"],
      ["BMI", "bmi", "kg/m2"],
    ]),
    fitabase("hourlyIntensities", "ActivityHour", "us", [["TotalIntensity", "active-minutes", "min"]]),
    [
      "cgm/AZT1D/glucose.csv.gz",
      "timestamp",
      "iso",
      [["glucose_value_mg_dl", "glucose-interstitial", "mg/dL"]],
    ] as const,
  ]) {
    const mapping = {
      time: { column: time, form },
      values: values.map(([column, signal, unit]) => ({ column, signal, unit })),
    };
    const rows = tableOf(path);
    const { counts, sums, refused } = await sumsOf(path, mapping);
    assert.deepEqual(refused, [], path);
    for (const [column, signal] of values) {
      const numbers = rows.filter((row) => row[column] !== "").map((row) => Number(row[column]));
      assert.equal(counts[signal], numbers.length, `${path} ${column}`);
      near(
        sums[signal],
        numbers.reduce((a, b) => a + b, 0),
      );
    }
  }
});

test("EDF files have the temperatures and the stages of sleep that their bytes hold", { skip }, async () => {
  const bytes = gunzipSync(readFileSync(`${DATA}ecg/edf/short_psg.edf.gz`));
  // Seven channels of 3000, 3000, 3000, 30, 30, 30, 30 samples in ten records; the sixth is "Temp rectal".
  let sum = 0;
  for (let record = 0; record < 10; record++) {
    for (let i = 0; i < 30; i++) {
      const digital = bytes.readInt16LE(2048 + record * 18_240 + 18_120 + 2 * i);
      sum += 34 + ((digital + 2849) * 6) / 5580;
    }
  }
  const { counts, sums, refused } = await sumsOf("ecg/edf/short_psg.edf.gz");
  assert.deepEqual([counts, refused], [{ "temp-rectal": 300 }, []]);
  near(sums["temp-rectal"], sum);
  for (const file of ["SC4001EC-Hypnogram", "wfdb_test_edfann", "pyedflib_test_utf8"]) {
    const text = gunzipSync(readFileSync(`${DATA}ecg/edf/${file}.edf.gz`)).toString("latin1");
    const { events } = await sumsOf(`ecg/edf/${file}.edf.gz`);
    assert.equal(
      events.sleep ?? 0,
      text.split("\u0014").filter((note) => /^Sleep stage (?:W|R|N?[1-4])$/.test(note)).length,
      file,
    );
  }
});
