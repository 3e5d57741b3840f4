import type { OutboxPage, OutboxPlace, Stream } from "@openward/model";

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
  end(): Promise<OutboxPlace>;
  /**
   * What stands behind a place, as far as one page goes.
   *
   * @throws OutsideTrouble DATABASE_UNREACHABLE, STORE_RECOVERING
   */
  read(after: OutboxPlace, wanted: Wanted): Promise<OutboxPage>;
  /** The place before which nothing was written later than `at`. */
  placeAt(at: number): Promise<OutboxPlace>;
  /** When what stands at a place, or last before it, was written; null: nothing of that is held any more. */
  timeOf(place: OutboxPlace): Promise<number | null>;
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
