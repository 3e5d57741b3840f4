import { OutsideTrouble } from "@openward/errors";

/** A range of bytes of an archive file, and the first bytes of its SHA-256. */
export interface ArchivedRange {
  readonly fileId: number;
  readonly at: number;
  readonly length: number;
  readonly check: Buffer;
}

/** The archive, as far as telemetry needs one: server/store/archive. */
export interface ArchivedBlocks {
  /** Is everything of this kind from `from` on in PostgreSQL? */
  isOnlyHot(kind: "numeric" | "waveform", from: number): boolean;
  /** Where one of them is damaged, why; what cannot be reached rejects. */
  fetch(ranges: readonly ArchivedRange[]): Promise<(Buffer | Error)[]>;
}

/** Of a server without an archive. */
export const noArchive: ArchivedBlocks = {
  isOnlyHot: () => true,
  async fetch(ranges) {
    if (ranges.length > 0) throw new OutsideTrouble("ARCHIVE_UNREACHABLE", false, { at: "OPENWARD_ARCHIVE" });
    return [];
  },
};

/** A row whose bytes are here, or of which it is known where in the archive they lie. */
export interface MaybeArchived {
  payload: Uint8Array;
  /** null, or left out: the bytes are here. */
  readonly fileId?: number | null;
  readonly placeAt?: number;
  readonly placeLength?: number;
  readonly placeCheck?: Buffer;
  /** Of these bytes, those that are the row's. */
  readonly partFrom?: number;
  readonly partTo?: number;
  /** Why the archive does not have them any more. */
  fault?: Error;
}

const NOTHING = new Uint8Array();

/**
 * Fetches what lies in the archive; a row that is damaged there has its fault instead.
 *
 * @throws OutsideTrouble ARCHIVE_UNREACHABLE
 */
export async function fillIn<T extends MaybeArchived>(rows: T[], archive: ArchivedBlocks): Promise<T[]> {
  const away = rows.filter((row) => row.fileId);
  if (away.length === 0) return rows;
  // The hours of a day are parts of one range.
  const ranges = new Map<string, ArchivedRange>();
  const keyOf = (row: T) => `${row.fileId} ${row.placeAt}`;
  for (const row of away) {
    const { fileId, placeAt, placeLength, placeCheck } = row as Required<MaybeArchived>;
    ranges.set(keyOf(row), { fileId: fileId as number, at: placeAt, length: placeLength, check: placeCheck });
  }
  const fetched = await archive.fetch([...ranges.values()]);
  const found = new Map([...ranges.keys()].map((key, i) => [key, fetched[i]]));
  for (const row of away) {
    const bytes = found.get(keyOf(row));
    if (bytes instanceof Uint8Array) row.payload = bytes.subarray(row.partFrom, row.partTo);
    else {
      row.payload = NOTHING;
      if (bytes) row.fault = bytes;
    }
  }
  return rows;
}
