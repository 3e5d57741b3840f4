import { RefusedInput } from "@openward/errors";
import type { Delivery, JournalEntry, Problem, QuarantineEntry, RawInput } from "@openward/model";
import type { Timeline } from "@openward/timeseries/clocks";
import { deliveryId } from "./deliveries.ts";
import { formatOf } from "./formats.ts";
import type { Placing } from "./place.ts";
import type { Directory } from "./ports.ts";
import { problemOf } from "./problems.ts";
import { retimingOf } from "./retime.ts";
import { createStreams } from "./streams.ts";
import { FUTURE_MS, newWork } from "./work.ts";

/** What a message comes to by the codecs and the associations of today; nothing of it is kept. */
export interface Rerun {
  /** In the order in which the journal would hold them; streams stand before their readings where they are not known. */
  readonly entries: readonly JournalEntry[];
  readonly problems: readonly Problem[];
}

const BY_A_PERSON = new Set(["ASSOCIATION_AMBIGUOUS", "DEVICE_UNKNOWN", "DEVICE_REVOKED", "PATIENT_DIFFERS"]);

/** What is run again. */
export type Sent = Omit<RawInput, "patientIds">;

/**
 * A quarantined message, as it was sent.
 *
 * @param deliveries of the same commit: the first of them is the time of a message without one
 * @returns undefined where a person decides: the clock that its device told decided, and is not known any more; or it names
 *   another patient
 */
export function sentOf(entry: QuarantineEntry, deliveries: readonly Delivery[]): Sent | undefined {
  const { id, organisationId, deviceId, kind, contentType, raw: body, receivedAt } = entry;
  if (entry.problems.some(({ code }) => BY_A_PERSON.has(code))) return undefined;
  const isItsOwn = (each: Delivery) =>
    each.deviceId === deviceId && deliveryId(deviceId, each.key, each.receivedAt) === id;
  const stampedAt = deliveries.find(isItsOwn)?.receivedAt ?? receivedAt;
  const format = formatOf(contentType);
  return {
    organisationId,
    deviceId,
    kind,
    format,
    body,
    receivedAt,
    stampedAt,
    clockOffsetMs: 0,
    isWill: false,
  };
}

/** Runs input again as it was when it came: its times of arrival, and what its device had told of its clock. */
export type Rerunner = (sent: Sent) => Rerun;

/**
 * @param directory who wears what, as it is known today
 * @param timelineOf what is known of a device's clock today
 */
export function createRerunner(
  placing: Placing,
  directory: Directory,
  timelineOf: (deviceId: string) => Timeline,
): Rerunner {
  // Streams of its own: what a second look finds takes no place from what comes in.
  const streams = createStreams(directory);
  return ({ organisationId, deviceId, kind, format, body, receivedAt, stampedAt, clockOffsetMs, isWill }) => {
    const work = newWork({
      organisationId,
      deviceId,
      device: streams.device(deviceId),
      receivedAt,
      isWill,
      latest: receivedAt + FUTURE_MS,
      clockOffsetMs,
      recordNumbersOf: undefined,
      quality: 0,
      stamp: () => stampedAt,
      firstHeard: () => receivedAt,
      messageId: undefined,
      placeAt: (time) => directory.associationAt(deviceId, time),
      isWanted: undefined,
      shiftMs: undefined,
      shiftsAll: false,
      retiming: retimingOf(timelineOf(deviceId), receivedAt),
    });
    try {
      placing.place(work, kind, body, format, streams);
    } catch (error) {
      if (!(error instanceof RefusedInput)) throw error;
      return { entries: [], problems: [problemOf(error)] };
    }
    return { entries: work.entries, problems: work.problems.all() };
  };
}
