import { Button, Group, Modal, Select, Stack, Table } from "@mantine/core";
import type { PatientBody, StreamInfo } from "@openward/api";
import { IconCalendarStats, IconDeviceWatchOff, IconPlus } from "@tabler/icons-react";
import { useState } from "react";
import { useMay, useNow } from "../app/hooks.ts";
import { Card, Empty, Failed, Loading } from "../app/pages.tsx";
import { DeviceTable } from "../devices/device-table.tsx";
import { useAssign, useDevices } from "../devices/use-devices.ts";
import { DayDialog } from "../fleet/day-dialog.tsx";
import { formatDuration, formatWhen, unitText } from "../parts/format.ts";
import { Problem } from "../parts/problem.tsx";
import { Rows } from "../parts/rows.tsx";
import { longName } from "../parts/signal-display.ts";
import classes from "./chart.module.css";
import { useConfirmExpectation, useStreams } from "./use-chart.ts";

/** The devices on the patient, what each of them measures, and how often it must speak. */
export function DevicesPanel({ patient }: { readonly patient: PatientBody }) {
  const devices = useDevices();
  const mayAssign = useMay("technical");
  const [isAdding, setAdding] = useState(false);
  const [day, setDay] = useState<string | null>(null);
  const now = useNow();
  const own = (devices.data ?? []).filter((d) => d.patient?.id === patient.id);
  return (
    <>
      <Group justify="space-between" mb="xs">
        <h2 style={{ margin: 0, fontSize: "1.1rem" }}>Devices on this patient</h2>
        <Group gap="xs">
          <Button
            size="sm"
            variant="default"
            leftSection={<IconCalendarStats size={17} />}
            onClick={() => setDay(dayOfPatient(now, patient.timeZone))}
          >
            What came today
          </Button>
          {mayAssign && patient.stay && (
            <Button size="sm" leftSection={<IconPlus size={17} />} onClick={() => setAdding(true)}>
              Put a device on
            </Button>
          )}
        </Group>
      </Group>
      <Card>
        {devices.isPending ? (
          <Loading what="Loading devices" />
        ) : devices.isError && !devices.data ? (
          <Failed error={devices.error} retry={() => devices.refetch()} />
        ) : own.length === 0 ? (
          <Empty title="No device on this patient" icon={<IconDeviceWatchOff size={40} stroke={1.3} />} />
        ) : (
          <DeviceTable devices={own} withPatient={false} />
        )}
      </Card>
      <h2 style={{ margin: "1.2rem 0 0.5rem", fontSize: "1.1rem" }}>What is measured</h2>
      <Streams patient={patient} />
      {isAdding && <PutOn patient={patient} onClose={() => setAdding(false)} />}
      {day !== null && (
        <DayDialog of={{ patientId: patient.id }} title={patient.name} day={day} onClose={() => setDay(null)} />
      )}
    </>
  );
}

/** Swedish dates are ISO dates. */
const dayOfPatient = (now: number, timeZone: string) => new Intl.DateTimeFormat("sv-SE", { timeZone }).format(now);

function PutOn({ patient, onClose }: { readonly patient: PatientBody; readonly onClose: () => void }) {
  const devices = useDevices().data ?? [];
  const [id, setId] = useState<string | null>(null);
  const assign = useAssign(id ?? "");
  const chosen = devices.find((d) => d.id === id);
  return (
    <Modal opened onClose={onClose} title={`Put a device on ${patient.name}`}>
      <Stack gap="sm">
        <Select
          label="Device"
          placeholder="Name or id"
          data={devices
            .filter((d) => d.revokedAt === null && d.patient?.id !== patient.id)
            .map((d) => ({ value: d.id, label: `${d.display} (${d.id})${d.patient ? `, on ${d.patient.name}` : ""}` }))}
          value={id}
          onChange={setId}
          searchable
          data-autofocus
        />
        {chosen?.patient && (
          <p style={{ margin: 0 }}>
            It is on <b>{chosen.patient.name}</b> now. That ends.
          </p>
        )}
        <Problem error={assign.error} />
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button
            disabled={!id}
            loading={assign.isPending}
            onClick={() => assign.mutate({ patientId: patient.id }, { onSuccess: onClose })}
          >
            Put on
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}

const sourceWord: Readonly<Record<StreamInfo["expectationSource"], string>> = {
  "device-type": "from the device type",
  learned: "learned, not confirmed: no alarm when it is silent",
  confirmed: "confirmed",
  "on-demand": "nobody expects it",
};

const intervals = [1_000, 5_000, 10_000, 30_000, 60_000, 300_000, 900_000, 3_600_000, 21_600_000, 86_400_000];

function Streams({ patient }: { readonly patient: PatientBody }) {
  const streams = useStreams(patient.id);
  const confirm = useConfirmExpectation(patient.id);
  const mayConfirm = useMay("technical");
  const now = useNow();
  if (streams.isPending) return <Loading what="Loading streams" />;
  if (streams.isError && !streams.data) return <Failed error={streams.error} retry={() => streams.refetch()} />;
  return (
    <Card>
      <Problem error={confirm.error} />
      <Rows
        minWidth={640}
        head={
          <>
            <Table.Th>Signal</Table.Th>
            <Table.Th>Unit</Table.Th>
            <Table.Th>Device</Table.Th>
            <Table.Th>Last</Table.Th>
            <Table.Th>Must speak every</Table.Th>
          </>
        }
      >
        {(streams.data ?? []).map((s) => (
          <Table.Tr key={s.id}>
            <Table.Td data-lead>
              {longName(s.signal)}
              {s.kind === "waveform" && <small className={classes.soft}> waveform</small>}
            </Table.Td>
            <Table.Td data-label="Unit">{unitText(s.unit) || "–"}</Table.Td>
            <Table.Td data-label="Device">{s.deviceDisplay}</Table.Td>
            <Table.Td data-label="Last" style={{ whiteSpace: "nowrap" }}>
              {s.lastAt === null ? "–" : formatWhen(s.lastAt, now, patient.timeZone)}
            </Table.Td>
            <Table.Td data-label="Must speak every">
              <Select
                size="xs"
                aria-label={`${longName(s.signal)} must speak every`}
                disabled={!mayConfirm}
                data={options(s.expectedIntervalMs)}
                value={s.expectedIntervalMs === null ? "" : String(s.expectedIntervalMs)}
                onChange={(value) => confirm.mutate({ streamId: s.id, intervalMs: value ? Number(value) : null })}
                allowDeselect={false}
                w={150}
              />
              <small className={classes.soft}>{sourceWord[s.expectationSource]}</small>
            </Table.Td>
          </Table.Tr>
        ))}
      </Rows>
    </Card>
  );
}

function options(present: number | null): { value: string; label: string }[] {
  const all = [...new Set([...intervals, ...(present === null ? [] : [present])])].sort((a, b) => a - b);
  return [{ value: "", label: "on demand" }, ...all.map((ms) => ({ value: String(ms), label: formatDuration(ms) }))];
}
