/** While somebody points at a tile the wall is not sorted anew; after this long it is, whatever they do. */
export const HOLD_MS = 8_000;
/** Straight after the wall was sorted a click is meant for what stood there before. */
export const SETTLE_MS = 400;

export interface Steady {
  readonly order: readonly string[];
  /** When the wanted order first differed from the one that is kept, ms; null: it does not. */
  readonly heldSince: number | null;
}

/**
 * The order to show: the wanted one, unless somebody points at a tile; then the one that is shown, for a bounded time.
 * Who comes is added at the end, who has gone leaves: neither moves a tile before it.
 *
 * @param isHeld a pointer is on a tile or pressed, or the keyboard's focus is in one
 * @param now monotonic, ms
 */
export function steadyOrder(shown: Steady, wanted: readonly string[], isHeld: boolean, now: number): Steady {
  if (shown.order.length === 0 || isSame(shown.order, wanted)) return { order: wanted, heldSince: null };
  const heldSince = shown.heldSince ?? now;
  if (!isHeld || now - heldSince >= HOLD_MS) return { order: wanted, heldSince: null };
  const there = new Set(wanted);
  const known = new Set(shown.order);
  const kept = shown.order.filter((id) => there.has(id));
  return { order: [...kept, ...wanted.filter((id) => !known.has(id))], heldSince };
}

export const isSame = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((id, i) => id === b[i]);
