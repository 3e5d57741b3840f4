import { Button, Chip, Group, Modal, Select, Stack, TextInput } from "@mantine/core";
import type { PatientBody } from "@openward/api";
import { IconPlayerPause, IconPlayerPlay } from "@tabler/icons-react";
import { useState } from "react";
import { useNow } from "../app/hooks.ts";
import type { TileState } from "../live/tiles.ts";
import { formatTime } from "../parts/format.ts";
import { Problem } from "../parts/problem.tsx";
import { shortName } from "../parts/signal-display.ts";
import { useEndStandby, useStandby, useStartStandby } from "./use-chart.ts";

const reasons = ["In the bath", "Off for a scan", "Physiotherapy", "Sensor change", "Comfort care"];
const spans = [
  { value: "15", label: "15 minutes" },
  { value: "30", label: "30 minutes" },
  { value: "60", label: "1 hour" },
  { value: "120", label: "2 hours" },
  { value: "240", label: "4 hours" },
  { value: "720", label: "12 hours" },
];

/** Pause watching for a reason until a time; it is shown, and resumes by itself. */
export function StandbyControl({
  patient,
  tile,
}: {
  readonly patient: PatientBody;
  readonly tile: TileState | undefined;
}) {
  const [isOpen, setOpen] = useState(false);
  const running = useStandby(patient.id);
  const end = useEndStandby(patient.id);
  const now = useNow();
  const known = tile ? tile.standby : (running.data ?? []);
  const active = known.filter((s) => s.endedAt === null && s.until > now);
  return (
    <>
      {active.map((s) => {
        const stream = tile?.streams.find((x) => x.id === s.streamId);
        const what = stream ? `${shortName(stream.signal)} ` : "";
        return (
          <Button
            key={s.id}
            variant="default"
            size="sm"
            leftSection={<IconPlayerPlay size={17} />}
            loading={end.isPending}
            onClick={() => end.mutate(s.id)}
            title={`${s.reason}, by ${s.startedBy}`}
          >
            {what}STANDBY until {formatTime(s.until, patient.timeZone)}: watch again
          </Button>
        );
      })}
      <Problem error={end.error} />
      {!active.some((s) => s.streamId === null) && (
        <Button variant="default" size="sm" leftSection={<IconPlayerPause size={17} />} onClick={() => setOpen(true)}>
          Standby
        </Button>
      )}
      {isOpen && <StandbyDialog patient={patient} tile={tile} onClose={() => setOpen(false)} />}
    </>
  );
}

function StandbyDialog({
  patient,
  tile,
  onClose,
}: {
  readonly patient: PatientBody;
  readonly tile: TileState | undefined;
  readonly onClose: () => void;
}) {
  const [reason, setReason] = useState("");
  const [minutes, setMinutes] = useState("30");
  const [streamId, setStream] = useState("");
  const start = useStartStandby(patient.id);
  const now = useNow();
  const streams = (tile?.streams ?? []).filter((s) => s.kind === "numeric");
  return (
    <Modal opened onClose={onClose} title={`Standby: ${patient.name}`}>
      <form
        onSubmit={(e) => {
          e.preventDefault();
          if (!reason.trim()) return;
          start.mutate(
            { reason: reason.trim(), minutes: Number(minutes), streamId: streamId || null },
            { onSuccess: onClose },
          );
        }}
      >
        <Stack gap="sm">
          <Select
            label="What is not watched"
            data={[
              { value: "", label: "The whole patient" },
              ...streams.map((s) => ({ value: s.id, label: `${shortName(s.signal)} of ${s.deviceId}` })),
            ]}
            value={streamId}
            onChange={(value) => setStream(value ?? "")}
            allowDeselect={false}
          />
          <TextInput
            label="Reason"
            value={reason}
            onChange={(e) => setReason(e.currentTarget.value)}
            maxLength={200}
            required
            data-autofocus
          />
          <Chip.Group value={reason} onChange={(value) => setReason(String(value))}>
            <Group gap={6}>
              {reasons.map((r) => (
                <Chip key={r} value={r} size="xs">
                  {r}
                </Chip>
              ))}
            </Group>
          </Chip.Group>
          <Select
            label="For"
            data={spans}
            value={minutes}
            onChange={(value) => setMinutes(value ?? "30")}
            allowDeselect={false}
            description={`Until ${formatTime(now + Number(minutes) * 60_000, patient.timeZone)}; then watching resumes by itself`}
          />
          <Problem error={start.error} />
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" disabled={!reason.trim()} loading={start.isPending}>
              Start standby
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
