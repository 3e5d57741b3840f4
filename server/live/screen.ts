import type { Clock } from "@openward/runtime";
import type { Filter, ScreenSocket, Viewer } from "./ports.ts";
import type { Subscription } from "./subscription.ts";
import type { WaveformMode } from "./waveforms.ts";

/** What may wait in a screen's buffer. A slow screen gets less; it never makes others wait. */
export interface ScreenBounds {
  /** Above this, waveforms are left out. */
  readonly waveformBytes: number;
  /** Above this, numerics wait and coalesce further. */
  readonly numericBytes: number;
  /** Above this the connection is ended: the screen says NOT MONITORING and comes back. */
  readonly hardBytes: number;
  /** So is that of a screen that stays above `numericBytes` for this long. */
  readonly behindMs: number;
  /** And of one that answers no ping for this long. */
  readonly deafMs: number;
}

export const defaultBounds: ScreenBounds = {
  waveformBytes: 65_536,
  numericBytes: 131_072,
  hardBytes: 8_388_608,
  behindMs: 20_000,
  deafMs: 30_000,
};

/** One connection of somebody who looks. */
export interface Screen {
  readonly viewer: Viewer;
  readonly socket: ScreenSocket;
  expiresAt: number;
  /** When it was last asked whether the viewer is still signed in, monotonic. */
  checkedAt: number;
  /** What it watches; undefined until it says so. */
  filter: Filter | undefined;
  waveforms: WaveformMode;
  /** By patient. */
  shown: Map<string, Subscription>;
  /** Of the snapshot that is being composed. */
  next: Map<string, Subscription>;
  isOpen: boolean;
  heardAt: number;
  /** Snapshots, alarms, standby, heartbeats. */
  sendAlways(text: string): void;
  /** @returns false: it is behind, and this was left out */
  sendNumerics(text: string): boolean;
  sendWaveforms(text: string): boolean;
  /** Has it fallen behind for good? */
  isLost(): boolean;
}

export function createScreen(deps: {
  socket: ScreenSocket;
  viewer: Viewer;
  clock: Clock;
  bounds: ScreenBounds;
}): Screen {
  const { socket, viewer, clock, bounds } = deps;
  let behindSince: number | undefined;

  function isBehind(): boolean {
    if (socket.bufferedAmount <= bounds.numericBytes) {
      behindSince = undefined;
      return false;
    }
    behindSince ??= clock.monotonic();
    return true;
  }

  return {
    viewer,
    socket,
    expiresAt: viewer.expiresAt,
    checkedAt: clock.monotonic(),
    filter: undefined,
    waveforms: "one",
    shown: new Map(),
    next: new Map(),
    isOpen: true,
    heardAt: clock.monotonic(),
    sendAlways(text) {
      if (this.isOpen) socket.send(text);
    },
    sendNumerics(text) {
      if (!this.isOpen || isBehind()) return false;
      socket.send(text);
      return true;
    },
    sendWaveforms(text) {
      if (!this.isOpen || socket.bufferedAmount > bounds.waveformBytes) return false;
      socket.send(text);
      return true;
    },
    isLost() {
      if (socket.bufferedAmount > bounds.hardBytes) return true;
      if (clock.monotonic() - this.heardAt > bounds.deafMs) return true;
      return isBehind() && behindSince !== undefined && clock.monotonic() - behindSince > bounds.behindMs;
    },
  };
}
