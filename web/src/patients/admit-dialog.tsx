import { Button, Group, Modal, Stack, Switch } from "@mantine/core";
import { useNavigate } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { ApiProblem } from "../app/api.ts";
import { Problem } from "../parts/problem.tsx";
import { BedFields, type Place } from "./bed-fields.tsx";
import { Occupied } from "./occupied.tsx";
import { emptyDraft, type PatientDraft, PatientFields, parseDraftDate } from "./patient-fields.tsx";
import { Similar } from "./similar.tsx";
import { useAdmit } from "./use-patients.ts";

export interface AdmitDialogProps {
  readonly isOpen: boolean;
  readonly onClose: () => void;
  readonly wardId?: string;
}

/** Admit somebody new, known or not; warns where the name is the same as, or like, another's. */
export function AdmitDialog({ isOpen, onClose, wardId }: AdmitDialogProps) {
  const [draft, setDraft] = useState<PatientDraft>(emptyDraft);
  const [place, setPlace] = useState<Place>({ wardId: wardId ?? null, bed: "" });
  const [isUnknown, setUnknown] = useState(false);
  const [isChecked, setChecked] = useState(false);
  /** Whom the person has looked at and said to be somebody else. */
  const [seen, setSeen] = useState<readonly string[]>([]);
  const admit = useAdmit();
  const navigate = useNavigate();
  const problem = admit.error instanceof ApiProblem ? admit.error : null;
  const similar = problem?.similar ?? [];
  const occupants = problem?.occupants ?? [];
  const date = parseDraftDate(draft);
  const isComplete =
    place.wardId !== null &&
    place.bed.trim() !== "" &&
    (isUnknown || (draft.name.trim() !== "" && draft.mrn.trim() !== "" && date.ok));

  const { reset } = admit;
  useEffect(() => {
    if (!isOpen) return;
    setDraft(emptyDraft);
    setPlace({ wardId: wardId ?? null, bed: "" });
    setUnknown(false);
    setChecked(false);
    setSeen([]);
    reset();
  }, [isOpen, wardId, reset]);

  function send(answers: { seen?: readonly string[]; shareBed?: boolean }): void {
    setChecked(true);
    if (!isComplete || !place.wardId) return;
    const seenSimilar = [...(answers.seen ?? [])];
    setSeen(seenSimilar);
    const { shareBed = false } = answers;
    const stay = { wardId: place.wardId, bed: place.bed.trim(), shareBed, sex: draft.sex, seenSimilar };
    const hasDate = !isUnknown && date.ok && date.date !== null;
    const group = draft.ageGroup && !hasDate ? { ageGroup: draft.ageGroup } : {};
    const body = isUnknown
      ? { ...stay, ...group, isUnknown: true }
      : {
          ...stay,
          ...group,
          name: draft.name.trim(),
          mrn: draft.mrn.trim(),
          birthDate: date.ok ? date.date : null,
        };
    admit.mutate(body, { onSuccess: onClose });
  }

  return (
    <Modal opened={isOpen} onClose={onClose} title="Admit patient" size="lg">
      {similar.length > 0 ? (
        <Similar
          entered={{ ...draft, birthDate: date.ok ? date.date : null }}
          similar={similar}
          isPending={admit.isPending}
          onBack={() => admit.reset()}
          onContinue={() => send({ seen: similar.map((p) => p.id) })}
          onUse={(patient) => {
            onClose();
            void navigate({ to: "/patients/$patientId", params: { patientId: patient.id } });
          }}
        />
      ) : occupants.length > 0 ? (
        <Occupied
          bed={place.bed.trim()}
          occupants={occupants}
          isPending={admit.isPending}
          onBack={() => admit.reset()}
          onShare={() => send({ seen, shareBed: true })}
        />
      ) : (
        <form
          noValidate
          onSubmit={(e) => {
            e.preventDefault();
            send({ seen });
          }}
        >
          <Stack gap="sm">
            <Switch
              label="Unknown patient"
              description="A name and a record number are made, and shown as unknown until somebody knows better"
              checked={isUnknown}
              onChange={(e) => setUnknown(e.currentTarget.checked)}
            />
            <PatientFields
              draft={draft}
              change={(part) => {
                setDraft((d) => ({ ...d, ...part }));
                setSeen([]);
              }}
              isChecked={isChecked}
              isUnknown={isUnknown}
            />
            <BedFields place={place} change={(part) => setPlace((p) => ({ ...p, ...part }))} isChecked={isChecked} />
            <Problem error={admit.error} />
            <Group justify="flex-end" mt="xs">
              <Button variant="default" onClick={onClose}>
                Cancel
              </Button>
              <Button type="submit" loading={admit.isPending}>
                Admit
              </Button>
            </Group>
          </Stack>
        </form>
      )}
    </Modal>
  );
}
