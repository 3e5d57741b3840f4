import { Alert, Button, Checkbox, Group, Modal, Stack, Tabs, Textarea } from "@mantine/core";
import type { PatientBody, QuarantinedBody } from "@openward/api";
import { useState } from "react";
import { useMay } from "../app/hooks.ts";
import { Failed, Loading } from "../app/pages.tsx";
import { count, formatBirthDate } from "../parts/format.ts";
import { Problem } from "../parts/problem.tsx";
import { PatientPicker } from "../patients/patient-picker.tsx";
import classes from "./quarantine.module.css";
import { hexRows, isAboutTime, reasonText, summarise } from "./reasons.ts";
import { useClaim, useDismiss, useQuarantined } from "./use-quarantine.ts";

export interface EntryDialogProps {
  readonly entry: QuarantinedBody;
  readonly tab: "bytes" | "claim" | "dismiss";
  readonly onClose: () => void;
}

/** One message that could not be placed: its reasons and bytes, and what a person decides. */
export function EntryDialog({ entry, tab, onClose }: EntryDialogProps) {
  const mayClaim = useMay("clinical");
  const isOpen = entry.state === "open";
  return (
    <Modal opened onClose={onClose} title={`Message of ${entry.deviceId}`} size="lg">
      <Stack gap="sm">
        <Reasons problems={entry.problems} />
        <Tabs defaultValue={tab} keepMounted={false}>
          <Tabs.List mb="sm">
            <Tabs.Tab value="bytes">Bytes</Tabs.Tab>
            {isOpen && mayClaim && <Tabs.Tab value="claim">Give to a patient</Tabs.Tab>}
            {isOpen && <Tabs.Tab value="dismiss">Dismiss</Tabs.Tab>}
          </Tabs.List>
          <Tabs.Panel value="bytes">
            <Bytes id={entry.id} contentType={entry.contentType} size={entry.size} />
          </Tabs.Panel>
          <Tabs.Panel value="claim">
            <Claim entry={entry} onClose={onClose} />
          </Tabs.Panel>
          <Tabs.Panel value="dismiss">
            <Dismiss entry={entry} onClose={onClose} />
          </Tabs.Panel>
        </Tabs>
      </Stack>
    </Modal>
  );
}

export function Reasons({ problems }: { readonly problems: QuarantinedBody["problems"] }) {
  return (
    <ul className={classes.reasons}>
      {summarise(problems).map((r) => (
        <li key={r.text}>
          {r.text} <small>{count(r.readings, "reading")}</small>
        </li>
      ))}
    </ul>
  );
}

function Bytes({
  id,
  contentType,
  size,
}: {
  readonly id: string;
  readonly contentType: string;
  readonly size: number;
}) {
  const entry = useQuarantined(id);
  if (entry.isPending) return <Loading what="Loading the bytes" />;
  if (entry.isError) return <Failed error={entry.error} retry={() => entry.refetch()} />;
  const { text, hex } = entry.data;
  return (
    <>
      <p className={classes.note}>
        {contentType}, {count(size, "byte")}
        {size > 65_536 && ", the first 64 kB are shown"}
      </p>
      <section aria-label="Bytes as received">
        <pre className={classes.bytes}>
          {text ??
            hexRows(hex ?? "")
              .map((r) => `${r.offset}  ${r.bytes.padEnd(47)}  ${r.text}`)
              .join("\n")}
        </pre>
      </section>
    </>
  );
}

function Claim({ entry, onClose }: { readonly entry: QuarantinedBody; readonly onClose: () => void }) {
  const [patient, setPatient] = useState<PatientBody | null>(null);
  const [useReceivedTime, setReceivedTime] = useState(isAboutTime(entry.problems));
  const claim = useClaim(entry.id);
  const left = claim.data?.quarantined ?? [];
  if (claim.data && claim.data.accepted > 0) {
    return (
      <Stack>
        <Alert
          color="teal"
          variant="light"
          title={`${count(claim.data.accepted, "reading")} given to ${patient?.name ?? "the patient"}`}
          role="status"
        >
          {left.length > 0 ? "What could not be taken:" : "They are marked as claimed by you."}
          {left.length > 0 && <Reasons problems={left} />}
        </Alert>
        <Group justify="flex-end">
          <Button onClick={onClose}>Done</Button>
        </Group>
      </Stack>
    );
  }
  return (
    <Stack gap="sm">
      <PatientPicker value={patient} onChange={setPatient} />
      <Checkbox
        label="Take the time of arrival instead of the device's time"
        checked={useReceivedTime}
        onChange={(e) => setReceivedTime(e.currentTarget.checked)}
      />
      {claim.data && (
        <Alert color="gray" variant="outline" title="Nothing could be taken" role="alert">
          {left.map((p) => reasonText(p)).join(". ")}
        </Alert>
      )}
      <Problem error={claim.error} />
      <Group justify="flex-end">
        <Button
          disabled={!patient}
          loading={claim.isPending}
          onClick={() => patient && claim.mutate({ patientId: patient.id, useReceivedTime })}
        >
          {patient ? `Give to ${patient.name}, ${formatBirthDate(patient.birthDate)}` : "Give to this patient"}
        </Button>
      </Group>
    </Stack>
  );
}

function Dismiss({ entry, onClose }: { readonly entry: QuarantinedBody; readonly onClose: () => void }) {
  const [reason, setReason] = useState("");
  const dismiss = useDismiss(entry.id);
  return (
    <form
      onSubmit={(e) => {
        e.preventDefault();
        if (reason.trim()) dismiss.mutate(reason.trim(), { onSuccess: onClose });
      }}
    >
      <Stack gap="sm">
        <Textarea
          label="Reason"
          description="It belongs to nobody: the bytes stay until they expire"
          placeholder="Test message of the workshop"
          value={reason}
          onChange={(e) => setReason(e.currentTarget.value)}
          maxLength={200}
          required
          data-autofocus
        />
        <Problem error={dismiss.error} />
        <Group justify="flex-end">
          <Button type="submit" disabled={!reason.trim()} loading={dismiss.isPending}>
            Dismiss message
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
