import type { LiveMessage, StorageState, WatchMessage, WaveformChunk } from "@openward/api";
import { type Clock, elapsedSince, type Moment, momentOf } from "./clock.ts";
import { parseLiveMessage, SILENCE_MS } from "./messages.ts";
import { applyMessage, noTiles, type Tiles } from "./tiles.ts";

/** What a WebSocket does for us. */
export interface Socket {
  send(text: string): void;
  close(): void;
}

export interface SocketEvents {
  readonly onOpen: () => void;
  readonly onMessage: (data: unknown) => void;
  readonly onClose: () => void;
}

export interface LiveState {
  /** connecting: the first snapshot is awaited. lost: NOT MONITORING, until a new snapshot. idle: nothing is watched. */
  readonly phase: "idle" | "connecting" | "live" | "lost";
  /** The socket is down, or silent for longer than a heartbeat; not yet long enough to be lost. */
  readonly isUnsteady: boolean;
  readonly storage: StorageState;
  /** The server ended it: signed out, or not permitted. */
  readonly refused: { readonly code: string; readonly detail: string } | null;
  /** Server time of the last thing heard; null: nothing yet. */
  readonly lastHeardAt: number | null;
  readonly tiles: Tiles;
}

export interface Live {
  state(): LiveState;
  subscribe(listener: () => void): () => void;
  onWaveform(patientId: string, listener: (chunk: WaveformChunk) => void): () => void;
  /** What this screen watches; null: nothing, and the connection is closed. */
  watch(what: WatchMessage | null): void;
  /** Server time now, from the last message and the time since; null before the first one. */
  serverNow(): number | null;
  /** Looks at the clock: called by a timer that does not depend on drawing. */
  tick(): void;
  /** Asks for a fresh connection now, without waiting for the back-off. */
  reconnect(): void;
}

export interface LiveDeps {
  readonly clock: Clock;
  readonly openSocket: (events: SocketEvents) => Socket;
  readonly silenceMs?: number;
}

const BACKOFF_MS_MIN = 500;
const BACKOFF_MS_MAX = 5_000;
/** The server speaks every 3 s; after this much silence the screen admits that something may be wrong. */
const UNSTEADY_AFTER_MS = 5_000;

