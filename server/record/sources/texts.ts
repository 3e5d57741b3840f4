import type { Observation } from "@medplum/fhirtypes";
import type { Condition, FoundResource } from "@openward/fhir/store";
import type { RecordContext } from "../context.ts";
import type { ObservationReach } from "../write/reach.ts";
import { TYPE, textsOf } from "../write/texts.ts";
import { resourceOf } from "../written/present.ts";
import { isReached } from "../written/reach.ts";
import { type Direction, type Item, type Place, resumeAt, type Source } from "./source.ts";

/** Behind all sources of readings, whose orders begin with the id of a patient. */
export const TEXTS_ORDER = "~";

export interface TextsOptions {
  readonly conditions: readonly Condition[];
  readonly direction: Direction;
  /** How many to ask the store for at a time. */
  readonly batch: number;
  /** There are readings too, which are often all newer, or older: the first few tell. */
  readonly isBesideReadings?: boolean;
}

/** Each is a text of its own that is read and parsed. */
const FIRST_FEW = 4;

/** Observations as others wrote them, by their date. */
export function createTextSource(
  context: RecordContext,
  { whose, conditions: own }: ObservationReach,
  { conditions, direction, batch, isBesideReadings = false }: TextsOptions,
  place: Place | undefined,
): Source {
  const resume = resumeAt(place, TEXTS_ORDER);
  let after: readonly (string | number)[] | undefined;
  if (resume.kind === "key") after = [timeText(resume.time), resume.key[0] ?? 0];
  // Numbers begin at 1: at the same time all are still to come, or none.
  else if (resume.kind === "time") after = [timeText(resume.time), resume.inclusive ? 0 : Number.MAX_SAFE_INTEGER];
  let buffer: readonly FoundResource[] = [];
  let position = 0;
  let atEnd = false;
  let limit = isBesideReadings ? Math.min(FIRST_FEW, batch) : batch;
  return {
    order: TEXTS_ORDER,
    bound: direction === "ascending" ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY,
    async next(): Promise<Item | undefined> {
      while (position >= buffer.length) {
        if (atEnd) return undefined;
        const found = await textsOf(context).search(context.view.principal, {
          type: TYPE,
          conditions: [...conditions, ...own],
          sort: [{ by: "span", key: "date", isDescending: direction === "descending" }],
          limit,
          whose,
          ...(after && { after }),
        });
        atEnd = found.length < limit;
        limit = batch;
        after = found.at(-1)?.place ?? after;
        position = 0;
        buffer = found.filter(({ patientIds }) => isReached(context.view, whose, patientIds));
      }
      const stored = buffer[position++] as FoundResource; // it is there: the loop has ended
      const [time, number = 0] = stored.place;
      return {
        time: Number(time),
        key: [number],
        weight: 1,
        map: () => resourceOf(stored) as unknown as Observation,
        isSeen: () => isReached(context.view, whose, stored.patientIds),
      };
    },
  };
}

/** What has no date stands at an infinity, which PostgreSQL calls by its name. */
export const timeText = (time: number): number | string => (Number.isFinite(time) ? time : String(time));
