import { Button, Group, Modal, Stack } from "@mantine/core";
import type { PatientBody } from "@openward/api";
import { useState } from "react";
import { ApiProblem } from "../app/api.ts";
import { useDevices } from "../devices/use-devices.ts";
import { Problem } from "../parts/problem.tsx";
import { BedFields, type Place } from "./bed-fields.tsx";
import { Occupied } from "./occupied.tsx";
import { useReadmit, useTransfer } from "./use-patients.ts";

/** Another ward or bed for somebody who is here, or a bed for somebody who is known and comes back. */
export function PlaceDialog({ patient, onClose }: { readonly patient: PatientBody; readonly onClose: () => void }) {
  const [place, setPlace] = useState<Place>({ wardId: patient.stay?.wardId ?? null, bed: patient.stay?.bed ?? "" });
  const [isChecked, setChecked] = useState(false);
  const transfer = useTransfer(patient.id);
  const readmit = useReadmit(patient.id);
  const isHere = patient.stay !== null;
  const move = isHere ? transfer : readmit;
  const occupants = move.error instanceof ApiProblem ? move.error.occupants : [];
  const bed = place.bed.trim();
  const left = (useDevices().data ?? []).filter(
    (device) =>
      device.patient?.id === patient.id &&
      device.wardId !== null &&
      place.wardId !== null &&
      device.wardId !== place.wardId,
  );

  function send(shareBed: boolean): void {
    setChecked(true);
    if (!place.wardId || !bed) return;
    move.mutate({ wardId: place.wardId, bed, shareBed }, { onSuccess: onClose });
  }

  return (
    <Modal opened onClose={onClose} title={isHere ? `Transfer ${patient.name}` : `Admit ${patient.name} again`}>
      {occupants.length > 0 ? (
        <Occupied
          bed={bed}
          occupants={occupants}
          isPending={move.isPending}
          onBack={() => move.reset()}
          onShare={() => send(true)}
        />
      ) : (
        <form
          noValidate
          onSubmit={(e) => {
            e.preventDefault();
            send(false);
          }}
        >
          <Stack gap="sm">
            <BedFields
              place={place}
              change={(part) => setPlace((p) => ({ ...p, ...part }))}
              isChecked={isChecked}
              self={patient.id}
            />
            {left.length > 0 && (
              <p role="alert" style={{ margin: 0 }}>
                {left.map(({ display }) => display).join(", ")}: on {patient.name}, and written down as standing in
                another ward. Take off what stays there; write down where the rest stands now.
              </p>
            )}
            <Problem error={move.error} />
            <Group justify="flex-end" mt="xs">
              <Button variant="default" onClick={onClose}>
                Cancel
              </Button>
              <Button type="submit" loading={move.isPending}>
                {isHere ? "Transfer" : "Admit"}
              </Button>
            </Group>
          </Stack>
        </form>
      )}
    </Modal>
  );
}
