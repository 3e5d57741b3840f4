import type { WaveformChunk } from "@openward/api";

/** Called for each sample in order; NaN lifts the pen. @param at milliseconds of screen time since the player began */
export type Pen = (at: number, value: number) => void;

export interface WavePlayer {
  push(chunk: Pick<WaveformChunk, "start" | "rateHz" | "scale" | "origin" | "samples">): void;
  /** Moves the screen time on by `dt` and draws what falls into it. @returns the screen time now */
  advance(dt: number, draw: Pen): number;
}

interface Piece {
  readonly start: number;
  readonly stepMs: number;
  readonly end: number;
  readonly values: Float32Array;
  next: number;
  /** The pen is lifted before it: samples are missing between it and what came before. */
  readonly isAfterGap: boolean;
}

/** Samples wait this long before they are drawn, so that the network's unevenness does not show. */
const BUFFER_MS = 700;
/** More than this waiting (the page was hidden): what is old is skipped, and the trace shows a gap there. */
const LAG_MS_MAX = 4_000;
/** A sweep that has run dry stands still for this long before it goes on blank: a late packet is not a gap. */
const STALL_MS_MAX = 1_500;
/** How far the pace may leave real time to keep the buffer filled. */
const PACE_MAX = 0.03;

/**
 * Turns chunks that arrive unevenly into a trace at real-time pace. Gaps in the data stay gaps: time passes blank.
 */
export function createWavePlayer(): WavePlayer {
  let pieces: Piece[] = [];
  /** Device time under the pen. */
  let media = Number.NaN;
  let screen = 0;
  /** Device time at the end of what has been received. */
  let end = Number.NaN;
  let pace = 1;
  let isHolding = true;
  let heldMs = 0;
  let waitedMs = 0;
  let penIsDown = false;

  function reset(): void {
    pieces = [];
    media = Number.NaN;
    end = Number.NaN;
    isHolding = true;
    waitedMs = 0;
  }

  function lift(draw: Pen): void {
    if (penIsDown) draw(screen, Number.NaN);
    penIsDown = false;
  }

  return {
    push({ start, rateHz, scale, origin, samples }) {
      if (samples.length === 0 || !(rateHz > 0)) return;
      const stepMs = 1000 / rateHz;
      const chunkEnd = start + samples.length * stepMs;
      if (chunkEnd <= end) {
        // Sent again, or the device's clock was set back: only the second is worth starting afresh for.
        if (end - chunkEnd < 30_000) return;
        reset();
      }
      let skip = 0;
      let isAfterGap = true;
      if (!Number.isNaN(end)) {
        const distance = start - end;
        if (distance < -stepMs / 2) skip = Math.round(-distance / stepMs);
        isAfterGap = distance > stepMs / 2;
        if (!isHolding) {
          const level = end - media;
          pace = 1 + clamp((level - BUFFER_MS) / BUFFER_MS, -1, 1) * PACE_MAX;
        }
      }
      const values = new Float32Array(samples.length - skip);
      for (let i = skip; i < samples.length; i++) {
        const sample = samples[i];
        values[i - skip] = sample === null || sample === undefined ? Number.NaN : sample * scale + origin;
      }
      const first = start + skip * stepMs;
      pieces.push({ start: first, stepMs, end: chunkEnd, values, next: 0, isAfterGap });
      end = chunkEnd;
      if (Number.isNaN(media)) media = first;
    },

    advance(dt, draw) {
      if (Number.isNaN(media)) {
        if (screen > 0) screen += dt;
        lift(draw);
        return screen;
      }
      if (isHolding) {
        heldMs += dt;
        if (pieces.length > 0) waitedMs += dt;
        if (waitedMs >= BUFFER_MS) {
          isHolding = false;
          heldMs = 0;
          pace = 1;
        } else {
          if (heldMs > STALL_MS_MAX && screen > 0) {
            lift(draw);
            screen += dt;
          }
          return screen;
        }
      }
      if (end - media - dt > LAG_MS_MAX) {
        lift(draw);
        media = end - BUFFER_MS;
        pieces = pieces.filter((p) => p.end > media);
        for (const p of pieces) p.next = Math.max(p.next, Math.ceil((media - p.start) / p.stepMs));
      }
      const from = media;
      const began = screen;
      media += dt * pace;
      screen += dt;
      for (let piece = pieces[0]; piece !== undefined; piece = pieces[0]) {
        if (piece.next === 0 && piece.isAfterGap && piece.start <= media) lift(draw);
        while (piece.next < piece.values.length) {
          const t = piece.start + piece.next * piece.stepMs;
          if (t > media) break;
          const value = piece.values[piece.next] ?? Number.NaN;
          if (Number.isNaN(value)) lift(draw);
          else {
            draw(began + Math.max(0, t - from) / pace, value);
            penIsDown = true;
          }
          piece.next += 1;
        }
        if (piece.next < piece.values.length) break;
        pieces.shift();
      }
      if (pieces.length === 0 && media >= end) {
        // Dry: hold here, and fill the buffer again before going on.
        media = end;
        isHolding = true;
        waitedMs = 0;
      }
      return screen;
    },
  };
}

const clamp = (x: number, low: number, high: number): number => Math.min(high, Math.max(low, x));
