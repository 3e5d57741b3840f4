import type { AlarmBody } from "@openward/api";
import { melodyOf } from "../alarms/burst.ts";
import { compareAlarms } from "../alarms/priority.ts";
import { type AlarmSound, createAlarmSound, type Sounding } from "../alarms/sound.ts";
import { createSpeaker } from "../alarms/speaker.ts";
import { isWallPage, wallEnded } from "../kiosk/wall.ts";
import { browserClock, elapsedSince, type Moment, momentOf } from "../live/clock.ts";
import { createLive, type Live } from "../live/live.ts";
import { createNotMonitoring } from "../live/not-monitoring.ts";
import { openBrowserSocket } from "../live/socket.ts";
import tickerUrl from "../live/ticker.worker.ts?worker&url";
import { createWatchdog, type Watchdog } from "../live/watchdog.ts";
import { trustedScriptUrl } from "./trusted-types.ts";

/** What watches while this page is open, whatever is drawn: the live views, the watchdog and the sound. */
export interface Monitor {
  /** The ward whose alarms this screen tells. */
  readonly ward: Live;
  /** The patient whose page is open. */
  readonly patient: Live;
  readonly watchdog: Watchdog;
  readonly sound: AlarmSound;
  /** Server time now. */
  now(): number;
  /** Server time from an answer of the API, for pages without a live view. */
  observe(serverTime: number): void;
  setZone(zone: string): void;
  /** Told about twice a second. */
  onTick(listener: () => void): () => void;
  /** Alarms that somebody must answer, of ward and open patient, most urgent first. */
  alarms(): readonly AlarmBody[];
}

function createMonitor(): Monitor {
  const clock = browserClock;
  const ward = createLive({ clock, openSocket: openBrowserSocket });
  const patient = createLive({ clock, openSocket: openBrowserSocket });
  const watchdog = createWatchdog(createNotMonitoring(document), isWallPage() ? wallEnded : undefined);
  const sound = createAlarmSound({ clock, speaker: createSpeaker() });
  const tickListeners = new Set<() => void>();
  let observed: { at: number; moment: Moment } = { at: clock.wall(), moment: momentOf(clock) };
  let zone = "UTC";

  function alarms(): readonly AlarmBody[] {
    const byId = new Map<string, AlarmBody>();
    for (const live of [ward, patient]) {
      for (const tile of live.state().tiles.values()) {
        for (const alarm of tile.alarms) {
          const known = byId.get(alarm.id);
          if (!known || known.revision < alarm.revision) byId.set(alarm.id, alarm);
        }
      }
    }
    return [...byId.values()].sort(compareAlarms);
  }

  function followAlarms(): void {
    const sounding: Sounding[] = alarms()
      .filter((a) => a.state === "raised")
      .map(({ id, priority, signal }) => ({ id, priority, melody: melodyOf(signal) }));
    if (watchdog.isLost()) sounding.unshift({ id: "not-monitoring", priority: "high", melody: "general" });
    sound.follow(sounding);
  }

  watchdog.guard(ward, () => zone);
  watchdog.guard(patient, () => zone);
  ward.subscribe(followAlarms);
  patient.subscribe(followAlarms);
  watchdog.subscribe(followAlarms);

  function tick(): void {
    watchdog.tick();
    sound.tick();
    for (const listener of tickListeners) listener();
  }

  // Two timers of different make: either is enough.
  setInterval(tick, 1_000);
  const worker = new Worker(trustedScriptUrl(tickerUrl) as string, { type: "module" });
  worker.addEventListener("message", tick);
  addEventListener("online", () => {
    for (const live of [ward, patient]) if (live.state().isUnsteady) live.reconnect();
  });

  return {
    ward,
    patient,
    watchdog,
    sound,
    alarms,
    now: () => ward.serverNow() ?? patient.serverNow() ?? observed.at + elapsedSince(observed.moment, clock),
    observe(serverTime) {
      observed = { at: serverTime, moment: momentOf(clock) };
    },
    setZone(name) {
      zone = name;
    },
    onTick(listener) {
      tickListeners.add(listener);
      return () => tickListeners.delete(listener);
    },
  };
}

export const monitor = createMonitor();
