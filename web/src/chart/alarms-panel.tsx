import { Button, SegmentedControl, Table } from "@mantine/core";
import type { AlarmBody, PatientBody } from "@openward/api";
import { useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { AlarmMark } from "../alarms/alarm-mark.tsx";
import { alarmFate, alarmText, answerLabel, answerWord } from "../alarms/text.ts";
import { useAcknowledge } from "../alarms/use-acknowledge.ts";
import { useMay, useNow } from "../app/hooks.ts";
import { monitor } from "../app/monitor.ts";
import { Card, Empty, Failed, Loading } from "../app/pages.tsx";
import type { TileState } from "../live/tiles.ts";
import { formatDuration, formatWhen } from "../parts/format.ts";
import { Rows } from "../parts/rows.tsx";
import classes from "./chart.module.css";
import { usePatientAlarms } from "./use-chart.ts";

const spans = [
  { value: "24", label: "24 h" },
  { value: "168", label: "7 d" },
  { value: "720", label: "30 d" },
];

/** A patient's alarms, newest first, with what became of each. */
export function AlarmsPanel({
  patient,
  tile,
}: {
  readonly patient: PatientBody;
  readonly tile: TileState | undefined;
}) {
  const [hours, setHours] = useState("24");
  // A whole minute, so that the question stays the same while one looks; the end lies ahead for what comes meanwhile.
  const [opened] = useState(() => Math.ceil(monitor.now() / 60_000) * 60_000);
  const alarms = usePatientAlarms(patient.id, opened - Number(hours) * 3_600_000, opened + 86_400_000);
  const acknowledge = useAcknowledge();
  const mayAnswer = useMay("clinical");
  const now = useNow();
  const queries = useQueryClient();
  const liveAlarms = tile?.alarms;
  // biome-ignore lint/correctness/useExhaustiveDependencies: asked anew whenever the live view tells of an alarm
  useEffect(() => {
    void queries.invalidateQueries({ queryKey: ["alarms", patient.id] });
  }, [liveAlarms, patient.id, queries]);
  const rows = alarms.data ?? [];
  return (
    <>
      <div className={classes.toolbar}>
        <SegmentedControl size="sm" aria-label="Span" data={spans} value={hours} onChange={setHours} />
        <span className={classes.soft}>{rows.length} alarms</span>
      </div>
      <Card>
        {alarms.isPending ? (
          <Loading what="Loading alarms" />
        ) : alarms.isError && !alarms.data ? (
          <Failed error={alarms.error} retry={() => alarms.refetch()} />
        ) : rows.length === 0 ? (
          <Empty title="No alarms in this span" />
        ) : (
          <Rows
            minWidth={680}
            head={
              <>
                <Table.Th>Raised</Table.Th>
                <Table.Th>Priority</Table.Th>
                <Table.Th>What</Table.Th>
                <Table.Th>State</Table.Th>
                <Table.Th aria-label="Actions" />
              </>
            }
          >
            {rows.map((alarm) => (
              <Table.Tr key={alarm.id} data-alarm={alarm.id}>
                <Table.Td data-label="Raised" style={{ whiteSpace: "nowrap" }}>
                  {formatWhen(alarm.raisedAt, now, patient.timeZone)}
                </Table.Td>
                <Table.Td>
                  <AlarmMark priority={alarm.priority} isAnswered={alarm.state !== "raised"} />
                </Table.Td>
                <Table.Td data-lead>
                  {alarmText(alarm, patient.timeZone)}
                  <small className={classes.soft} style={{ display: "block" }}>
                    {alarm.deviceId}
                  </small>
                </Table.Td>
                <Table.Td data-label="State">{stateText(alarm, now, patient.timeZone)}</Table.Td>
                <Table.Td data-do align="right" style={{ whiteSpace: "nowrap" }}>
                  <Link
                    to="/patients/$patientId"
                    params={{ patientId: patient.id }}
                    search={{ tab: "waveforms", at: alarm.onsetAt - 5_000 }}
                    aria-label={`Waveforms at ${formatWhen(alarm.onsetAt, now, patient.timeZone)}`}
                  >
                    Waveforms
                  </Link>
                  {alarm.state === "raised" && mayAnswer && (
                    <Button
                      size="xs"
                      ml="sm"
                      loading={acknowledge.isPending && acknowledge.variables?.id === alarm.id}
                      aria-label={answerLabel(alarm, patient.timeZone)}
                      onClick={() => acknowledge.mutate(alarm)}
                    >
                      {answerWord(alarm)}
                    </Button>
                  )}
                </Table.Td>
              </Table.Tr>
            ))}
          </Rows>
        )}
      </Card>
    </>
  );
}

function stateText(alarm: AlarmBody, now: number, zone: string): string {
  const fate = alarmFate(alarm, zone);
  if (alarm.state === "raised")
    return `raised, unanswered for ${formatDuration(now - alarm.raisedAt)}${fate && `; ${fate}`}`;
  return fate || alarm.state;
}
