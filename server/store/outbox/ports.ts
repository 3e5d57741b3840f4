import type { Alarm, DeviceEvent, Readings, Stream } from "@openward/model";

/**
 * A place in the order of everything that was accepted and changed: batches of the journal by their position, and notices of
 * changes beside it by their number, each behind the position at which the journal stood.
 */
export interface Place {
  readonly position: number;
  readonly number: number;
}

/** Something changed beside the journal; what it is now is asked of whoever keeps it. */
export interface Notice {
  readonly id: string;
  readonly organisationId: string;
  readonly patientId: string;
  readonly kind: "association" | "amendment";
  readonly deviceId: string | null;
  /** The association, or the amendment. */
  readonly subjectId: string;
  /** Of an association. */
  readonly from: number | null;
  readonly to: number | null;
  readonly at: number;
}

export type Change =
  | { readonly kind: "readings"; readonly readings: Readings }
  | { readonly kind: "alarm"; readonly alarm: Alarm }
  | { readonly kind: "event"; readonly event: DeviceEvent }
  | { readonly kind: "notice"; readonly notice: Notice };

/** A change, as it was received: nobody has amended it here. */
export interface Placed {
  readonly place: Place;
  readonly change: Change;
}

export interface Page {
  readonly changes: readonly Placed[];
  /** Everything up to here was looked at. */
  readonly upTo: Place;
  /** When what stands at `upTo` was written, server time. */
  readonly at: number;
  /** Nothing that is known stands behind it. */
  readonly isAtEnd: boolean;
}

export interface Wanted {
  readonly organisationId: string;
  /** Records that are wanted; what belongs to others is not even decrypted. */
  readonly patientIds: readonly string[];
}

/**
 * Everything that was accepted or changed, in one order that does not change: who has read up to a place and goes on from there
 * misses nothing. It holds what the journal holds.
 */
export interface Outbox {
  /** Up to where everything is known. */
  end(): Promise<Place>;
  /**
   * What stands behind a place, as far as one page goes.
   *
   * @throws OutsideTrouble DATABASE_UNREACHABLE, STORE_RECOVERING
   */
  read(after: Place, wanted: Wanted): Promise<Page>;
  /** The place before which nothing was written later than `at`. */
  placeAt(at: number): Promise<Place>;
  /** When what stands at a place, or last before it, was written; null: nothing of that is held any more. */
  timeOf(place: Place): Promise<number | null>;
  /** When the oldest that is still held was written, server time; null: nothing has been let go yet. */
  heldSince(): Promise<number | null>;
  /** Told when there may be more. */
  onMore(listener: () => void): () => void;
  /** Something changed beside the journal. */
  look(): void;
  close(): void;
}

export interface OutboxDeps {
  /** Streams that were ever heard, by id. */
  streamOf(streamId: string): Stream | undefined;
}