export function createLive({ clock, openSocket, silenceMs = SILENCE_MS }: LiveDeps): Live {
  const listeners = new Set<() => void>();
  const waveListeners = new Map<string, Set<(chunk: WaveformChunk) => void>>();
  let watched: WatchMessage | null = null;
  let socket: Socket | null = null;
  let isOpen = false;
  let attempt = 0;
  let retryTimer: unknown = null;
  let heard: Moment = momentOf(clock);
  /** When the present connection was asked for, or opened: it gets the silence limit to say its first word. */
  let begun: Moment = heard;
  let serverTime: { at: number; moment: Moment } | null = null;
  let state: LiveState = {
    phase: "idle",
    isUnsteady: false,
    storage: "ok",
    refused: null,
    lastHeardAt: null,
    tiles: noTiles,
  };

  function set(change: Partial<LiveState>): void {
    const next = { ...state, ...change };
    if ((Object.keys(next) as (keyof LiveState)[]).every((key) => next[key] === state[key])) return;
    state = next;
    for (const listener of listeners) listener();
  }

  function connect(): void {
    clearRetry();
    if (watched === null) return;
    let isCurrent = true;
    begun = momentOf(clock);
    const opened = openSocket({
      onOpen: () => {
        if (!isCurrent) return;
        isOpen = true;
        begun = momentOf(clock);
        opened.send(JSON.stringify(watched));
      },
      onMessage: (data) => isCurrent && receive(data),
      onClose: () => {
        if (!isCurrent) return;
        isCurrent = false;
        lost();
      },
    });
    socket = {
      send: (text) => opened.send(text),
      close: () => {
        isCurrent = false;
        opened.close();
      },
    };
  }

  function lost(): void {
    socket = null;
    isOpen = false;
    if (watched === null || state.refused) return;
    set({ isUnsteady: true });
    // Half of it is chance: a ward full of screens must not come back in one instant.
    const base = Math.min(BACKOFF_MS_MAX, BACKOFF_MS_MIN * 2 ** attempt);
    attempt += 1;
    clearRetry();
    retryTimer = clock.setTimeout(connect, base / 2 + (base / 2) * clock.random());
  }

  function drop(): void {
    socket?.close();
    socket = null;
    isOpen = false;
  }

  function clearRetry(): void {
    if (retryTimer !== null) clock.clearTimeout(retryTimer);
    retryTimer = null;
  }

  function receive(data: unknown): void {
    const message = parseLiveMessage(data);
    if (!message) {
      drop();
      lost();
      return;
    }
    heard = momentOf(clock);
    if ("serverTime" in message) serverTime = { at: message.serverTime, moment: heard };
    handle(message);
  }

  function handle(message: LiveMessage): void {
    switch (message.type) {
      case "refused":
        set({ refused: { code: message.code, detail: message.detail }, phase: "lost" });
        return;
      case "snapshot":
        attempt = 0;
        set({
          tiles: applyMessage(state.tiles, message),
          phase: "live",
          isUnsteady: false,
          refused: null,
          lastHeardAt: message.serverTime,
        });
        return;
      case "waveform":
        for (const chunk of message.chunks) {
          for (const listener of waveListeners.get(chunk.patientId) ?? []) listener(chunk);
        }
        return;
      case "heartbeat":
        set({ storage: message.storage, ...hearing(message.serverTime) });
        return;
      default:
        // Before its snapshot a connection has nothing to be changed, and a lost screen stays lost until then.
        if (state.phase !== "live") return;
        set({ tiles: applyMessage(state.tiles, message), ...hearing(serverNow()) });
    }
  }

  function hearing(at: number | null): Partial<LiveState> {
    // Whole seconds: `lastHeardAt` is for people, and not worth a redraw of its own.
    const second = at === null ? state.lastHeardAt : Math.floor(at / 1000) * 1000;
    return state.phase === "live" ? { isUnsteady: false, lastHeardAt: second } : {};
  }

  function serverNow(): number | null {
    return serverTime ? serverTime.at + elapsedSince(serverTime.moment, clock) : null;
  }

  function tick(): void {
    if (watched === null) return;
    const silent = elapsedSince(heard, clock);
    if (silent >= silenceMs) set({ phase: "lost", isUnsteady: true });
    else if (silent >= UNSTEADY_AFTER_MS) set({ isUnsteady: true });
    // A socket may look open for minutes after the network is gone, may never open, or may bring everything but its
    // snapshot: each gets the silence limit, and then another one is tried.
    const isStuck = silent >= silenceMs || state.phase !== "live";
    if (socket && !state.refused && isStuck && elapsedSince(begun, clock) >= silenceMs) {
      drop();
      lost();
    }
  }

  return {
    state: () => state,
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    onWaveform(patientId, listener) {
      const set = waveListeners.get(patientId) ?? new Set();
      waveListeners.set(patientId, set.add(listener));
      return () => {
        set.delete(listener);
        if (set.size === 0) waveListeners.delete(patientId);
      };
    },
    watch(what) {
      if (JSON.stringify(what) === JSON.stringify(watched)) return;
      const isOther = what?.wardId !== watched?.wardId || String(what?.patients) !== String(watched?.patients);
      watched = what;
      if (what === null) {
        clearRetry();
        drop();
        set({ phase: "idle", isUnsteady: false, refused: null, tiles: noTiles });
        return;
      }
      if (isOther) {
        heard = momentOf(clock);
        begun = heard;
        set({ phase: "connecting", isUnsteady: false, refused: null, tiles: noTiles });
      }
      if (socket && isOpen) socket.send(JSON.stringify(what));
      else if (!socket && retryTimer === null) connect();
    },
    serverNow,
    tick,
    reconnect() {
      if (watched === null) return;
      drop();
      attempt = 0;
      set({ refused: null });
      connect();
    },
  };
}
