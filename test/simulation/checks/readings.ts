import { QUALITY } from "@openward/model";
import type { Reading } from "../../../server/store/telemetry/index.ts";
import { isPossible, type Oracle, type Said } from "../oracle.ts";
import type { Invariant, World } from "../world.ts";

const MINUTE_MS = 60_000;

export interface Asked {
  readonly streamIds: readonly string[];
  readonly from: number;
  readonly to: number;
  readonly isDescending: boolean;
  /** The answer goes to the end of the range. */
  readonly isWhole: boolean;
  /** What had been acknowledged when the question was asked. */
  readonly sure: ReadonlySet<Said>;
  /** What it means when something of that is missing. */
  readonly missing: Invariant;
}

/** Holds the answer to a question for readings against what was said. */
export function checkReadings(world: World, oracle: Oracle, answer: readonly Reading[], asked: Asked): void {
  const seen = new Set<Said>();
  for (const reading of answer) checkReading(world, oracle, reading, seen);
  checkOrder(world, answer, asked);
  const last = answer.at(-1)?.time;
  for (const said of asked.sure) {
    const { time } = said.reading;
    const isBefore = last !== undefined && (asked.isDescending ? time > last : time < last);
    if (!seen.has(said) && (asked.isWhole || isBefore))
      world.break(asked.missing, `${tell(said)} is missing in an answer of ${answer.length}`);
  }
}

function checkReading(world: World, oracle: Oracle, reading: Reading, seen: Set<Said>): void {
  const { stream, time, value, quality, ordinal } = reading;
  if (checkTimeless(world, oracle, reading)) return;
  const said = oracle.at(stream.id, time).find((each) => Object.is(each.reading.value, value));
  if (!said) {
    blame(world, oracle, reading);
    return;
  }
  const { patientId, deviceId, signal, unit } = said.reading;
  const owner = [stream.patientId, stream.deviceId, stream.signal, stream.unit].join(" ");
  if (owner !== [patientId, deviceId, signal, unit].join(" ")) world.break("patient", `${tell(said)} is of ${owner}`);
  if (!isPossible(said)) world.break("sent", `${tell(said)} is read before it was sent`);
  if (seen.has(said)) world.break("once", `${tell(said)} is there twice`);
  seen.add(said);
  const isMarked = quality === QUALITY.conflicting;
  if (quality & ~QUALITY.conflicting || isMarked !== ordinal > 0)
    world.break("exact", `${tell(said)} has quality ${quality} at ordinal ${ordinal}`);
  if (!said.utcOffsets.has(reading.utcOffsetMinutes))
    world.break("exact", `${tell(said)} has the offset ${reading.utcOffsetMinutes}`);
  const arrivals = said.messages.flatMap(({ deliveries }) => deliveries);
  const isArrival = (at: number) =>
    reading.receivedAt === at || reading.receivedAt === Math.floor(at / MINUTE_MS) * MINUTE_MS;
  if (!arrivals.some(isArrival)) world.break("exact", `${tell(said)} arrived at ${reading.receivedAt}`);
}

/** @returns true when it is one: when it came decides its time, and the database's checks count them */
function checkTimeless(world: World, oracle: Oracle, { stream, time, value, quality }: Reading): boolean {
  if (stream.signal !== "body-weight") return false;
  const message = oracle.messages.find((each) => each.timeless?.value === value && each.deviceId === stream.deviceId);
  if (!message?.deliveries.includes(time)) world.break("sent", `a weight of ${value} at ${time}`);
  if (!(quality & QUALITY.timeFromServer)) world.break("exact", `a weight of ${value} has quality ${quality}`);
  return true;
}

/** Something is read that nobody said so: what comes nearest to it tells which promise is broken. */
function blame(world: World, oracle: Oracle, { stream, time, value }: Reading): void {
  const what = `${stream.signal} ${value} at ${time} of ${stream.deviceId}`;
  const elsewhere = oracle.streamIds.find(
    (id) =>
      oracle.at(id, time).some(({ reading }) => reading.value === value && reading.deviceId === stream.deviceId) &&
      oracle.patientOf(id) !== stream.patientId,
  );
  const [other] = oracle.at(stream.id, time);
  if (elsewhere) world.break("patient", `${what} lies with another patient`);
  else if (other) world.break("exact", `${what}, but ${tell(other)} was sent`);
  else world.break("sent", what);
}

function checkOrder(world: World, answer: readonly Reading[], { isDescending, isWhole }: Asked): void {
  const ascending = isDescending ? [...answer].reverse() : answer;
  for (let i = 0; i < ascending.length; i++) {
    const reading = ascending[i] as Reading;
    const before = ascending[i - 1];
    const isSameTime = before?.time === reading.time && before.stream.id === reading.stream.id;
    const where = `${reading.stream.signal} at ${reading.time}, ordinal ${reading.ordinal}`;
    if (before && compare(before, reading) >= 0) world.break("order", `${where} stands behind ${before.time}`);
    // A page may begin or end among the values of one time.
    const isEdge = !isWhole && i === 0;
    if (!isEdge && reading.ordinal !== (isSameTime ? (before?.ordinal ?? 0) + 1 : 0))
      world.break("order", `${where} has a gap in its ordinals`);
  }
}

function compare(a: Reading, b: Reading): number {
  if (a.time !== b.time) return a.time - b.time;
  if (a.stream.id !== b.stream.id) return a.stream.id < b.stream.id ? -1 : 1;
  return a.ordinal - b.ordinal;
}

export function tell({ reading: { signal, value, unit, time, deviceId }, messages }: Said): string {
  const by = messages.map(({ id }) => id).join(", ");
  return `${signal} ${value} ${unit} at ${time} of ${deviceId} (message ${by})`;
}
