import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { ask } from "./api.ts";
import { sessionQuery } from "./hooks.ts";

const TELL_EVERY_MS = 15_000;
const TOUCHES = ["pointerdown", "keydown", "wheel", "touchstart"] as const;

/** Tells the server that somebody is there, where this screen locks itself; and asks it when nobody was for so long. */
export function Input() {
  const lockAfterMs = useQuery({ ...sessionQuery, enabled: false }).data?.lockAfterMs ?? null;
  const queries = useQueryClient();
  useEffect(() => {
    if (lockAfterMs === null) return;
    let toldAt = Number.NEGATIVE_INFINITY;
    let idle: ReturnType<typeof setTimeout>;
    // The server decides; what it says draws the lock.
    const wait = () => {
      clearTimeout(idle);
      idle = setTimeout(() => {
        void queries.invalidateQueries({ queryKey: sessionQuery.queryKey });
        wait();
      }, lockAfterMs + 1_000);
    };
    const touched = () => {
      wait();
      const now = performance.now();
      if (now - toldAt < Math.min(TELL_EVERY_MS, lockAfterMs / 4)) return;
      toldAt = now;
      ask("input").catch(() => {});
    };
    wait();
    for (const touch of TOUCHES) addEventListener(touch, touched, { passive: true, capture: true });
    return () => {
      clearTimeout(idle);
      for (const touch of TOUCHES) removeEventListener(touch, touched, { capture: true });
    };
  }, [lockAfterMs, queries]);
  return null;
}
