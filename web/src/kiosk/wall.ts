import type { AlarmBody, WallBody } from "@openward/api";
import { createContext, useContext } from "react";

/** A screen on a wall: nobody is signed in, nothing leads into a chart, and an answer asks who gives it. */
export interface WallMode {
  readonly shows: WallBody["shows"];
  answer(alarm: AlarmBody): void;
}

/** null: a page of somebody who is signed in. */
export const WallContext = createContext<WallMode | null>(null);

export const useWall = (): WallMode | null => useContext(WallContext);

/** The page of walls has a door of its own, beside which whoever is signed in on that machine does not matter. */
export const isWallPage = (): boolean => location.pathname === "/kiosk";

/** Whoever stands at a wall cannot sign in there: what they can do is tell somebody. */
export const wallEnded = (code: string): string | undefined =>
  code === "NOT_SIGNED_IN" ? "This screen was signed off. An administrator brings it back with a new code." : undefined;
