import { Alert, Button, Group, Modal, Stack } from "@mantine/core";
import type { PatientBody } from "@openward/api";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { formatBirthDate } from "../parts/format.ts";
import { Problem } from "../parts/problem.tsx";
import { PatientPicker } from "./patient-picker.tsx";
import { useMerge } from "./use-patients.ts";

/** Two records of one person become one; the other one stays. */
export function MergeDialog({ patient, onClose }: { readonly patient: PatientBody; readonly onClose: () => void }) {
  const [into, setInto] = useState<PatientBody | null>(null);
  const merge = useMerge(patient.id);
  const navigate = useNavigate();
  return (
    <Modal opened onClose={onClose} title="Merge with another record" size="lg">
      <Stack gap="sm">
        <p style={{ margin: 0 }}>
          <b>{patient.name}</b>, {formatBirthDate(patient.birthDate)}, {patient.mrn} is the same person as:
        </p>
        <PatientPicker value={into} onChange={setInto} except={patient.id} all />
        {into && (
          <Alert color="gray" variant="outline">
            The record {patient.mrn} ends. <b>{into.name}</b> ({formatBirthDate(into.birthDate)}, {into.mrn}) stays and
            takes what belongs to it.
          </Alert>
        )}
        <Problem error={merge.error} />
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button
            disabled={!into}
            loading={merge.isPending}
            onClick={() =>
              into &&
              merge.mutate(into.id, {
                onSuccess: () => {
                  onClose();
                  void navigate({ to: "/patients/$patientId", params: { patientId: into.id } });
                },
              })
            }
          >
            Merge
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
