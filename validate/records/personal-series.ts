import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";

/** One signal of one person over weeks; times are by the person's own clock, as ms since 1970 of that clock. */
export interface PersonalSeries {
  readonly subject: string;
  readonly signal: string;
  readonly times: Float64Array;
  readonly values: Float64Array;
}

interface Table {
  readonly file: string;
  readonly signal: string;
  readonly columns: readonly [subject: string, at: string, value: string];
}

const FITBIT = "fitness/fitbit-fitabase";
const CGM = "cgm";
export const FOLDERS: readonly string[] = [FITBIT, CGM];

const TABLES: readonly Table[] = [
  { file: "heartrate_seconds_merged.csv.gz", signal: "heart rate", columns: ["Id", "Time", "Value"] },
  { file: "hourlySteps_merged.csv.gz", signal: "steps an hour", columns: ["Id", "ActivityHour", "StepTotal"] },
  { file: "sleepDay_merged.csv.gz", signal: "sleep a night", columns: ["Id", "SleepDay", "TotalMinutesAsleep"] },
];

/** All that DIR has of them. Rows without a date, and words in place of a number, are left out. */
export function readPersonalSeries(dir: string): PersonalSeries[] {
  const studies = readdirSync(join(dir, CGM)).filter((study) => existsSync(join(dir, CGM, study, "glucose.csv.gz")));
  const columns = ["person_id", "timestamp", "glucose_value_mg_dl"] as const;
  return [
    ...TABLES.flatMap(({ file, signal, columns: own }) => seriesOf(join(dir, FITBIT, file), signal, "", own)),
    ...studies.flatMap((study) => seriesOf(join(dir, CGM, study, "glucose.csv.gz"), "glucose", `${study} `, columns)),
  ];
}

function seriesOf(file: string, signal: string, before: string, names: Table["columns"]): PersonalSeries[] {
  if (!existsSync(file)) return [];
  const [head = "", ...lines] = gunzipSync(readFileSync(file)).toString().trim().split(/\r?\n/);
  const places = names.map((name) => head.split(",").indexOf(name));
  const bySubject = new Map<string, [number, number][]>();
  for (const line of lines) {
    const cells = line.split(",");
    const [subject = "", time = "", text = ""] = places.map((place) => cells[place]);
    const at = localTime(time);
    const value = text === "" ? Number.NaN : Number(text);
    if (!Number.isFinite(at) || !Number.isFinite(value)) continue;
    const own = bySubject.get(subject) ?? [];
    bySubject.set(subject, own);
    own.push([at, value]);
  }
  return [...bySubject].map(([subject, points]) => {
    points.sort((a, b) => a[0] - b[0]);
    return {
      subject: `${before}${subject}`,
      signal,
      times: Float64Array.from(points, ([at]) => at),
      values: Float64Array.from(points, ([, value]) => value),
    };
  });
}

const ISO = /^(\d{4})-(\d\d)-(\d\d)[ T](\d\d):(\d\d)(?::(\d\d))?/;
const AMERICAN = /^(\d{1,2})\/(\d{1,2})\/(\d{2,4})(?: (\d{1,2}):(\d\d)(?::(\d\d))?(?: (AM|PM))?)?$/;

/** "2016-04-12 00:00:00", "4/1/2016 7:54:00 AM"; NaN of anything else. */
function localTime(text: string): number {
  const iso = ISO.exec(text);
  if (iso) {
    const [, year, month, day, hour, minute, second = "0"] = iso;
    return Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute), Number(second));
  }
  const [whole, month, day, year, hour = "0", minute = "0", second = "0", half] = AMERICAN.exec(text) ?? [];
  if (whole === undefined) return Number.NaN;
  const hours = half === undefined ? Number(hour) : (Number(hour) % 12) + (half === "PM" ? 12 : 0);
  const full = Number(year) < 100 ? 2_000 + Number(year) : Number(year);
  return Date.UTC(full, Number(month) - 1, Number(day), hours, Number(minute), Number(second));
}
