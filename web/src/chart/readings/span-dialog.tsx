import { Alert, Button, Group, Modal, Select, Stack, Textarea } from "@mantine/core";
import type { AmendmentBody, PatientBody, StreamInfo } from "@openward/api";
import { IconArrowRight } from "@tabler/icons-react";
import { useState } from "react";
import { useNow } from "../../app/hooks.ts";
import { monitor } from "../../app/monitor.ts";
import { formatBirthDate } from "../../parts/format.ts";
import { Identity } from "../../parts/identity.tsx";
import { Problem } from "../../parts/problem.tsx";
import { longName } from "../../parts/signal-display.ts";
import { PatientPicker } from "../../patients/patient-picker.tsx";
import { useAmend } from "../use-chart.ts";
import { newestSeen } from "./amendment-text.ts";
import { newSpan, SpanFields, spanTimes } from "./span-fields.tsx";

interface SpanDialogProps {
  readonly patient: PatientBody;
  readonly streams: readonly StreamInfo[];
  readonly amendments: readonly AmendmentBody[];
  readonly onClose: () => void;
}

/** A device's names by its id, each once. */
function devicesOf(streams: readonly StreamInfo[]): { value: string; label: string }[] {
  const names = new Map(streams.map(({ deviceId, deviceDisplay }) => [deviceId, `${deviceDisplay} (${deviceId})`]));
  return [...names].map(([value, label]) => ({ value, label }));
}

/** A span of a stream, or of all that a device measured, is an error: the sensor was off, or on a phantom. */
export function SpanErrorDialog({ patient, streams, amendments, onClose }: SpanDialogProps) {
  const [what, setWhat] = useState<string | null>(null);
  const [span, setSpan] = useState(() => newSpan(monitor.now(), patient.timeZone));
  const [reason, setReason] = useState("");
  const amend = useAmend(patient.id);
  const times = spanTimes(span, patient.timeZone);
  const stream = streams.find(({ id }) => id === what);
  const deviceId = stream?.deviceId ?? what;
  const canDo = times !== null && deviceId !== null && reason.trim() !== "";
  return (
    <Modal opened onClose={onClose} title="A span was entered in error" size="lg">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (!canDo || !times || !deviceId) return;
          const of = stream ? { streamId: stream.id, deviceId } : { deviceId };
          const seen = newestSeen(amendments, of, times.from, times.to);
          amend.mutate({ kind: "entered-in-error", ...of, ...times, seen, reason }, { onSuccess: onClose });
        }}
      >
        <Stack gap="sm">
          <Select
            label="What"
            data={[
              { group: "All of a device", items: devicesOf(streams) },
              {
                group: "One signal",
                items: streams.map((s) => ({ value: s.id, label: `${longName(s.signal)}, ${s.deviceDisplay}` })),
              },
            ]}
            value={what}
            onChange={setWhat}
            searchable
            data-autofocus
          />
          <SpanFields value={span} onChange={setSpan} zone={patient.timeZone} />
          <Textarea label="Reason" value={reason} maxLength={500} onChange={(e) => setReason(e.currentTarget.value)} />
          <p style={{ margin: 0 }}>
            It leaves every chart and export of <b>{patient.name}</b>, with what may still arrive of it. It can be
            withdrawn.
          </p>
          <Problem error={amend.error} />
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" color="red" disabled={!canDo} loading={amend.isPending}>
              Mark the span as entered in error
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}

/** The device was on somebody else: what it measured then is theirs. Both are named before it is done. */
export function ReattributeDialog({ patient, streams, amendments, onClose }: SpanDialogProps) {
  const devices = devicesOf(streams);
  const [deviceId, setDevice] = useState<string | null>(devices.length === 1 ? (devices[0]?.value ?? null) : null);
  const [span, setSpan] = useState(() => newSpan(monitor.now(), patient.timeZone));
  const [other, setOther] = useState<PatientBody | null>(null);
  const [reason, setReason] = useState("");
  const [isSure, setSure] = useState(false);
  const amend = useAmend(patient.id);
  const now = useNow();
  const times = spanTimes(span, patient.timeZone);
  const canAsk = deviceId !== null && times !== null && other !== null && reason.trim() !== "";
  const device = devices.find(({ value }) => value === deviceId)?.label ?? deviceId;
  if (isSure && canAsk) {
    return (
      <Modal opened onClose={() => setSure(false)} title="Whose measurements are these?" size="lg">
        <Stack gap="md">
          <p style={{ margin: 0 }}>
            Everything that <b>{device}</b> measured from {span.from.replace("T", " ")} to {span.to.replace("T", " ")}
          </p>
          <Who label="leaves the record of" patient={patient} now={now} />
          <Group gap="xs" aria-hidden>
            <IconArrowRight size={22} />
          </Group>
          <Who label="and stands in the record of" patient={other} now={now} />
          <Alert color="gray" variant="outline">
            Both records say that it was moved, by whom and why: “{reason.trim()}”. The device itself stays assigned as
            it is.
          </Alert>
          <Problem error={amend.error} />
          <Group justify="flex-end">
            <Button variant="default" onClick={() => setSure(false)} data-autofocus>
              Back
            </Button>
            <Button
              color="red"
              loading={amend.isPending}
              onClick={() => {
                const seen = newestSeen(amendments, { deviceId }, times.from, times.to);
                const body = {
                  kind: "re-attributed",
                  deviceId,
                  ...times,
                  toPatientId: other.id,
                  seen,
                  reason,
                } as const;
                amend.mutate(body, { onSuccess: onClose });
              }}
            >
              {`Give to ${other.name}, ${formatBirthDate(other.birthDate)}`}
            </Button>
          </Group>
        </Stack>
      </Modal>
    );
  }
  return (
    <Modal opened onClose={onClose} title={`This was not ${patient.name}`} size="lg">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (canAsk) setSure(true);
        }}
      >
        <Stack gap="sm">
          <Select label="Device" data={devices} value={deviceId} onChange={setDevice} allowDeselect={false} />
          <SpanFields value={span} onChange={setSpan} zone={patient.timeZone} />
          <PatientPicker value={other} onChange={setOther} except={patient.id} all />
          <Textarea
            label="Reason"
            description="It stands in both records: name neither patient in it"
            value={reason}
            maxLength={500}
            onChange={(e) => setReason(e.currentTarget.value)}
          />
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" disabled={!canAsk}>
              Continue
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}

function Who({ label, patient, now }: { readonly label: string; readonly patient: PatientBody; readonly now: number }) {
  return (
    <div>
      <div>{label}</div>
      <b style={{ fontSize: "1.15rem" }}>{patient.name}</b>
      <div>
        <Identity patient={patient} now={now} />
        {patient.stay && `, ${patient.stay.wardName}, bed ${patient.stay.bed}`}
      </div>
    </div>
  );
}
