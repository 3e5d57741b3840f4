import "uplot/dist/uPlot.min.css";
import { useComputedColorScheme } from "@mantine/core";
import type { LimitsBody, TrendBody } from "@openward/api";
import { useEffect, useMemo, useRef } from "react";
import uPlot from "uplot";
import { formatDateTime, formatDay, formatTime, formatValue, unitText } from "../../parts/format.ts";
import { longName, shortName, toneOf } from "../../parts/signal-display.ts";
import { limitLines, summaryOf, type TrendGroup } from "./groups.ts";
import { placeLabels, rangeWith } from "./limit-labels.ts";
import classes from "./trend-chart.module.css";

export interface TrendChartProps {
  readonly group: TrendGroup;
  readonly limits: readonly LimitsBody[];
  readonly zone: string;
  readonly from: number;
  readonly to: number;
  readonly onZoom: (from: number, to: number) => void;
}

const HEIGHT = 184;
/** While the page is hidden for a moment a chart has no width, and its axes would never end. */
const WIDTH_MIN = 120;

/** Fewer points than this are drawn as points: a cuff reading is not a line. */
const SPARSE = 80;
const dashes = [[], [7, 4], [2, 3], [10, 3, 2, 3]];

/** One chart: the band from smallest to largest, the mean as a line, gaps as gaps, limits as dashed lines. */
export function TrendChart({ group, limits, zone, from, to, onZoom }: TrendChartProps) {
  const host = useRef<HTMLDivElement>(null);
  const readout = useRef<HTMLSpanElement>(null);
  const colorScheme = useComputedColorScheme("light");
  const first = group.trends[0];
  const data = useMemo(() => toData(group.trends), [group]);
  const zoom = useRef(onZoom);
  zoom.current = onZoom;
  const isSpread = group.trends.some((t) => t.count.some((n) => n > 1));

  // biome-ignore lint/correctness/useExhaustiveDependencies: drawn anew when the colours change
  useEffect(() => {
    const element = host.current;
    if (!element || !first) return;
    const token = (name: string) => getComputedStyle(element).getPropertyValue(name).trim();
    const own = limits.filter((l) => l.enabled && group.trends.some((t) => t.signal === l.signal));
    const color = token(`--tone-${toneOf(first.signal)}`);
    const faint = token("--ow-ink-soft");
    const grid = { stroke: token("--ow-line"), width: 1 };
    const chart = new uPlot(
      {
        width: Math.max(WIDTH_MIN, element.clientWidth),
        height: HEIGHT,
        tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), isZone(zone) ? zone : "UTC"),
        legend: { show: false },
        cursor: {
          sync: { key: "trends" },
          drag: { x: true, y: false, setScale: false },
          points: { size: 7 },
          y: false,
        },
        scales: {
          x: { time: true, range: () => [from / 1000, to / 1000] },
          y: { range: (_, low, high) => rangeWith(low, high, own) },
        },
        axes: [
          {
            stroke: faint,
            grid,
            ticks: grid,
            size: 46,
            values: (_, splits, _axis, _space, increment) =>
              splits.map((s, i) => axisTime(s * 1000, increment, zone, i)),
          },
          { stroke: faint, grid, ticks: grid, size: 52, values: (_, splits) => splits.map((v) => formatAxis(v)) },
        ],
        series: [
          {},
          ...group.trends.flatMap((t, i): uPlot.Series[] => {
            const isSparse = t.mean.filter((m) => m !== null).length < SPARSE;
            const hidden: uPlot.Series = { stroke: "transparent", width: 0, points: { show: false }, spanGaps: false };
            return [
              { ...hidden },
              { ...hidden },
              {
                label: shortName(t.signal),
                stroke: color,
                width: 1.8,
                dash: dashes[i % dashes.length] ?? [],
                points: { show: isSparse, size: 5, fill: color },
                spanGaps: false,
              },
            ];
          }),
        ],
        bands: group.trends.map((_, i) => ({
          series: [3 * i + 2, 3 * i + 1] as [number, number],
          fill: withAlpha(color, 0.2),
        })),
        hooks: {
          drawAxes: [(u) => drawLimits(u, own, token("--ow-medium-text"), token("--ow-high-text"))],
          setCursor: [(u) => showReadout(u, readout.current, group.trends, zone)],
          setSelect: [
            (u) => {
              if (u.select.width < 8) return;
              const a = u.posToVal(u.select.left, "x") * 1000;
              const b = u.posToVal(u.select.left + u.select.width, "x") * 1000;
              u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
              if (b - a >= 60_000) zoom.current(Math.round(a), Math.round(b));
            },
          ],
        },
      },
      data,
      element,
    );
    const observer = new ResizeObserver(() =>
      chart.setSize({ width: Math.max(WIDTH_MIN, element.clientWidth), height: HEIGHT }),
    );
    observer.observe(element);
    return () => {
      observer.disconnect();
      chart.destroy();
    };
  }, [data, limits, zone, from, to, colorScheme]);

  if (!first) return null;
  const title = group.title ?? longName(first.signal);
  const unit = unitText(first.unit);
  return (
    <figure
      className={classes.figure}
      style={{ "--tone": `var(--tone-${toneOf(first.signal)})` } as React.CSSProperties}
    >
      <figcaption className={classes.caption}>
        <h3>
          {title} <small>{unit}</small>
        </h3>
        <span className={classes.summaries}>
          {group.trends.map((t) => {
            const s = summaryOf(t);
            return (
              s && (
                <span key={t.streamId} title={`${longName(t.signal)}, device ${t.deviceId}`}>
                  {group.trends.length > 1 &&
                    `${shortName(t.signal)}${hasTwin(group.trends, t) ? ` (${t.deviceId})` : ""} `}
                  {formatValue(s.low, t.signal)} to {formatValue(s.high, t.signal)}, last{" "}
                  <b>{formatValue(s.last, t.signal)}</b>
                </span>
              )
            );
          })}
          {isSpread && <span>band: smallest to largest</span>}
        </span>
        <span ref={readout} className={classes.readout} aria-hidden />
      </figcaption>
      <div ref={host} className={classes.host} role="img" aria-label={labelOf(title, unit, group.trends)} />
    </figure>
  );
}

