/** What of a resource stands in telemetry as well: where it was measured, and what is on the way there. */

import type { Condition } from "./conditions.ts";
import type { ResourceAsker, Whose } from "./resources.ts";

/** A reading or some samples that a resource stands for. */
export interface MeasuredPlace {
  readonly patientId: string;
  readonly deviceId: string;
  readonly streamId: string;
  /** ms UTC, inclusive. */
  readonly from: number;
  /** Exclusive. */
  readonly to: number;
  /** Among the readings of that time; null: samples. */
  readonly ordinal: number | null;
}

/** What is written and must come to telemetry too, whatever happens in between. */
export interface Untaken {
  readonly id: string;
  readonly organisationId: string;
  readonly patientId: string;
  readonly deviceId: string;
  /** For ingest, as it was written; null: `resourceId` is to be compared with its readings. */
  readonly body: string | null;
  readonly resourceId: string | null;
}

/** What is kept in the same commit as the resources. */
export interface Beside {
  /** Streams in which some of them stand from now on. */
  readonly streams: readonly { readonly id: string; readonly patientId: string }[];
  readonly untaken: readonly Untaken[];
}

/** Which of many readings somebody has written a text about. */
export interface Overlaid {
  readonly ids: ReadonlySet<string>;
  readonly places: readonly Omit<MeasuredPlace, "patientId" | "deviceId">[];
}

export interface Overlays {
  /** From memory: no text is about this stream. */
  isBare(streamId: string): boolean;
  /** From memory: nobody has written any text about this patient. */
  hasNone(patientId: string): boolean;
  /** Texts, deleted ones too, that this asker may read: by their ids, or by the place that they are kept with. */
  over(
    asker: ResourceAsker,
    asked: {
      readonly ids: readonly string[];
      readonly patientId: string;
      readonly streamIds: readonly string[];
      readonly from: number;
      readonly to: number;
    },
    whose: Whose,
    /** What a text must be besides. */
    conditions: readonly Condition[],
  ): Promise<Overlaid>;
  /** Where a resource stands, where its id does not say so. */
  placesOf(organisationId: string, resourceId: string): Promise<readonly MeasuredPlace[]>;
  /** A resource that stands at a place that its id does not say. */
  resourceAt(organisationId: string, place: Pick<MeasuredPlace, "patientId" | "streamId" | "from">): Promise<string[]>;
  /** It has come to telemetry. */
  taken(id: string): void;
  /** What has not come there yet, oldest first. */
  untaken(): Promise<readonly (Untaken & { readonly at: number })[]>;
  /** Patients with a reading that somebody has written about. */
  patients(): Promise<readonly { readonly organisationId: string; readonly patientId: string }[]>;
}
