import { Button, Group, Modal, Select, Stack } from "@mantine/core";
import type { DeviceBody, PatientBody } from "@openward/api";
import { useState } from "react";
import { useWards } from "../app/hooks.ts";
import { monitor } from "../app/monitor.ts";
import { formatBirthDate } from "../parts/format.ts";
import { Problem } from "../parts/problem.tsx";
import { PatientPicker } from "../patients/patient-picker.tsx";
import { useAssign } from "./use-devices.ts";

const since = [
  { value: "0", label: "Now" },
  { value: "15", label: "15 minutes ago" },
  { value: "60", label: "1 hour ago" },
  { value: "240", label: "4 hours ago" },
  { value: "720", label: "12 hours ago" },
];

/** Put a device on a patient, from now or from an earlier time. */
export function AssignDialog({ device, onClose }: { readonly device: DeviceBody; readonly onClose: () => void }) {
  const [patient, setPatient] = useState<PatientBody | null>(null);
  const [minutes, setMinutes] = useState("0");
  const assign = useAssign(device.id);
  const wards = useWards().data ?? [];
  const wardName = (id: string) => wards.find((ward) => ward.id === id)?.name ?? "another ward";
  return (
    <Modal opened onClose={onClose} title={`Put ${device.display} on a patient`} size="lg">
      <Stack gap="sm">
        <PatientPicker value={patient} onChange={setPatient} />
        <Select
          label="Worn since"
          description="What it measured since then belongs to this patient"
          data={since}
          value={minutes}
          onChange={(value) => setMinutes(value ?? "0")}
          allowDeselect={false}
          maw={260}
        />
        {device.patient && (
          <p style={{ margin: 0 }}>
            It is on <b>{device.patient.name}</b> now. That ends.
          </p>
        )}
        {patient?.stay && device.wardId !== null && patient.stay.wardId !== device.wardId && (
          <p role="alert" style={{ margin: 0 }}>
            It stands in <b>{wardName(device.wardId)}</b>, and {patient.name} lies in <b>{patient.stay.wardName}</b>. Is
            it the right device, and the right patient?
          </p>
        )}
        <Problem error={assign.error} />
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button
            disabled={!patient}
            loading={assign.isPending}
            onClick={() =>
              patient &&
              assign.mutate(
                {
                  patientId: patient.id,
                  ...(minutes === "0" ? {} : { from: Math.floor(monitor.now()) - Number(minutes) * 60_000 }),
                },
                { onSuccess: onClose },
              )
            }
          >
            {patient ? `Put on ${patient.name}, ${formatBirthDate(patient.birthDate)}` : "Put on this patient"}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
