import type { RecordContext } from "../context.ts";
import type { DeviceRecord } from "../ports.ts";
import { COINCIDENT_TIME, coincidentTimeId, mapCoincidentTime } from "../resources/coincident-time.ts";
import { specializationOf } from "../resources/containment.ts";
import { fhirDeviceId } from "../resources/device-id.ts";
import { contains, type Interval } from "../search/intervals.ts";
import type { ObservationFilter } from "../search/observation-filter.ts";
import { type Direction, type Item, type Place, resumeAt, type Source } from "./source.ts";

/** Before all patients. */
const ORDER = "!";

/** What clocks of personal health devices showed. They are of no patient, and are told where no patient is asked for. */
export async function clockSource(
  context: RecordContext,
  filter: Pick<ObservationFilter, "acceptsClocks" | "acceptsClock">,
  spans: readonly Interval[],
  direction: Direction,
): Promise<((place: Place | undefined) => Source) | undefined> {
  if (!filter.acceptsClocks) return undefined;
  const items = (await clocksOf(context))
    .filter(({ record, item }) => filter.acceptsClock(fhirDeviceId(record.device.id)) && contains(spans, item.time))
    .map(({ item }) => item);
  if (items.length === 0) return undefined;
  const sign = direction === "ascending" ? 1 : -1;
  items.sort((a, b) => (a.time - b.time) * sign || (String(a.key[0]) < String(b.key[0]) ? -1 : 1));
  return (place) => {
    const resume = resumeAt(place, ORDER);
    const rest = items.filter(({ time, key }) => {
      if (resume.kind === "start") return true;
      const behind = (time - resume.time) * sign;
      if (behind !== 0) return behind > 0;
      return resume.kind === "key" ? String(key[0]) > String(resume.key[0]) : resume.inclusive;
    });
    return { order: ORDER, bound: Number.POSITIVE_INFINITY * -sign, next: async () => rest.shift() };
  };
}

export interface FoundClock {
  readonly record: DeviceRecord;
  readonly item: Item;
}

/** Of devices that who asks sees; on somebody else one tells that somebody is measured. */
export async function clocksOf(context: RecordContext): Promise<readonly FoundClock[]> {
  const { devices, view, organisation, reachesKind } = context;
  // It is in no patient's compartment.
  if (reachesKind && !reachesKind(COINCIDENT_TIME, "")) return [];
  return (await devices.list(view.principal)).flatMap((record): FoundClock[] => {
    const { device, clock, association } = record;
    const isSeen = () => association === null || view.has(association.patientId);
    if (clock === null || !specializationOf(device.type) || !isSeen()) return [];
    const map = () => mapCoincidentTime(device.id, clock, organisation);
    return [{ record, item: { time: clock.at, key: [coincidentTimeId(device.id)], weight: 1, map, isSeen } }];
  });
}
