import { Button, Group, Modal, Select, Stack, TextInput } from "@mantine/core";
import type { PatientBody } from "@openward/api";
import { useEffect, useState } from "react";
import { Problem } from "../parts/problem.tsx";
import { PatientPicker } from "../patients/patient-picker.tsx";
import { TokenShown } from "./token-shown.tsx";
import { useAddDevice, useAssign, useDeviceTypes } from "./use-devices.ts";

/** Add a device: its token is shown once; then it can be put on a patient at once. */
export function AddDeviceDialog({ isOpen, onClose }: { readonly isOpen: boolean; readonly onClose: () => void }) {
  const types = useDeviceTypes();
  const add = useAddDevice();
  const [type, setType] = useState("generic");
  const [display, setDisplay] = useState("");
  const [id, setId] = useState("");
  const idProblem =
    id.trim() === "" || /^[A-Za-z0-9._-]{1,64}$/.test(id.trim()) ? undefined : "1 to 64 of A-Z a-z 0-9 . _ -";
  const { reset } = add;
  useEffect(() => {
    if (!isOpen) return;
    setType("generic");
    setDisplay("");
    setId("");
    reset();
  }, [isOpen, reset]);
  return (
    <Modal
      opened={isOpen}
      onClose={onClose}
      title={add.data ? "Device added" : "Add device"}
      size="lg"
      closeOnClickOutside={!add.data}
    >
      {add.data ? (
        <Stack gap="md">
          <TokenShown id={add.data.id} token={add.data.token} type={type} />
          <PutOnPatient deviceId={add.data.id} onDone={onClose} />
        </Stack>
      ) : (
        <form
          noValidate
          onSubmit={(e) => {
            e.preventDefault();
            if (idProblem) return;
            add.mutate({
              type,
              ...(display.trim() ? { display: display.trim() } : {}),
              ...(id.trim() ? { id: id.trim() } : {}),
            });
          }}
        >
          <Stack gap="sm">
            <Select
              label="Type"
              data={(types.data ?? [{ key: "generic", display: "Generic device" }]).map((t) => ({
                value: t.key,
                label: t.display,
              }))}
              value={type}
              onChange={(value) => setType(value ?? "generic")}
              allowDeselect={false}
              searchable
            />
            <TextInput
              label="Name"
              placeholder="Oximeter 12"
              value={display}
              onChange={(e) => setDisplay(e.currentTarget.value)}
              maxLength={120}
              data-autofocus
            />
            <TextInput
              label="Device id"
              description="Left empty, one is made"
              placeholder="ox-12"
              value={id}
              onChange={(e) => setId(e.currentTarget.value)}
              error={idProblem}
              maxLength={64}
            />
            <Problem error={add.error} />
            <Group justify="flex-end" mt="xs">
              <Button variant="default" onClick={onClose}>
                Cancel
              </Button>
              <Button type="submit" loading={add.isPending}>
                Add device
              </Button>
            </Group>
          </Stack>
        </form>
      )}
    </Modal>
  );
}

function PutOnPatient({ deviceId, onDone }: { readonly deviceId: string; readonly onDone: () => void }) {
  const [patient, setPatient] = useState<PatientBody | null>(null);
  const [isChoosing, setChoosing] = useState(false);
  const assign = useAssign(deviceId);
  if (!isChoosing) {
    return (
      <Group justify="space-between">
        <span style={{ color: "var(--ow-ink-soft)" }}>Until it is on a patient, its readings wait in quarantine.</span>
        <Group>
          <Button variant="default" onClick={() => setChoosing(true)}>
            Put on a patient
          </Button>
          <Button onClick={onDone}>Done</Button>
        </Group>
      </Group>
    );
  }
  return (
    <Stack gap="sm">
      <PatientPicker value={patient} onChange={setPatient} />
      <Problem error={assign.error} />
      <Group justify="flex-end">
        <Button
          disabled={!patient}
          loading={assign.isPending}
          onClick={() => patient && assign.mutate({ patientId: patient.id }, { onSuccess: onDone })}
        >
          {patient ? `Put on ${patient.name}` : "Put on this patient"}
        </Button>
      </Group>
    </Stack>
  );
}
