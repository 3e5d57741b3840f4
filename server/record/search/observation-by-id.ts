import type { RecordContext } from "../context.ts";
import { glucoseKind } from "../glucose/observations.ts";
import { fhirDeviceId } from "../resources/device-id.ts";
import { endOf } from "../resources/sampled-data.ts";
import { type Covering, coveredOf, coveringOf } from "../sources/covered.ts";
import { type Found, findObservation } from "../sources/find.ts";
import type { Direction, Place, Source } from "../sources/source.ts";
import { isWithin } from "../sources/waveforms.ts";
import { contains } from "./intervals.ts";
import type { ObservationFilter } from "./observation-filter.ts";
import { timeZonesOf } from "./patient-zone.ts";

/** The few that were named, with the search's other conditions. */
export async function sourceOfIds(
  context: RecordContext,
  ids: ReadonlySet<string>,
  filter: ObservationFilter,
  direction: Direction,
): Promise<(place: Place | undefined) => Source[]> {
  const known = (await Promise.all([...ids].map((id) => findObservation(context, id)))).flatMap((f) => (f ? [f] : []));
  const covering = coveringOf(context);
  const found: Found[] = [];
  for (const one of known) if (!(await isWritten(covering, one))) found.push(one);
  const zones = await timeZonesOf(context, filter.needsTimeZone, [
    ...new Set(found.flatMap((item) => patientOf(item) ?? [])),
  ]);
  const sign = direction === "ascending" ? 1 : -1;
  const items = found
    .filter((item) => isWanted(item, filter, zones.get(patientOf(item) ?? "") ?? "UTC"))
    .sort((a, b) => (a.time - b.time) * sign || (String(a.key[0]) < String(b.key[0]) ? -1 : 1));
  return (place) => {
    const rest = items.filter(({ time, key }) => {
      if (!place) return true;
      const byTime = (time - place.time) * sign;
      return byTime > 0 || (byTime === 0 && String(key[0]) > String(place.key[0]));
    });
    return [{ order: "", bound: Number.POSITIVE_INFINITY * -sign, next: async () => rest.shift() }];
  };
}

/** Somebody has written about it: what they wrote is found in its place. */
async function isWritten(covering: Covering, found: Found): Promise<boolean> {
  if (found.kind === "glucose" || found.kind === "clock") return false;
  if (found.kind === "waveform") {
    const { stream, segment } = found;
    if (covering.isBare([stream.id])) return false;
    const asked = { ids: [], streamIds: [stream.id], from: segment.start, to: endOf(segment) + 1 };
    return isWithin(segment, (await covering.over(stream.patientId, asked)).places);
  }
  const readings = found.kind === "reading" ? [found.reading] : Object.values(found.panel.members);
  return (await coveredOf(covering, readings)).every(Boolean);
}

function isWanted(found: Found, filter: ObservationFilter, zone: string): boolean {
  const patientId = patientOf(found);
  if (patientId !== undefined && filter.patientIds && !filter.patientIds.has(patientId)) return false;
  switch (found.kind) {
    case "reading":
      return filter.acceptsStream(found.reading.stream) && contains(filter.instants(zone), found.time);
    case "panel": {
      const member = Object.values(found.panel.members)[0];
      if (!member || !filter.acceptsStream(member.stream) || !filter.acceptsPanel(found.panel)) return false;
      return contains(filter.instants(zone), found.time);
    }
    case "waveform":
      return filter.acceptsStream(found.stream) && filter.acceptsPeriod(found.segment, zone);
    case "clock":
      return (
        filter.acceptsClocks &&
        filter.acceptsClock(fhirDeviceId(found.record.device.id)) &&
        contains(filter.instants(zone), found.time)
      );
    case "glucose": {
      const { measure, measured } = found;
      return filter.acceptsSummary(glucoseKind(measure, measured.unit)) && filter.acceptsSpan(measured.fortnight, zone);
    }
  }
}

/** undefined: it is of no patient. */
function patientOf(found: Found): string | undefined {
  switch (found.kind) {
    case "reading":
      return found.reading.stream.patientId;
    case "panel":
      return found.panel.patientId;
    case "waveform":
      return found.stream.patientId;
    case "glucose":
      return found.measured.patientId;
    case "clock":
      return undefined;
  }
}
