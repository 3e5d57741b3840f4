import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";

/** What one person's sensor said. */
export interface CgmRecord {
  readonly study: string;
  readonly person: string;
  /** ms of the local clock, in the order of the file. */
  readonly times: readonly number[];
  /** mg/dL; NaN: no number. */
  readonly values: readonly number[];
  /** Where the sensor said in words that it is below or above what it can measure; by place in `times`. */
  readonly words: ReadonlyMap<number, "low" | "high">;
}

const PERSON = ["person_id", "id"];
const TIME = ["timestamp", "time_utc", "Date"];
const GLUCOSE = ["glucose_value_mg_dl", "gl_mg_dl", "CGM (mg / dl)"];
const DAY_MS = 86_400_000;

/** Folders of DIR/cgm that have readings of people, in order of their names. */
export const cgmStudies = (dir: string): string[] =>
  readdirSync(join(dir, "cgm"))
    .filter((name) => statSync(join(dir, "cgm", name)).isDirectory() && fileOf(join(dir, "cgm", name)))
    .sort();

/** Everybody of a study; people in the order in which they come. */
export function readCgm(dir: string, study: string): CgmRecord[] {
  const file = fileOf(join(dir, "cgm", study));
  if (!file) return [];
  const people = new Map<string, Mine>();
  for (const [person, time, value] of file.endsWith(".csv.gz") ? csvRows(file) : jsonRows(file)) {
    if (!person || !time || value === undefined) continue;
    const mine: Mine = people.get(person) ?? { times: [], values: [], words: new Map(), clock: { day: 0, last: 0 } };
    people.set(person, mine);
    const word = value.trim().toLowerCase();
    if (word === "low" || word === "high") mine.words.set(mine.times.length, word);
    mine.times.push(momentOf(time, mine.clock));
    mine.values.push(value.trim() === "" ? Number.NaN : Number(value));
  }
  return [...people].map(([person, { times, values, words }]) => ({ study, person, times, values, words }));
}

interface Mine {
  readonly times: number[];
  readonly values: number[];
  readonly words: Map<number, "low" | "high">;
  readonly clock: Clock;
}

interface Clock {
  day: number;
  last: number;
}

/** A study without dates has times of day alone: an earlier one is the next day's. */
function momentOf(text: string, clock: Clock): number {
  const time = text.trim().replace(" ", "T");
  if (time.includes("-")) return Date.parse(time.endsWith("Z") ? time : `${time}Z`);
  const at = Date.parse(`1970-01-01T${time}Z`);
  if (at < clock.last) clock.day += DAY_MS;
  clock.last = at;
  return clock.day + at;
}

/** The file with a column of people, one of times and one of glucose. */
function fileOf(folder: string): string | undefined {
  if (!existsSync(folder)) return undefined;
  return readdirSync(folder)
    .filter((name) => name.endsWith(".csv.gz") || name.endsWith(".ndjson.gz"))
    .map((name) => join(folder, name))
    .find((file) => file.endsWith(".ndjson.gz") || columns(linesOf(file)[0] ?? "") !== undefined);
}

const linesOf = (file: string): string[] => gunzipSync(readFileSync(file)).toString().trim().split(/\r?\n/);

function columns(head: string): number[] | undefined {
  const names = head.replace(/^\uFEFF/, "").split(",");
  const found = [PERSON, TIME, GLUCOSE].map((known) => names.findIndex((name) => known.includes(name)));
  return found.includes(-1) ? undefined : found;
}

function* csvRows(file: string): Generator<(string | undefined)[]> {
  const [head = "", ...lines] = linesOf(file);
  const found = columns(head) ?? [];
  for (const line of lines) {
    const cells = line.split(",");
    yield found.map((at) => cells[at]);
  }
}

function* jsonRows(file: string): Generator<(string | undefined)[]> {
  for (const line of linesOf(file)) {
    const row = JSON.parse(line) as Record<string, string | undefined>;
    yield [PERSON, TIME, GLUCOSE].map((known) => known.map((name) => row[name]).find((value) => value !== undefined));
  }
}
