import { useComputedColorScheme } from "@mantine/core";
import type { StreamInfo } from "@openward/api";
import { useEffect, useMemo, useRef } from "react";
import { problemText } from "../../app/api.ts";
import { formatTimeWithSeconds, unitText } from "../../parts/format.ts";
import { longName, shortName, toneOf } from "../../parts/signal-display.ts";
import { useWaveform } from "../use-chart.ts";
import { MM_PER_SECOND, runsOf, STRIP_MS, type StripPoint, type StripScale, scaleOf } from "./strip-geometry.ts";
import classes from "./waveforms.module.css";

export interface StripProps {
  readonly patientId: string;
  readonly stream: StreamInfo;
  readonly from: number;
  readonly zone: string;
}

/** Ten seconds of one waveform on a grid, as on paper. */
export function Strip({ patientId, stream, from, zone }: StripProps) {
  const waveform = useWaveform(patientId, stream.id, from, from + STRIP_MS);
  const canvas = useRef<HTMLCanvasElement>(null);
  const colorScheme = useComputedColorScheme("light");
  const runs = useMemo(() => runsOf(waveform.data ?? [], from, from + STRIP_MS), [waveform.data, from]);
  const scale = useMemo(() => scaleOf(stream.signal, runs), [stream.signal, runs]);
  const isEcg = stream.signal.startsWith("ecg-");
  const unit = unitText(stream.unit);

  // biome-ignore lint/correctness/useExhaustiveDependencies: drawn anew when the colours change
  useEffect(() => {
    const element = canvas.current;
    if (!element) return;
    const paint = () => draw(element, runs, scale, isEcg ? "--ecg-ink" : `--tone-${toneOf(stream.signal)}`);
    paint();
    const observer = new ResizeObserver(paint);
    observer.observe(element);
    return () => observer.disconnect();
  }, [runs, scale, stream.signal, colorScheme]);

  const isEmpty = waveform.isSuccess && runs.length === 0;
  return (
    <figure className={classes.strip}>
      <figcaption>
        <b style={{ color: `var(--tone-${toneOf(stream.signal)})` }}>{shortName(stream.signal)}</b>{" "}
        {stream.deviceDisplay}
        <span>
          25 mm/s · {isEcg ? "10 mm/mV" : `one square ${scale.perSquare} ${unit}`}
          {!isEcg && ` · ${Number(scale.low.toPrecision(4))} to ${Number(scale.high.toPrecision(4))} ${unit}`}
        </span>
      </figcaption>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard */}
      <section className={classes.paper} tabIndex={0} aria-label={`${longName(stream.signal)}, ten seconds`}>
        <canvas
          ref={canvas}
          style={{ aspectRatio: `${(MM_PER_SECOND * STRIP_MS) / 1000} / ${scale.heightMm}` }}
          role="img"
          aria-label={`${longName(stream.signal)} from ${formatTimeWithSeconds(from, zone)} to ${formatTimeWithSeconds(from + STRIP_MS, zone)}${isEmpty ? ": nothing recorded" : ""}`}
        />
        {isEmpty && <span className={classes.none}>Nothing recorded here</span>}
        {waveform.isError && <span className={classes.none}>{problemText(waveform.error)}</span>}
      </section>
    </figure>
  );
}

function draw(
  canvas: HTMLCanvasElement,
  runs: readonly (readonly StripPoint[])[],
  scale: StripScale,
  ink: string,
): void {
  const context = canvas.getContext("2d");
  if (!context) return;
  const style = getComputedStyle(canvas);
  const token = (name: string) => style.getPropertyValue(name).trim();
  const width = canvas.clientWidth;
  const height = canvas.clientHeight;
  // A strip that is hidden for a moment has no size, and a grid of no width would never end.
  if (width < 10 || height < 10) return;
  canvas.width = Math.round(width * devicePixelRatio);
  canvas.height = Math.round(height * devicePixelRatio);
  context.scale(devicePixelRatio, devicePixelRatio);
  const mm = width / ((MM_PER_SECOND * STRIP_MS) / 1000);
  context.fillStyle = token("--ecg-paper");
  context.fillRect(0, 0, width, height);
  const lines = (everyMm: number, color: string, lineWidth: number) => {
    context.strokeStyle = color;
    context.lineWidth = lineWidth;
    context.beginPath();
    for (let i = 0; i <= Math.ceil(width / (everyMm * mm)); i++) {
      const x = i * everyMm * mm;
      context.moveTo(x, 0);
      context.lineTo(x, height);
    }
    for (let i = 0; i <= Math.ceil(height / (everyMm * mm)); i++) {
      const y = height - i * everyMm * mm;
      context.moveTo(0, y);
      context.lineTo(width, y);
    }
    context.stroke();
  };
  if (mm >= 2.6) lines(1, token("--ecg-fine"), 0.6);
  lines(5, token("--ecg-coarse"), 0.9);
  const yOf = (value: number) => height - ((value - scale.low) / (scale.high - scale.low)) * height;
  context.strokeStyle = token(ink);
  context.lineWidth = 1.5;
  context.lineJoin = "round";
  context.beginPath();
  for (const run of runs) {
    run.forEach(({ t, value }, i) => {
      const x = (t / STRIP_MS) * width;
      if (i === 0) context.moveTo(x, yOf(value));
      else context.lineTo(x, yOf(value));
    });
  }
  context.stroke();
}
