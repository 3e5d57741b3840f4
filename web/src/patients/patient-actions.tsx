import { ActionIcon, Menu } from "@mantine/core";
import type { PatientBody } from "@openward/api";
import { IconArrowMerge, IconDoorExit, IconDots, IconPencil, IconTransfer, IconUsers } from "@tabler/icons-react";
import { useState } from "react";
import { Confirm } from "../parts/confirm.tsx";
import { formatBirthDate } from "../parts/format.ts";
import { EditDialog } from "./edit-dialog.tsx";
import { FactsDialog } from "./facts-dialog.tsx";
import { MergeDialog } from "./merge-dialog.tsx";
import { PlaceDialog } from "./place-dialog.tsx";
import { useDischarge } from "./use-patients.ts";

type Doing = "edit" | "place" | "merge" | "facts" | "discharge" | null;

/** What can be done with a patient's record. */
export function PatientActions({ patient }: { readonly patient: PatientBody }) {
  const [doing, setDoing] = useState<Doing>(null);
  const discharge = useDischarge(patient.id);
  const close = () => setDoing(null);
  if (patient.mergedInto) return null;
  return (
    <>
      <Menu position="bottom-end" withinPortal>
        <Menu.Target>
          <ActionIcon variant="default" size={34} aria-label={`Actions for ${patient.name}`}>
            <IconDots size={19} />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item leftSection={<IconPencil size={17} />} onClick={() => setDoing("edit")}>
            {patient.isUnknown ? "Say who it is" : "Correct data"}
          </Menu.Item>
          <Menu.Item leftSection={<IconTransfer size={17} />} onClick={() => setDoing("place")}>
            {patient.stay ? "Transfer" : "Admit again"}
          </Menu.Item>
          <Menu.Item leftSection={<IconArrowMerge size={17} />} onClick={() => setDoing("merge")}>
            Merge
          </Menu.Item>
          <Menu.Item leftSection={<IconUsers size={17} />} onClick={() => setDoing("facts")}>
            Death, incapacity, relations
          </Menu.Item>
          {patient.stay && (
            <Menu.Item leftSection={<IconDoorExit size={17} />} onClick={() => setDoing("discharge")}>
              Discharge
            </Menu.Item>
          )}
        </Menu.Dropdown>
      </Menu>
      {doing === "edit" && <EditDialog patient={patient} onClose={close} />}
      {doing === "place" && <PlaceDialog patient={patient} onClose={close} />}
      {doing === "facts" && <FactsDialog patient={patient} onClose={close} />}
      {doing === "merge" && <MergeDialog patient={patient} onClose={close} />}
      <Confirm
        isOpen={doing === "discharge"}
        onClose={close}
        title="Discharge patient"
        action="Discharge"
        isPending={discharge.isPending}
        error={discharge.error}
        onConfirm={() => discharge.mutate(undefined, { onSuccess: close })}
      >
        <b>{patient.name}</b>, {formatBirthDate(patient.birthDate)}, {patient.mrn}: watching ends and the devices are
        taken off. The record stays.
      </Confirm>
    </>
  );
}
