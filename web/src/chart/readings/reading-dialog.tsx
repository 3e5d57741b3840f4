import { Button, Group, Modal, NumberInput, Stack, Textarea } from "@mantine/core";
import type { PatientBody } from "@openward/api";
import { useState } from "react";
import { formatDateTime, formatInUnit, formatTimeWithSeconds, unitText } from "../../parts/format.ts";
import { Problem } from "../../parts/problem.tsx";
import { longName } from "../../parts/signal-display.ts";
import { useAmend } from "../use-chart.ts";

/** One row of the list. */
export interface ReadingRow {
  readonly streamId: string;
  readonly deviceId: string;
  readonly signal: string;
  readonly unit: string;
  readonly at: number;
  readonly value: number;
  readonly ordinal: number;
  readonly quality: number;
}

/** One reading is an error, or has another value. What came stays in the history. */
export function ReadingDialog({
  patient,
  reading,
  kind,
  seen,
  onClose,
}: {
  readonly patient: PatientBody;
  readonly reading: ReadingRow;
  readonly kind: "corrected" | "entered-in-error";
  readonly seen: string | null;
  readonly onClose: () => void;
}) {
  const { signal, unit, value, at, ordinal, streamId } = reading;
  const [corrected, setCorrected] = useState<number | string>("");
  const [reason, setReason] = useState("");
  const amend = useAmend(patient.id);
  const isCorrection = kind === "corrected";
  const canDo = reason.trim() !== "" && (!isCorrection || typeof corrected === "number");
  const shown = `${formatInUnit(value, signal, unit)} ${unitText(unit)}`;
  return (
    <Modal opened onClose={onClose} title={isCorrection ? "Correct a reading" : "Entered in error"}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (!canDo) return;
          const said = typeof corrected === "number" ? { value: corrected, unit } : {};
          amend.mutate({ kind, streamId, at, ordinal, seen, reason, ...said }, { onSuccess: onClose });
        }}
      >
        <Stack gap="sm">
          <p style={{ margin: 0 }}>
            <b>{patient.name}</b>, {patient.mrn}: {longName(signal)} <b>{shown}</b>,{" "}
            {formatDateTime(at, patient.timeZone).split(",")[0]}, {formatTimeWithSeconds(at, patient.timeZone)}, device{" "}
            {reading.deviceId}
          </p>
          {isCorrection && (
            <NumberInput
              label={`Right value${unitText(unit) ? `, ${unitText(unit)}` : ""}`}
              value={corrected}
              onChange={setCorrected}
              data-autofocus
            />
          )}
          <Textarea
            label="Reason"
            description="It stays in the record with your name"
            value={reason}
            maxLength={500}
            onChange={(event) => setReason(event.currentTarget.value)}
            {...(isCorrection ? {} : { "data-autofocus": true })}
          />
          <Problem error={amend.error} />
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" disabled={!canDo} loading={amend.isPending} color={isCorrection ? "teal" : "red"}>
              {isCorrection ? "Correct the reading" : "Mark as entered in error"}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
