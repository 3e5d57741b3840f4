import { HEARTBEAT_MS, type LiveMessage, watchMessage } from "@openward/api";
import { type RefusalCode, refusalText } from "@openward/errors";
import type { Alarm, PatientView, Readings, Standby, Waveform } from "@openward/model";
import type { Runtime, Timer } from "@openward/runtime";
import { isHidden } from "@openward/signals/categories";
import { createChanges } from "./changes.ts";
import { createFeeds } from "./feed.ts";
import type { Bodies, ScreenSocket, StorageState, Tiles, Viewer } from "./ports.ts";
import { createScreen, defaultBounds, type Screen, type ScreenBounds } from "./screen.ts";
import { createSnapshots } from "./snapshot.ts";
import { hold, type Subscription } from "./subscription.ts";

/** Fan-out to screens, keyed by patient. What nobody looks at costs one look into a map. */
export interface Live {
  readings(readings: Readings): void;
  waveform(waveform: Waveform): void;
  /** On the screens in this same turn of the event loop. */
  alarm(alarm: Alarm): void;
  standby(standby: Standby, signal: string | null): void;
  patientChanged(patientId: string, organisationId: string): void;
  storageState(state: StorageState): void;
  connect(socket: ScreenSocket, viewer: Viewer): void;
  /** A session or token of this principal has ended: its screens are asked whether they may stay. */
  ended(principalId: string): void;
  /** For metrics; `bufferedBytes` is what waits for the slowest screen. */
  counts(): { screens: number; patients: number; bufferedBytes: number };
  close(): void;
}

export interface LiveDeps {
  readonly runtime: Pick<Runtime, "clock" | "timers">;
  readonly tiles: Tiles;
  readonly bodies: Bodies;
  readonly bounds?: Partial<ScreenBounds>;
  readonly screensMax?: number;
  /** Told of trouble that nobody else hears of. */
  readonly report?: (error: unknown, doing: string) => void;
}

/** Waveforms go out every tick, numerics every second one: two frames a second at most. */
const TICK_MS = 250;
const TICKS_PER_FRAME = 2;
/** A screen whose session ended is closed within a second, whether or not anybody can say that it may stay. */
const END_MS = 800;
/** A ward wall asks for nothing for hours; it must not go dark for idleness. */
const CHECK_EVERY_MS = 60_000;
/** WebSocket close codes of our own, after the message `refused`. */
const CLOSE = { NOT_SIGNED_IN: 4401, NOT_PERMITTED: 4403, BODY_SHAPE: 4400, RATE_LIMITED: 4429 } as const;

