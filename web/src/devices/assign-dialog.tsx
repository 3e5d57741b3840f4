import { Button, Group, Modal, Select, Stack } from "@mantine/core";
import type { DeviceBody, PatientBody } from "@openward/api";
import { useState } from "react";
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
