import { QUALITY, type Stream } from "@openward/model";
import {
  type GlucoseSummary,
  type GlucoseUnit,
  type SensorGlucose,
  summariseGlucose,
} from "@openward/physiology/glucose";
import { findSignal } from "@openward/signals";
import { checkUnit } from "@openward/signals/units";
import type { RecordContext } from "../context.ts";
import type { StreamSummary } from "../ports.ts";
import { type Fortnight, localDay, startOfDay } from "./fortnight.ts";

const SENSOR = "glucose-interstitial";
/** Of less nothing is told: what an hour comes to is no average of days. */
const MEASURED_MIN_MS = 86_400_000;

/** A fortnight of a patient's sensors, as it counts today. */
export interface MeasuredGlucose extends GlucoseSummary {
  readonly patientId: string;
  readonly fortnight: Fortnight;
  /** The days are over, and what comes later was late. */
  readonly isOver: boolean;
  /** Of the patient's days, those with a reading. */
  readonly daysOfWear: number;
  /** How much of the time until now, or of all of it, the readings stand for: per cent. */
  readonly activePercent: number;
  /** ms UTC */
  readonly updatedAt: number;
}

/** Numeric streams that the sums are made of; none: there are no such Observations of the patient. */
export const sensorStreams = (streams: readonly StreamSummary[]): StreamSummary[] =>
  streams.filter(({ stream }) => stream.kind === "numeric" && stream.signal === SENSOR && unitOf(stream) !== undefined);

/**
 * Reads a fortnight of some sensors of one patient. What a device marked as questionable does not count, nor does the second of two values
 * of one time.
 *
 * @param streams as `sensorStreams` gives them
 * @returns undefined: there is less than a day of readings
 */
export async function measureGlucose(
  context: RecordContext,
  patientId: string,
  streams: readonly StreamSummary[],
  fortnight: Fortnight,
  timeZone: string,
): Promise<MeasuredGlucose | undefined> {
  const { telemetry, view, clock } = context;
  const { from, to } = fortnight;
  let updatedAt = Number.NEGATIVE_INFINITY;
  const sensors: SensorGlucose[] = [];
  for (const { stream } of streams) {
    const { sensor, receivedAt } = await readSensor(context, stream, fortnight);
    sensors.push(sensor);
    const record = telemetry.touched(view, stream.id, from, to);
    updatedAt = Math.max(updatedAt, receivedAt, record?.withdrawnBy?.at ?? record?.amendment.at ?? 0);
  }
  const summary = summariseGlucose(sensors);
  if (!summary || summary.measuredMs < MEASURED_MIN_MS) return undefined;
  const now = clock.now();
  const isOver = now >= to;
  // While they last, until the newest reading or the beginning of today: what is told changes with what comes, and once a day.
  const today = startOfDay(localDay(now, timeZone), timeZone);
  const until = isOver ? to : Math.min(to, Math.max(today, summary.lastAt + summary.lastMs));
  return {
    ...summary,
    patientId,
    fortnight,
    isOver,
    daysOfWear: new Set(summary.counted.map((time) => localDay(time, timeZone))).size,
    activePercent: Math.min(100, (100 * summary.measuredMs) / (until - from)),
    updatedAt: Math.max(updatedAt, isOver ? to : today),
  };
}

async function readSensor(
  { telemetry, view, turn }: RecordContext,
  stream: Stream,
  { from, to }: Fortnight,
): Promise<{ readonly sensor: SensorGlucose; readonly receivedAt: number }> {
  const { unit, scale } = unitOf(stream) as InUnit; // others are no sensor streams
  const times: number[] = [];
  const values: number[] = [];
  let receivedAt = Number.NEGATIVE_INFINITY;
  for await (const columns of telemetry.columns(view, stream.id, {
    from,
    to,
    isDescending: false,
    isTransient: true,
  })) {
    await turn();
    for (let i = 0; i < columns.times.length; i++) {
      const value = columns.values[i] as number;
      const isSound = ((columns.quality[i] as number) & QUALITY.questionable) === 0;
      if (!isSound || !Number.isFinite(value) || (columns.ordinals[i] as number) > 0) continue;
      times.push(columns.times[i] as number);
      values.push(value * scale);
      receivedAt = Math.max(receivedAt, columns.receivedAt[i] as number);
    }
  }
  return { sensor: { unit, times, values }, receivedAt };
}

interface InUnit {
  readonly unit: GlucoseUnit;
  readonly scale: number;
}

/** Masses in mg/dL and amounts of substance in mmol/L, each with limits of its own; undefined: it is neither. */
function unitOf({ unit }: Stream): InUnit | undefined {
  const signal = findSignal(SENSOR);
  const told: GlucoseUnit = unit.includes("mol") ? "mmol/L" : "mg/dL";
  if (unit === told) return { unit: told, scale: 1 };
  const [own, wanted] = signal ? [checkUnit(signal, unit), checkUnit(signal, told)] : [];
  if (!own?.ok || !wanted?.ok) return undefined;
  return { unit: told, scale: own.conversion.scale / wanted.conversion.scale };
}
