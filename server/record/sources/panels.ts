import type { Observation } from "@medplum/fhirtypes";
import type { PatientView } from "@openward/model";
import { sees } from "@openward/signals/categories";
import type { RecordContext } from "../context.ts";
import { type BloodPressurePanel, groupIntoPanels, mapBloodPressure, panelKey } from "../resources/blood-pressure.ts";
import { type DeviceTypes, measuredBy } from "../resources/containment.ts";
import { createReadingIterator, type ReadingsOptions, type Told } from "./readings.ts";
import { type Item, type Place, remaining, resumeAt, type Source } from "./source.ts";

/**
 * Blood pressure panels of one patient: the readings of the panel's streams that share a time, put together.
 *
 * @param accepts may leave out panels that do not have what is searched for
 */
export function createPanelSource(
  context: RecordContext,
  options: ReadingsOptions,
  place: Place | undefined,
  accepts: (panel: BloodPressurePanel) => boolean,
): Source {
  const order = `${options.patientId} 1`;
  const resume = resumeAt(place, order);
  const nextReading = createReadingIterator(
    context,
    options,
    remaining(options.spans, options.direction, resume),
    undefined,
  );
  let ready: { readonly panel: BloodPressurePanel; readonly isCovered: boolean }[] = [];
  let ahead: Told | undefined;
  let started = false;

  const nextGroup = async (): Promise<boolean> => {
    if (!started) {
      ahead = await nextReading();
      started = true;
    }
    if (!ahead) return false;
    const { time } = ahead.reading;
    const group: Told[] = [];
    while (ahead && ahead.reading.time === time) {
      group.push(ahead);
      ahead = await nextReading();
    }
    const covered = new Set(group.flatMap(({ reading, isCovered }) => (isCovered ? [reading] : [])));
    ready = groupIntoPanels(group.map(({ reading }) => reading))
      .filter((panel) => accepts(panel) && isBehind(panel))
      // One of its values that nobody wrote about is told with the others.
      .map((panel) => ({ panel, isCovered: Object.values(panel.members).every((member) => covered.has(member)) }));
    return true;
  };

  /** Panels at the place's own time that stood on the page before are not given twice. */
  const isBehind = (panel: BloodPressurePanel): boolean =>
    resume.kind !== "key" || panel.time !== resume.time || keyOf(panel) > String(resume.key[0]);

  return {
    order,
    bound: options.bound,
    async next(): Promise<Item | undefined> {
      while (ready.length === 0) if (!(await nextGroup())) return undefined;
      const first = ready.shift();
      if (!first) return undefined;
      const { panel, isCovered } = first;
      const { organisation, view, typeOf, limitsAt } = context;
      return {
        isCovered,
        time: panel.time,
        key: [keyOf(panel)],
        weight: 1,
        map: () => panelMeasuredBy(mapBloodPressure(panel, organisation, limitsAt), panel, typeOf),
        isSeen: () => isPanelSeen(view, panel),
      };
    },
  };
}

/** What measured it is that of any of its members. */
export function panelMeasuredBy(panel: Observation, { members }: BloodPressurePanel, typeOf: DeviceTypes): Observation {
  const [first] = Object.values(members);
  return first ? measuredBy(panel, first.stream, typeOf) : panel;
}

export function isPanelSeen(view: PatientView, { members }: BloodPressurePanel): boolean {
  return Object.values(members).every(({ stream }) => sees(view, stream));
}

function keyOf({ deviceId, unit, ordinal }: BloodPressurePanel): string {
  return panelKey(deviceId, unit, ordinal);
}
