import { Button, Group, Select, Table } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { IconListSearch } from "@tabler/icons-react";
import { useState } from "react";
import { usePeople } from "../administration/use-people.ts";
import { useNow } from "../app/hooks.ts";
import { Card, Empty, Failed, Loading } from "../app/pages.tsx";
import { formatWhen } from "../parts/format.ts";
import { Rows } from "../parts/rows.tsx";
import { AgentField } from "./agent-field.tsx";
import { dayOf, endOfDay } from "./days.ts";
import { EntryDialog } from "./entry-dialog.tsx";
import {
  type AuditEntry,
  agentId,
  agentsOf,
  deedText,
  KINDS,
  type NameOf,
  reasonText,
  throughText,
  whoText,
} from "./entry-words.ts";
import { PatientField } from "./patient-field.tsx";
import { SpanFields } from "./span-fields.tsx";
import { useLog } from "./use-privacy.ts";

const OUTCOMES = [
  { value: "allowed", label: "Allowed" },
  { value: "refused", label: "Refused" },
  { value: "failed", label: "Did not work" },
] as const;
const kinds = KINDS.map(([value, words]) => ({ value, label: words.charAt(0).toUpperCase() + words.slice(1) })).sort(
  (a, b) => a.label.localeCompare(b.label),
);
const NO_FILTER = {
  agent: "",
  patient: { typed: "", id: "" },
  entity: null,
  outcome: null,
  span: { since: "", until: "" },
} as const;

interface Filter {
  readonly agent: string;
  readonly patient: { readonly typed: string; readonly id: string };
  readonly entity: string | null;
  readonly outcome: AuditEntry["outcome"] | null;
  readonly span: { readonly since: string; readonly until: string };
}

/** The audit log of the house: who did what, why, and through what; searched by each of them. */
export function LogSection({ zone }: { readonly zone: string }) {
  const [filter, setFilter] = useState<Filter>(NO_FILTER);
  const set = (change: Partial<Filter>) => setFilter((before) => ({ ...before, ...change }));
  // Each question is a line of the log: not one for every letter.
  const [typed] = useDebouncedValue(filter, 500);
  const people = usePeople().data ?? [];
  const [known, setKnown] = useState<readonly AuditEntry[]>([]);
  const agents = agentsOf(people, known);
  const log = useLog({
    agent: agentId(typed.agent, agents),
    patient: typed.patient.id || undefined,
    entity: typed.entity ?? undefined,
    outcome: typed.outcome ?? undefined,
    from: dayOf(typed.span.since, zone),
    to: endOfDay(typed.span.until, zone),
  });
  const [opened, setOpened] = useState<AuditEntry | null>(null);
  const entries = log.data?.pages.flat() ?? [];
  const nameOf: NameOf = (id) => people.find((one) => one.id === id)?.display;
  const isFiltered = JSON.stringify(filter) !== JSON.stringify(NO_FILTER);
  return (
    <>
      <Group align="end" gap="sm" mb="xs">
        <AgentField
          agents={agentsOf(people, entries)}
          value={filter.agent}
          onChange={(agent) => {
            // What was offered is still known when the answer to it is another.
            setKnown(entries);
            set({ agent });
          }}
          placeholder="Everybody"
        />
        <PatientField
          value={filter.patient.typed}
          onChange={(typed, id) => set({ patient: { typed, id } })}
          placeholder="Everybody"
        />
        <Select
          label="What"
          placeholder="Everything"
          data={kinds}
          value={filter.entity}
          onChange={(entity) => set({ entity })}
          clearable
          searchable
        />
        <Select
          label="Outcome"
          placeholder="Any"
          data={OUTCOMES}
          value={filter.outcome}
          onChange={(outcome) => set({ outcome: outcome as Filter["outcome"] })}
          clearable
          w={150}
        />
        <SpanFields value={filter.span} onChange={(span) => set({ span })} />
        {isFiltered && (
          <Button variant="subtle" onClick={() => setFilter(NO_FILTER)}>
            Show everything
          </Button>
        )}
        <Button variant="default" loading={log.isRefetching} onClick={() => void log.refetch()}>
          Ask again
        </Button>
      </Group>
      <Card label="Audit log">
        {log.isPending ? (
          <Loading what="Loading the audit log" />
        ) : log.isError && !log.data ? (
          <Failed error={log.error} retry={() => log.refetch()} />
        ) : entries.length === 0 ? (
          <Empty title="Nothing was recorded" icon={<IconListSearch size={40} stroke={1.3} />}>
            {isFiltered && <p>Choose other days, or everybody.</p>}
          </Empty>
        ) : (
          <Rows
            minWidth={860}
            head={
              <>
                <Table.Th>When</Table.Th>
                <Table.Th>Who did what</Table.Th>
                <Table.Th>Why</Table.Th>
                <Table.Th>Through</Table.Th>
                <Table.Th aria-label="Actions" />
              </>
            }
          >
            {entries.map((entry) => (
              <Line key={entry.id} entry={entry} zone={zone} nameOf={nameOf} onOpen={() => setOpened(entry)} />
            ))}
          </Rows>
        )}
      </Card>
      {log.hasNextPage && (
        <Group justify="center" mb="md">
          <Button variant="default" loading={log.isFetchingNextPage} onClick={() => void log.fetchNextPage()}>
            Older
          </Button>
        </Group>
      )}
      {opened && (
        <EntryDialog
          entry={opened}
          zone={zone}
          nameOf={nameOf}
          onPatient={(patient) => {
            setFilter({ ...NO_FILTER, patient: { typed: patient, id: patient } });
            setOpened(null);
          }}
          onClose={() => setOpened(null)}
        />
      )}
    </>
  );
}

function Line(props: {
  readonly entry: AuditEntry;
  readonly zone: string;
  readonly nameOf: NameOf;
  readonly onOpen: () => void;
}) {
  const { entry, zone, nameOf } = props;
  const now = useNow();
  return (
    <Table.Tr>
      <Table.Td data-label="When" style={{ whiteSpace: "nowrap" }}>
        {formatWhen(entry.at, now, zone)}
      </Table.Td>
      <Table.Td data-lead style={{ overflowWrap: "anywhere" }}>
        <b>{whoText(entry.who, nameOf)}</b> {deedText(entry)}
      </Table.Td>
      <Table.Td data-label="Why">{reasonText(entry) ?? "–"}</Table.Td>
      <Table.Td data-label="Through">{throughText(entry, nameOf)}</Table.Td>
      <Table.Td data-do align="right">
        <Button size="xs" variant="default" onClick={props.onOpen} aria-label={`Open: ${deedText(entry)}`}>
          Open
        </Button>
      </Table.Td>
    </Table.Tr>
  );
}
