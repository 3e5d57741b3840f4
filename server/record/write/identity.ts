import type { MeasuredPlace } from "@openward/fhir/store";
import type { RecordContext } from "../context.ts";
import { panelId, panelSource, parseObservationId, readingId } from "../observation-id.ts";
import type { Reading } from "../ports.ts";
import { isPanelMember } from "../resources/observation-kind.ts";
import type { Measure, Part } from "./measure.ts";

/** Of one time more values than this are a fault, and no measurement. */
const SAME_TIME_MAX = 100;

/** A part, and which of the readings of its time it is or will be. */
export interface Placed {
  readonly part: Part;
  /** null: samples. */
  readonly ordinal: number | null;
  /** It is in telemetry already. */
  readonly isThere: boolean;
}

/** Which readings the parts are. @param isNew of a time behind everything that a stream has */
export async function placeParts(context: RecordContext, parts: readonly Part[]): Promise<Placed[]> {
  const placed: Placed[] = [];
  for (const part of parts) placed.push(await placePart(context, part));
  return placed;
}

async function placePart({ telemetry, view }: RecordContext, part: Part): Promise<Placed> {
  const { streamId, from, to, value, patientId } = part;
  if (value === undefined) return { part, ordinal: null, isThere: false };
  const summary = await telemetry.stream(view, streamId);
  const isBehind = summary?.lastAt == null || summary.lastAt < from;
  const touched = telemetry.touched(view, streamId, from, to) !== undefined;
  if (!summary || (isBehind && !touched)) return { part, ordinal: 0, isThere: false };
  const readings = await telemetry.readings(view, {
    patientId,
    streamIds: [streamId],
    from,
    to,
    order: "ascending",
    limit: SAME_TIME_MAX,
    withErrors: true,
  });
  for (const reading of readings) {
    if ((await receivedValue({ telemetry, view }, reading, touched)) === value)
      return { part, ordinal: reading.ordinal, isThere: true };
  }
  const last = readings.at(-1);
  return { part, ordinal: last ? last.ordinal + 1 : 0, isThere: false };
}

/** As the device sent it, whatever was said of it later. */
async function receivedValue(
  { telemetry, view }: Pick<RecordContext, "telemetry" | "view">,
  { stream, time, ordinal, value }: Reading,
  touched: boolean,
): Promise<number | null> {
  if (!touched) return value;
  const history = await telemetry.history(view, stream.id, time, ordinal);
  return history?.versions[0]?.value ?? value;
}

/**
 * The id of the Observation that would be made of these readings; undefined where they would be several, or samples, or
 * would be one together with readings that are not among them.
 */
export async function idOf(
  context: RecordContext,
  { patientId, deviceId }: Pick<Measure, "patientId" | "deviceId">,
  placed: readonly Placed[],
): Promise<string | undefined> {
  const [first] = placed;
  if (!first || first.ordinal === null) return undefined;
  const { part, ordinal } = first;
  if (!isPanelMember(part.signal))
    return placed.length === 1 ? readingId(part.streamId, part.from, ordinal) : undefined;
  const isOne = placed.every(
    (one) => isPanelMember(one.part.signal) && one.part.unit === part.unit && one.ordinal === ordinal,
  );
  if (!isOne || new Set(placed.map((one) => one.part.signal)).size < placed.length) return undefined;
  const others = await membersAt(context, { patientId, deviceId, unit: part.unit, time: part.from, ordinal });
  const own = new Set(placed.map((one) => one.part.streamId));
  if (others.some(({ streamId }) => !own.has(streamId))) return undefined;
  return panelId(part.patientId, panelSource(deviceId, part.unit), part.from, ordinal);
}

export const placesOfParts = (placed: readonly Placed[], deviceId: string): MeasuredPlace[] =>
  placed.map(({ part: { patientId, streamId, from, to }, ordinal }) => ({
    patientId,
    deviceId,
    streamId,
    from,
    to,
    ordinal,
  }));

/** Where a resource stands in telemetry: as it was noted, or as its id says. Empty: it is a text and no reading. */
export async function placesOf(context: RecordContext, id: string): Promise<readonly MeasuredPlace[]> {
  const noted = await context.written?.overlays.placesOf(context.organisation.id, id);
  if (noted && noted.length > 0) return noted;
  const name = parseObservationId(id);
  const { telemetry, view } = context;
  if (name?.kind === "reading") {
    const { streamId, time, ordinal } = name;
    const stream = (await telemetry.stream(view, streamId))?.stream;
    if (!stream) return [];
    const { patientId, deviceId } = stream;
    return [{ patientId, deviceId, streamId, from: time, to: time + 1, ordinal }];
  }
  if (name?.kind !== "panel") return [];
  const { patientId, source, time, ordinal } = name;
  const streams = (await telemetry.streams(view, patientId)).map(({ stream }) => stream);
  const found = streams.find(
    ({ signal, deviceId, unit }) => isPanelMember(signal) && panelSource(deviceId, unit) === source,
  );
  return found ? membersAt(context, { patientId, deviceId: found.deviceId, unit: found.unit, time, ordinal }) : [];
}

/** Members of a panel that were measured at one time. */
async function membersAt(
  { telemetry, view }: RecordContext,
  panel: {
    readonly patientId: string;
    readonly deviceId: string;
    readonly unit: string;
    readonly time: number;
    readonly ordinal: number;
  },
): Promise<MeasuredPlace[]> {
  const { patientId, deviceId, unit, time, ordinal } = panel;
  const streams = (await telemetry.streams(view, patientId))
    .map(({ stream }) => stream)
    .filter((stream) => isPanelMember(stream.signal) && stream.deviceId === deviceId && stream.unit === unit);
  if (streams.length === 0) return [];
  const readings = await telemetry.readings(view, {
    patientId,
    streamIds: streams.map(({ id }) => id),
    from: time,
    to: time + 1,
    order: "ascending",
    limit: streams.length * SAME_TIME_MAX,
    withErrors: true,
  });
  return readings
    .filter((reading) => reading.ordinal === ordinal)
    .map(({ stream }) => ({
      patientId: stream.patientId,
      deviceId,
      streamId: stream.id,
      from: time,
      to: time + 1,
      ordinal,
    }));
}
