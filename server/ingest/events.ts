import type { DecodedEvent } from "@openward/codecs";
import type { DeviceEvent } from "@openward/model";
import { findSignal } from "@openward/signals";
import { hashId } from "./ids.ts";
import { type RETIME_EXPECTED, refuseTime, retimed } from "./retime.ts";
import { isElsewhere, PLACE_EXPECTED, sight, TIME_EXPECTED, timeFault, type Work } from "./work.ts";

/** Names of a device's own events: technical ones that the vocabulary does not know. */
const OWN_EVENT = /^[a-z0-9-]{1,64}$/;

/**
 * Places one event. A clinical one (of the vocabulary: a call for help, a fall) is never held up by a wrong clock: where
 * its time is impossible, or lies outside the association, it is placed at the time of arrival on whoever wears the
 * device now, marked so, with what the device said in `detail.deviceTime`. Where it is dated to a patient who wore the
 * device before, a second event tells of whoever wears it now: nobody can know whether the press or the clock is late.
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
  const { organisationId, deviceId, receivedAt } = work;
  const isUndated = Number.isNaN(decoded.at);
  // What the device said decides, not the time that stands in for it: sent again, it is the same event.
  const said = isUndated ? `received ${decoded.id === null ? work.stamp() : ""}` : decoded.at;
  const id = decoded.id ?? hashId("event", organisationId, deviceId, event, said, item, JSON.stringify(decoded.detail));
  let timeFromServer = isUndated;
  const { at: told, detail: saidOfIt, isCorrected, isUnclear } = timed(work, decoded);
  let at = told;
  let detail = saidOfIt;
  if (isUndated) at = decoded.id === null ? work.stamp() : work.firstHeard(id);
  let place = work.placeAt(at);
  if (!isUndated) {
    if (isUnclear && !isClinical) {
      refuseTime(work, isUnclear, item);
      return;
    }
    const fault = isUnclear ?? (work.shiftsAll ? "TIME_IMPOSSIBLE" : timeFault(work, at));
    if (fault && fault !== isUnclear && !isClinical && work.shiftMs === undefined) {
      work.problems.add(fault, "at", item, item, 1, TIME_EXPECTED[fault as keyof typeof TIME_EXPECTED]);
      return;
    }
    const isDevices = decoded.isGatewayTime !== true && !isCorrected;
    if (isDevices && !work.retiming) sight(work, at);
    const meant = isDevices ? at - work.clockOffsetMs : at;
    const isMisplaced = isClinical && !place && work.placeAt(receivedAt) !== undefined;
    // By what the device told of its clock, somebody else wore it.
    const isMisdated = !fault && work.placeAt(meant) !== undefined && isElsewhere(work, place, meant);
    if (fault || isMisplaced || isMisdated) {
      detail = { ...detail, deviceTime: decoded.at };
      at = isMisdated ? Math.round(meant) : work.firstHeard(`${id} ${said}`);
      timeFromServer = true;
      place = work.placeAt(at);
    } else if (isDevices && !(at <= work.newest)) work.newest = at;
  }
  if (isClinical && !place) {
    work.problems.add("NO_ASSOCIATION", "at", item, item, 1, PLACE_EXPECTED);
    return;
  }
  const placed: DeviceEvent = {
    id,
    organisationId,
    deviceId,
    patientId: place?.patientId ?? null,
    associationId: place?.id ?? null,
    event,
    at,
    timeFromServer,
    receivedAt,
    detail,
    ...(timeFromServer && work.messageId !== undefined && { messageId: work.messageId }),
  };
  work.entries.push({ kind: "event", event: placed });
  work.accepted++;
  const now = isClinical ? work.placeAt(receivedAt) : undefined;
  if (!now || now.patientId === place?.patientId) return;
  const dated = isUndated ? at : decoded.at;
  const forWearer: DeviceEvent = {
    ...placed,
    id: hashId("event-of-wearer", organisationId, deviceId, id, dated, now.patientId),
    patientId: now.patientId,
    associationId: now.id,
    at: work.firstHeard(`${id} ${said} ${now.patientId}`),
    timeFromServer: true,
    detail: { ...detail, deviceTime: dated, wearer: "uncertain" },
    ...(work.messageId !== undefined && { messageId: work.messageId }),
  };
  work.entries.push({ kind: "event", event: forWearer });
}

/** By what is known of the device's clock. What was said stays in `detail.deviceTime`. */
function timed({ retiming }: Work, { at, detail, isGatewayTime }: DecodedEvent) {
  const nothing = { at, detail, isCorrected: false, isUnclear: undefined };
  if (!retiming || Number.isNaN(at) || isGatewayTime) return nothing;
  const found = retimed(retiming, at);
  if (typeof found === "string") return { ...nothing, isUnclear: found satisfies keyof typeof RETIME_EXPECTED };
  if (!found.isMarked) return nothing;
  if (!found.isCorrected) return { ...nothing, detail: { ...detail, clock: "uncertain" } };
  const isUnclear = undefined;
  return { at: found.time, detail: { ...detail, deviceTime: at, clock: "corrected" }, isCorrected: true, isUnclear };
}
