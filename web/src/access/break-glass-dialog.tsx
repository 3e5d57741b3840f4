import { Button, Checkbox, Group, Modal, Stack, Textarea, TextInput } from "@mantine/core";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { ApiProblem } from "../app/api.ts";
import { Problem } from "../parts/problem.tsx";
import classes from "./access.module.css";
import { useBreakGlass } from "./use-break-glass.ts";

const REASON_MIN = 10;

/**
 * Seeing a patient in an emergency without a permission. Nothing is searched: the whole record number is asked for, and
 * whether there is such a patient is told to nobody who has not said why.
 */
export function BreakGlassDialog({ onClose, number = "" }: { readonly onClose: () => void; readonly number?: string }) {
  const [patient, setPatient] = useState(number);
  const [reason, setReason] = useState("");
  const [isConfirmed, setConfirmed] = useState(false);
  const open = useBreakGlass();
  const navigate = useNavigate();
  const words = reason.trim();
  const isReady = patient.trim() !== "" && words.length >= REASON_MIN && isConfirmed;
  const isUnknown = open.error instanceof ApiProblem && open.error.code === "NOT_FOUND";
  return (
    <Modal opened onClose={onClose} title="Emergency: see a patient without permission" size="lg">
      <form
        onSubmit={(e) => {
          e.preventDefault();
          if (!isReady) return;
          open.mutate(
            { patient: patient.trim(), reason: words, confirm: true },
            {
              onSuccess: async ({ reach }) => {
                onClose();
                if (reach.kind === "patient")
                  await navigate({ to: "/patients/$patientId", params: { patientId: reach.patientId } });
              },
            },
          );
        }}
      >
        <Stack gap="sm">
          <TextInput
            label="Record number"
            description="Whole, as on the wristband or the papers. Nothing is searched here."
            value={patient}
            onChange={(e) => {
              setPatient(e.currentTarget.value);
              open.reset();
            }}
            maxLength={64}
            error={isUnknown ? "No patient of this hospital has this number. Your try is recorded." : undefined}
            required
            data-autofocus
          />
          <Textarea
            label="Reason"
            description={`What the emergency is, in at least ${REASON_MIN} characters`}
            value={reason}
            onChange={(e) => setReason(e.currentTarget.value)}
            maxLength={500}
            autosize
            minRows={2}
            required
          />
          <div>
            <b>What will happen</b>
            <ul className={classes.steps}>
              <li>You see this patient at once, for a few hours; you can end it before.</li>
              <li>Your name, the time and your reason are recorded and cannot be taken back.</li>
              <li>The privacy officer finds it at once and looks at it afterwards.</li>
              <li>The patient can see that you looked, and why.</li>
            </ul>
          </div>
          <Checkbox
            label="This is an emergency, and I need to see this patient now"
            checked={isConfirmed}
            onChange={(e) => setConfirmed(e.currentTarget.checked)}
          />
          {!isUnknown && <Problem error={open.error} />}
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" color="red" disabled={!isReady} loading={open.isPending}>
              See the patient
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
