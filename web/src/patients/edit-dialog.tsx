import { Button, Group, Modal, Stack } from "@mantine/core";
import type { PatientBody } from "@openward/api";
import { useState } from "react";
import { ApiProblem } from "../app/api.ts";
import { Problem } from "../parts/problem.tsx";
import { type PatientDraft, PatientFields, parseDraftDate } from "./patient-fields.tsx";
import { Similar } from "./similar.tsx";
import { useChangePatient } from "./use-patients.ts";

/** Correct who it is; an unknown patient becomes a known one. */
export function EditDialog({ patient, onClose }: { readonly patient: PatientBody; readonly onClose: () => void }) {
  const [draft, setDraft] = useState<PatientDraft>({
    name: patient.isUnknown ? "" : patient.name,
    birthDate: patient.birthDate ?? "",
    sex: patient.sex,
    mrn: patient.isUnknown ? "" : patient.mrn,
    ageGroup: patient.ageGroupSource === "chosen" ? patient.ageGroup : null,
  });
  const [isChecked, setChecked] = useState(false);
  const change = useChangePatient(patient.id);
  const similar = change.error instanceof ApiProblem ? change.error.similar : [];
  const date = parseDraftDate(draft);

  function send(seenSimilar: string[]): void {
    setChecked(true);
    if (!draft.name.trim() || !draft.mrn.trim() || !date.ok) return;
    change.mutate(
      {
        name: draft.name.trim(),
        mrn: draft.mrn.trim(),
        birthDate: date.date,
        sex: draft.sex,
        ageGroup: draft.ageGroup,
        isUnknown: false,
        seenSimilar,
      },
      { onSuccess: onClose },
    );
  }

  return (
    <Modal opened onClose={onClose} title={patient.isUnknown ? "Say who it is" : "Correct patient's data"} size="lg">
      {similar.length > 0 ? (
        <Similar
          entered={{ ...draft, birthDate: date.ok ? date.date : null }}
          similar={similar}
          isPending={change.isPending}
          onBack={() => change.reset()}
          onContinue={() => send(similar.map((p) => p.id))}
        />
      ) : (
        <form
          noValidate
          onSubmit={(e) => {
            e.preventDefault();
            send([]);
          }}
        >
          <Stack gap="sm">
            <PatientFields
              draft={draft}
              change={(part) => setDraft((d) => ({ ...d, ...part }))}
              isChecked={isChecked}
              isUnknown={false}
            />
            <Problem error={change.error} />
            <Group justify="flex-end" mt="xs">
              <Button variant="default" onClick={onClose}>
                Cancel
              </Button>
              <Button type="submit" loading={change.isPending}>
                Save
              </Button>
            </Group>
          </Stack>
        </form>
      )}
    </Modal>
  );
}