const hasTwin = (trends: readonly TrendBody[], t: TrendBody) => trends.some((o) => o !== t && o.signal === t.signal);

function labelOf(title: string, unit: string, trends: readonly TrendBody[]): string {
  const parts = trends.map((t) => {
    const s = summaryOf(t);
    return s
      ? `${shortName(t.signal)} ${formatValue(s.low, t.signal)} to ${formatValue(s.high, t.signal)} ${unit}, last ${formatValue(s.last, t.signal)}`
      : "";
  });
  return `${title}: ${parts.join("; ")}`;
}

/** x in seconds, then for each stream its smallest, largest and mean. */
function toData(trends: readonly TrendBody[]): uPlot.AlignedData {
  const tables = trends.map((t) => [t.starts.map((s) => s / 1000), t.min, t.max, t.mean] as uPlot.AlignedData);
  // Absent buckets stay null in their own table, and a moment that only another stream has is a gap as well.
  return tables.length === 1 && tables[0]
    ? tables[0]
    : uPlot.join(
        tables,
        tables.map((t) => t.map(() => 2)),
      );
}

const LABEL_SIZE = 10.5;

/** Dashed lines with their values; a line that lies outside the scale (somebody zoomed) is left out with its label. */
function drawLimits(u: uPlot, limits: readonly LimitsBody[], warn: string, critical: string): void {
  const { ctx } = u;
  const { left, top, width, height } = u.bbox;
  const px = devicePixelRatio;
  ctx.save();
  ctx.lineWidth = 1.5 * px;
  ctx.font = `${LABEL_SIZE * px}px system-ui, sans-serif`;
  const lines = limitLines(limits)
    .map(({ value, isCritical, name }) => {
      const text = `${name}${isCritical ? "critical " : ""}${value}`;
      const color = isCritical ? critical : warn;
      const y = Math.round(u.valToPos(value, "y", true));
      return { y, text, color, isCritical, width: ctx.measureText(text).width };
    })
    .filter(({ y }) => y >= top && y <= top + height);
  for (const { y, color, isCritical } of lines) {
    ctx.strokeStyle = color;
    ctx.setLineDash((isCritical ? [2, 3] : [8, 5]).map((d) => d * px));
    ctx.beginPath();
    ctx.moveTo(left, y);
    ctx.lineTo(left + width, y);
    ctx.stroke();
  }
  ctx.textAlign = "right";
  ctx.textBaseline = "top";
  const room = { left, right: left + width - 4 * px, top, bottom: top + height, labelHeight: (LABEL_SIZE + 2) * px };
  placeLabels(lines, room).forEach((place, i) => {
    const line = lines[i];
    if (!place || !line) return;
    ctx.fillStyle = line.color;
    ctx.fillText(line.text, place.right, place.top + px);
  });
  ctx.restore();
}

function showReadout(u: uPlot, element: HTMLElement | null, trends: readonly TrendBody[], zone: string): void {
  if (!element) return;
  const i = u.cursor.idx;
  const x = i === null || i === undefined ? undefined : u.data[0][i];
  if (i === null || i === undefined || x === undefined) {
    element.textContent = "";
    return;
  }
  const parts = trends.flatMap((t, s) => {
    const at = (column: number) => u.data[3 * s + column]?.[i] ?? null;
    const [low, high, mean] = [at(1), at(2), at(3)];
    if (mean === null) return [];
    const band =
      low !== null && high !== null && low !== high
        ? ` (${formatValue(low, t.signal)} to ${formatValue(high, t.signal)})`
        : "";
    return [`${shortName(t.signal)} ${formatValue(mean, t.signal)} ${unitText(t.unit)}${band}`];
  });
  element.textContent = `${formatDateTime(x * 1000, zone)}: ${parts.length > 0 ? parts.join(" · ") : "not measured"}`;
}

function axisTime(at: number, incrementSeconds: number, zone: string, i: number): string {
  if (incrementSeconds >= 86_400) return formatDay(at, zone);
  const time = formatTime(at, zone);
  return time === "00:00" || i === 0 ? `${time}\n${formatDay(at, zone)}` : time;
}

const formatAxis = (v: number): string => String(Number(v.toFixed(2))).replace("-", "−");

function isZone(zone: string): boolean {
  try {
    new Intl.DateTimeFormat("en", { timeZone: zone });
    return true;
  } catch {
    return false;
  }
}

function withAlpha(color: string, alpha: number): string {
  return `color-mix(in srgb, ${color} ${alpha * 100}%, transparent)`;
}
