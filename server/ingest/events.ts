import type { DecodedEvent } from "@openward/codecs";
import type { DeviceEvent } from "@openward/model";
import { findSignal } from "@openward/signals";
import { hashId } from "./ids.ts";
import { PLACE_EXPECTED, TIME_EXPECTED, timeFault, type Work } from "./work.ts";

/** Names of a device's own events: technical ones that the vocabulary does not know. */
const OWN_EVENT = /^[a-z0-9-]{1,64}$/;

/**
 * Places one event. A clinical one (of the vocabulary: a call for help, a fall) is never held up by a wrong clock: where
 * its time is impossible, or lies outside the association, it is placed at the time of arrival on whoever wears the
 * device now, marked so, with what the device said in `detail.deviceTime`.
 */
export function placeEvent(work: Work, decoded: DecodedEvent): void {
  const { item, event } = decoded;
  if (work.isWanted && !work.isWanted(item, "event")) return;
  const signal = findSignal(event);
  const isClinical = signal?.kind === "event";
  if (!isClinical && (signal || !OWN_EVENT.test(event))) {
    const expected = "an event of the vocabulary, or a name of a-z, 0-9 and - up to 64 characters";
    work.problems.add("EVENT_UNKNOWN", "event", item, item, 1, expected);
    return;
  }
  let timeFromServer = Number.isNaN(decoded.at);
  let at = timeFromServer ? work.stamp() : decoded.at;
  let { detail } = decoded;
  let place = work.placeAt(at);
  if (!timeFromServer) {
    const fault = timeFault(work, at);
    const isMisplaced = isClinical && !place && work.placeAt(work.receivedAt) !== undefined;
    if (fault && !isClinical && work.shiftMs === undefined) {
      work.problems.add(fault, "at", item, item, 1, TIME_EXPECTED[fault]);
      return;
    }
    if (fault || isMisplaced) {
      detail = { ...detail, deviceTime: decoded.at };
      at = work.receivedAt;
      timeFromServer = true;
      place = work.placeAt(at);
    } else if (!(at <= work.newest)) work.newest = at;
  }
  if (isClinical && !place) {
    work.problems.add("NO_ASSOCIATION", "at", item, item, 1, PLACE_EXPECTED);
    return;
  }
  const { organisationId, deviceId, receivedAt } = work;
  // What the device said decides, not the time that stands in for it: sent again, it is the same event.
  const said = Number.isNaN(decoded.at) ? `received ${work.stamp()}` : decoded.at;
  const placed: DeviceEvent = {
    id: decoded.id ?? hashId("event", organisationId, deviceId, event, said, item, JSON.stringify(decoded.detail)),
    organisationId,
    deviceId,
    patientId: place?.patientId ?? null,
    associationId: place?.id ?? null,
    event,
    at,
    timeFromServer,
    receivedAt,
    detail,
  };
  work.entries.push({ kind: "event", event: placed });
  work.accepted++;
}
