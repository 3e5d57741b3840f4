import type { LatestBody } from "@openward/api";
import type { Readings } from "@openward/model";

interface Cell {
  /** See `standing`. */
  standing: number;
  at: number;
  /** The frame in which it changed last. */
  frame: number;
  text: string;
  body: LatestBody;
}

/** The newest reading of each stream of one patient, and which of them changed since a frame. */
export interface Numerics {
  /** @returns whether anything changed */
  take(readings: Readings, frame: number): boolean;
  /** What a tile holds is known to its screen: nothing older may follow it. */
  seed(latest: readonly LatestBody[], frame: number): void;
  /**
   * JSON of the readings that changed after frame `since`, separated by commas; encoded once for all screens. UNCHANGED
   * asks for all that came by here, and not for what only a tile said.
   *
   * @param isHidden signals that are not for this screen; encoded for it alone
   */
  changedSince(since: number, isHidden?: (signal: string) => boolean): string;
}

/** Before every frame. */
export const UNCHANGED = -1;

/**
 * A device's clock may run ahead by minutes. Its reading counts as of its arrival, not of a time that has not come:
 * else one of them would hide what is measured after the clock was set right.
 */
function standing(at: number, receivedAt: number): number {
  return Math.min(at, receivedAt);
}

export function createNumerics(patientId: string): Numerics {
  const cells = new Map<string, Cell>();
  /** Texts of `changedSince`, good until something changes. */
  const said = new Map<number, string>();
  let newestFrame = UNCHANGED;

  function put(body: LatestBody, frame: number): void {
    const { streamId, at, receivedAt } = body;
    cells.set(streamId, { standing: standing(at, receivedAt), at, frame, text: "", body });
    newestFrame = Math.max(newestFrame, frame);
    said.clear();
  }

  function encode(since: number, isHidden: (signal: string) => boolean): string {
    let text = "";
    for (const cell of cells.values()) {
      if (cell.frame <= since || isHidden(cell.body.signal)) continue;
      if (cell.text === "") cell.text = JSON.stringify({ patientId, ...cell.body });
      text += text === "" ? cell.text : `,${cell.text}`;
    }
    return text;
  }

  return {
    take({ stream, times, values, quality, receivedAt }, frame) {
      let newest = -1;
      for (let i = 0; i < times.length; i++) {
        if (newest < 0 || (times[i] as number) > (times[newest] as number)) newest = i;
      }
      if (newest < 0) return false;
      // Whole milliseconds, as screens are promised; a screen drops a connection that says anything else.
      const at = Math.round(times[newest] as number);
      const value = values[newest] as number;
      const cell = cells.get(stream.id);
      const standsAt = standing(at, receivedAt);
      if (cell && (standsAt < cell.standing || (standsAt === cell.standing && at <= cell.at))) return false;
      const bits = quality[newest] ?? 0;
      if (!cell) {
        const { id: streamId, signal, deviceId, unit } = stream;
        put({ streamId, signal, deviceId, value, unit, at, receivedAt, quality: bits }, frame);
        return true;
      }
      // In place: this runs for every message of every watched patient.
      const { body } = cell;
      body.value = value;
      body.at = at;
      body.receivedAt = receivedAt;
      body.quality = bits;
      cell.standing = standsAt;
      cell.at = at;
      cell.frame = frame;
      cell.text = "";
      newestFrame = frame;
      if (said.size > 0) said.clear();
      return true;
    },

    seed(latest, frame) {
      for (const body of latest) {
        const cell = cells.get(body.streamId);
        const standsAt = standing(body.at, body.receivedAt);
        if (!cell) put({ ...body }, UNCHANGED);
        else if (standsAt > cell.standing || (standsAt === cell.standing && body.at > cell.at)) put({ ...body }, frame);
      }
    },

    changedSince(since, isHidden) {
      if (newestFrame <= since) return "";
      if (isHidden) return encode(since, isHidden);
      let text = said.get(since);
      if (text === undefined) {
        text = encode(since, () => false);
        said.set(since, text);
      }
      return text;
    },
  };
}
