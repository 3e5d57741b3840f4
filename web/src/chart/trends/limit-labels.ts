import type { LimitsBody } from "@openward/api";

/** A line of a chart: where it lies, and how wide its label is. Pixels, y downwards. */
export interface LabelledLine {
  readonly y: number;
  readonly width: number;
}

/** Right and upper edge of a label. */
export interface LabelPlace {
  readonly right: number;
  readonly top: number;
}

export interface Room {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
  /** Of the text, its margins included. */
  readonly labelHeight: number;
}

/** The scale of a chart: what was measured and every limit, with room for a label beyond the last of them. */
export function rangeWith(low: number | null, high: number | null, limits: readonly LimitsBody[]): [number, number] {
  const bounds = limits.flatMap((l) => [l.low, l.high, l.criticalLow, l.criticalHigh]).filter((x) => x !== null);
  const a = Math.min(low ?? Number.POSITIVE_INFINITY, ...bounds);
  const b = Math.max(high ?? Number.NEGATIVE_INFINITY, ...bounds);
  if (!Number.isFinite(a) || !Number.isFinite(b)) return [0, 1];
  const spare = Math.max((b - a) * 0.14, 0.5);
  return [a - spare, b + spare];
}

const GAP = 2;
const COLUMNS = 12;

/**
 * Each label touches its own line, above or below; it lies in the chart, on no other label and, where there is room,
 * on no other line: else it stands further to the left. null: no room at all.
 */
export function placeLabels(lines: readonly LabelledLine[], room: Room): readonly (LabelPlace | null)[] {
  const placed: { left: number; right: number; top: number; bottom: number }[] = [];
  return lines.map((line) => {
    let fallback: LabelPlace | null = null;
    for (let column = 0; column < COLUMNS; column++) {
      const right = room.right - column * (room.right - room.left) * 0.08;
      for (const top of [line.y - room.labelHeight - GAP, line.y + GAP]) {
        const box = { left: right - line.width, right, top, bottom: top + room.labelHeight };
        const fits = box.left >= room.left && box.top >= room.top && box.bottom <= room.bottom;
        if (!fits || placed.some((other) => overlap(box, other))) continue;
        if (lines.every((other) => other === line || other.y < box.top || other.y > box.bottom)) {
          placed.push(box);
          return { right, top };
        }
        fallback ??= { right, top };
      }
    }
    if (fallback) {
      const { right, top } = fallback;
      placed.push({ left: right - line.width, right, top, bottom: top + room.labelHeight });
    }
    return fallback;
  });
}

type Box = { readonly left: number; readonly right: number; readonly top: number; readonly bottom: number };

const overlap = (a: Box, b: Box): boolean =>
  a.left < b.right + GAP && b.left < a.right + GAP && a.top < b.bottom && b.top < a.bottom;
