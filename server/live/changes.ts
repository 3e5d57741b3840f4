import type { Tile } from "@openward/api";
import type { Timer, Timers } from "@openward/runtime";
import type { Feeds } from "./feed.ts";
import type { Filter, Tiles } from "./ports.ts";
import type { Screen } from "./screen.ts";
import { beginTile, endTile, type Subscription } from "./subscription.ts";

/** Patients who were admitted, changed, moved, given a device, or left: their tiles are made anew. */
export interface Changes {
  patientChanged(patientId: string, organisationId: string): void;
  stop(): void;
}

/** Changes come in bursts (an admission, a stay, a device): one tile answers them all. */
const SETTLE_MS = 50;
/** Views follow within a second: whoever could not see the patient yet is asked again after this. */
const AGAIN_MS = 1_500;

export function createChanges(deps: {
  timers: Timers;
  feeds: Feeds;
  tiles: Tiles;
  screens: ReadonlySet<Screen>;
  frame: () => number;
  /** A snapshot is being composed: the change is looked at when it has been sent. */
  isComposing: (screen: Screen) => boolean;
  postpone: (screen: Screen, patientId: string) => void;
  report: (error: unknown, doing: string) => void;
}): Changes {
  const { timers, feeds, tiles, screens, report } = deps;
  const waiting = new Map<string, { organisationId: string; attempt: number }>();
  const pending = new Set<Timer>();
  let isRunning = false;

  function later(ms: number, run: () => void): void {
    const timer = timers.after(ms, () => {
      pending.delete(timer);
      run();
    });
    pending.add(timer);
  }

  function enqueue(patientId: string, organisationId: string, attempt: number): void {
    const known = waiting.get(patientId);
    waiting.set(patientId, { organisationId, attempt: Math.min(attempt, known?.attempt ?? attempt) });
    if (!known) later(SETTLE_MS, () => void runAll());
  }

  async function runAll(): Promise<void> {
    if (isRunning) return;
    isRunning = true;
    for (let next = waiting.entries().next().value; next; next = waiting.entries().next().value) {
      const [patientId, { organisationId, attempt }] = next;
      waiting.delete(patientId);
      try {
        const isSettled = await renew(patientId, organisationId);
        if (!isSettled && attempt === 0) later(AGAIN_MS, () => enqueue(patientId, organisationId, 1));
      } catch (error) {
        report(error, "composing a tile");
        if (attempt < 5) later(AGAIN_MS, () => enqueue(patientId, organisationId, attempt + 1));
      }
    }
    isRunning = false;
  }

  /** @returns whether every screen's view knew the patient */
  async function renew(patientId: string, organisationId: string): Promise<boolean> {
    let isSettled = true;
    const asked: Asked[] = [];
    for (const screen of screens) {
      if (!screen.filter || screen.viewer.principal.organisationId !== organisationId) continue;
      if (deps.isComposing(screen)) deps.postpone(screen, patientId);
      else if (!screen.viewer.view().has(patientId)) {
        isSettled = false;
        const shown = screen.shown.get(patientId);
        if (shown) remove(screen, shown);
      } else if (!mayWatch(screen.filter, patientId)) continue;
      else {
        const subscription = screen.shown.get(patientId) ?? feeds.join(patientId, screen);
        beginTile(subscription);
        asked.push({ screen, subscription });
      }
    }
    // One tile for all who see the same of the patient.
    const alike = [...Map.groupBy(asked, ({ screen }) => shareOf(screen, patientId)).values()];
    while (alike.length > 0) {
      const some = alike[0] as typeof asked; // there is one
      try {
        await tell(patientId, some);
      } catch (error) {
        // Alarms were sent as they came; what was held besides is said, and the tile stays as it was.
        for (const { screen, subscription } of alike.flat()) {
          if (screen.shown.get(patientId) === subscription) endTile(subscription);
          else feeds.leave(subscription);
        }
        throw error;
      }
      alike.shift();
    }
    return isSettled;
  }

  async function tell(patientId: string, some: readonly Asked[]): Promise<void> {
    const [first] = some;
    if (!first) return;
    const share = shareOf(first.screen, patientId);
    const tile = await tiles.tileOf(first.screen.viewer.view(), patientId);
    const text = JSON.stringify({ type: "patient", patientId, tile });
    for (const { screen, subscription } of some) {
      // What may be seen changed while the tile was made: it is asked for again, and this one is for nobody.
      if (shareOf(screen, patientId) === share) settle(screen, subscription, tile, text);
      else {
        settle(screen, subscription, null, JSON.stringify({ type: "patient", patientId, tile: null }));
        enqueue(patientId, screen.viewer.principal.organisationId, 1);
      }
    }
  }

  function settle(screen: Screen, subscription: Subscription, tile: Tile | null, text: string): void {
    const { patientId, numerics } = subscription.feed;
    const isMember = screen.shown.get(patientId) === subscription;
    const belongs =
      tile !== null &&
      screen.isOpen &&
      screen.filter !== undefined &&
      belongsTo(screen.filter, tile) &&
      screen.viewer.view().has(patientId);
    // While the tile was composed, a new snapshot may have taken this subscription's place.
    if (!isMember && (screen.shown.has(patientId) || !belongs)) {
      feeds.leave(subscription);
      return;
    }
    if (!belongs) {
      remove(screen, subscription);
      return;
    }
    screen.shown.set(patientId, subscription);
    numerics.seed(tile.latest, deps.frame());
    screen.sendAlways(text);
    endTile(subscription);
  }

  function remove(screen: Screen, subscription: Subscription): void {
    const { patientId } = subscription.feed;
    screen.shown.delete(patientId);
    feeds.leave(subscription);
    screen.sendAlways(JSON.stringify({ type: "patient", patientId, tile: null }));
  }

  return {
    patientChanged: (patientId, organisationId) => enqueue(patientId, organisationId, 0),
    stop() {
      for (const timer of pending) timer.cancel();
      pending.clear();
      waiting.clear();
    },
  };
}

interface Asked {
  readonly screen: Screen;
  readonly subscription: Subscription;
}

/** What consent leaves of the patient to who looks at the screen. */
const shareOf = ({ viewer }: Screen, patientId: string): string =>
  [...(viewer.view().hiddenOf(patientId) ?? [])].sort().join(" ");

function mayWatch({ patients }: Filter, patientId: string): boolean {
  return patients === undefined || patients.includes(patientId);
}

function belongsTo({ patients, wardId }: Filter, { patient }: Tile): boolean {
  if (patients) return patients.includes(patient.id);
  return patient.stay !== null && (wardId === undefined || patient.stay.wardId === wardId);
}
