import { useComputedColorScheme } from "@mantine/core";
import { useEffect, useRef, useState } from "react";
import { longName, shortName, toneOf } from "../parts/signal-display.ts";
import { animate } from "./animation.ts";
import type { Live } from "./live.ts";
import { createSweep } from "./sweep.ts";
import classes from "./wave-strip.module.css";

export interface WaveStripProps {
  readonly live: Live;
  readonly patientId: string;
  /** Only this stream; left out: whichever the server sends for the patient. */
  readonly streamId?: string;
  readonly whose: string;
  /** The signal that is expected here, for the label before the first samples come. */
  readonly expected: string;
  readonly large?: boolean;
}

/** Without samples for this long the strip says so. */
const SILENT_MS = 5_000;

/** A live waveform. It is drawn outside React, at the pace of the screen. */
export function WaveStrip({ live, patientId, streamId, whose, expected, large = false }: WaveStripProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const [heard, setSignal] = useState<string | null>(null);
  const [isSilent, setSilent] = useState(false);
  const signal = heard ?? expected;
  const colorScheme = useComputedColorScheme("light");

  // biome-ignore lint/correctness/useExhaustiveDependencies: the colours are read anew when the scheme changes
  useEffect(() => {
    const element = canvas.current;
    const context = element?.getContext("2d");
    if (!element || !context) return;
    const sweep = createSweep(context);
    const paint = () => {
      const tone = getComputedStyle(element).getPropertyValue(`--tone-${toneOf(sweep.signal ?? "ecg-lead-ii")}`);
      const width = element.clientWidth;
      if (width < 2) return;
      // About 25 mm/s on a usual screen; never less than 4 s in a narrow strip nor more than 12 in a wide one.
      const seconds = Math.min(12, Math.max(4, width / 95));
      sweep.resize(width, element.clientHeight, devicePixelRatio, {
        line: tone.trim(),
        lineWidth: large ? 2 : 1.7,
        passMs: seconds * 1000,
      });
    };
    sweep.onStream(() => {
      setSignal(sweep.signal);
      paint();
    });
    paint();
    const observer = new ResizeObserver(paint);
    observer.observe(element);
    let samplesAt = performance.now();
    const silence = setInterval(() => setSilent(performance.now() - samplesAt > SILENT_MS), 1_000);
    const stopAnimation = animate((dt) => sweep.frame(dt));
    const stopListening = live.onWaveform(patientId, (chunk) => {
      if (streamId === undefined || chunk.streamId === streamId) {
        samplesAt = performance.now();
        sweep.push(chunk);
      }
    });
    return () => {
      clearInterval(silence);
      observer.disconnect();
      stopAnimation();
      stopListening();
    };
  }, [live, patientId, streamId, large, colorScheme]);

  return (
    <div className={classes.strip} data-large={large || undefined}>
      <canvas
        ref={canvas}
        className={`${classes.canvas} vital`}
        role="img"
        aria-label={`${longName(signal)}, ${isSilent ? "no signal" : "live"}, ${whose}`}
      />
      <span className={classes.label} style={{ color: `var(--tone-${toneOf(signal)})` }} aria-hidden>
        {shortName(signal)}
      </span>
      {isSilent && <span className={classes.silent}>No signal</span>}
    </div>
  );
}
