import { ActionIcon, Button, SegmentedControl, Select } from "@mantine/core";
import type { PatientBody } from "@openward/api";
import {
  IconChevronLeft,
  IconChevronRight,
  IconChevronsLeft,
  IconChevronsRight,
  IconWaveSine,
} from "@tabler/icons-react";
import { useEffect, useState } from "react";
import { useNow } from "../../app/hooks.ts";
import { monitor } from "../../app/monitor.ts";
import { Empty, Failed, Loading } from "../../app/pages.tsx";
import { formatDay, formatTimeWithSeconds } from "../../parts/format.ts";
import { shortName } from "../../parts/signal-display.ts";
import chart from "../chart.module.css";
import { useStreams } from "../use-chart.ts";
import { Overview } from "./overview.tsx";
import { Strip } from "./strip.tsx";
import { STRIP_MS } from "./strip-geometry.ts";

const spans = [
  { value: "10", label: "10 min" },
  { value: "60", label: "1 h" },
  { value: "360", label: "6 h" },
  { value: "1440", label: "24 h" },
];

/** What is recorded so far: the last seconds are still on their way. */
const BEHIND_MS = 3_000;
const newest = () => Math.floor((monitor.now() - BEHIND_MS - STRIP_MS) / 1000) * 1000;

/** Any ten seconds of any waveform: the overview to find them, strips on a grid to read them. */
export default function Waveforms({
  patient,
  at: asked,
}: {
  readonly patient: PatientBody;
  readonly at: number | undefined;
}) {
  const streams = useStreams(patient.id);
  const waves = (streams.data ?? []).filter((s) => s.kind === "waveform");
  const [at, setAt] = useState(() => asked ?? newest());
  const [minutes, setMinutes] = useState("60");
  const span = Number(minutes) * 60_000;
  const [to, setTo] = useState(() => Math.min(at + span / 2, newest() + STRIP_MS));
  const [chosen, setChosen] = useState<string | null>(null);
  const now = useNow();
  useEffect(() => {
    if (asked !== undefined) setAt(asked);
  }, [asked]);
  // The overview follows when the strip leaves it.
  useEffect(() => {
    setTo((end) => {
      if (at >= end - span && at + STRIP_MS <= end) return end;
      return Math.min(at + span / 2, newest() + STRIP_MS + BEHIND_MS);
    });
  }, [at, span]);

  if (streams.isPending) return <Loading what="Loading waveforms" />;
  if (streams.isError && !streams.data) return <Failed error={streams.error} retry={() => streams.refetch()} />;
  const stream = waves.find((s) => s.id === chosen) ?? waves.find((s) => s.signal.startsWith("ecg-")) ?? waves[0];
  if (!stream) return <Empty title="No waveforms of this patient" icon={<IconWaveSine size={44} stroke={1.3} />} />;
  const move = (by: number) => setAt((t) => Math.min(t + by, newest()));
  return (
    <>
      <div className={chart.toolbar}>
        <SegmentedControl aria-label="Overview" data={spans} value={minutes} onChange={setMinutes} />
        {waves.length > 1 && (
          <Select
            aria-label="Waveform of the overview"
            w={170}
            data={waves.map((s) => ({ value: s.id, label: shortName(s.signal) }))}
            value={stream.id}
            onChange={setChosen}
            allowDeselect={false}
          />
        )}
        <ActionIcon.Group>
          <ActionIcon variant="default" size={36} aria-label="One minute earlier" onClick={() => move(-60_000)}>
            <IconChevronsLeft size={20} />
          </ActionIcon>
          <ActionIcon variant="default" size={36} aria-label="Ten seconds earlier" onClick={() => move(-STRIP_MS)}>
            <IconChevronLeft size={20} />
          </ActionIcon>
          <ActionIcon variant="default" size={36} aria-label="Ten seconds later" onClick={() => move(STRIP_MS)}>
            <IconChevronRight size={20} />
          </ActionIcon>
          <ActionIcon variant="default" size={36} aria-label="One minute later" onClick={() => move(60_000)}>
            <IconChevronsRight size={20} />
          </ActionIcon>
        </ActionIcon.Group>
        <Button variant="default" onClick={() => setAt(newest())}>
          Newest
        </Button>
        <output aria-label="Strip begins" style={{ fontWeight: 650, fontSize: "1.1rem" }}>
          {formatTimeWithSeconds(at, patient.timeZone)}{" "}
          <span className={chart.soft} style={{ fontWeight: 450, fontSize: "0.95rem" }}>
            {formatDay(at, patient.timeZone)}, {agoText(now - at)}
          </span>
        </output>
      </div>
      <Overview
        patient={patient}
        stream={stream}
        from={Math.round(to - span)}
        to={Math.round(to)}
        at={at}
        onChoose={setAt}
      />
      {[stream, ...waves.filter((s) => s !== stream)].map((s) => (
        <Strip key={s.id} patientId={patient.id} stream={s} from={at} zone={patient.timeZone} />
      ))}
    </>
  );
}

function agoText(ms: number): string {
  const minutes = Math.floor(ms / 60_000);
  if (minutes < 1) return "less than a minute ago";
  return minutes < 120 ? `${minutes} min ago` : `${Math.floor(minutes / 60)} h ago`;
}
