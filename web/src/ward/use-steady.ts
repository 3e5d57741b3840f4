import { type RefObject, useEffect, useReducer, useRef } from "react";
import { HOLD_MS, isSame, SETTLE_MS, type Steady, steadyOrder } from "./steady-order.ts";

/**
 * Keeps the wall from moving under a pointer or the keyboard's focus, so that a click lands on the tile at which it was
 * aimed.
 *
 * @param wall holds the tiles; takes no click (`data-settling`) straight after it was sorted
 */
export function useSteady(wanted: readonly string[], wall: RefObject<HTMLElement | null>): readonly string[] {
  const [, look] = useReducer((n: number) => n + 1, 0);
  const pointed = useRef({ isOver: false, isDown: false, hasFocus: false });
  const shown = useRef<Steady>({ order: [], heldSince: null });
  const { isOver, isDown, hasFocus } = pointed.current;
  shown.current = steadyOrder(shown.current, wanted, isOver || isDown || hasFocus, performance.now());
  const { order, heldSince } = shown.current;

  useEffect(() => {
    const element = wall.current;
    if (!element) return;
    const state = pointed.current;
    const change = (part: Partial<typeof state>) => {
      Object.assign(state, part);
      look();
    };
    const isTile = (target: EventTarget | null) =>
      target instanceof Element && element.contains(target) && target.closest("article") !== null;
    const onOver = (e: PointerEvent) => {
      // A finger hovers over nothing: it is there while it presses.
      const isNow = e.pointerType !== "touch" && isTile(e.target);
      if (isNow !== state.isOver) change({ isOver: isNow });
    };
    const onDown = (e: PointerEvent) => isTile(e.target) && change({ isDown: true });
    // The click comes after the release, and belongs to what was pressed.
    const onUp = () => state.isDown && setTimeout(() => change({ isDown: false }), 50);
    const onFocus = () => {
      const hasNow = isTile(document.activeElement) && document.activeElement?.matches(":focus-visible") === true;
      if (hasNow !== state.hasFocus) change({ hasFocus: hasNow });
    };
    const onBlur = () => queueMicrotask(onFocus);
    const onLeave = () => state.isOver && change({ isOver: false });
    const listen = document.addEventListener.bind(document);
    const stop = new AbortController();
    const { signal } = stop;
    listen("pointerover", onOver, { signal });
    listen("pointerdown", onDown, { signal });
    listen("pointerup", onUp, { signal });
    listen("pointercancel", onUp, { signal });
    listen("focusin", onFocus, { signal });
    listen("focusout", onBlur, { signal });
    document.documentElement.addEventListener("pointerleave", onLeave, { signal });
    return () => stop.abort();
  }, [wall]);

  // Nothing else may happen on the page until the time is over.
  useEffect(() => {
    if (heldSince === null) return;
    const timer = setTimeout(look, heldSince + HOLD_MS - performance.now() + 10);
    return () => clearTimeout(timer);
  }, [heldSince]);

  const settled = useRef<readonly string[]>([]);
  const settling = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => {
    const element = wall.current;
    const hasMoved = settled.current.length > 0 && !isSame(settled.current, order);
    settled.current = order;
    if (!hasMoved || !element) return;
    clearTimeout(settling.current);
    element.dataset.settling = "";
    settling.current = setTimeout(() => delete element.dataset.settling, SETTLE_MS);
  }, [order, wall]);
  return order;
}
