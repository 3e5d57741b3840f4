import { ABSENT_SAMPLE, type PatientView, type Waveform } from "@openward/model";
import { deviceOf, timeOf } from "./differences.ts";
import type { Point, Records, Telemetry } from "./ports.ts";

/** Times that lie closer than this are asked for in one go. */
const NEAR_MS = 15 * 60_000;

/** Which of these did the store receive, and as the how-manyth of their time? What people said of them is not asked. */
export async function answered(
  points: readonly Point[],
  view: PatientView,
  { telemetry, records }: { readonly telemetry: Telemetry; readonly records: Pick<Records, "knownEvents"> },
): Promise<Map<Point, number>> {
  const found = new Map<Point, number>();
  const { organisationId } = view.principal;
  const readings = points.filter((point) => point.kind === "reading");
  for (const [streamId, all] of Map.groupBy(readings, ({ stream }) => stream.id)) {
    if (!telemetry.known(view, streamId)) continue;
    for (const near of runsOf(all)) {
      const wanted = Map.groupBy(near, ({ time, value }) => nameOf(time, value));
      const span = { from: timeOf(near[0] as Point), to: timeOf(near.at(-1) as Point) + 1, isDescending: false };
      for await (const { times, values, ordinals } of telemetry.columns(view, streamId, span)) {
        for (let i = 0; i < times.length; i++)
          for (const point of wanted.get(nameOf(times[i] as number, values[i] as number)) ?? [])
            found.set(point, ordinals[i] as number);
      }
    }
  }
  for (const point of points) {
    if (point.kind !== "waveform" || !telemetry.known(view, point.stream.id)) continue;
    if (await holds(point.waveform, view, telemetry)) found.set(point, 0);
  }
  const events = points.filter((point) => point.kind === "event");
  for (const [deviceId, all] of Map.groupBy(events, deviceOf)) {
    const ids = await records.knownEvents(
      organisationId,
      deviceId,
      all.map(({ event }) => event.id),
    );
    for (const point of all) if (ids.has(point.event.id)) found.set(point, 0);
  }
  return found;
}

const nameOf = (time: number, value: number) => `${time} ${Object.is(value, -0) ? "-0" : value}`;

/** In the order of their times, cut where there is nothing for a while. */
function* runsOf<P extends Point>(points: readonly P[]): Generator<P[]> {
  let run: P[] = [];
  for (const point of points.toSorted((a, b) => timeOf(a) - timeOf(b))) {
    const last = run.at(-1);
    if (last && timeOf(point) - timeOf(last) > NEAR_MS) {
      yield run;
      run = [];
    }
    run.push(point);
  }
  if (run.length > 0) yield run;
}

/** Of how many samples does the store know in the span of this piece? More than its own: other pieces lie over it. */
export async function samplesIn(piece: Waveform, view: PatientView, telemetry: Telemetry): Promise<number> {
  let count = 0;
  for await (const there of telemetry.waveforms(view, piece.stream.id, { from: piece.start, to: endOf(piece) }))
    count += there.samples.length;
  return count;
}

/** Exclusive, whole milliseconds. */
export const endOf = ({ start, samples, rateHz }: Waveform): number =>
  Math.ceil(start + (samples.length * 1000) / rateHz);

/** Is every sample of the piece there, as it is? What is stored may be cut and joined in other places. */
async function holds(piece: Waveform, view: PatientView, telemetry: Telemetry): Promise<boolean> {
  const { samples, start, rateHz, scale, origin, stream } = piece;
  const stepMs = 1000 / rateHz;
  const missing = new Set<number>();
  for (const [i, sample] of samples.entries()) if (sample !== ABSENT_SAMPLE) missing.add(i);
  const span = { from: start, to: start + samples.length * stepMs };
  for await (const there of telemetry.waveforms(view, stream.id, span)) {
    if (there.rateHz !== rateHz) continue;
    for (const [n, sample] of there.samples.entries()) {
      const i = Math.round((there.start - start) / stepMs) + n;
      if (i < 0 || i >= samples.length) continue;
      const isSame =
        there.scale === scale && there.origin === origin
          ? sample === samples[i]
          : sample * there.scale + there.origin === (samples[i] as number) * scale + origin;
      if (isSame) missing.delete(i);
    }
  }
  return missing.size === 0;
}