export function createLive(deps: LiveDeps): Live {
  const { runtime, tiles, bodies, screensMax = 2_000, report = () => {} } = deps;
  const { clock, timers } = runtime;
  const bounds = { ...defaultBounds, ...deps.bounds };
  const feeds = createFeeds();
  const screens = new Set<Screen>();
  const postponed = new Map<Screen, Set<string>>();
  let storage: StorageState = "ok";
  let frame = 0;
  let tick = 0;
  let running: Timer[] = [];

  const snapshots = createSnapshots({ runtime, feeds, tiles, frame: () => frame, onShown, report });
  const changes = createChanges({
    timers,
    feeds,
    tiles,
    screens,
    frame: () => frame,
    isComposing: snapshots.isComposing,
    postpone(screen, patientId) {
      const ids = postponed.get(screen) ?? new Set();
      postponed.set(screen, ids.add(patientId));
    },
    report,
  });

  function onShown(screen: Screen): void {
    const missed = postponed.get(screen);
    postponed.delete(screen);
    for (const id of missed ?? []) changes.patientChanged(id, screen.viewer.principal.organisationId);
  }

  /** To every screen that has the patient and still may; held besides, where a tile is on its way. */
  function sayAtOnce(patientId: string, signal: string | null, key: string, message: () => LiveMessage): void {
    const feed = feeds.find(patientId);
    if (!feed) return;
    const text = JSON.stringify(message());
    for (const subscription of feed.subscriptions) {
      const { screen } = subscription;
      const view = screen.viewer.view();
      if (!view.has(patientId) || isHidden(view, patientId, signal)) continue;
      hold(subscription, key, text);
      if (subscription.isShown) screen.sendAlways(text);
    }
  }

  /** What a screen may not see any more leaves it, before anything else is sent to it. */
  function dropUnseen(screen: Screen): void {
    const view = screen.viewer.view();
    for (const [patientId, subscription] of screen.shown) {
      if (view.has(patientId)) continue;
      screen.shown.delete(patientId);
      feeds.leave(subscription);
      screen.sendAlways(JSON.stringify({ type: "patient", patientId, tile: null } satisfies LiveMessage));
    }
  }

  function sendNumerics(screen: Screen): void {
    let items = "";
    const changed: Subscription[] = [];
    const view = screen.viewer.view();
    for (const subscription of screen.shown.values()) {
      if (!subscription.isShown) continue;
      const text = subscription.feed.numerics.changedSince(subscription.since, hiddenFrom(view, subscription));
      if (text === "") continue;
      items += items === "" ? text : `,${text}`;
      changed.push(subscription);
    }
    if (items === "") return;
    const text = `{"type":"numerics","serverTime":${clock.now()},"items":[${items}]}`;
    // Left out because it is slow: the next frame has all that changed since the last one it got.
    if (screen.sendNumerics(text)) for (const subscription of changed) subscription.since = frame;
  }

  function sendWaveforms(screen: Screen, now: number): void {
    let chunks = "";
    const view = screen.viewer.view();
    for (const subscription of screen.shown.values()) {
      const { feed, isShown } = subscription;
      const text = isShown ? feed.waveforms.chunks(screen.waveforms, now, hiddenFrom(view, subscription)) : "";
      if (text !== "") chunks += chunks === "" ? text : `,${text}`;
    }
    if (chunks !== "") screen.sendWaveforms(`{"type":"waveform","chunks":[${chunks}]}`);
  }

  /** A feed has the streams of one record: those of records that were merged into it are another feed's. */
  function hiddenFrom(view: PatientView, { feed }: Subscription): ((signal: string) => boolean) | undefined {
    const { patientId } = feed;
    return view.hiddenOf(patientId) ? (signal) => isHidden(view, patientId, signal) : undefined;
  }

  function onTick(): void {
    tick++;
    const now = clock.now();
    const isFrame = tick % TICKS_PER_FRAME === 0;
    for (const screen of screens) {
      dropUnseen(screen);
      if (isFrame) sendNumerics(screen);
      if (screen.waveforms !== "none") sendWaveforms(screen, now);
    }
    for (const feed of feeds.all()) feed.waveforms.clear();
    if (isFrame) frame++;
  }

  function heartbeat(): string {
    return JSON.stringify({ type: "heartbeat", serverTime: clock.now(), storage } satisfies LiveMessage);
  }

  function onHeartbeat(): void {
    const text = heartbeat();
    const now = clock.now();
    for (const screen of screens) {
      if (screen.isLost()) {
        forget(screen);
        screen.socket.terminate();
        continue;
      }
      screen.sendAlways(text);
      screen.socket.ping();
      snapshots.retry(screen);
      if (now >= screen.expiresAt || clock.monotonic() - screen.checkedAt >= CHECK_EVERY_MS)
        void recheck(screen, "time");
    }
  }

  /**
   * @param after "time": an open screen is a session in use, and says so; while nobody can answer it stays.
   *   "end": some session of this principal has ended, and their views with it; who may stay begins anew.
   */
  async function recheck(screen: Screen, after: "time" | "end"): Promise<void> {
    screen.checkedAt = clock.monotonic();
    // Whoever is asked may take its time; an ended session may not.
    const limit = after === "end" ? timers.after(END_MS, () => refuse(screen, "NOT_SIGNED_IN")) : undefined;
    try {
      const until = await screen.viewer.recheck();
      if (until === undefined) refuse(screen, "NOT_SIGNED_IN");
      else {
        screen.expiresAt = until;
        if (after === "end" && screen.isOpen && screen.filter) snapshots.compose(screen);
      }
    } catch (error) {
      report(error, "asking whether a screen is still signed in");
      if (after === "end") refuse(screen, "NOT_SIGNED_IN");
    }
    limit?.cancel();
  }

  function refuse(screen: Screen, code: RefusalCode & keyof typeof CLOSE, detail: string = refusalText[code]): void {
    if (!screen.isOpen) return;
    screen.sendAlways(JSON.stringify({ type: "refused", code, detail } satisfies LiveMessage));
    forget(screen);
    screen.socket.close(CLOSE[code], code);
  }

  function forget(screen: Screen): void {
    screen.isOpen = false;
    screens.delete(screen);
    postponed.delete(screen);
    snapshots.forget(screen);
    if (screens.size > 0) return;
    for (const timer of running) timer.cancel();
    running = [];
  }

  function onMessage(screen: Screen, text: string): void {
    if (!screen.isOpen) return;
    const parsed = watchMessage.safeParse(parseJson(text));
    if (!parsed.success) {
      const field = parsed.error.issues[0]?.path.join(".") ?? "";
      refuse(screen, "BODY_SHAPE", `${refusalText.BODY_SHAPE} Expected a \`watch\` message. At ${field || "message"}.`);
      return;
    }
    const { wardId, patients, waveforms } = parsed.data;
    screen.filter = { wardId, patients };
    screen.waveforms = waveforms;
    snapshots.compose(screen);
  }

  return {
    readings(readings) {
      feeds.find(readings.stream.patientId)?.numerics.take(readings, frame);
    },
    waveform(waveform) {
      feeds.find(waveform.stream.patientId)?.waveforms.take(waveform, clock.now());
    },
    alarm(alarm) {
      sayAtOnce(alarm.patientId, alarm.signal, `alarm ${alarm.id}`, () => ({
        type: "alarm",
        alarm: bodies.alarmBody(alarm),
      }));
    },
    standby(standby, signal) {
      const message = (): LiveMessage => ({ type: "standby", standby: bodies.standbyBody(standby) });
      sayAtOnce(standby.patientId, signal, `standby ${standby.id}`, message);
    },
    patientChanged(patientId, organisationId) {
      if (screens.size > 0) changes.patientChanged(patientId, organisationId);
    },
    storageState(state) {
      if (state === storage) return;
      storage = state;
      const text = heartbeat();
      for (const screen of screens) screen.sendAlways(text);
    },
    connect(socket, viewer) {
      const screen = createScreen({ socket, viewer, clock, bounds });
      socket.on("error", (error) => report(error, "a screen's connection"));
      socket.on("close", () => forget(screen));
      socket.on("pong", () => {
        screen.heardAt = clock.monotonic();
      });
      socket.on("message", (data) => onMessage(screen, data.toString()));
      if (screens.size >= screensMax) {
        refuse(screen, "RATE_LIMITED");
        return;
      }
      if (screens.size === 0) running = [timers.every(TICK_MS, onTick), timers.every(HEARTBEAT_MS, onHeartbeat)];
      screens.add(screen);
      screen.sendAlways(heartbeat());
    },
    ended(principalId) {
      for (const screen of screens) if (screen.viewer.principal.id === principalId) void recheck(screen, "end");
    },
    counts: () => ({
      screens: screens.size,
      patients: [...feeds.all()].length,
      bufferedBytes: Math.max(0, ...[...screens].map(({ socket }) => socket.bufferedAmount)),
    }),
    close() {
      changes.stop();
      for (const screen of [...screens]) {
        forget(screen);
        screen.socket.close(1001, "the server is stopping");
      }
    },
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
