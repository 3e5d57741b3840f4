import { Alert, Button, Checkbox, Group, Modal, Stack, Table, TextInput } from "@mantine/core";
import type { CalendarWithAddressBody } from "@openward/api";
import { IconKey } from "@tabler/icons-react";
import { useState } from "react";
import { Section } from "../../administration/section.tsx";
import { useNow } from "../../app/hooks.ts";
import { Failed, Loading } from "../../app/pages.tsx";
import { CopyLine } from "../../parts/copy-line.tsx";
import { formatWhen } from "../../parts/format.ts";
import { Problem } from "../../parts/problem.tsx";
import { Rows } from "../../parts/rows.tsx";
import { useAddCalendar, useCalendars, useEndCalendar } from "./use-tasks.ts";

/** Calendars that read what is to be measured. */
export function CalendarsSection({ patientId, zone }: { readonly patientId: string; readonly zone: string }) {
  const calendars = useCalendars(patientId);
  const end = useEndCalendar(patientId);
  const now = useNow();
  const [isAdding, setAdding] = useState(false);
  const [made, setMade] = useState<CalendarWithAddressBody | null>(null);
  return (
    <Section
      title="Calendars"
      action={
        <Button size="xs" variant="default" onClick={() => setAdding(true)}>
          Add to a calendar
        </Button>
      }
    >
      <Problem error={end.error} />
      {calendars.isPending ? (
        <Loading what="Loading calendars" />
      ) : calendars.isError ? (
        <Failed error={calendars.error} retry={() => calendars.refetch()} />
      ) : calendars.data.calendars.length === 0 ? (
        <p style={{ margin: "0.8rem 0.6rem" }}>None. A calendar can remind you of what is to be measured.</p>
      ) : (
        <Rows
          minWidth={360}
          head={
            <>
              <Table.Th>Calendar</Table.Th>
              <Table.Th>Last read</Table.Th>
              <Table.Th aria-label="Actions" />
            </>
          }
        >
          {calendars.data.calendars.map((one) => (
            <Table.Tr key={one.id}>
              <Table.Td data-lead>
                <b>{one.name}</b>
                <br />
                <small>
                  {one.showsWhat ? "says what is measured" : "does not say what is measured"}
                  {!one.isMine && `, made by ${one.madeBy}`}
                </small>
              </Table.Td>
              <Table.Td data-label="Last read">
                {one.usedAt === null ? "not yet" : formatWhen(one.usedAt, now, zone)}
              </Table.Td>
              <Table.Td data-do align="right">
                <Button size="xs" variant="default" aria-label={`End ${one.name}`} onClick={() => end.mutate(one.id)}>
                  End
                </Button>
              </Table.Td>
            </Table.Tr>
          ))}
        </Rows>
      )}
      {isAdding && (
        <CalendarDialog
          patientId={patientId}
          onClose={() => setAdding(false)}
          onDone={(done) => {
            setAdding(false);
            setMade(done);
          }}
        />
      )}
      {made && (
        <Modal opened onClose={() => setMade(null)} title={made.calendar.name} size="lg" closeOnClickOutside={false}>
          <Stack>
            <Alert variant="light" icon={<IconKey size={20} />} title="The address is shown once">
              Whoever has it sees when something is to be measured. Give it to your calendar only.
            </Alert>
            <CopyLine label="Address" text={made.url} />
            <p style={{ margin: 0 }}>In the calendar: add a calendar by its address (subscribe, from URL).</p>
            <Group justify="flex-end">
              <Button onClick={() => setMade(null)}>Done</Button>
            </Group>
          </Stack>
        </Modal>
      )}
    </Section>
  );
}

function CalendarDialog(props: {
  readonly patientId: string;
  readonly onClose: () => void;
  readonly onDone: (made: CalendarWithAddressBody) => void;
}) {
  const { patientId, onClose, onDone } = props;
  const [name, setName] = useState("");
  const [showsWhat, setShowsWhat] = useState(false);
  const [reminds, setReminds] = useState(true);
  const add = useAddCalendar(patientId);
  const isReady = name.trim() !== "";
  return (
    <Modal opened onClose={onClose} title="Add to a calendar">
      <form
        onSubmit={(e) => {
          e.preventDefault();
          if (isReady)
            add.mutate({ name: name.trim(), showsWhat, remindMinutes: reminds ? 10 : null }, { onSuccess: onDone });
        }}
      >
        <Stack gap="sm">
          <TextInput
            label="Name"
            placeholder="My telephone"
            value={name}
            maxLength={80}
            required
            data-autofocus
            onChange={(e) => setName(e.currentTarget.value)}
          />
          <Checkbox
            label="Say what is to be measured"
            description="Else it says only that something is: a calendar is often seen by others, and kept by whoever runs it"
            checked={showsWhat}
            onChange={(e) => setShowsWhat(e.currentTarget.checked)}
          />
          <Checkbox
            label="Remind ten minutes before"
            checked={reminds}
            onChange={(e) => setReminds(e.currentTarget.checked)}
          />
          <Problem error={add.error} />
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" loading={add.isPending} disabled={!isReady}>
              Make the address
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
