import { ActionIcon, Button, SegmentedControl } from "@mantine/core";
import type { PatientBody } from "@openward/api";
import { IconChartLine, IconChevronLeft, IconChevronRight } from "@tabler/icons-react";
import { useEffect, useMemo, useState } from "react";
import { monitor } from "../../app/monitor.ts";
import { Empty, Failed, Loading } from "../../app/pages.tsx";
import { formatDateTime } from "../../parts/format.ts";
import classes from "../chart.module.css";
import { AmendedNotice } from "../readings/amended-notice.tsx";
import { useLimits, useTrend } from "../use-chart.ts";
import { groupTrends } from "./groups.ts";
import { TrendChart } from "./trend-chart.tsx";

const HOUR = 3_600_000;
const spans = [
  { value: "1", label: "1 h" },
  { value: "6", label: "6 h" },
  { value: "24", label: "24 h" },
  { value: "168", label: "7 d" },
  { value: "720", label: "30 d" },
  { value: "8760", label: "1 y" },
];

/** As many as there are pixels to show. */
const BUCKETS = 600;

/** Trends from an hour to a year, one below the other, with one cursor. */
export default function Trends({ patient }: { readonly patient: PatientBody }) {
  const [hours, setHours] = useState("24");
  /** null: the span ends now and moves on. */
  const [until, setUntil] = useState<number | null>(null);
  const [zoom, setZoom] = useState<{ from: number; to: number } | null>(null);
  const span = Number(hours) * HOUR;
  const step = span / BUCKETS;
  const refreshMs = until === null && !zoom ? Math.min(60_000, Math.max(10_000, step)) : false;
  const tick = useTick(refreshMs);
  const { from, to } = useMemo(() => {
    if (zoom) return zoom;
    // Whole buckets: the same question while nothing new can be seen.
    const end = until ?? Math.ceil(tick / step) * step;
    return { from: Math.round(end - span), to: Math.round(end) };
  }, [zoom, until, tick, step, span]);
  // The last bucket is not over yet; the picture ends now all the same.
  const shownTo = until === null && !zoom ? Math.min(to, tick) : to;
  const trend = useTrend(patient.id, from, to, BUCKETS, refreshMs);
  const limits = useLimits(patient.id).data?.limits ?? [];
  const groups = useMemo(() => groupTrends(trend.data ?? []), [trend.data]);
  const shift = (direction: -1 | 1) => {
    setZoom(null);
    const end = (until ?? monitor.now()) + direction * (span / 2);
    setUntil(end >= monitor.now() ? null : Math.round(end));
  };
  return (
    <>
      <div className={classes.toolbar}>
        <SegmentedControl
          aria-label="Span"
          data={spans}
          value={zoom ? "" : hours}
          onChange={(value) => {
            setZoom(null);
            setHours(value);
          }}
        />
        <ActionIcon.Group>
          <ActionIcon variant="default" size={36} aria-label="Earlier" onClick={() => shift(-1)}>
            <IconChevronLeft size={20} />
          </ActionIcon>
          <ActionIcon
            variant="default"
            size={36}
            aria-label="Later"
            disabled={until === null && !zoom}
            onClick={() => shift(1)}
          >
            <IconChevronRight size={20} />
          </ActionIcon>
        </ActionIcon.Group>
        {(until !== null || zoom) && (
          <Button
            variant="default"
            onClick={() => {
              setZoom(null);
              setUntil(null);
            }}
          >
            Up to now
          </Button>
        )}
        <span className={classes.soft}>
          {formatDateTime(from, patient.timeZone)} to {formatDateTime(shownTo, patient.timeZone)}
        </span>
      </div>
      <AmendedNotice patient={patient} from={from} to={to} />
      {trend.isPending ? (
        <Loading what="Loading trends" />
      ) : trend.isError && !trend.data ? (
        <Failed error={trend.error} retry={() => trend.refetch()} />
      ) : groups.length === 0 ? (
        <Empty title="Nothing was measured in this span" icon={<IconChartLine size={44} stroke={1.3} />} />
      ) : (
        groups.map((group) => (
          <TrendChart
            key={group.key}
            group={group}
            limits={limits}
            zone={patient.timeZone}
            from={from}
            to={shownTo}
            onZoom={(a, b) => setZoom({ from: a, to: b })}
          />
        ))
      )}
    </>
  );
}

/** Server time when last looked, every `ms`. */
function useTick(ms: number | false): number {
  const [now, setNow] = useState(() => monitor.now());
  useEffect(() => {
    if (ms === false) return;
    const timer = setInterval(() => setNow(monitor.now()), ms);
    return () => clearInterval(timer);
  }, [ms]);
  return now;
}
