import { Button, Group, Modal, Stack, Switch, Table, Textarea, TextInput } from "@mantine/core";
import { IconGavel, IconPlus } from "@tabler/icons-react";
import { useState } from "react";
import { Section } from "../administration/section.tsx";
import type { Answer } from "../app/api.ts";
import { useNow } from "../app/hooks.ts";
import { Empty, Failed, Loading } from "../app/pages.tsx";
import { formatWhen } from "../parts/format.ts";
import { Problem } from "../parts/problem.tsx";
import { Rows } from "../parts/rows.tsx";
import { endOfDay } from "./days.ts";
import { useEndHold, useHolds, usePlaceHold } from "./use-privacy.ts";

type Hold = Answer<"holds">[number];

const REASON_MIN = 3;

/** Legal holds: whom nothing is erased of, why, since when, and who said so. */
export function HoldsSection({ zone, mayChange }: { readonly zone: string; readonly mayChange: boolean }) {
  const [withEnded, setWithEnded] = useState(false);
  const [isPlacing, setPlacing] = useState(false);
  const [ending, setEnding] = useState<Hold | null>(null);
  const holds = useHolds(withEnded);
  return (
    <>
      <Section
        title="Legal holds"
        action={
          <Group gap="sm">
            <Switch
              label="Also ended"
              checked={withEnded}
              onChange={(event) => setWithEnded(event.currentTarget.checked)}
            />
            {mayChange && (
              <Button size="sm" leftSection={<IconPlus size={17} />} onClick={() => setPlacing(true)}>
                Hold a patient
              </Button>
            )}
          </Group>
        }
      >
        {holds.isPending ? (
          <Loading what="Loading legal holds" />
        ) : holds.isError && !holds.data ? (
          <Failed error={holds.error} retry={() => holds.refetch()} />
        ) : holds.data.length === 0 ? (
          <Empty title="Nobody is held" icon={<IconGavel size={40} stroke={1.3} />}>
            <p>While a patient is held nothing of theirs is erased, and nothing has its time.</p>
          </Empty>
        ) : (
          <Rows
            minWidth={720}
            head={
              <>
                <Table.Th>Patient</Table.Th>
                <Table.Th>Reason</Table.Th>
                <Table.Th>Since</Table.Th>
                <Table.Th>Until</Table.Th>
                <Table.Th aria-label="Actions" />
              </>
            }
          >
            {holds.data.map((hold) => (
              <Row key={hold.id} hold={hold} zone={zone} onEnd={mayChange ? () => setEnding(hold) : undefined} />
            ))}
          </Rows>
        )}
      </Section>
      {isPlacing && <PlaceHold zone={zone} onClose={() => setPlacing(false)} />}
      {ending && <EndHold hold={ending} onClose={() => setEnding(null)} />}
    </>
  );
}

function Row(props: { readonly hold: Hold; readonly zone: string; readonly onEnd: (() => void) | undefined }) {
  const { hold, zone, onEnd } = props;
  const now = useNow();
  const isOver = hold.endedAt !== null || (hold.to !== null && hold.to <= now);
  return (
    <Table.Tr>
      <Table.Td data-label="Patient">
        <b>{hold.mrn}</b>
      </Table.Td>
      <Table.Td data-lead style={{ overflowWrap: "anywhere" }}>
        {hold.reason}
      </Table.Td>
      <Table.Td data-label="Since">
        {formatWhen(hold.from, now, zone)}
        <br />
        <small>by {hold.createdBy}</small>
      </Table.Td>
      <Table.Td data-label="Until">
        {hold.endedAt !== null ? (
          <>
            ended {formatWhen(hold.endedAt, now, zone)}
            <br />
            <small>
              by {hold.endedBy}: {hold.endReason}
            </small>
          </>
        ) : hold.to === null ? (
          "somebody ends it"
        ) : (
          `${isOver ? "over since " : ""}${formatWhen(hold.to, now, zone)}`
        )}
      </Table.Td>
      <Table.Td data-do align="right">
        {onEnd && !isOver && (
          <Button size="xs" variant="default" onClick={onEnd} aria-label={`End the hold of ${hold.mrn}`}>
            End
          </Button>
        )}
      </Table.Td>
    </Table.Tr>
  );
}

function PlaceHold({ zone, onClose }: { readonly zone: string; readonly onClose: () => void }) {
  const [patient, setPatient] = useState("");
  const [reason, setReason] = useState("");
  const [until, setUntil] = useState("");
  const place = usePlaceHold();
  const isReady = patient.trim() !== "" && reason.trim().length >= REASON_MIN;
  return (
    <Modal opened onClose={onClose} title="Hold a patient">
      <form
        onSubmit={(e) => {
          e.preventDefault();
          if (!isReady) return;
          const body = { patient: patient.trim(), reason: reason.trim(), until: endOfDay(until, zone) ?? null };
          place.mutate(body, { onSuccess: onClose });
        }}
      >
        <Stack gap="sm">
          <p style={{ margin: 0 }}>Nothing of the patient is erased, and nothing has its time, until the hold ends.</p>
          <TextInput
            label="Record number"
            value={patient}
            onChange={(e) => setPatient(e.currentTarget.value)}
            maxLength={64}
            autoComplete="off"
            required
            data-autofocus
          />
          <Reason value={reason} onChange={setReason} description="Which claim, law or request. It stays recorded." />
          <TextInput
            type="date"
            label="Until"
            description="Ends by itself after this day; without one somebody ends it"
            value={until}
            onChange={(e) => setUntil(e.currentTarget.value)}
          />
          <Problem error={place.error} />
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" loading={place.isPending} disabled={!isReady}>
              Hold
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}

function EndHold({ hold, onClose }: { readonly hold: Hold; readonly onClose: () => void }) {
  const [reason, setReason] = useState("");
  const end = useEndHold(hold.id);
  const isReady = reason.trim().length >= REASON_MIN;
  return (
    <Modal opened onClose={onClose} title={`End the hold of ${hold.mrn}`}>
      <form
        onSubmit={(e) => {
          e.preventDefault();
          if (isReady) end.mutate(reason.trim(), { onSuccess: onClose });
        }}
      >
        <Stack gap="sm">
          <p style={{ margin: 0 }}>
            Held because of “{hold.reason}”. What has had its time meanwhile goes with the next run of retention, and
            does not come back.
          </p>
          <Reason value={reason} onChange={setReason} description="It stays recorded." />
          <Problem error={end.error} />
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" color="red" loading={end.isPending} disabled={!isReady}>
              End it
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}

const Reason = (props: {
  readonly value: string;
  readonly onChange: (reason: string) => void;
  readonly description: string;
}) => (
  <Textarea
    label="Reason"
    description={props.description}
    value={props.value}
    onChange={(e) => props.onChange(e.currentTarget.value)}
    maxLength={500}
    autosize
    minRows={2}
    required
  />
);
