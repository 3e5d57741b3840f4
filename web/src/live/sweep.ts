import type { WaveformChunk } from "@openward/api";
import { createWavePlayer, type WavePlayer } from "./wave-player.ts";
import { createWaveScale, type WaveScale } from "./wave-scale.ts";

export interface SweepLook {
  readonly line: string;
  readonly lineWidth: number;
  /** How long one pass over the strip takes, ms. */
  readonly passMs: number;
}

export interface Sweep {
  push(chunk: WaveformChunk): void;
  /** Size in CSS pixels, and device pixels for each of them; what is shown is drawn again. */
  resize(width: number, height: number, ratio: number, look: SweepLook): void;
  /** Called by the one animation loop of the page. */
  frame(dt: number): void;
  readonly streamId: string | null;
  readonly signal: string | null;
  onStream(listener: () => void): void;
}

/** Room ahead of the bar that is kept clear, in pixels. */
const AHEAD = 14;
/** A stream takes over the strip when the one before has been silent for this long. */
const TAKE_OVER_MS = 3_000;

/** A waveform that sweeps over its strip from left to right, as monitors draw it. */
export function createSweep(context: CanvasRenderingContext2D): Sweep {
  let player: WavePlayer = createWavePlayer();
  let scale: WaveScale = createWaveScale("");
  let streamId: string | null = null;
  let signal: string | null = null;
  let quietMs = 0;
  let width = 0;
  let height = 0;
  let ratio = 1;
  let style: SweepLook = { line: "#0a0", lineWidth: 1.6, passMs: 6_000 };
  /** What the strip shows, as screen times and values, to draw it again at another size or scale. */
  let times: number[] = [];
  let values: number[] = [];
  let now = 0;
  let pass = 0;
  let last: { x: number; y: number } | null = null;
  let clearedTo = 0;
  let streamListener: () => void = () => undefined;

  function restart(): void {
    player = createWavePlayer();
    times = [];
    values = [];
    now = 0;
    pass = 0;
    last = null;
    clearedTo = 0;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, context.canvas.width, context.canvas.height);
  }

  const xOf = (at: number): number => ((at % style.passMs) / style.passMs) * width;
  const aheadMs = (): number => (AHEAD / Math.max(width, 1)) * style.passMs;

  function yOf(value: number): number {
    const { low, high } = scale.range();
    const y = ((high - value) / (high - low)) * height;
    return Math.min(height - 1, Math.max(1, y));
  }

  /** Draws the points from index `from` on, after what is drawn. */
  function stroke(from: number): void {
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.strokeStyle = style.line;
    context.lineWidth = style.lineWidth;
    context.lineJoin = "round";
    context.beginPath();
    for (let i = from; i < times.length; i++) {
      const at = times[i] ?? 0;
      const value = values[i] ?? Number.NaN;
      if (Number.isNaN(value)) {
        last = null;
        continue;
      }
      const point = { x: xOf(at), y: yOf(value) };
      if (last && point.x >= last.x) {
        context.moveTo(last.x, last.y);
        context.lineTo(point.x, point.y);
      }
      last = point;
    }
    context.stroke();
  }

  function redraw(): void {
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, width, height);
    forget();
    last = null;
    clearedTo = now + aheadMs();
    stroke(0);
  }

  /** Lets go of what the bar has passed over. */
  function forget(): void {
    const before = now + aheadMs() - style.passMs;
    let n = 0;
    while (n < times.length && (times[n] ?? 0) < before) n++;
    times.splice(0, n);
    values.splice(0, n);
  }

  function clearAhead(): void {
    const to = now + aheadMs();
    const span = Math.min(to - clearedTo, style.passMs);
    if (span <= 0) return;
    const x = xOf(to - span);
    const w = (span / style.passMs) * width;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(x, 0, Math.min(w, width - x), height);
    if (x + w > width) context.clearRect(0, 0, x + w - width, height);
    clearedTo = to;
  }

  return {
    get streamId() {
      return streamId;
    },
    get signal() {
      return signal;
    },
    onStream(listener) {
      streamListener = listener;
    },
    push(chunk) {
      if (chunk.streamId !== streamId) {
        if (streamId !== null && quietMs < TAKE_OVER_MS) return;
        streamId = chunk.streamId;
        signal = chunk.signal;
        scale = createWaveScale(chunk.signal);
        restart();
        streamListener();
      }
      quietMs = 0;
      player.push(chunk);
    },
    resize(w, h, r, look) {
      [width, height, ratio, style] = [w, h, r, look];
      context.canvas.width = Math.round(w * r);
      context.canvas.height = Math.round(h * r);
      pass = Math.floor(now / style.passMs);
      redraw();
    },
    frame(dt) {
      quietMs += dt;
      if (streamId === null || width < 2) return;
      const first = times.length;
      let hasNewScale = false;
      now = player.advance(dt, (at, value) => {
        const turn = Math.floor(at / style.passMs);
        if (turn !== pass) {
          pass = turn;
          hasNewScale = scale.turn() || hasNewScale;
        }
        if (!Number.isNaN(value)) hasNewScale = scale.see(value) || hasNewScale;
        times.push(at);
        values.push(value);
      });
      // A trace of two scales side by side would be read wrong: all of it is drawn at the new one.
      if (hasNewScale) return redraw();
      clearAhead();
      stroke(first);
      if (times.length > 12_000) forget();
    },
  };
}
