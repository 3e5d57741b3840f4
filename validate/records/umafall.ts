import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";

/** One accelerometer during one movement. */
export interface MotionTrack {
  /** As the file has it: WAIST, CHEST, WRIST, ANKLE, RIGHTPOCKET. */
  readonly position: string;
  readonly rateHz: number;
  /** g, equidistant; NaN where samples were lost or are no numbers. */
  readonly x: Float64Array;
  readonly y: Float64Array;
  readonly z: Float64Array;
}

export interface MotionRecording {
  readonly name: string;
  readonly subject: string;
  readonly isFall: boolean;
  /** Walking, forwardFall. */
  readonly movement: string;
  readonly tracks: readonly MotionTrack[];
}

const NAME = /^(UMAFall_Subject_(\w+?)_(ADL|Fall)_(\w+?)_\d+_\d{4}.*)\.csv(\.gz)?$/;
/** Some files were saved by a spreadsheet that took points for thousands: 1.03125 became "103.125", others "1.012.598". */
const TWO_POINTS = /;-?\d+\.\d{3}\.\d{3}/;
const GROUPED = /^-?[1-9]\d{0,2}(\.\d{3})+$/;
const ACCELEROMETER = "0";
/** Of the tags; the phone in the pocket has 200 Hz. */
const TAG_HZ = 20;
const PHONE_HZ = 200;
/** Radio delivers in bunches. Later than this it has lost samples. */
const LATE_S = 0.5;
/** Of a track at least so much must be there. */
const MEASURED_PART = 0.5;

/** Casilari E, Santoyo-Ramón JA, Cano-García JM. UMAFall. Procedia Comput Sci 2017;110:32. */
export function* umafallRecordings(folder: string): Generator<MotionRecording> {
  for (const file of readdirSync(folder).sort()) {
    const [, name, subject, kind, movement, isPacked] = NAME.exec(file) ?? [];
    if (!name || !subject || !movement) continue;
    const bytes = readFileSync(join(folder, file));
    const text = (isPacked ? gunzipSync(bytes) : bytes).toString("latin1");
    yield { name, subject, movement, isFall: kind === "Fall", tracks: tracksOf(text) };
  }
}

interface Sensor {
  readonly position: string;
  readonly rateHz: number;
  readonly rows: (readonly [x: number, y: number, z: number])[];
  first: number;
}

function tracksOf(text: string): MotionTrack[] {
  const sensors = new Map<string, Sensor>();
  const isDamaged = TWO_POINTS.test(text);
  for (const line of text.split(/\r?\n/)) {
    const cells = line
      .replace(/^%/, "")
      .split(";")
      .map((cell) => cell.trim());
    if (!line.startsWith("%")) addSample(sensors.get(cells[6] ?? ""), cells, isDamaged);
    else if (/^[\dA-F:]{17}$/i.test(cells[0] ?? "") && cells[1] && cells[2]) {
      const rateHz = cells[3] === "SensorTag" ? TAG_HZ : PHONE_HZ;
      sensors.set(cells[1], { position: cells[2], rateHz, rows: [], first: Number.NaN });
    }
  }
  return [...sensors.values()].flatMap(({ position, rateHz, rows }) => {
    const measured = rows.filter((row) => row.every(Number.isFinite)).length;
    if (measured === 0 || measured < MEASURED_PART * rows.length) return [];
    const axis = (at: 0 | 1 | 2) => Float64Array.from(rows, (row) => row[at]);
    return [{ position, rateHz, x: axis(0), y: axis(1), z: axis(2) }];
  });
}

function addSample(sensor: Sensor | undefined, cells: readonly string[], isDamaged: boolean): void {
  if (!sensor || cells[5] !== ACCELEROMETER) return;
  const { rows, rateHz } = sensor;
  const time = Number(cells[0]);
  if (rows.length === 0) sensor.first = time;
  const due = Math.round(((time - sensor.first) / 1_000) * rateHz);
  if (due - rows.length > LATE_S * rateHz) while (rows.length < due) rows.push([Number.NaN, Number.NaN, Number.NaN]);
  const numberOf = (cell = "") => (cell === "" || (isDamaged && GROUPED.test(cell)) ? Number.NaN : Number(cell));
  rows.push([numberOf(cells[2]), numberOf(cells[3]), numberOf(cells[4])]);
}
