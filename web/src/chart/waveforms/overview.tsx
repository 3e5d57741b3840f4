import { useComputedColorScheme } from "@mantine/core";
import type { PatientBody, StreamInfo } from "@openward/api";
import { useEffect, useRef } from "react";
import { formatTime, formatTimeWithSeconds } from "../../parts/format.ts";
import { longName, toneOf } from "../../parts/signal-display.ts";
import { useWaveformOverview } from "../use-chart.ts";
import { STRIP_MS } from "./strip-geometry.ts";
import classes from "./waveforms.module.css";

export interface OverviewProps {
  readonly patient: PatientBody;
  readonly stream: StreamInfo;
  readonly from: number;
  readonly to: number;
  readonly at: number;
  readonly onChoose: (at: number) => void;
}

const BUCKETS = 900;

/** Minutes or hours at a glance: smallest and largest sample of each moment; choose the strip in it. */
export function Overview({ patient, stream, from, to, at, onChoose }: OverviewProps) {
  const overview = useWaveformOverview(patient.id, stream.id, from, to, BUCKETS);
  const canvas = useRef<HTMLCanvasElement>(null);
  const colorScheme = useComputedColorScheme("light");
  const { data } = overview;

  // biome-ignore lint/correctness/useExhaustiveDependencies: drawn anew when the colours change
  useEffect(() => {
    const element = canvas.current;
    const context = element?.getContext("2d");
    if (!element || !context) return;
    const paint = () => {
      const width = element.clientWidth;
      const height = element.clientHeight;
      if (width < 10) return;
      element.width = Math.round(width * devicePixelRatio);
      element.height = Math.round(height * devicePixelRatio);
      context.scale(devicePixelRatio, devicePixelRatio);
      const style = getComputedStyle(element);
      const xOf = (t: number) => ((t - from) / (to - from)) * width;
      if (data) {
        const values = [...data.min, ...data.max].filter((v) => v !== null);
        const low = Math.min(...values);
        const high = Math.max(...values);
        const yOf = (v: number) => height - 6 - ((v - low) / (high - low || 1)) * (height - 12);
        const bucket = Math.max(1, ((to - from) / data.starts.length / (to - from)) * width);
        context.fillStyle = style.getPropertyValue(`--tone-${toneOf(stream.signal)}`);
        data.starts.forEach((start, i) => {
          const min = data.min[i] ?? null;
          const max = data.max[i] ?? null;
          if (min === null || max === null) return;
          context.fillRect(xOf(start), yOf(max), bucket, Math.max(1, yOf(min) - yOf(max)));
        });
      }
      const left = xOf(at);
      const span = Math.max(3, xOf(at + STRIP_MS) - left);
      context.fillStyle = style.getPropertyValue("--ow-ink");
      context.globalAlpha = 0.16;
      context.fillRect(left, 0, span, height);
      context.globalAlpha = 1;
      context.fillRect(left, 0, 2, height);
      context.fillRect(left + span - 2, 0, 2, height);
    };
    paint();
    const observer = new ResizeObserver(paint);
    observer.observe(element);
    return () => observer.disconnect();
  }, [data, from, to, at, stream.signal, colorScheme]);

  const choose = (clientX: number) => {
    const box = canvas.current?.getBoundingClientRect();
    if (!box) return;
    const time = from + ((clientX - box.left) / box.width) * (to - from) - STRIP_MS / 2;
    onChoose(Math.round(Math.min(to - STRIP_MS, Math.max(from, time))));
  };
  const keys: Readonly<Record<string, number>> = {
    ArrowLeft: -STRIP_MS,
    ArrowRight: STRIP_MS,
    PageDown: -60_000,
    PageUp: 60_000,
  };
  return (
    <div className={classes.overview}>
      <canvas
        ref={canvas}
        tabIndex={0}
        role="slider"
        aria-label={`${longName(stream.signal)} at a glance: choose the strip`}
        aria-valuemin={from}
        aria-valuemax={to}
        aria-valuenow={at}
        aria-valuetext={formatTimeWithSeconds(at, patient.timeZone)}
        onPointerDown={(e) => {
          e.currentTarget.setPointerCapture(e.pointerId);
          choose(e.clientX);
        }}
        onPointerMove={(e) => {
          if (e.buttons === 1) choose(e.clientX);
        }}
        onKeyDown={(e) => {
          const by = keys[e.key];
          if (by === undefined) return;
          e.preventDefault();
          onChoose(at + by);
        }}
      />
      <div className={classes.hours} aria-hidden>
        {[0, 0.25, 0.5, 0.75, 1].map((part) => (
          <span key={part}>{formatTime(from + (to - from) * part, patient.timeZone)}</span>
        ))}
      </div>
    </div>
  );
}
