import type { RecordContext } from "../context.ts";
import { type Found, findObservation } from "../sources/find.ts";
import type { Direction, Place, Source } from "../sources/source.ts";
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
  const found = (await Promise.all([...ids].map((id) => findObservation(context, id)))).flatMap((f) => (f ? [f] : []));
  const zones = await timeZonesOf(context, filter.needsTimeZone, [...new Set(found.map((item) => patientOf(item)))]);
  const sign = direction === "ascending" ? 1 : -1;
  const items = found
    .filter((item) => isWanted(item, filter, zones.get(patientOf(item)) ?? "UTC"))
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

function isWanted(found: Found, filter: ObservationFilter, zone: string): boolean {
  if (filter.patientIds && !filter.patientIds.has(patientOf(found))) return false;
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
  }
}

function patientOf(found: Found): string {
  switch (found.kind) {
    case "reading":
      return found.reading.stream.patientId;
    case "panel":
      return found.panel.patientId;
    case "waveform":
      return found.stream.patientId;
  }
}
