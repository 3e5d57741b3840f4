import type { Tile } from "@openward/api";
import type { PatientView } from "@openward/model";
import type { Runtime } from "@openward/runtime";
import { isHidden } from "@openward/signals/categories";
import type { Feeds } from "./feed.ts";
import type { Filter, Tiles } from "./ports.ts";
import type { Screen } from "./screen.ts";
import { endTile, type Subscription } from "./subscription.ts";

/** Composes what a screen begins with, and takes the place of what it had. */
export interface Snapshots {
  /** The newest wish counts; one is composed at a time. */
  compose(screen: Screen): void;
  /** Those that could not be composed are tried again. */
  retry(screen: Screen): void;
  /** Is a snapshot on its way? Then a change meanwhile must be looked at after it. */
  isComposing(screen: Screen): boolean;
  forget(screen: Screen): void;
}

interface Work {
  isRunning: boolean;
  isWanted: boolean;
}

/** Two wishes of one screen are at least this far apart. */
const PAUSE_MS = 200;

export function createSnapshots(deps: {
  runtime: Pick<Runtime, "clock" | "timers">;
  feeds: Feeds;
  tiles: Tiles;
  frame: () => number;
  onShown: (screen: Screen) => void;
  report: (error: unknown, doing: string) => void;
}): Snapshots {
  const { runtime, feeds, tiles, frame, report } = deps;
  const works = new Map<Screen, Work>();

  function join(screen: Screen, ids: readonly string[]): Map<string, Subscription> {
    const next = new Map<string, Subscription>();
    for (const id of ids) next.set(id, feeds.join(id, screen));
    return next;
  }

  function drop(subscriptions: Map<string, Subscription>): void {
    for (const subscription of subscriptions.values()) feeds.leave(subscription);
  }

  /** Listens first, composes then: whatever happens in between is held, and said after the snapshot. */
  async function once(screen: Screen, filter: Filter): Promise<void> {
    const view = screen.viewer.view();
    const ids = await tiles.patientIds(view, filter);
    if (!screen.isOpen || screen.filter !== filter) return;
    screen.next = join(screen, ids);
    let composed: readonly Tile[];
    try {
      composed = await tiles.tilesOf(view, { patients: ids });
    } catch (error) {
      drop(screen.next);
      screen.next = new Map();
      throw error;
    }
    const next = screen.next;
    screen.next = new Map();
    if (screen.isOpen && screen.filter === filter) show(screen, next, composed);
    else drop(next);
  }

  function show(screen: Screen, next: Map<string, Subscription>, composed: readonly Tile[]): void {
    const view = screen.viewer.view();
    // What consent hid while it was composed is not in it either; a tile without it is on its way.
    const visible = composed
      .filter(({ patient }) => next.has(patient.id) && view.has(patient.id))
      .map((tile) => withoutHidden(view, tile));
    const before = screen.shown;
    screen.shown = new Map();
    for (const tile of visible) {
      const subscription = next.get(tile.patient.id) as Subscription; // filtered so
      next.delete(tile.patient.id);
      screen.shown.set(tile.patient.id, subscription);
      subscription.feed.numerics.seed(tile.latest, frame());
    }
    screen.sendAlways(JSON.stringify({ type: "snapshot", serverTime: runtime.clock.now(), tiles: visible }));
    for (const subscription of screen.shown.values()) endTile(subscription);
    drop(before);
    drop(next);
    deps.onShown(screen);
  }

  async function run(screen: Screen, work: Work): Promise<void> {
    while (work.isWanted && screen.isOpen && screen.filter) {
      work.isWanted = false;
      try {
        await once(screen, screen.filter);
      } catch (error) {
        // Until it has one the screen says NOT MONITORING; the heartbeat tries again.
        report(error, "composing a snapshot");
        work.isRunning = false;
        work.isWanted = true;
        return;
      }
      if (work.isWanted) await new Promise<void>((resolve) => void runtime.timers.after(PAUSE_MS, resolve));
    }
    work.isRunning = false;
  }

  function start(screen: Screen): void {
    const work = works.get(screen);
    if (!work || work.isRunning || !work.isWanted) return;
    work.isRunning = true;
    void run(screen, work);
  }

  return {
    compose(screen) {
      const work = works.get(screen) ?? { isRunning: false, isWanted: false };
      works.set(screen, work);
      work.isWanted = true;
      start(screen);
    },
    retry: start,
    isComposing: (screen) => works.get(screen)?.isRunning ?? false,
    forget(screen) {
      works.delete(screen);
      drop(screen.shown);
      drop(screen.next);
      screen.shown = new Map();
      screen.next = new Map();
    },
  };
}

function withoutHidden(view: PatientView, tile: Tile): Tile {
  const { id } = tile.patient;
  if (view.hiddenOf(id) === undefined) return tile;
  const isShown = ({ signal }: { readonly signal: string | null }) => !isHidden(view, id, signal);
  const streams = tile.streams.filter(isShown);
  return {
    ...tile,
    latest: tile.latest.filter(isShown),
    streams,
    alarms: tile.alarms.filter(isShown),
    standby: tile.standby.filter(
      ({ streamId }) => streamId === null || streams.some((stream) => stream.id === streamId),
    ),
  };
}
